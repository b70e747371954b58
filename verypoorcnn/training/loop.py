"""The training loop: shuffle, cut into batches, one step for each, until the epochs are over.

Where a training stands is a small record, `Position`.  Together with the parameters it is all that
resuming needs: the order of the images in an epoch depends on the seed and the epoch's number
alone, so there is no state of a random generator to keep.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from math import isfinite
from random import Random
from time import perf_counter
from typing import Any, NoReturn

from verypoorcnn.data.dataset import Dataset
from verypoorcnn.engines import BatchResult, Engine
from verypoorcnn.errors import UserError
from verypoorcnn.files.tensors import Tensor
from verypoorcnn.training.configuration import TrainingSettings
from verypoorcnn.training.evaluation import evaluate

CTRL_C = 2  # the number of its signal
PATIENCE = 0.05  # seconds that one call of an engine may take where it takes many batches

Parameters = dict[str, Tensor]
Record = dict[str, Any]  # one line of metrics.jsonl


@dataclass
class Position:
    """Where a training stands."""

    epoch: int = 0  # epochs finished
    batch: int = 0  # batches finished of the epoch under way
    loss: float = 0.0  # sum over the samples of the epoch under way
    hits: int = 0  # of them, those whose most probable class was the true one
    seconds: float = 0.0  # spent on the epoch under way
    start: Record | None = None  # loss and accuracy on the training set before the first step
    history: list[Record] = field(default_factory=list)  # one record an epoch
    best_epoch: int = 0  # the one with the smallest validation loss, where there is validation


class Diverged(UserError):
    """The loss is no longer a finite number; the trainer went back to its last good position."""


class Interrupted(Exception):
    """The user asked to stop; the batch under way is finished and everything is saved."""

    def __init__(self, signal: int = CTRL_C) -> None:
        super().__init__()
        self.signal = signal


class Callback:
    """Told of everything that happens in a training; each method may be left out."""

    def measured(self, trainer: Trainer, images: int) -> None:
        """So many images were evaluated."""

    def batch_done(self, trainer: Trainer, images: int) -> None:
        """A batch, or a few at once, are done, so many images.  Raise `Interrupted` to stop.

        It is called on the way through a batch that takes long, too, with 0 images: parameters and
        position are those after the batch before.
        """

    def epoch_done(self, trainer: Trainer, record: Record) -> None:
        """An epoch is finished, and its validation too."""


class Trainer:
    """Trains an engine's network on a data set.

    `position` and `best` continue an earlier training; the engine must hold its parameters.
    """

    def __init__(
        self,
        engine: Engine,
        train: Dataset,
        settings: TrainingSettings,
        *,
        validation: Dataset | None = None,
        callbacks: Sequence[Callback] = (),
        position: Position | None = None,
        best: Parameters | None = None,
    ) -> None:
        if settings.patience and validation is None:
            raise UserError(
                f"training.patience is {settings.patience}, but there are no validation images to "
                "judge by; set data.validation_samples or take patience away"
            )
        self.engine = engine
        self.engine.threads = settings.threads
        self.train = train
        self.validation = validation
        self.settings = settings
        self.callbacks = callbacks
        self.position = position or Position()
        self.best = best  # parameters of the best epoch, where early stopping is asked for
        self._good = (deepcopy(self.position), engine.parameters())
        self._stretch = 1  # batches in one call; makes no difference but in speed

    @property
    def batches(self) -> int:
        """Batches in an epoch; the last one may be smaller."""
        return -(-len(self.train) // self.settings.batch_size)

    @property
    def finished(self) -> bool:
        """Whether all epochs are over, or the validation loss has stopped falling."""
        return is_over(self.position, self.settings)

    def run(self) -> None:
        """Train until finished; with early stopping, end with the best epoch's parameters.

        Raises:
            Diverged: a batch's loss is not finite.
            Interrupted: a callback asked for it.
        """
        if self.settings.measure_start and self.position.start is None:
            self.position.start = self._measure(self.train)
        while not self.finished:
            self._finish_epoch()
        if self.best:
            self.engine.set_parameters(self.best)

    def _finish_epoch(self) -> None:
        """Make the steps that the epoch under way still needs, and close it."""
        position, size = self.position, self.settings.batch_size
        key = epoch_key(self.settings.seed, position.epoch)
        order = self.engine.shuffled(len(self.train), key)
        while position.batch < self.batches:
            stretch = position.batch, position.batch + self._stretch
            self._steps(order[stretch[0] * size : stretch[1] * size])
        if not all_finite(self.engine.parameters()):
            self._go_back(self.batches, "its step made a parameter infinite")
        record: Record = {
            "epoch": position.epoch + 1,
            "loss": position.loss / len(self.train),
            "accuracy": position.hits / len(self.train),
            "measured": "running",  # over the epoch, each batch before its step
            "seconds": position.seconds,
        }
        if self.validation:
            record["validation"] = self._measure(self.validation)
        self._close_epoch(record)

    def _steps(self, indices: Sequence[int]) -> None:
        """The next few batches, in one call of the engine."""
        began, position, settings = perf_counter(), self.position, self.settings
        size, first = settings.batch_size, position.batch

        def count(result: BatchResult) -> None:
            position.batch = first + -(-result.samples // size)
            position.loss, position.hits = result.loss, result.hits

        def pause(so_far: BatchResult) -> None:
            count(so_far)
            self._tell(0)

        before = BatchResult(position.loss, position.hits, 0)
        count(
            self.engine.train_batches(
                self.train, indices, size, settings.learning_rate, before, pause
            )
        )
        if not isfinite(position.loss):
            self._go_back(position.batch, f"the loss is {position.loss}, no longer a finite number")
        took = perf_counter() - began
        position.seconds += took
        if took < PATIENCE / 2:
            self._stretch = min(2 * self._stretch, self.engine.longest_call)
        elif took > PATIENCE:
            self._stretch = max(1, self._stretch // 2)
        self._tell(len(indices))

    def _tell(self, images: int) -> None:
        for callback in self.callbacks:
            callback.batch_done(self, images)

    def _close_epoch(self, record: Record) -> None:
        position = self.position
        position.epoch += 1
        position.batch, position.loss, position.hits, position.seconds = 0, 0.0, 0, 0.0
        position.history.append(record)
        if self.settings.patience:
            self._keep_if_best(record["validation"]["loss"])
        self._good = (deepcopy(position), self.engine.parameters())
        for callback in self.callbacks:
            callback.epoch_done(self, record)

    def _keep_if_best(self, loss: float) -> None:
        earlier = [record["validation"]["loss"] for record in self.position.history[:-1]]
        if loss < min(earlier, default=float("inf")):
            self.position.best_epoch = self.position.epoch
            self.best = self.engine.parameters()

    def _measure(self, dataset: Dataset) -> Record:
        def advance(images: int) -> None:
            for callback in self.callbacks:
                callback.measured(self, images)

        metrics = evaluate(self.engine, dataset, advance)
        return {"loss": metrics.loss, "accuracy": metrics.accuracy}

    def _go_back(self, batch: int, fault: str) -> NoReturn:
        epoch = self.position.epoch + 1
        self.position, parameters = deepcopy(self._good[0]), self._good[1]
        self.engine.set_parameters(parameters)
        raise Diverged(
            f"epoch {epoch}, batch {batch}: {fault}; "
            f"try a learning rate below {self.settings.learning_rate:g} (training.learning_rate)"
        )


def is_over(position: Position, settings: TrainingSettings) -> bool:
    """Whether all epochs are over, or the validation loss has stopped falling."""
    waited, patience = position.epoch - position.best_epoch, settings.patience
    return position.epoch >= settings.epochs or bool(patience and waited >= patience)


def epoch_key(seed: int, epoch: int) -> int:
    """64 bits that decide the order of an epoch, counted from 0."""
    return Random(f"shuffle {seed} {epoch}").getrandbits(64)


def all_finite(parameters: Mapping[str, Tensor]) -> bool:
    """Whether no parameter is infinite or not a number."""
    return all(all(map(isfinite, tensor.values)) for tensor in parameters.values())
