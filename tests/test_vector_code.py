"""Schedules and vector code, without any machine code: run by an interpreter in plain Python."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from random import Random

import pytest

from tests.native import SCALARS, at, elements, per_sample, shared, values_of
from verypoorcnn.compiler.kernel import Scheduled, vector_code
from verypoorcnn.compiler.loops import Array, Scalar
from verypoorcnn.compiler.schedule.tiles import Target
from verypoorcnn.compiler.source import Argument, read
from verypoorcnn.compiler.vector.interpret import interpret
from verypoorcnn.compiler.vector.layout import COUNT, Layout
from verypoorcnn.textbook import activation, convolution, dense, optimizer, pooling

NEON = Target(4, 32)  # four lanes: a target that no processor here has
WIDE = Target(16, 32)


def compiled(
    function: Callable[..., None], arguments: Sequence[Argument], target: Target
) -> tuple[Scheduled, Layout]:
    layout = Layout()
    return vector_code([read(function, arguments)], layout, target), layout


CASES = [
    (
        convolution.conv2d,
        [per_sample("x", 2, 5, 4), shared("k", 3, 2, 3, 3), per_sample("y", 3, 5, 4), 1, 1],
    ),
    (
        convolution.conv2d_kernel_gradient,
        [per_sample("x", 1, 5, 5), per_sample("y", 2, 2, 2), shared("k", 2, 1, 3, 3), 2, 0],
    ),
    (
        dense.dense_weight_gradient,
        [per_sample("x", 17), per_sample("y", 5), shared("w", 5, 17)],
    ),
    (
        pooling.max_pool_gradient,
        [
            per_sample("x", 1, 4, 4),
            per_sample("y", 1, 3, 3),
            per_sample("dy", 1, 3, 3),
            per_sample("dx", 1, 4, 4),
            2,
            1,
        ],
    ),
    (optimizer.sgd_kernels, [shared("v", 3, 2, 3, 3), shared("g", 3, 2, 3, 3), Scalar("rate")]),
]


@pytest.mark.parametrize("target", [NEON, WIDE], ids=["4 lanes", "16 lanes"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0].__name__)
def test_interpreted_code_equals_cpython(case, target):
    function, arguments = case
    scheduled, layout = compiled(function, arguments, target)
    sizes = {**layout.sizes, "call": layout.call_size}
    memory = {region: bytearray(size) for region, size in sizes.items()}
    struct.pack_into("<i", memory["call"], COUNT, 16)
    for name, offset in layout.scalars.items():
        struct.pack_into("<f", memory["call"], offset, SCALARS[name])
    random = Random(1)
    values = [values_of(argument, 16, random, whole=True) for argument in arguments]
    arrays = [(a, v) for a, v in zip(arguments, values, strict=True) if isinstance(a, Array)]
    for array, numbers in arrays:
        placement = layout.arrays[array]
        for index in elements(array.shape):
            number = at(numbers, index)
            struct.pack_into("<f", memory[placement.region], placement.at(index), number)
    interpret(scheduled.code, memory)
    function(*values)
    for array, numbers in arrays:
        placement = layout.arrays[array]
        for index in elements(array.shape):
            got = struct.unpack_from("<f", memory[placement.region], placement.at(index))[0]
            assert got == pytest.approx(at(numbers, index), abs=1e-5)


def test_a_schedule_prints_its_decisions():
    arguments = [per_sample("x", 6), shared("w", 4, 6), per_sample("y", 4)]
    scheduled, _ = compiled(dense.dense, arguments, WIDE)
    assert str(scheduled).splitlines() == [
        "lanes s.0 (samples):",
        "    once k.0 = 0:",
        "        jam k.0 + 0..4:",
        "            total.0 = 0.0",
        "            once d.0 = 0:",
        "                unroll d.0 + 0..6:",
        "                    total.0 = total.0 + (x[s.0, d.0] * w[k.0, d.0])",
        "            y[s.0, k.0] = total.0",
    ]


def test_neighbours_are_fused_and_nothing_is_loaded_twice():
    inputs, hidden, weights = per_sample("x", 6), per_sample("h", 4), shared("w", 4, 6)
    outputs, layout = per_sample("y", 4), Layout()
    functions = [
        read(dense.dense, [inputs, weights, hidden]),
        read(activation.relu_vectors, [hidden, outputs]),
    ]
    scheduled = vector_code(functions, layout, WIDE, keep={outputs})
    names = [op.name for op in scheduled.code.ops]
    assert len(scheduled.nests) == 1
    assert names.count("store") == 4  # the outputs; what only the ReLU reads is never stored
    assert names.count("load") == 6 + 24  # every input once, for all four units


def test_lanes_of_a_dense_weight_gradient_are_inputs():
    arguments = [per_sample("x", 40), per_sample("dy", 9), shared("dw", 9, 40)]
    scheduled, _ = compiled(dense.dense_weight_gradient, arguments, WIDE)
    lanes = scheduled.nests[0].lanes
    assert lanes.element == "d.0"
    assert [array.name for array in lanes.transposed] == ["x"]


def test_a_scatter_is_gathered_where_the_stride_is_one():
    x, k, y = per_sample("dx", 2, 6, 6), shared("k", 3, 2, 3, 3), per_sample("dy", 3, 6, 6)
    scheduled, _ = compiled(convolution.conv2d_image_gradient, [y, k, x, 1, 1], WIDE)
    assert len(scheduled.nests) == 1  # one nest that sets every pixel once
    assert "dx.f" in str(scheduled)
