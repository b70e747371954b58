"""The Python back end: its text, and that it computes what the textbook computes."""

from __future__ import annotations

from copy import deepcopy
from inspect import getsourcelines

import pytest

from tests.compiled import HARD, prefix_sums, random_lists, recurrence, two_arrays
from tests.fuzz import bits, flat_of, flat_run, nested_of
from verypoorcnn.compiler import python
from verypoorcnn.compiler.loops import Array, Scalar
from verypoorcnn.compiler.passes import samples_outside, simplified
from verypoorcnn.compiler.python import compile_python, executed, python_source, unrolling
from verypoorcnn.compiler.python.cells import runs
from verypoorcnn.compiler.python.names import Names
from verypoorcnn.compiler.source import read
from verypoorcnn.textbook import convolution, dense, first_step, optimizer, pooling

LIMITS = pytest.mark.parametrize("limit", [0, 7, 40, 30_000])


@pytest.fixture(autouse=True)
def compiles_loops(request, monkeypatch):
    """Whether the text is for an interpreter that compiles loops, whoever runs it here."""
    answer = getattr(request, "param", False)
    monkeypatch.setattr(python, "compiles_loops", lambda: answer)


FOR_PYPY = pytest.mark.parametrize("compiles_loops", [True], indirect=True, ids=["for PyPy"])


def text(function, arguments, limit, private=()):
    return python_source(simplified(read(function, arguments)), limit, private).text


def dense_text(units, limit):
    inputs, outputs = Array("inputs", (2, 3), True), Array("outputs", (2, units), True)
    return text(dense.dense, [inputs, Array("weights", (units, 3)), outputs], limit)


WRITTEN_OUT = """\
def dense(inputs, weights, outputs):
    weights_0, weights_1, weights_2, weights_3, weights_4, weights_5 = weights
    for s in range(len(inputs)):
        outputs_s = outputs[s]
        inputs_s = inputs[s]
        inputs_0, inputs_1, inputs_2 = inputs_s
        outputs_0 = 0.0 + inputs_0 * weights_0 + inputs_1 * weights_1 + inputs_2 * weights_2
        outputs_1 = 0.0 + inputs_0 * weights_3 + inputs_1 * weights_4 + inputs_2 * weights_5
        outputs_s[0] = outputs_0
        outputs_s[1] = outputs_1
"""

UNITS_IN_A_LOOP = """\
def dense(inputs, weights, outputs):
    for s in range(len(inputs)):
        outputs_s = outputs[s]
        inputs_s = inputs[s]
        inputs_0, inputs_1, inputs_2 = inputs_s
        for k in range(9):
            at_k = 3*k
            weights_0, weights_1, weights_2 = weights[at_k:at_k + 3]
            outputs_s[k] = 0.0 + inputs_0 * weights_0 + inputs_1 * weights_1 + inputs_2 * weights_2
"""

ALL_IN_LOOPS = """\
def dense(inputs, weights, outputs):
    for s in range(len(inputs)):
        inputs_s = inputs[s]
        outputs_s = outputs[s]
        for k in range(9):
            total = 0.0
            for d in range(3):
                at_k_d = 3*k + d
                total += inputs_s[d] * weights[at_k_d]
            outputs_s[k] = total
"""


@pytest.mark.parametrize(
    ("units", "limit", "expected"),
    [(2, 100, WRITTEN_OUT), (9, 20, UNITS_IN_A_LOOP), (9, 0, ALL_IN_LOOPS)],
)
def test_a_dense_layer(units, limit, expected):
    assert dense_text(units, limit) == expected


WITHOUT_SLICES = """\
def dense(inputs, weights, outputs):
    for s in range(len(inputs)):
        outputs_s = outputs[s]
        inputs_s = inputs[s]
        inputs_0 = inputs_s[0]
        inputs_1 = inputs_s[1]
        inputs_2 = inputs_s[2]
        for k in range(9):
            at_k = 3*k
            weights_0 = weights[at_k]
            weights_1 = weights[at_k + 1]
            weights_2 = weights[at_k + 2]
            outputs_s[k] = 0.0 + inputs_0 * weights_0 + inputs_1 * weights_1 + inputs_2 * weights_2
"""


@FOR_PYPY
def test_an_interpreter_that_compiles_loops_gets_no_slices():
    assert dense_text(9, 20) == WITHOUT_SLICES


@FOR_PYPY
def test_convolutions_for_an_interpreter_that_compiles_loops():
    test_convolutions((6, 3, 2, 2), 40)
    test_pooling(3, 2, 60)


