"""The passes: what each makes of a function, and that none changes a bit."""

from __future__ import annotations

from copy import deepcopy

import pytest

from tests.compiled import HARD, random_lists, two_arrays
from tests.fuzz import bits
from verypoorcnn.compiler.affine import Affine
from verypoorcnn.compiler.interpreter import interpret
from verypoorcnn.compiler.loops import Array, Guard, Loop
from verypoorcnn.compiler.passes import (
    SIMPLIFYING,
    choose_values,
    cut_loops,
    decide_guards,
    fused,
    samples_outside,
    simplified,
    unwrap_single_turns,
)
from verypoorcnn.compiler.ranges import decision, limits, opposite
from verypoorcnn.compiler.schedule.walk import expressions, statements
from verypoorcnn.compiler.source import read
from verypoorcnn.textbook import activation, convolution, dense, pooling


def body_of(function):
    """The printed body, without the function's head and its indentation."""
    return [line[4:] for line in str(function).split("\n")[1:]]


# Ranges.


def test_limits():
    whole = Affine(2, [("i", 3), ("j", -1)])
    assert limits(whole, {"i": (0, 4), "j": (1, 2)}) == (0, 13)
    assert limits(Affine(7), {}) == (7, 7)


@pytest.mark.parametrize("operator", ["==", "!=", "<", "<=", ">", ">="])
@pytest.mark.parametrize("start", range(-4, 3))
@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_guard_is_decided_just_where_all_turns_agree(operator, start, turns):
    compare = eval(f"lambda x: x {operator} 0")
    answers = {compare(k) for k in range(start, start + turns)}
    found = decision(Guard(operator, Affine.variable("k")), {"k": (start, start + turns - 1)})
    assert found == (answers.pop() if len(answers) == 1 else None)
    assert all(eval(f"k {opposite(operator)} 0") != compare(k) for k in range(-2, 3))


# Guards.


def edges(values, results):
    for k in range(len(values)):
        results[k] = values[k]
        if k - 1 >= 0:
            results[k] += values[k - 1]
        if k + 1 < len(values):
            results[k] += values[k + 1]


VECTORS = [Array("values", (6,)), Array("results", (6,))]


def test_a_loop_is_cut_where_its_guards_change():
    assert body_of(simplified(read(edges, VECTORS))) == [
        "results[0] = values[0]",
        "results[0] = results[0] + values[1]",
        "for k_2 in 1..5:",
        "    results[k_2] = values[k_2]",
        "    results[k_2] = results[k_2] + values[k_2 - 1]",
        "    results[k_2] = results[k_2] + values[k_2 + 1]",
        "results[5] = values[5]",
        "results[5] = results[5] + values[4]",
    ]


def padded(size=6, kernel=3, stride=1, padding=1):
    rows = (size + 2 * padding - kernel) // stride + 1
    images = Array("images", (2, 2, size, size), True)
    kernels = Array("kernels", (2, 2, kernel, kernel))
    return images, kernels, Array("maps", (2, 2, rows, rows), True), stride, padding


def test_a_convolution_has_no_guards_left():
    images, kernels, maps, *sliding = padded()
    for function, arrays in [
        (convolution.conv2d, (images, kernels, maps)),
        (convolution.conv2d_image_gradient, (maps, kernels, images)),
    ]:
        found = simplified(read(function, [*arrays, *sliding]))
        assert not any(isinstance(node, Guard) for node in expressions(found.body))


def test_a_loop_that_would_need_too_many_pieces_stays_whole():
    arrays = padded(size=20, kernel=19, padding=18)
    loop = cut_loops(read(convolution.conv2d, arrays)).body[0].body[0].body[0]
    assert (loop.start, loop.stop) == (0, 38)


def test_the_variables_of_pieces_are_their_own():
    found = cut_loops(read(convolution.conv2d, padded()))
    variables = [s.variable for s in statements(found.body) if isinstance(s, Loop)]
    assert len(variables) == len(set(variables)) > 20


def test_a_decided_guard_goes_and_takes_what_it_kept_out():
    def kept_out(values, results):
        for k in range(len(values)):
            if k < 6:
                results[k] = 1.0
            if k > 7 or k < 0:
                results[k] = 2.0
            if k >= 0 and values[k] > 0.0:
                results[k] = 3.0

    assert body_of(decide_guards(read(kept_out, VECTORS))) == [
        "for k in 0..6:",
        "    results[k] = 1.0",
        "    if values[k] > 0.0:",
        "        results[k] = 3.0",
    ]


def test_a_loop_of_one_turn_is_its_body():
    arrays = [Array("values", (1,)), Array("results", (1,))]
    assert body_of(unwrap_single_turns(read(edges, arrays)))[0] == "results[0] = values[0]"


def test_an_if_that_chooses_a_value_becomes_one_store():
    arrays = [Array(name, (2, 3), True) for name in ("outputs", "output_g", "input_g")]
    assert body_of(choose_values(read(activation.relu_vectors_gradient, arrays))) == [
        "for s in 0..2:",
        "    for d in 0..3:",
        "        input_g[s, d] = (output_g[s, d] if outputs[s, d] > 0.0 else 0.0)",
    ]


# Samples outermost.


