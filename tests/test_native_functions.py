"""exp and log in vector code: to about one unit in the last place, and the special numbers."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from math import exp, log, sqrt

import pytest

from tests.native import ISAS, Memory, per_sample
from verypoorcnn.compiler.kernel import compile_functions
from verypoorcnn.compiler.lowering.x86 import Isa
from verypoorcnn.compiler.source import read
from verypoorcnn.compiler.vector.layout import Layout

pytestmark = pytest.mark.skipif(not ISAS, reason="machine code cannot run here")

INFINITY, NAN = math.inf, math.nan
MANY = 512


def exponentials(inputs, outputs):
    for s in range(len(inputs)):
        for i in range(len(inputs[s])):
            outputs[s][i] = exp(inputs[s][i])


def logarithms(inputs, outputs):
    for s in range(len(inputs)):
        for i in range(len(inputs[s])):
            outputs[s][i] = log(inputs[s][i])


def roots(inputs, outputs):
    for s in range(len(inputs)):
        for i in range(len(inputs[s])):
            outputs[s][i] = sqrt(inputs[s][i])


def larger(inputs, outputs):
    for s in range(len(inputs)):
        for i in range(len(inputs[s])):
            outputs[s][i] = max(0.0, inputs[s][i])


def smaller(inputs, outputs):
    for s in range(len(inputs)):
        for i in range(len(inputs[s])):
            outputs[s][i] = min(inputs[s][i], 0.0)


def single(number: float) -> float:
    return float(struct.unpack("<f", struct.pack("<f", number))[0])


def run(function: Callable[..., None], numbers: list[float], isa: Isa) -> list[float]:
    """What machine code makes of each number."""
    inputs, outputs = per_sample("inputs", len(numbers)), per_sample("outputs", len(numbers))
    layout = Layout()
    kernel = compile_functions([read(function, [inputs, outputs])], layout, isa)
    memory = Memory(layout, "end")
    memory.samples(16)
    memory.write(inputs, [numbers] * 16, inputs.shape)
    memory.run(kernel)
    result = [[0.0] * len(numbers) for _ in range(16)]
    memory.read(outputs, result, outputs.shape)
    return result[15]


def last_places(expected: float, got: float) -> float:
    """The difference in units of the last place of float32."""
    unit = 2.0 ** max(math.frexp(expected)[1] - 24, -149)
    return abs(expected - got) / unit


@pytest.mark.parametrize("isa", ISAS, ids=lambda isa: isa.name)
@pytest.mark.parametrize(
    ("function", "exact", "numbers"),
    [
        (exponentials, math.exp, [single(-87 + 175 * k / MANY) for k in range(MANY)]),
        (exponentials, math.exp, [single(-103.9 + 17 * k / MANY) for k in range(MANY)]),
        (logarithms, math.log, [single(2.0 ** (-148 + 275 * k / MANY)) for k in range(MANY)]),
        (logarithms, math.log, [single(0.5 + 1.5 * k / MANY) for k in range(MANY)]),
        (roots, math.sqrt, [single(3.0 * k / MANY) for k in range(MANY)]),
    ],
)
def test_accuracy(
    function: Callable[..., None],
    exact: Callable[[float], float],
    numbers: list[float],
    isa: Isa,
) -> None:
    got = run(function, numbers, isa)
    assert max(last_places(exact(x), y) for x, y in zip(numbers, got, strict=True)) < 2.0


@pytest.mark.parametrize("isa", ISAS, ids=lambda isa: isa.name)
def test_special_numbers(isa: Isa) -> None:
    assert run(exponentials, [-INFINITY, -200.0, 0.0, 89.0, INFINITY], isa) == [
        0.0,
        0.0,
        1.0,
        INFINITY,
        INFINITY,
    ]
    assert run(logarithms, [0.0, 1.0, INFINITY], isa) == [-INFINITY, 0.0, INFINITY]
    assert all(math.isnan(y) for y in run(logarithms, [NAN, -1.0, -INFINITY], isa))
    assert math.isnan(run(exponentials, [NAN], isa)[0])


@pytest.mark.parametrize("isa", ISAS, ids=lambda isa: isa.name)
def test_max_and_min_are_pythons(isa: Isa) -> None:
    """The left operand stays unless the right one is larger: also for NaN and for -0.0."""
    numbers = [NAN, -0.0, 0.0, -1.0, 2.0]
    for function, python in ((larger, lambda x: max(0.0, x)), (smaller, lambda x: min(x, 0.0))):
        for x, got in zip(numbers, run(function, numbers, isa), strict=True):
            assert struct.pack("<f", got) == struct.pack("<f", python(x))
