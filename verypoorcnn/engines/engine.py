"""What every engine can do.  Engines differ in speed and in the last bits, in nothing else."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Protocol

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
    """What a batch showed before its step: sums over its samples."""

    loss: float  # nats
    hits: int  # samples whose most probable class is the true one
    samples: int


class Engine(ABC):
    """Runs a network's program.  It holds the parameters while it runs.

    `indices` always name images of `samples`, each within its length; the batch is as long as
    they are.  A label must be smaller than the number of classes.
    """

    name: ClassVar[str]
    typecode: ClassVar[str]  # of its parameters: "d" for float64, "f" for float32

    def __init__(self, network: Network, parameters: Mapping[str, Tensor]) -> None:
        """Take up a network with these values of everything it learns."""
        self.network = network
        self.set_parameters(parameters)

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

    @abstractmethod
    def train_batch(self, samples: Samples, indices: Sequence[int], rate: float) -> BatchResult:
        """One step of gradient descent on the mean loss of these images."""

    longest_call: ClassVar[int] = 1  # batches that one call of `train_batches` may take

    def train_batches(
        self, samples: Samples, order: Sequence[int], batch_size: int, rate: float
    ) -> list[BatchResult]:
        """One step for each batch of these images in turn; the last may be smaller."""
        starts = range(0, len(order), batch_size)
        return [
            self.train_batch(samples, order[start : start + batch_size], rate) for start in starts
        ]

    @abstractmethod
    def probabilities(self, samples: Samples, indices: Sequence[int]) -> list[list[float]]:
        """The probability of every class for each of these images."""

    @abstractmethod
    def gradients(self, samples: Samples, indices: Sequence[int]) -> dict[str, Tensor]:
        """∂(mean loss of these images)/∂parameter, by the parameters' names."""

    @abstractmethod
    def activations(self, samples: Samples, indices: Sequence[int]) -> dict[str, Any]:
        """What each layer computes, by its name: nested lists, [sample][…shape of its output]."""