def test_a_sum_over_samples_and_more_is_turned_inside_out():
    images, kernels, maps, *_ = padded(padding=0)
    found = samples_outside(
        simplified(read(convolution.conv2d_kernel_gradient, [images, maps, kernels, 1, 0]))
    )
    assert body_of(found) == [
        "for f_2 in 0..2:",
        "    for c_2 in 0..2:",
        "        for m_2 in 0..3:",
        "            for n_2 in 0..3:",
        "                kernels[f_2, c_2, m_2, n_2] = 0.0",
        "for s in 0..2:",
        "    for f in 0..2:",
        "        for c in 0..2:",
        "            for m in 0..3:",
        "                for n in 0..3:",
        "                    total = kernels[f, c, m, n]",
        "                    for i in 0..4:",
        "                        for j in 0..4:",
        "                            total = total"
        " + (maps[s, f, i, j] * images[s, c, i + m, j + n])",
        "                    kernels[f, c, m, n] = total",
    ]


def test_a_sum_over_samples_alone_stays():
    arrays = [Array("inputs", (2, 3), True), Array("og", (2, 4), True), Array("wg", (4, 3))]
    before = read(dense.dense_weight_gradient, arrays)
    assert str(samples_outside(before)) == str(before)


def test_what_cannot_be_turned_stays():
    def by_itself(images, sums):
        for k in range(len(sums)):
            total = 0.0
            for s in range(len(images)):
                for i in range(len(images[s])):
                    total += images[s][i] * sums[0]
            sums[k] = total

    def squeezed(images, sums):
        for _k in range(len(sums)):
            total = 0.0
            for s in range(len(images)):
                for i in range(len(images[s])):
                    total += images[s][i]
            sums[0] = total

    def carried(images, sums):
        share = 1.0
        for k in range(len(sums)):
            total = 0.0
            for s in range(len(images)):
                for i in range(len(images[s])):
                    share = share * 0.5 + images[s][i]
                    total += share
            sums[k] = total

    for function in (by_itself, squeezed, carried):
        before = read(function, [Array("images", (2, 3), True), Array("sums", (4,))])
        assert str(samples_outside(before)) == str(before)


# Fusion.


def test_neighbours_over_the_same_elements_become_one_loop():
    arrays = [Array(name, (2, 3), True) for name in ("a", "b", "c")]
    inputs, outputs, last = arrays
    biases = Array("biases", (3,))
    found = fused(
        [
            read(activation.relu_vectors, [inputs, outputs]),
            read(dense.add_unit_biases, [outputs, biases]),
            read(activation.relu_vectors, [outputs, last]),
        ],
        "together",
    )
    assert (
        str(found)
        == """\
together(a[2, 3], b[2, 3], biases[3], c[2, 3]):
    for s in 0..2:
        for d in 0..3:
            b[s, d] = max(0.0, a[s, d])
            b[s, d] = b[s, d] + biases[d]
            c[s, d] = max(0.0, b[s, d])"""
    )


def test_what_needs_more_than_its_own_turn_is_not_joined():
    inputs, outputs = Array("a", (2, 3), True), Array("b", (2, 3), True)
    weights, gradients = Array("w", (3, 3)), Array("g", (3, 3))
    found = fused(
        [
            read(activation.relu_vectors, [inputs, outputs]),
            read(dense.dense_weight_gradient, [inputs, outputs, gradients]),
            read(dense.dense, [inputs, weights, outputs]),
        ],
        "together",
    )
    assert [s.variable for s in found.body] == ["s", "k", "s_3"]


def test_a_local_from_loop_to_loop_keeps_them_apart():
    def scaled(images, outputs):
        total = 0.0
        for s in range(len(images)):
            for i in range(len(images[s])):
                total += images[s][i]
        for s in range(len(images)):
            for i in range(len(images[s])):
                outputs[s][i] = images[s][i] / total

    found = fused([read(scaled, two_arrays(2, 3))], "scaled")
    assert len([s for s in found.body if isinstance(s, Loop)]) == 2


# No pass changes a bit.

PASSES = [*SIMPLIFYING, samples_outside, lambda function: fused([function], function.name)]


def same_bits(function, arguments, seed=0):
    """That the interpreter gives after every pass what CPython gives."""
    arrays = [a for a in arguments if isinstance(a, Array)]
    expected = random_lists(arrays, seed)
    start = deepcopy(expected)
    lists = iter(expected)
    function(*(next(lists) if isinstance(a, Array) else a for a in arguments))
    ir = read(function, arguments)
    for each in (lambda function: function, *PASSES):
        ir = each(ir)
        found = deepcopy(start)
        interpret(ir, found)
        assert bits(found) == bits(expected)


@pytest.mark.parametrize("function", HARD, ids=lambda f: f.__name__)
@pytest.mark.parametrize(("samples", "length"), [(1, 1), (3, 4), (5, 2)])
def test_what_must_not_be_reordered(function, samples, length):
    same_bits(function, two_arrays(samples, length), seed=length)


@pytest.mark.parametrize("sizes", [(5, 3, 1, 1), (6, 3, 2, 2), (7, 5, 3, 0), (4, 4, 1, 3)])
def test_convolutions(sizes):
    images, kernels, maps, *sliding = padded(*sizes)
    same_bits(convolution.conv2d, [images, kernels, maps, *sliding])
    same_bits(convolution.conv2d_kernel_gradient, [images, maps, kernels, *sliding])
    same_bits(convolution.conv2d_image_gradient, [maps, kernels, images, *sliding])


def test_pooling_and_edges():
    images, maps = Array("images", (2, 2, 5, 5), True), Array("maps", (2, 2, 2, 2), True)
    gradients = [Array("mg", maps.shape, True), Array("ig", images.shape, True)]
    same_bits(pooling.max_pool, [images, maps, 3, 2])
    same_bits(pooling.max_pool_gradient, [images, maps, *gradients, 3, 2])
    same_bits(edges, VECTORS)
