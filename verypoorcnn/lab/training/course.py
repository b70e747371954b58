"""One live training from its first parameters on: where it stands, and what was seen on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import Any

from verypoorcnn.data.dataset import Dataset
from verypoorcnn.files.tensors import Tensor
from verypoorcnn.lab.training.history import History, Parameters
from verypoorcnn.lab.web import wire
from verypoorcnn.network import Network
from verypoorcnn.network.layers import Conv2D, Dense
from verypoorcnn.training.loop import Position
from verypoorcnn.training.metrics import Metrics

MOST_POINTS = 400  # of a curve, an even number; then neighbours become their mean
MOST_KERNELS = 64  # that are shown
FEWEST_TESTED = 60  # images, however slow the engine


@dataclass
class Curve:
    """Loss and accuracy over epochs, each point the mean of as many as keep the curve short."""

    epoch: list[float] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)  # how many each point is the mean of
    every: int = 1  # how many it may be the mean of

    def add(self, epoch: float, loss: float, accuracy: float) -> None:
        """What was seen next."""
        if self.counts and self.counts[-1] < self.every:
            before = self.counts[-1]
            for values, value in zip(self._columns(), (epoch, loss, accuracy), strict=True):
                values[-1] += (value - values[-1]) / (before + 1)
            self.counts[-1] = before + 1
            return
        if len(self.counts) == MOST_POINTS:
            self._halve()
        for values, value in zip(self._columns(), (epoch, loss, accuracy), strict=True):
            values.append(value)
        self.counts.append(1)

    def as_dict(self) -> dict[str, list[float]]:
        """For the page, which needs no more digits than these."""
        names = ("epoch", "loss", "accuracy")
        pairs = zip(names, self._columns(), strict=True)
        return {name: [round(v, 6) for v in values] for name, values in pairs}

    def _columns(self) -> tuple[list[float], list[float], list[float]]:
        return self.epoch, self.loss, self.accuracy

    def _halve(self) -> None:
        """Let neighbours become their mean; all are the mean of equally many."""
        for values in self._columns():
            values[:] = [(a + b) / 2 for a, b in zip(values[::2], values[1::2], strict=True)]
        self.every *= 2
        self.counts[:] = [self.every] * len(self.epoch)


@dataclass
class Course:
    """A training under way; only the thread that trains has it in its hands."""

    network: Network
    parameters: Parameters  # as they are now
    position: Position = field(default_factory=Position)
    train: Curve = field(default_factory=Curve)
    test: Curve = field(default_factory=Curve)
    confusion: dict[str, Any] | None = None  # of the last test
    kept: History = field(init=False)

    def __post_init__(self) -> None:
        self.kept = History(self.network)

    def begin_epoch(self) -> None:
        """Go through the epoch under way again from its beginning."""
        position = self.position
        position.batch, position.loss, position.hits, position.seconds = 0, 0.0, 0, 0.0

    def change_batches(self, before: int, now: int) -> None:
        """Go on in the epoch with batches of another size, at the nearest whole one."""
        position = self.position
        done = position.batch * before
        position.batch = round(done / now)
        share = position.batch * now / done if done else 0.0
        position.loss *= share  # of so many images, as far as one can tell
        position.hits = round(position.hits * share)

    def tested(self, epoch: float, metrics: Metrics, of: int) -> None:
        """Keep what a test came to, on some of `of` images."""
        self.test.add(epoch, metrics.loss, metrics.accuracy)
        self.confusion = {
            "epoch": epoch,
            "counts": metrics.confusion,
            "accuracy": metrics.accuracy,
            "loss": metrics.loss,
            "images": metrics.samples,
            "of": of,
        }


def kernels(network: Network, parameters: Parameters) -> wire.Wire | None:
    """What looks at the image itself, [kernel][channel][row][column]: filters, or dense units.

    None where the first layer that learns sees no image any more.
    """
    for stage in network.stages:
        if not stage.parameters:
            continue
        weight = parameters[f"{stage.name}.weight"]
        if isinstance(stage.layer, Conv2D):
            return wire.numbers(_first(weight, weight.shape[1:]))
        sees_image = isinstance(stage.layer, Dense) and weight.shape[1] == prod(network.input_shape)
        return wire.numbers(_first(weight, network.input_shape)) if sees_image else None
    return None


def _first(weight: Tensor, shape: tuple[int, ...]) -> Tensor:
    count = min(weight.shape[0], MOST_KERNELS)
    return Tensor((count, *shape), weight.values[: count * prod(shape)])


def spread(dataset: Dataset, count: int) -> Dataset:
    """So many images from everywhere in the set, whatever it is sorted by."""
    count = min(len(dataset), max(count, FEWEST_TESTED))
    if count == len(dataset):
        return dataset
    return dataset.take([k * len(dataset) // count for k in range(count)])
