"""Instant experiments: whatever the sliders say is trained at once, seed after seed.

The paper's whole protocol takes the native engine a few hundredths of a second, so a dragged slider
can be answered by a finished experiment.  Each new one takes the place of the one under way.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter
from typing import Any

from verypoorcnn.lab.session import Session
from verypoorcnn.lab.training.fields import Number, limits
from verypoorcnn.lab.training.study import Studies, Study, Tell, canceller
from verypoorcnn.lab.training.trial import Bench, Setup, Trial, accuracies, confusion, curves
from verypoorcnn.training.interrupt import StopWhenAsked
from verypoorcnn.training.loop import Callback, Record, Trainer

SEEDS = Number(1, 30)
USUAL_SEEDS = 5
BETWEEN = 0.1  # seconds between two words on how a single training is going


class Experiment(Study):
    """One setup, trained with one seed after another."""

    def __init__(self, setup: Setup, first_seed: int, seeds: int) -> None:
        super().__init__(first_seed, seeds)
        self.setup = setup
        self.trials: list[Trial] = []

    def train(self, bench: Bench, tell: Tell, stop: StopWhenAsked) -> None:
        """Every seed in turn."""
        self.setup = bench.feasible(self.setup, stop)
        for seed in self.seeds:
            self.trials.append(bench.trial(self.setup, seed, stop, [_Progress(tell)]))
            tell()

    def as_dict(self) -> dict[str, Any]:
        """How it stands, for the page."""
        return {
            "settings": {**vars(self.setup), "seeds": len(self.seeds)},
            "done": len(self.trials),
            "of": len(self.seeds),
            "finished": len(self.trials) == len(self.seeds),
            "curves": curves(self.trials),
            "accuracy": accuracies(self.trials),
            "faults": [{"seed": t.seed, "fault": t.fault} for t in self.trials if t.fault],
            "seeds": list(self.seeds),
            "confusion": confusion(self.trials),
            "seconds": perf_counter() - self.began,
            "each_seconds": [trial.seconds for trial in self.trials],
        }


class _Progress(Callback):
    """Tells, now and then, how a training is going that takes longer than a moment."""

    def __init__(self, tell: Tell) -> None:
        self.tell = tell
        self._told = perf_counter()

    def epoch_done(self, trainer: Trainer, record: Record) -> None:
        """Tell all epochs so far, unless that was just done."""
        if perf_counter() - self._told > BETWEEN:
            self._told = perf_counter()
            records = trainer.position.history
            self.tell(under_way={n: [r[n] for r in records] for n in ("loss", "accuracy")})


class Experiments(Studies[Experiment]):
    """The experiment under way, and the one that was last finished."""

    kind = "experiment"

    def state(self) -> dict[str, Any]:
        """What can be asked for, and what the last experiment came to."""
        return {
            "limits": limits({**self.material.fields, "seeds": SEEDS}),
            "defaults": {**self.material.defaults, "seeds": USUAL_SEEDS},
            "note": self.bench.note,
            "last": self.last,
        }

    def start(self, given: Mapping[str, Any]) -> int:
        """Begin an experiment in the place of any other; its number.

        Raises:
            UserError: a setting that there is not, or a value out of bounds.
        """
        rest = dict(given)
        seeds = int(SEEDS.read("experiment: seeds", rest.pop("seeds", USUAL_SEEDS)))
        first = self.session.configuration.training.seed
        return self.begin(Experiment(self.bench.setup(rest), first, seeds))


def get_experiment(session: Session, query: Mapping[str, str]) -> dict[str, Any]:
    """What can be set, and the last experiment."""
    return session.service(Experiments).state()


def post_experiment(session: Session, body: Mapping[str, Any]) -> dict[str, Any]:
    """Begin another experiment."""
    return {"id": session.service(Experiments).start(body)}


ROUTES = {
    ("GET", "/api/experiment"): get_experiment,
    ("POST", "/api/experiment"): post_experiment,
    ("POST", "/api/experiment/cancel"): canceller(Experiments),
}
