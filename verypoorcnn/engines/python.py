"""The python engine: the textbook's loops as specialised Python, in float64.

The calls of the program become one function for the shapes that they are called with: an image
goes through all layers before the next one begins, and most numbers never leave the locals.  All
operations stay in the textbook's order, so every number that is computed is, to the last bit, the
one of the textbook engine.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from math import prod
from typing import Any, ClassVar, Literal

from verypoorcnn.compiler import loops
from verypoorcnn.compiler.collector import without_collector
from verypoorcnn.compiler.passes import fused, samples_outside, simplified
from verypoorcnn.compiler.python import compiles_loops, executed, python_source
from verypoorcnn.compiler.source import read
from verypoorcnn.engines.engine import BatchPause, BatchResult, Engine, Samples, go_on, in_turn
from verypoorcnn.files.tensors import Tensor, nested
from verypoorcnn.network import Network
from verypoorcnn.network.program import (
    RATE,
    SAMPLES,
    Buffer,
    Call,
    Program,
    Scalar,
    distinct_buffers,
)

Wanted = tuple[Buffer, ...]
Step = tuple[Callable[..., None], tuple[str, ...]]  # a function and the names of its arguments


class PythonEngine(Engine):
    """Runs functions that were specialised for the network and the size of a batch."""

    name: ClassVar[str] = "python"
    typecode: ClassVar[str] = "d"
    typical_speed = 3e7

    def __init__(self, network: Network, parameters: Mapping[str, Tensor]) -> None:
        self._program = network.program()
        self._trained = (*self._program.parameters, *_named(self._program, "losses", "hits"))
        self._whole = {b.name: [0.0] * prod(b.shape) for b in self._program.gradients}
        self._per_sample: dict[str, list[Any]] = {}  # as many samples as the largest batch so far
        self._steps: dict[tuple[int, Wanted], tuple[Step, ...]] = {}  # by samples, and wishes
        super().__init__(network, parameters)

    @in_turn
    def set_parameters(self, parameters: Mapping[str, Tensor]) -> None:
        for buffer in self._program.parameters:
            self._whole[buffer.name] = parameters[buffer.name].values.tolist()

    @in_turn
    def parameters(self) -> dict[str, Tensor]:
        return {b.name: self._tensor(b, b.name) for b in self._program.parameters}

    @in_turn
    def prepare(self, batch_size: int | None) -> None:
        if batch_size:
            self._specialised(self._program.training_step, self._trained, batch_size)

    @in_turn
    def train_batch(
        self, samples: Samples, indices: Sequence[int], rate: float, pause: BatchPause = go_on
    ) -> BatchResult:
        calls = self._program.training_step
        values = self._run(calls, self._trained, samples, indices, rate)
        return BatchResult(sum(values["losses"]), int(sum(values["hits"])), len(indices))

    @in_turn
    def probabilities(self, samples: Samples, indices: Sequence[int]) -> list[list[float]]:
        program = self._program
        wanted = _named(program, "probabilities")
        values = self._run(program.prepare + program.forward, wanted, samples, indices)
        return [[*row] for row in values["probabilities"]]

    @in_turn
    def gradients(self, samples: Samples, indices: Sequence[int]) -> dict[str, Tensor]:
        program = self._program
        calls = program.prepare + program.forward + program.backward
        self._run(calls, program.gradients, samples, indices)
        pairs = zip(program.parameters, program.gradients, strict=True)
        return {value.name: self._tensor(value, gradient.name) for value, gradient in pairs}

    @in_turn
    def activations(self, samples: Samples, indices: Sequence[int]) -> dict[str, Any]:
        program = self._program
        wanted = tuple(program.outputs.values())
        values = self._run(program.prepare + program.forward, wanted, samples, indices)
        return {
            name: [nested(Tensor(b.shape, array("d", row))) for row in values[b.name]]
            for name, b in program.outputs.items()
        }

    def _specialised(
        self, calls: tuple[Call, ...], wanted: Wanted, samples: int
    ) -> tuple[Step, ...]:
        key = samples, wanted
        if key not in self._steps:
            self._steps[key] = specialised(calls, wanted, samples)
        return self._steps[key]

    def _tensor(self, buffer: Buffer, name: str) -> Tensor:
        return Tensor(buffer.shape, array("d", self._whole[name]))

    def _load(
        self, names: Collection[str], samples: Samples, indices: Sequence[int]
    ) -> dict[str, Any]:
        """The values of these names for a batch: of a per-sample buffer its first samples."""
        self._make_room(names, len(indices))
        values = {name: rows[: len(indices)] for name, rows in self._per_sample.items()}
        size = prod(self.network.input_shape)
        values["pixels"] = [samples.pixels[i * size : (i + 1) * size] for i in indices]
        values["labels"] = [samples.labels[i] for i in indices]
        return values | self._whole

    def _make_room(self, names: Collection[str], samples: int) -> None:
        for buffer in self._program.buffers:
            if buffer.name in names and buffer.per_sample and buffer.kind == "number":
                rows = self._per_sample.setdefault(buffer.name, [])
                missing = range(samples - len(rows))
                rows.extend([0.0] * prod(buffer.shape) if buffer.shape else 0.0 for _ in missing)

    def _run(
        self,
        calls: tuple[Call, ...],
        wanted: Wanted,
        samples: Samples,
        indices: Sequence[int],
        rate: float = 0.0,
    ) -> dict[str, Any]:
        """Run calls for a batch; of what they compute only the wanted buffers are sure to be there.

        Gives the values of all names that there are.
        """
        steps = self._specialised(calls, wanted, len(indices))
        values = self._load({name for _, names in steps for name in names}, samples, indices)
        values |= {RATE.name: rate, SAMPLES.name: len(indices)}
        for function, names in steps:
            function(*(values[name] for name in names))
        return values


def _named(program: Program, *names: str) -> tuple[Buffer, ...]:
    """Buffers by their names."""
    return tuple(buffer for buffer in program.buffers if buffer.name in names)


@lru_cache(maxsize=512)
def specialised(calls: tuple[Call, ...], wanted: Wanted, samples: int) -> tuple[Step, ...]:
    """Calls as functions over flat lists, with the names of what these are called with.

    They are made when they are needed first, and kept for every engine that runs these calls.
    """
    with without_collector():
        buffers = distinct_buffers(calls)
        arrays = {buffer: array_of(buffer, samples) for buffer in buffers}
        functions = [loops_of(call, arrays) for call in calls]
        if compiles_loops():
            return tuple(_step(function, ()) for function in functions)
        private = [arrays[b] for b in buffers if b not in wanted and b.kind == "number"]
        return (_step(fused(functions, "step"), private),)


def _step(function: loops.Function, private: Sequence[loops.Array]) -> Step:
    found = python_source(function, None, private)
    return executed(found.text, function.name), tuple(a.name for a in found.arguments)


def loops_of(call: Call, arrays: Mapping[Buffer, loops.Array]) -> loops.Function:
    """A call as the python back end gets it."""
    arguments = [
        argument
        if isinstance(argument, int | float)
        else loops.Scalar(argument.name)
        if isinstance(argument, Scalar)
        else arrays[argument]
        for argument in call.arguments
    ]
    return samples_outside(simplified(read(call.function, arguments)))


def array_of(buffer: Buffer, samples: int) -> loops.Array:
    """A buffer as the compiler sees it."""
    shape = (samples, *buffer.shape) if buffer.per_sample else buffer.shape
    kind: Literal["byte", "float"] = "byte" if buffer.kind == "byte" else "float"
    return loops.Array(buffer.name, shape, buffer.per_sample, kind)