def test_bytes_are_looked_up_in_a_table():
    arrays = [Array("pixels", (2, 1, 1, 2), True, "byte"), Array("images", (2, 1, 1, 2), True)]
    source = text(first_step.scale_pixels, arrays, 100)
    assert "table = [byte / 255.0 for byte in range(256)]" in source
    images = [[0.5, 0.5], [0.5, 0.5]]
    executed(source, "scale_pixels")([bytes([0, 255]), bytes([51, 1])], images)
    assert images == [[0.0, 1.0], [51 / 255.0, 1 / 255.0]]


def test_private_arrays_vanish():
    def twice(images, halves, outputs):
        for s in range(len(images)):
            for i in range(len(images[s])):
                halves[s][i] = images[s][i] * 0.5
            for i in range(len(images[s])):
                outputs[s][i] = halves[s][i] + images[s][i]

    arrays = [Array(name, (2, 3), True) for name in ("images", "halves", "outputs")]
    function = simplified(read(twice, arrays))
    found = python_source(function, 100, [arrays[1]])
    assert [a.name for a in found.arguments] == ["images", "outputs"]
    images, outputs = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [[0.0] * 3, [0.0] * 3]
    executed(found.text, "twice")(images, outputs)
    assert outputs == [[1.5, 3.0, 4.5], [6.0, 7.5, 9.0]]


@pytest.mark.parametrize("limit", [0, 30_000], ids=["loops", "written out"])
def test_lines_know_the_textbooks_lines(limit):
    arrays = [Array("inputs", (2, 3), True), Array("weights", (2, 3)), Array("out", (2, 2), True)]
    found = python_source(simplified(read(dense.dense, arrays)), limit)
    texts = found.text.splitlines()
    source, first = getsourcelines(dense.dense)
    came_from = {
        text.strip(): source[line - first].strip() if line else ""
        for text, line in zip(texts, found.origins, strict=True)
    }
    assert came_from["for s in range(len(inputs)):"] == "for s in range(len(outputs)):"
    assert came_from["def dense(inputs, weights, out):"] == ""
    sums = [line for text, line in came_from.items() if " * " in text]
    assert {line.partition(" ")[0] for line in sums} == {"total"}
    assert all("+=" in line for line in sums)


def test_max_and_min_are_pythons():
    def extremes(values, results):
        for k in range(len(values)):
            results[k] = max(values[k], 0.0) - min(values[k] * 2.0, values[k] + 1.0)

    arrays = [Array("values", (2,)), Array("results", (2,))]
    source = text(extremes, arrays, 100)
    assert "0.0 if 0.0 > values_0 else values_0" in source
    assert "(kept := values_0 + 1.0) < (kept_b := values_0 * 2.0)" in source
    results = [0.0, 0.0]
    executed(source, "extremes")([-0.0, 3.0], results)
    assert bits(results) == bits([-0.0 - min(-0.0, 1.0), 3.0 - 4.0])


@LIMITS
@pytest.mark.parametrize("function", HARD, ids=lambda f: f.__name__)
@pytest.mark.parametrize(("samples", "length"), [(1, 1), (3, 2), (4, 9)])
def test_what_must_not_be_reordered(function, samples, length, limit):
    arrays = two_arrays(samples, length)
    expected = random_lists(arrays, length)
    found = deepcopy(expected)
    function(*expected)
    ir = samples_outside(simplified(read(function, arrays)))
    flat_run(ir, compile_python(ir, limit))(found)
    assert bits(found) == bits(expected)


def padded_convolution(size, kernel, stride, padding):
    rows = (size + 2 * padding - kernel) // stride + 1
    images, kernels = (
        Array("images", (2, 2, size, size), True),
        Array("kernels", (3, 2, kernel, kernel)),
    )
    maps = Array("maps", (2, 3, rows, rows), True)
    return images, kernels, maps, stride, padding


@LIMITS
@pytest.mark.parametrize("sizes", [(5, 3, 1, 1), (6, 3, 2, 2), (7, 5, 3, 0), (4, 4, 1, 3)])
def test_convolutions(sizes, limit):
    images, kernels, maps, *ways = padded_convolution(*sizes)
    check(convolution.conv2d, [images, kernels, maps, *ways], limit)
    check(convolution.conv2d_kernel_gradient, [images, maps, kernels, *ways], limit)
    check(convolution.conv2d_image_gradient, [maps, kernels, images, *ways], limit)


