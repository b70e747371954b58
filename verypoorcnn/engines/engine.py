"""What every engine can do.  Engines differ in speed and in the last bits, in nothing else."""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from collections.abc import Callable, Mapping, Sequence
from functools import partial, wraps
from itertools import chain
from math import isfinite
from operator import add
from threading import RLock
from typing import Any, ClassVar, Concatenate, NamedTuple, ParamSpec, Protocol, TypeVar

from verypoorcnn.engines.order import shuffled
from verypoorcnn.files.tensors import Tensor
from verypoorcnn.network import Network


class Samples(Protocol):
    """Labelled images as an engine reads them; a `Dataset` is one."""

    @property
    def pixels(self) -> bytes:
        """Image after image, each channel by channel, row by row."""

    @property
    def labels(self) -> bytes:
        """One byte an image."""


class BatchResult(NamedTuple):
    """What batches showed, each before its step: sums over their samples."""

    loss: float  # nats
    hits: int  # samples whose most probable class is the true one
    samples: int


NOTHING = BatchResult(0.0, 0, 0)

Pause = Callable[[BatchResult], object]  # told what the batches that are done have shown
BatchPause = Callable[[], object]  # within one batch, which has shown nothing yet


def go_on(*so_far: BatchResult) -> None:
    """A pause that is none."""


E = TypeVar("E", bound="Engine")
P = ParamSpec("P")
R = TypeVar("R")


def in_turn(method: Callable[Concatenate[E, P], R]) -> Callable[Concatenate[E, P], R]:
    """A method that begins when no other thread is in such a method of the same engine.

    The thread that is in one may call others: a pause asks the engine that trains.
    """

    @wraps(method)
    def alone(engine: E, /, *arguments: P.args, **named: P.kwargs) -> R:
        with engine.turn:
            return method(engine, *arguments, **named)

    return alone


class Engine(ABC):
    """Runs a network's program.  It holds the parameters while it runs.

    `indices` always name images of `samples`, each within its length; the batch is as long as
    they are.  A label must be smaller than the number of classes.

    Several threads may use one engine; they take turns, by the methods marked `in_turn`.
    """

    name: ClassVar[str]
    typecode: ClassVar[str]  # of its parameters: "d" for float64, "f" for float32
    typical_speed: float  # multiply-adds of forward passes in a second, about
    longest_call: ClassVar[int] = 1  # batches that one call of `train_batches` may take
    threads: int = 0  # that train, 0: as many as gain; an engine may have none but its caller's

    def __init__(self, network: Network, parameters: Mapping[str, Tensor]) -> None:
        """Take up a network with these values of everything it learns."""
        self.network = network
        self.turn = RLock()
        self.set_parameters(parameters)

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy compiles for itself."""
        return type(self), (self.network, self.parameters()), {"threads": self.threads}

    @classmethod
    def obstacle(cls) -> str | None:
        """Why it cannot run on this machine; None if it can."""
        return None

    def prepare(self, batch_size: int | None) -> None:  # noqa: B027 - most need nothing
        """Compile now what training in such batches needs; without this it is done on the way."""

    def about(self) -> str:
        """What one would like to know of it, after its name: ", machine code for avx512"."""
        return ""

    @abstractmethod
    def set_parameters(self, parameters: Mapping[str, Tensor]) -> None:
        """Go on from these values, by name: "conv1.weight"."""

    @abstractmethod
    def parameters(self) -> dict[str, Tensor]:
        """A copy of the values as they are now."""

    def shuffled(self, count: int, key: int) -> Sequence[int]:
        """The order for an epoch of so many images, which 64 bits decide, as `order` has it."""
        return shuffled(count, key)

    @abstractmethod
    def train_batch(
        self, samples: Samples, indices: Sequence[int], rate: float, pause: BatchPause = go_on
    ) -> BatchResult:
        """One step of gradient descent on the mean loss of these images.

        Where it takes long, `pause` is called on the way, with the parameters as they were before.
        It may ask for parameters, probabilities and activations.  What it raises ends the call as
        if the step had not begun.
        """

    def train_batches(
        self,
        samples: Samples,
        order: Sequence[int],
        batch_size: int,
        rate: float,
        so_far: BatchResult = NOTHING,
        pause: Pause = go_on,
    ) -> BatchResult:
        """One step for each batch of these images in turn; the last may be smaller.

        What they show is added to `so_far`, batch after batch, so an epoch may be cut into calls
        wherever one likes.  After a batch whose loss is not finite no other is begun.

        On the way through a batch that takes long `pause` is called as `train_batch` has it, and
        told what has been shown by the batches before.
        """
        for start in range(0, len(order), batch_size):
            batch = order[start : start + batch_size]
            result = self.train_batch(samples, batch, rate, partial(pause, so_far))
            so_far = BatchResult(*map(add, so_far, result))
            if not isfinite(so_far.loss):
                break
        return so_far

    @abstractmethod
    def probabilities(self, samples: Samples, indices: Sequence[int]) -> list[list[float]]:
        """The probability of every class for each of these images."""

    def probability_array(self, samples: Samples, indices: Sequence[int]) -> array[float]:
        """The same, image after image, as one array of the engine's type code."""
        return array(self.typecode, chain.from_iterable(self.probabilities(samples, indices)))

    @abstractmethod
    def gradients(self, samples: Samples, indices: Sequence[int]) -> dict[str, Tensor]:
        """∂(mean loss of these images)/∂parameter, by the parameters' names."""

    @abstractmethod
    def activations(self, samples: Samples, indices: Sequence[int]) -> dict[str, Any]:
        """What each layer computes, by its name: nested lists, [sample][…shape of its output]."""
