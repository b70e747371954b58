"""One training of an experiment, from its settings and a seed to its accuracy.

It is what `train` does, bit for bit, with the same trainer, for the same settings; only that the
engine is kept from one training to the next, since its kernels need not be compiled again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import mean, stdev
from time import perf_counter
from typing import Any

from verypoorcnn.engines import Engine
from verypoorcnn.lab.training.fields import read_fields
from verypoorcnn.lab.training.material import Engines, Material, with_filters
from verypoorcnn.network import Network
from verypoorcnn.training.evaluation import evaluate
from verypoorcnn.training.loop import Callback, Diverged, Record, Trainer
from verypoorcnn.training.metrics import Metrics
from verypoorcnn.training.settings import TrainingSettings

SLOW = {"train_samples": 200, "epochs": 8}  # at most, where there is no machine code
SLOW_TEST = 100
USUAL_BATCH = 16  # kernels for it are most likely to be wanted


@dataclass(frozen=True)
class Setup:
    """What an experiment trains."""

    learning_rate: float
    batch_size: int
    train_samples: int
    epochs: int
    filters: int | None = None  # of the first convolution; None: as the network has them

    def slower(self) -> Setup:
        """As much of it as an engine without machine code trains in a second or two."""
        return replace(self, **{name: min(getattr(self, name), SLOW[name]) for name in SLOW})


@dataclass(frozen=True)
class Trial:
    """What one seed came to."""

    seed: int
    history: Sequence[Record]  # one record an epoch, as `Trainer` writes them
    test: Metrics | None  # None if the loss ran away
    fault: str | None
    seconds: float


class Bench:
    """Where trials are made, one after another, in one thread."""

    def __init__(self, material: Material) -> None:
        self.material = material
        self.engines = Engines()

    @cached_property
    def engine(self) -> str:
        """The name of the fastest engine that works here and takes the network."""
        network = self.material.network
        return self.engines.get("auto", network, network.initial_parameters(0), USUAL_BATCH).name

    @property
    def note(self) -> str | None:
        """Why trials are smaller here than asked for; None where they are not."""
        if self.engine == "native":
            return None
        return (
            f"There is no machine code for this network here, so the {self.engine} engine trains "
            f"on at most {SLOW['train_samples']} images for {SLOW['epochs']} epochs and is tested "
            f"on {SLOW_TEST}."
        )

    def setup(self, given: Mapping[str, Any]) -> Setup:
        """The experiment asked for; what is not given is as the lab was opened.

        Raises:
            UserError: an unknown setting, a value out of bounds.
        """
        values = self.material.defaults | read_fields(self.material.fields, given, "experiment")
        setup = Setup(**values)
        return setup if self.note is None else setup.slower()

    def network(self, setup: Setup) -> Network:
        """The network that is trained."""
        return with_filters(self.material.network, setup.filters)

    def trial(self, setup: Setup, seed: int, callbacks: Sequence[Callback]) -> Trial:
        """Train and test with one seed.

        Raises:
            UserError: the engine refuses the network.
            Interrupted: a callback asked for it.
        """
        began = perf_counter()
        network = self.network(setup)
        first = network.initial_parameters(seed)
        engine = self.engines.get("auto", network, first, setup.batch_size)
        trainer = Trainer(
            engine,
            self.material.train(setup.train_samples),
            TrainingSettings(
                epochs=setup.epochs,
                batch_size=setup.batch_size,
                learning_rate=setup.learning_rate,
                seed=seed,
                measure_start=False,
            ),
            callbacks=callbacks,
        )
        test, fault = None, None
        try:
            trainer.run()
            test = self._tested(engine, trainer)
        except Diverged as error:
            fault = in_words(error)
        history = trainer.position.history
        return Trial(seed, history, test, fault, perf_counter() - began)

    def _tested(self, engine: Engine, trainer: Trainer) -> Metrics:
        def stop_if_asked(images: int) -> None:
            for callback in trainer.callbacks:
                callback.measured(trainer, images)

        images = self.material.test if self.note is None else self.material.test.first(SLOW_TEST)
        return evaluate(engine, images, stop_if_asked)


def in_words(error: Diverged) -> str:
    """What happened and what helps, without the name that the setting has in a file."""
    return str(error).replace(" (training.learning_rate)", "")


def accuracies(trials: Sequence[Trial]) -> dict[str, Any]:
    """Mean and standard deviation over the seeds that did not run away, and each seed's own."""
    each = [trial.test.accuracy if trial.test else None for trial in trials]
    known = [accuracy for accuracy in each if accuracy is not None]
    return {
        "mean": mean(known) if known else None,
        "sd": stdev(known) if len(known) > 1 else None,
        "each": each,
    }


def curves(trials: Sequence[Trial]) -> dict[str, Any]:
    """Loss and accuracy on the training images, epoch by epoch: mean, lowest and highest seed."""
    finished = [trial.history for trial in trials if trial.test]
    return {
        name: {
            "mean": [mean(values) for values in _by_epoch(finished, name)],
            "low": [min(values) for values in _by_epoch(finished, name)],
            "high": [max(values) for values in _by_epoch(finished, name)],
        }
        for name in ("loss", "accuracy")
    }


def confusion(trials: Sequence[Trial]) -> list[list[int]] | None:
    """All seeds' confusion matrices added up; None if all ran away."""
    matrices = [trial.test.confusion for trial in trials if trial.test]
    if not matrices:
        return None
    return [[sum(cell) for cell in zip(*rows, strict=True)] for rows in zip(*matrices, strict=True)]


def _by_epoch(histories: Sequence[Sequence[Record]], name: str) -> list[list[float]]:
    return [[record[name] for record in records] for records in zip(*histories, strict=True)]
