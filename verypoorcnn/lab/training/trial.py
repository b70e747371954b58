"""One training of an experiment, from its settings and a seed to its accuracy.

It is what `train` does, bit for bit, with the same trainer, for the same settings; only that the
engine is kept from one training to the next, since its kernels need not be compiled again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import mean, stdev
from time import perf_counter
from typing import Any

from verypoorcnn.engines import Engine, choose_engine
from verypoorcnn.errors import UserError
from verypoorcnn.lab.training.compiled import Engines
from verypoorcnn.lab.training.fields import read_fields
from verypoorcnn.lab.training.material import Material
from verypoorcnn.lab.training.variants import with_filters
from verypoorcnn.training.evaluation import evaluate
from verypoorcnn.training.interrupt import StopWhenAsked
from verypoorcnn.training.loop import Callback, Diverged, Record, Trainer
from verypoorcnn.training.metrics import Metrics

SLOW = {"train_samples": 200, "epochs": 8}  # at most, where there is no machine code
SLOW_TEST = 100


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
    """Where trials are made, one after another, in one thread.

    Other threads may ask for `setup`, which changes nothing, and for `note`, which is guessed until
    the first engine is there.
    """

    def __init__(self, material: Material) -> None:
        self.material = material
        self.engine = choose_engine().name  # the fastest here, until it is seen who takes a network
        self.engines = Engines()

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
        """What is asked for; what is not given is as the lab was opened.

        Raises:
            UserError: an unknown setting, a value out of bounds.
        """
        read = read_fields(self.material.fields, given, "experiment")
        return Setup(**{**self.material.defaults, **read})

    def feasible(self, setup: Setup, stop: StopWhenAsked) -> Setup:
        """As much of it as can be waited for with the engine that takes this network.

        Raises:
            UserError: no engine takes it.
            Interrupted: `stop` was asked to.
        """
        self.engine = self._engine(setup, stop).name
        return setup if self.note is None else setup.slower()

    def trial(
        self, setup: Setup, seed: int, stop: StopWhenAsked, callbacks: Sequence[Callback] = ()
    ) -> Trial:
        """Train and test with one seed.

        Raises:
            UserError: no engine takes the network, or its images can no longer be read.
            Interrupted: `stop` was asked to.
        """
        began = perf_counter()
        engine = self._engine(setup, stop)
        engine.set_parameters(engine.network.initial_parameters(seed))
        trainer = Trainer(
            engine,
            self.material.train(setup.train_samples),
            self.material.settings(vars(setup), epochs=setup.epochs, seed=seed),
            callbacks=(*callbacks, stop),
        )
        test, fault = None, None
        try:
            trainer.run()
            test = self._tested(trainer)
        except Diverged as error:
            fault = in_words(error)
        except UserError:  # the last step has made parameters that say nothing
            fault = (
                f"epoch {setup.epochs}: the probabilities are no numbers any more; "
                f"try a learning rate below {setup.learning_rate:g}"
            )
        return Trial(seed, trainer.position.history, test, fault, perf_counter() - began)

    def close(self) -> None:
        """Wait until nothing is compiled any more."""
        self.engines.close()

    def _engine(self, setup: Setup, stop: StopWhenAsked) -> Engine:
        network = with_filters(self.material.network, setup.filters)
        return self.engines.get("auto", network, setup.batch_size, stop)

    def _tested(self, trainer: Trainer) -> Metrics:
        def stop_if_asked(images: int) -> None:
            for callback in trainer.callbacks:
                callback.measured(trainer, images)

        images = self.material.test if self.note is None else self.material.test.first(SLOW_TEST)
        return evaluate(trainer.engine, images, stop_if_asked)


def in_words(error: UserError) -> str:
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
