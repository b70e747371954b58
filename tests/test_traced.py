"""Traced numbers: the arithmetic itself, by hand."""

from __future__ import annotations

import inspect
import math

import pytest

from verypoorcnn.numbers.traced import NamedList, Trace
from verypoorcnn.textbook.activation import relu_maps_gradient
from verypoorcnn.textbook.convolution import conv2d
from verypoorcnn.textbook.dense import dense
from verypoorcnn.textbook.loss import softmax

IMAGE = [[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]]]  # 3×3
KERNEL = [[[[1.0, 0.5], [-1.0, 2.0]]]]  # 2×2


def traced(function, *arguments, of):
    """Run a function on named lists; give the trace and one of the elements it wrote."""
    trace = Trace()
    lists = [NamedList(trace, name, values) for name, values in arguments]
    trace.reading(function)(*lists)
    return trace, dict(zip([name for name, _ in arguments], lists, strict=True))[of]


def convolved():
    trace = Trace()
    images, kernels = NamedList(trace, "images", IMAGE), NamedList(trace, "kernels", KERNEL)
    maps = NamedList(trace, "maps", [[[[0.0, 0.0], [0.0, 0.0]]]])
    trace.reading(conv2d)(images, kernels, maps, 1, 0)
    return trace, maps


def line_of(function, text):
    lines, first = inspect.getsourcelines(function)
    return first + next(k for k, line in enumerate(lines) if text in line)


def spelled(number):
    """The whole tree as text: `((0.0 + images[0] * 2.0) + …)`."""
    if number.operation == "element":
        return f"{number.array}{list(number.index)}"
    if number.operation == "constant":
        return repr(number.value)
    left, *right = map(spelled, number.operands)
    return f"({left} {number.operation} {right[0]})" if right else f"{number.operation}({left})"


def test_a_window_of_a_convolution():
    _, maps = convolved()
    corner = maps.at((0, 0, 1, 0))
    assert corner.value == 4 * 1 + 5 * 0.5 - 7 * 1 + 8 * 2 == 15.5
    assert spelled(corner) == (
        "((((0.0 + (images[0, 0, 1, 0] * kernels[0, 0, 0, 0]))"
        " + (images[0, 0, 1, 1] * kernels[0, 0, 0, 1]))"
        " + (images[0, 0, 2, 0] * kernels[0, 0, 1, 0]))"
        " + (images[0, 0, 2, 1] * kernels[0, 0, 1, 1]))"
    )


def test_every_step_has_its_line_and_the_whole_numbers_of_that_moment():
    trace, maps = convolved()
    last = trace.steps[maps.at((0, 0, 1, 0)).step]
    assert last.operation == "+"
    assert last.function == "conv2d"
    assert last.line == line_of(conv2d, "total +=")
    here = {name: last.variables[name] for name in "sfijcmnyx"}
    assert here == {"s": 0, "f": 0, "i": 1, "j": 0, "c": 0, "m": 1, "n": 1, "y": 2, "x": 1}
    stores = [step for step in trace.steps if step.operation == "="]
    assert [step.operands[0].index for step in stores] == [
        (0, 0, 0, 0), (0, 0, 0, 1), (0, 0, 1, 0), (0, 0, 1, 1)
    ]  # fmt: skip
    assert {step.line for step in stores} == {line_of(conv2d, "= total")}


def test_the_lists_beneath_are_left_as_they_are():
    values = [[0.0, 0.0]]
    traced(dense, ("x", [[1.0, 2.0]]), ("w", [[3.0, 4.0], [5.0, 6.0]]), ("z", values), of="z")
    assert values == [[0.0, 0.0]]


def test_the_functions_own_names_are_known():
    _, found = traced(softmax, ("z", [[1.0, 3.0]]), ("p", [[0.0, 0.0]]), of="p")
    quotient = found.at((0, 0))
    power, total = quotient.operands
    assert (quotient.operation, power.operation, total.local) == ("/", "exp", "total")
    assert power.operands[0].operands[1].local == "largest"
    assert total.value == math.exp(-2) + 1
    assert quotient.value == math.exp(-2) / total.value


def test_comparisons_are_steps_too():
    arguments = ("maps", [[[[0.0, 2.0]]]]), ("dm", [[[[5.0, 6.0]]]]), ("di", [[[[9.0, 9.0]]]])
    trace, found = traced(relu_maps_gradient, *arguments, of="di")
    asked = [step for step in trace.steps if step.operation == ">"]
    assert [step.result for step in asked] == [False, True]
    assert [[n.value for n in step.operands] for step in asked] == [[0.0, 0.0], [2.0, 0.0]]
    assert found.at((0, 0, 0, 0)).operation == "constant"
    assert found.at((0, 0, 0, 1)) is not None
    assert spelled(found.at((0, 0, 0, 1))) == "dm[0, 0, 0, 1]"


@pytest.mark.parametrize(
    ("compute", "value"),
    [
        (lambda a, b: a + b, 5.0),
        (lambda a, b: a - b, 1.0),
        (lambda a, b: a * b, 6.0),
        (lambda a, b: a / b, 1.5),
        (lambda a, b: -a, -3.0),
        (lambda a, b: 10 + a, 13.0),
        (lambda a, b: 10 - a, 7.0),
        (lambda a, b: 10 * a, 30.0),
        (lambda a, b: 12 / a, 4.0),
        (lambda a, b: a.trace.exp(b), math.exp(2)),
        (lambda a, b: a.trace.log(b), math.log(2)),
        (lambda a, b: a.trace.sqrt(a), math.sqrt(3)),
        (lambda a, b: a.trace.max(a, b), 3.0),
        (lambda a, b: a.trace.min(a, b), 2.0),
    ],
)
def test_operations(compute, value):
    trace = Trace()
    result = compute(trace.element("a", (), 3.0), trace.element("b", (), 2.0))
    assert result.value == value
    assert trace.steps[result.step].result is result


@pytest.mark.parametrize(
    ("compare", "holds"),
    [
        (lambda a, b: a == b, False),
        (lambda a, b: a != b, True),
        (lambda a, b: a < b, False),
        (lambda a, b: a <= b, False),
        (lambda a, b: a > b, True),
        (lambda a, b: a >= b, True),
        (lambda a, b: a == 3, True),
        (lambda a, b: b < 3, True),
    ],
)
def test_comparisons(compare, holds):
    trace = Trace()
    assert compare(trace.element("a", (), 3.0), trace.element("b", (), 2.0)) is holds
    assert trace.steps[-1].result is holds


def test_of_equal_numbers_max_and_min_keep_the_first():
    trace = Trace()
    positive, negative = trace.constant(0.0), trace.constant(-0.0)
    assert math.copysign(1, trace.max(negative, positive).value) == -1
    assert math.copysign(1, trace.min(positive, negative).value) == 1


def test_truth_is_that_of_the_value():
    trace = Trace()
    assert trace.constant(0.5)
    assert not trace.constant(0.0)


def test_there_is_no_hash_that_would_take_one_number_for_another():
    with pytest.raises(TypeError):
        hash(Trace().constant(1.0))
