"""What a network does, as data: a list of calls of textbook functions over named buffers.

A program can be printed, counted, proved and run; whoever runs it (CPython as it stands, or machine
code compiled from the same functions) needs to know nothing about layers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["byte", "number"]


@dataclass(frozen=True)
class Buffer:
    """A named array.

    With `per_sample`, the batch stands in front: `shape` is that of one sample, and the array has
    one more index, s.  Without it (parameters and their gradients) `shape` is the whole.
    """

    name: str  # "conv1.output", "conv1.weight", "conv1.weight.gradient"
    shape: tuple[int, ...]
    per_sample: bool = True
    kind: Kind = "number"

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Scalar:
    """A number that is given anew with every run: the learning rate, the samples in the batch."""

    name: str

    def __str__(self) -> str:
        return self.name


RATE = Scalar("rate")  # the learning rate
SAMPLES = Scalar("samples")  # samples in the batch, over which the loss is averaged

Argument = Buffer | Scalar | int | float


@dataclass(frozen=True)
class Call:
    """One textbook function and what it is called with."""

    function: Callable[..., None]
    arguments: tuple[Argument, ...]

    def __str__(self) -> str:
        return f"{self.function.__name__}({', '.join(map(str, self.arguments))})"

    @property
    def buffers(self) -> Iterator[Buffer]:
        """The buffers among the arguments."""
        return (a for a in self.arguments if isinstance(a, Buffer))

    def run(self, values: Mapping[str, Any]) -> None:
        """Let CPython run it: `values` holds the nested list or number of every name."""
        self.function(
            *(values[a.name] if isinstance(a, Buffer | Scalar) else a for a in self.arguments)
        )


@dataclass(frozen=True)
class Program:
    """The calls of a network, phase by phase.

    `prepare` reads `pixels` and `labels`, `forward` writes `probabilities`, `loss` writes `losses`
    and `hits`, `backward` writes the gradients, `update` steps the parameters by them.
    """

    prepare: tuple[Call, ...]
    forward: tuple[Call, ...]
    loss: tuple[Call, ...]
    backward: tuple[Call, ...]
    update: tuple[Call, ...]
    parameters: tuple[Buffer, ...]
    gradients: tuple[Buffer, ...]  # in the order of the parameters
    outputs: Mapping[str, Buffer]  # what each layer computed, by the layer's name

    @property
    def training_step(self) -> tuple[Call, ...]:
        """All calls of one step of training, in order."""
        return self.prepare + self.forward + self.loss + self.backward + self.update

    @property
    def buffers(self) -> tuple[Buffer, ...]:
        """Every buffer once, in the order of first use."""
        return distinct_buffers(self.training_step)

    def __str__(self) -> str:
        phases = ("prepare", "forward", "loss", "backward", "update")
        return "\n".join(
            f"{phase}:\n" + "\n".join(f"    {call}" for call in getattr(self, phase))
            for phase in phases
        )


def distinct_buffers(calls: Iterable[Call]) -> tuple[Buffer, ...]:
    """Every buffer of these calls once, in the order of first use."""
    return tuple(dict.fromkeys(buffer for call in calls for buffer in call.buffers))
