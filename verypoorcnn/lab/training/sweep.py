"""A sweep: every pair of values of two settings, as a map that fills in while one watches.

The whole map is trained with the first seed, then with the second, and so on: it is soon to be
seen as a whole, and then becomes more exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from threading import Lock
from time import perf_counter
from typing import Any

from verypoorcnn.errors import UserError
from verypoorcnn.lab.session import Session
from verypoorcnn.lab.training.fields import Number, read_fields, require_names
from verypoorcnn.lab.training.material import Material
from verypoorcnn.lab.training.trial import Bench, Setup, Trial, accuracies
from verypoorcnn.lab.training.worker import Worker
from verypoorcnn.training.interrupt import StopWhenAsked

MOST_VALUES = 16  # of one setting
SEEDS = Number(1, 10)
PARTS = ("x", "y", "seeds", "base")


@dataclass(frozen=True)
class Axis:
    """A setting and its values."""

    name: str
    values: tuple[float, ...]

    def as_dict(self) -> dict[str, Any]:
        """For the page."""
        return {"name": self.name, "values": list(self.values)}


class _Sweep:
    """What is swept, and what it came to so far."""

    def __init__(self, number: int, base: Setup, axes: tuple[Axis, Axis], seeds: range) -> None:
        self.number, self.base, self.seeds = number, base, seeds
        self.x, self.y = axes
        self.trials: dict[tuple[int, int], list[Trial]] = {}
        self.began = perf_counter()

    def cells(self) -> list[tuple[int, int]]:
        """Column and row of every cell; those of one network, which share kernels, together."""
        columns, rows = range(len(self.x.values)), range(len(self.y.values))
        if self.x.name == "filters":
            return [(i, j) for i in columns for j in rows]
        return [(i, j) for j in rows for i in columns]

    def setup(self, cell: tuple[int, int]) -> Setup:
        """What is trained in a cell."""
        values = {self.x.name: self.x.values[cell[0]], self.y.name: self.y.values[cell[1]]}
        return replace(self.base, **values)  # type: ignore[arg-type]

    def as_dict(self) -> dict[str, Any]:
        """How it stands, for the page."""
        done = sum(map(len, self.trials.values()))
        of = len(self.seeds) * len(self.x.values) * len(self.y.values)
        return {
            "id": self.number,
            "x": self.x.as_dict(),
            "y": self.y.as_dict(),
            "base": vars(self.base),
            "seeds": len(self.seeds),
            "cells": [_cell(cell, trials) for cell, trials in self.trials.items()],
            "done": done,
            "of": of,
            "finished": done == of,
            "seconds": perf_counter() - self.began,
        }


class Sweeps:
    """The sweep under way."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.bench = Bench(session.service(Material))
        self.worker = Worker("sweep")
        self.last: dict[str, Any] | None = None  # what was published last
        self._numbers = count(1)
        self._lock = Lock()

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
        first = self.session.configuration.training.seed
        base = self.bench.setup(given.get("base", {}))
        with self._lock:  # the number that is given last is the sweep that stays
            number = next(self._numbers)
            job = _Sweep(number, base, axes, range(first, first + seeds))
            self.worker.start(partial(self._run, job))
        return number

    def cancel(self) -> None:
        """Stop; the map stays as it is."""
        self.worker.cancel()

    def close(self) -> None:
        """Stop for good."""
        self.worker.close()

    def _axis(self, given: Any, where: str) -> Axis:
        table = require_names(given, ("name", "values"), where)
        name, values = str(table.get("name")), table.get("values")
        if not isinstance(values, list) or not 1 <= len(values) <= MOST_VALUES:
            raise UserError(f"{where}: values must be a list of 1 to {MOST_VALUES} numbers")
        fields = self.bench.material.fields
        return Axis(name, tuple(read_fields(fields, {name: v}, where)[name] for v in values))

    def _run(self, job: _Sweep, stop: StopWhenAsked) -> None:
        self._tell(job)
        try:
            for seed in job.seeds:
                for cell in job.cells():
                    setup = job.setup(cell) if self.bench.note is None else job.setup(cell).slower()
                    trial = self.bench.trial(setup, seed, (stop,))
                    job.trials.setdefault(cell, []).append(trial)
                    self._tell(job)
        except UserError as error:
            self._tell(job, error=str(error))

    def _tell(self, job: _Sweep, **more: Any) -> None:
        self.last = {**job.as_dict(), "note": self.bench.note, **more}
        self.session.hub.publish("sweep", self.last)


def _cell(cell: tuple[int, int], trials: list[Trial]) -> dict[str, Any]:
    found = accuracies(trials)
    return {
        "i": cell[0],
        "j": cell[1],
        "accuracy": found["mean"],
        "sd": found["sd"],
        "seeds": len(trials),
        "fault": next((trial.fault for trial in trials if trial.fault), None),
    }


def get_sweep(session: Session, query: Mapping[str, str]) -> dict[str, Any]:
    """The last sweep."""
    return {"last": session.service(Sweeps).last}


def post_sweep(session: Session, body: Mapping[str, Any]) -> dict[str, Any]:
    """Begin another sweep."""
    return {"id": session.service(Sweeps).start(body)}


def post_cancel(session: Session, body: Mapping[str, Any]) -> dict[str, Any]:
    """Stop the one under way."""
    session.service(Sweeps).cancel()
    return {}


ROUTES = {
    ("GET", "/api/sweep"): get_sweep,
    ("POST", "/api/sweep"): post_sweep,
    ("POST", "/api/sweep/cancel"): post_cancel,
}
