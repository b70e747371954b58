"""A sweep: every pair of values of two settings, as a map that fills in while one watches.

The whole map is trained with the first seed, then with the second, and so on: it is soon to be
seen as a whole, and then becomes more exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

from verypoorcnn.errors import UserError
from verypoorcnn.lab.session import Session
from verypoorcnn.lab.training.fields import Number, read_fields, require_names
from verypoorcnn.lab.training.study import Studies, Study, Tell, canceller
from verypoorcnn.lab.training.trial import Bench, Setup, Trial, accuracies
from verypoorcnn.training.interrupt import StopWhenAsked

MOST_VALUES = 16  # of one setting
SEEDS = Number(1, 10)
PARTS = ("x", "y", "seeds", "base")

Place = tuple[int, int]  # column and row of a cell


@dataclass(frozen=True)
class Axis:
    """A setting and its values."""

    name: str
    values: tuple[float, ...]

    def as_dict(self) -> dict[str, Any]:
        """For the page."""
        return {"name": self.name, "values": list(self.values)}


class Sweep(Study):
    """A base setup with every pair of values of two settings."""

    def __init__(self, base: Setup, axes: tuple[Axis, Axis], first_seed: int, seeds: int) -> None:
        super().__init__(first_seed, seeds)
        self.base = base
        self.x, self.y = axes
        self.trials: dict[Place, list[Trial]] = {}
        self.cells: dict[Place, dict[str, Any]] = {}  # what is told of each

    def train(self, bench: Bench, tell: Tell, stop: StopWhenAsked) -> None:
        """The whole map with every seed in turn."""
        for seed in self.seeds:
            for place in self.places():
                setup = bench.feasible(self.setup(place), stop)
                self._add(place, bench.trial(setup, seed, stop))
                tell()

    def places(self) -> list[Place]:
        """All cells; those of one network, which share kernels, together."""
        columns, rows = range(len(self.x.values)), range(len(self.y.values))
        if self.x.name == "filters":
            return [(i, j) for i in columns for j in rows]
        return [(i, j) for j in rows for i in columns]

    def setup(self, place: Place) -> Setup:
        """What is trained in a cell."""
        values = {self.x.name: self.x.values[place[0]], self.y.name: self.y.values[place[1]]}
        return replace(self.base, **values)  # type: ignore[arg-type]

    def as_dict(self) -> dict[str, Any]:
        """How it stands, for the page."""
        done = sum(map(len, self.trials.values()))
        of = len(self.seeds) * len(self.x.values) * len(self.y.values)
        return {
            "x": self.x.as_dict(),
            "y": self.y.as_dict(),
            "base": vars(self.base),
            "seeds": len(self.seeds),
            "cells": list(self.cells.values()),
            "done": done,
            "of": of,
            "finished": done == of,
            "seconds": perf_counter() - self.began,
        }

    def _add(self, place: Place, trial: Trial) -> None:
        trials = self.trials.setdefault(place, [])
        trials.append(trial)
        found = accuracies(trials)
        self.cells[place] = {
            "i": place[0],
            "j": place[1],
            "accuracy": found["mean"],
            "sd": found["sd"],
            "seeds": len(trials),
            "fault": next((trial.fault for trial in trials if trial.fault), None),
        }


class Sweeps(Studies[Sweep]):
    """The sweep under way."""

    kind = "sweep"

    def start(self, given: Mapping[str, Any]) -> int:
        """Begin a sweep in the place of any other; its number.

        Raises:
            UserError: settings that there are not, values out of bounds, too many of them.
        """
        require_names(given, PARTS, "sweep")
        axes = self._axis(given.get("x"), "sweep: x"), self._axis(given.get("y"), "sweep: y")
        if axes[0].name == axes[1].name:
            raise UserError(f"sweep: x and y are both {axes[0].name}; give two settings")
        seeds = int(SEEDS.read("sweep: seeds", given.get("seeds", 1)))
        base = self.bench.setup(given.get("base", {}))
        first = self.session.configuration.training.seed
        return self.begin(Sweep(base, axes, first, seeds))

    def _axis(self, given: Any, where: str) -> Axis:
        table = require_names(given, ("name", "values"), where)
        name, values = str(table.get("name")), table.get("values")
        if not isinstance(values, list) or not 1 <= len(values) <= MOST_VALUES:
            raise UserError(f"{where}: values must be a list of 1 to {MOST_VALUES} numbers")
        fields = self.material.fields
        return Axis(name, tuple(read_fields(fields, {name: v}, where)[name] for v in values))


def get_sweep(session: Session, query: Mapping[str, str]) -> dict[str, Any]:
    """The last sweep."""
    return {"last": session.service(Sweeps).last}


def post_sweep(session: Session, body: Mapping[str, Any]) -> dict[str, Any]:
    """Begin another sweep."""
    return {"id": session.service(Sweeps).start(body)}


ROUTES = {
    ("GET", "/api/sweep"): get_sweep,
    ("POST", "/api/sweep"): post_sweep,
    ("POST", "/api/sweep/cancel"): canceller(Sweeps),
}
