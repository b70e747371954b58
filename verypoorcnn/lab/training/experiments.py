"""Instant experiments: whatever the sliders say is trained at once, seed after seed.

The paper's whole protocol takes the native engine a few hundredths of a second, so a dragged slider
can be answered by a finished experiment.  Each new one takes the place of the one under way.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import count
from threading import Lock
from time import perf_counter
from typing import Any

from verypoorcnn.errors import UserError
from verypoorcnn.lab.session import Session
from verypoorcnn.lab.training.fields import Number, limits
from verypoorcnn.lab.training.material import Material
from verypoorcnn.lab.training.trial import Bench, Setup, Trial, accuracies, confusion, curves
from verypoorcnn.lab.training.worker import Worker
from verypoorcnn.training.interrupt import StopWhenAsked
from verypoorcnn.training.loop import Callback, Record, Trainer

SEEDS = Number(1, 30)
USUAL_SEEDS = 5
BETWEEN = 0.1  # seconds between two words on how a single training is going


class Experiments:
    """The experiment under way, and the one that was last finished."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.material = session.service(Material)
        self.bench = Bench(self.material)
        self.worker = Worker("experiments")
        self.last: dict[str, Any] | None = None  # what was published last
        self._numbers = count(1)
        self._lock = Lock()

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
        setup = self.bench.setup(rest)
        with self._lock:  # the number that is given last is the experiment that stays
            number = next(self._numbers)
            job = _Experiment(number, setup, seeds, self.session.configuration.training.seed)
            self.worker.start(partial(self._run, job))
        return number

    def cancel(self) -> None:
        """Stop; what is known so far has been told."""
        self.worker.cancel()

    def close(self) -> None:
        """Stop for good."""
        self.worker.close()

    def _run(self, job: _Experiment, stop: StopWhenAsked) -> None:
        self._tell(job)
        progress = _Progress(partial(self._tell, job))
        try:
            for seed in job.seeds:
                job.trials.append(self.bench.trial(job.setup, seed, (progress, stop)))
                progress.records = []
                self._tell(job)
        except UserError as error:
            self._tell(job, error=str(error))

    def _tell(self, job: _Experiment, records: list[Record] | None = None, **more: Any) -> None:
        self.last = {**job.as_dict(), "note": self.bench.note, **more}
        if records:
            self.last["under_way"] = {n: [r[n] for r in records] for n in ("loss", "accuracy")}
        self.session.hub.publish("experiment", self.last)


class _Experiment:
    """What is trained, and what it came to so far."""

    def __init__(self, number: int, setup: Setup, seeds: int, first_seed: int) -> None:
        self.number, self.setup = number, setup
        self.seeds = range(first_seed, first_seed + seeds)
        self.trials: list[Trial] = []
        self.began = perf_counter()

    def as_dict(self) -> dict[str, Any]:
        """How it stands, for the page."""
        return {
            "id": self.number,
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

    def __init__(self, tell: Any) -> None:
        self.tell = tell
        self.records: list[Record] = []
        self._told = perf_counter()

    def epoch_done(self, trainer: Trainer, record: Record) -> None:
        """Tell all epochs so far, unless that was just done."""
        self.records.append(record)
        if perf_counter() - self._told > BETWEEN:
            self._told = perf_counter()
            self.tell(self.records)


def get_experiment(session: Session, query: Mapping[str, str]) -> dict[str, Any]:
    """What can be set, and the last experiment."""
    return session.service(Experiments).state()


def post_experiment(session: Session, body: Mapping[str, Any]) -> dict[str, Any]:
    """Begin another experiment."""
    return {"id": session.service(Experiments).start(body)}


def post_cancel(session: Session, body: Mapping[str, Any]) -> dict[str, Any]:
    """Stop the one under way."""
    session.service(Experiments).cancel()
    return {}


ROUTES = {
    ("GET", "/api/experiment"): get_experiment,
    ("POST", "/api/experiment"): post_experiment,
    ("POST", "/api/experiment/cancel"): post_cancel,
}