@LIMITS
def test_guards_that_no_pass_has_decided(limit):
    images, kernels, maps, *ways = padded_convolution(4, 3, 1, 2)
    check(convolution.conv2d, [images, kernels, maps, *ways], limit, passes=())
    check(convolution.conv2d_image_gradient, [maps, kernels, images, *ways], limit, passes=())


@LIMITS
@pytest.mark.parametrize(("size", "stride"), [(2, 1), (3, 2), (2, 3)])
def test_pooling(size, stride, limit):
    rows = (7 - size) // stride + 1
    images, maps = Array("images", (2, 2, 7, 7), True), Array("maps", (2, 2, rows, rows), True)
    check(pooling.max_pool, [images, maps, size, stride], limit)
    gradients = [Array("map_gradients", maps.shape, True), Array("gradients", images.shape, True)]
    check(pooling.max_pool_gradient, [images, maps, *gradients, size, stride], limit)


@LIMITS
def test_a_step_of_descent(limit):
    arrays = [Array("values", (4, 3)), Array("gradients", (4, 3)), Scalar("rate")]
    check(optimizer.sgd_matrix, arrays, limit)


def check(function, arguments, limit, passes=(simplified, samples_outside)):
    """That the compiled function leaves the bits that CPython leaves."""
    arrays = [a for a in arguments if isinstance(a, Array)]
    values = random_lists(arrays)
    expected, found = deepcopy(values), deepcopy(values)
    function(*filled(arguments, iter(expected)))
    ir = read(function, arguments)
    for each in passes:
        ir = each(ir)
    flat = [flat_of(v, a) for v, a in zip(found, arrays, strict=True)]
    scalars = [0.125 for a in arguments if isinstance(a, Scalar)]
    compile_python(ir, limit)(*flat, *scalars)
    found = [nested_of(v, a) for v, a in zip(flat, arrays, strict=True)]
    assert bits(found) == bits(expected)


def filled(arguments, lists):
    """The arguments as CPython gets them."""
    return [
        next(lists) if isinstance(a, Array) else 0.125 if isinstance(a, Scalar) else a
        for a in arguments
    ]


def test_the_number_of_samples_is_no_part_of_the_text():
    sources = {text(recurrence, two_arrays(samples, 5), 100) for samples in (2, 4, 16)}
    assert len(sources) == 1


def test_how_far_is_unrolled_depends_on_how_much_there_is():
    small = simplified(read(recurrence, two_arrays(2, 5)))
    large = simplified(read(prefix_sums, two_arrays(2, 5_000)))
    assert unrolling([small]) > unrolling([small, large] * 10)
    huge = simplified(read(prefix_sums, two_arrays(2, 50_000)))
    assert len(python_source(huge).text) < 1000


def test_names_are_never_pythons_own_nor_anothers():
    names = Names()
    assert names.fresh("total") == "total"
    assert names.fresh("total") == "total_b"
    assert names.fresh("conv1.weight") == "conv1_weight"
    assert names.fresh("max") == "max_b"
    assert names.fresh("images_3") == "images_3"
    assert names.stem("images") == "images_b"  # images_3 would be its fourth element
    assert names.stem("images") == "images_c"
    assert names.fresh("images_b_7") == "images_b_7_b"


def test_a_function_whose_names_are_odd():
    def odd(len_0, range_1, byte):
        for kept in range(len(len_0)):
            table = len_0[kept] * 2.0
            for total in range(len(range_1)):
                range_1[total] = max(range_1[total] - table, table * 0.5) + byte

    check(odd, [Array("len_0", (2,)), Array("range_1", (3,)), Scalar("byte")], 100)
    check(odd, [Array("len_0", (2,)), Array("range_1", (3,)), Scalar("byte")], 0)


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([], []),
        ([4], [range(4, 5)]),
        ([4, 5], [range(4, 5), range(5, 6)]),
        ([0, 1, 2, 3], [range(4)]),
        ([1, 4, 7, 8], [range(1, 8, 3), range(8, 9)]),
        ([0, 1, 5, 6, 7], [range(1), range(1, 2), range(5, 8)]),
    ],
)
def test_runs(numbers, expected):
    assert [*runs(numbers, 3)] == expected


def test_a_traceback_shows_the_generated_line():
    def divided(values):
        for k in range(len(values)):
            values[k] = 1.0 / values[k]

    with pytest.raises(ZeroDivisionError) as caught:
        compile_python(read(divided, [Array("values", (2,))]), 100)([1.0, 0.0])
    assert "1.0 / values" in str(caught.traceback[-1].statement)
