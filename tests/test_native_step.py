"""A whole training step as one piece of machine code equals the textbook engine's."""

from __future__ import annotations

import struct
from random import Random

import pytest

from tests.native import ISAS, SCALARS, Memory, at, elements
from verypoorcnn.compiler.kernel import Kernel, compile_functions
from verypoorcnn.compiler.loops import Array, Function, Scalar
from verypoorcnn.compiler.lowering.x86 import Isa
from verypoorcnn.compiler.source import Argument, read
from verypoorcnn.compiler.vector.layout import GROUP, Layout
from verypoorcnn.data.dataset import Dataset
from verypoorcnn.engines.textbook import TextbookEngine
from verypoorcnn.files.tensors import nested
from verypoorcnn.network import Network
from verypoorcnn.network.layers import Conv2D, Dense, Flatten, MaxPool2D, ReLU
from verypoorcnn.network.program import Buffer, Call, Program
from verypoorcnn.network.program import Scalar as Given

pytestmark = pytest.mark.skipif(not ISAS, reason="machine code cannot run here")

NETWORK = Network(
    (1, 9, 9),
    (
        Conv2D(filters=3, kernel_size=3, padding=1),
        ReLU(),
        MaxPool2D(pool_size=3, strides=1),
        Conv2D(filters=5, kernel_size=2),
        ReLU(),
        MaxPool2D(pool_size=2),
        Flatten(),
        Dense(units=19),
        ReLU(),
        Dense(units=4),
    ),
)


class Step:
    """Calls of a program, compiled for one group."""

    def __init__(self, program: Program, isa: Isa, phases: list[tuple[Call, ...]], groups: bool):
        self.arrays = {b: array_of(b) for b in program.buffers}
        self.layout = Layout()
        self.kernels: list[Kernel] = []
        for k, calls in enumerate(phases):
            functions = [self.read(call) for call in calls]
            many = groups and k == 0
            self.kernels.append(compile_functions(functions, self.layout, isa, groups=many))
        self.memory = Memory(self.layout, "end")

    def read(self, call: Call) -> Function:
        return read(call.function, [self.argument(a) for a in call.arguments])

    def argument(self, argument: Buffer | Given | int | float) -> Argument:
        if isinstance(argument, Buffer):
            return self.arrays[argument]
        return Scalar(argument.name) if isinstance(argument, Given) else argument


def array_of(buffer: Buffer) -> Array:
    shape = (GROUP, *buffer.shape) if buffer.per_sample else buffer.shape
    kind = "byte" if buffer.kind == "byte" else "float"
    return Array(buffer.name, shape, buffer.per_sample, kind)  # type: ignore[arg-type]


def images(count: int) -> Dataset:
    random = Random(3)
    pixels = bytes(random.randrange(256) for _ in range(81 * count))
    labels = bytes(random.randrange(4) for _ in range(count))
    return Dataset(pixels, labels, (1, 9, 9), ("a", "b", "c", "d"), "a test")


@pytest.mark.parametrize("isa", ISAS, ids=lambda isa: isa.name)
@pytest.mark.parametrize("samples", [16, 11, 40])
def test_parameters_after_steps(samples: int, isa: Isa, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SCALARS, "samples", float(samples))
    program, data, many = NETWORK.program(), images(samples), samples > GROUP
    learning = program.prepare, program.forward, program.loss, program.backward
    before = tuple(call for phase in learning for call in phase)
    phases = [before, program.update] if many else [before + program.update]
    step = Step(program, isa, phases, many)
    start = NETWORK.initial_parameters(1)
    engine = TextbookEngine(NETWORK, start)
    for buffer in program.parameters:
        step.memory.write(step.arrays[buffer], nested(start[buffer.name]), buffer.shape)
    for _ in range(2):
        expected = engine.train_batch(data, range(samples), SCALARS["rate"])
        loss = run(step, data, samples)
        assert loss == pytest.approx(expected.loss, rel=1e-5)
    after = engine.parameters()
    for buffer in program.parameters:
        values = nested(after[buffer.name])
        for index in elements(buffer.shape):
            letter, view, offset = step.memory.where(step.arrays[buffer], index)
            got = struct.unpack_from(letter, view, offset)[0]
            assert got == pytest.approx(at(values, index), abs=1e-5)


def run(step: Step, data: Dataset, samples: int) -> float:
    """A step, group after group; gives the loss."""
    memory, loss = step.memory, 0.0
    named = {buffer.name: array for buffer, array in step.arrays.items()}
    for array in step.kernels[0].scheduled.sums:
        placement = step.layout.arrays[array]
        view = memory.arenas["parameters"].view
        view[placement.offset : placement.offset + placement.size] = bytes(placement.size)
    for start in range(0, samples, GROUP):
        count = min(GROUP, samples - start)
        memory.samples(count)
        for array in step.arrays.values():
            if array.per_sample:
                memory.spoil(array, count)
        for s in range(count):
            memory.write(named["labels"], data.labels[start:], (count,))
            for _, _, y, x in elements((1, 1, 9, 9)):
                value = data.pixels[(start + s) * 81 + y * 9 + x]
                letter, view, offset = memory.where(named["pixels"], (s, 0, y, x))
                struct.pack_into(letter, view, offset, value)
        memory.run(step.kernels[0])
        loss += sum(losses(memory, named["losses"], count))
    for kernel in step.kernels[1:]:
        memory.run(kernel)
    return loss


def losses(memory: Memory, array: Array, count: int) -> list[float]:
    return [struct.unpack_from(*memory.where(array, (s,)))[0] for s in range(count)]
