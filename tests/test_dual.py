"""Dual numbers, by hand; and textbook functions read on other numbers than floats."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from verypoorcnn.numbers.dual import Dual, derivative_of, exp, log, on_duals, sqrt, value_of
from verypoorcnn.numbers.reading import read_on
from verypoorcnn.textbook.activation import relu_vectors
from verypoorcnn.textbook.convolution import conv2d, conv2d_image_gradient, conv2d_kernel_gradient
from verypoorcnn.textbook.dense import dense
from verypoorcnn.textbook.loss import softmax
from verypoorcnn.textbook.pooling import max_pool

X = Dual(3.0, 1.0)
Y = Dual(2.0, 5.0)


def parts(number):
    assert isinstance(number, Dual)
    return number.value, number.derivative


@pytest.mark.parametrize(
    ("result", "value", "derivative"),
    [
        (X + Y, 5.0, 6.0),  # 1 + 5
        (X - Y, 1.0, -4.0),  # 1 - 5
        (X * Y, 6.0, 17.0),  # 1*2 + 3*5
        (X / Y, 1.5, -3.25),  # (1*2 - 3*5) / 2²
        (-X, -3.0, -1.0),
        (X + 4.0, 7.0, 1.0),
        (4.0 + X, 7.0, 1.0),
        (X - 4, -1.0, 1.0),
        (4 - X, 1.0, -1.0),
        (X * 4.0, 12.0, 4.0),
        (4 * X, 12.0, 4.0),
        (X / 4, 0.75, 0.25),
        (4.0 / Y, 2.0, -5.0),  # -4 / 2² * 5
        (X * X, 9.0, 6.0),  # 2 x
        (X * X * X, 27.0, 27.0),  # 3 x²
        (1 / (X * X), 1 / 9, -2 / 27),  # -2 / x³
        (sum([X, Y]), 5.0, 6.0),  # from the integer 0
    ],
)
def test_arithmetic(result, value, derivative):
    assert parts(result) == pytest.approx((value, derivative), rel=1e-15)


def test_in_place_operators():
    total = 1.0
    total += X
    total *= Y
    assert parts(total) == (8.0, 22.0)  # (1 + 3) * 2; 1*2 + 4*5
    total -= X
    total /= 5
    assert parts(total) == (1.0, 4.2)


@pytest.mark.parametrize(
    ("result", "value", "derivative"),
    [
        (exp(Dual(2.0, 3.0)), math.exp(2), 3 * math.exp(2)),
        (log(Dual(2.0, 3.0)), math.log(2), 3 / 2),
        (sqrt(Dual(4.0, 3.0)), 2.0, 3 / (2 * 2)),
        (exp(log(X)), 3.0, 1.0),
        (sqrt(X * X), 3.0, 1.0),
    ],
)
def test_functions(result, value, derivative):
    assert parts(result) == pytest.approx((value, derivative), rel=1e-15)


def test_functions_of_other_numbers_are_those_of_math():
    assert (exp(2.0), log(2.0), sqrt(2)) == (math.exp(2), math.log(2), math.sqrt(2))


def test_the_square_root_has_no_derivative_at_0():
    with pytest.raises(ZeroDivisionError):
        sqrt(Dual(0.0, 1.0))


NUMBERS = [-1.0, 0.0, 2, 2.0, Fraction(5, 2), math.inf, math.nan]


@pytest.mark.parametrize("b", NUMBERS)
@pytest.mark.parametrize("a", NUMBERS)
def test_compared_by_value(a, b):
    expected = (a < b, a <= b, a > b, a >= b, a == b, a != b)
    pairs = [(Dual(a, 7.0), b), (a, Dual(b, 7.0)), (Dual(a, 7.0), Dual(b, 8.0))]
    for x, y in pairs:
        assert (x < y, x <= y, x > y, x >= y, x == y, x != y) == expected


@pytest.mark.parametrize("b", NUMBERS)
@pytest.mark.parametrize("a", NUMBERS)
def test_max_and_min_choose_the_operand_that_they_choose_of_floats(a, b):
    x, y = Dual(a, 1.0), Dual(b, 2.0)
    assert max(x, y) is (x if max(a, b) is a else y)
    assert min(x, y) is (x if min(a, b) is a else y)


def test_max_at_a_tie_is_the_first():
    assert parts(max(Dual(0.0, 1.0), Dual(0.0, 2.0))) == (0.0, 1.0)
    assert max(0.0, Dual(0.0, 2.0)).__class__ is float
    assert parts(max(Dual(0.0, 2.0), 0.0)) == (0.0, 2.0)


def test_an_if_asks_for_the_value():
    assert bool(Dual(0.5, 0.0)) is True
    assert bool(Dual(0.0, 1.0)) is False


def test_no_derivative_is_lost_silently():
    with pytest.raises(TypeError):
        float(X)
    with pytest.raises(TypeError):
        math.exp(X)
    with pytest.raises(TypeError):
        hash(X)
    with pytest.raises(TypeError):
        X + "1"
    assert X != "3.0"


def test_parts_of_any_number():
    assert (value_of(X), derivative_of(X)) == (3.0, 1.0)
    assert (value_of(4), derivative_of(4)) == (4, 0.0)
    assert repr(X) == "Dual(3.0, 1.0)"


def test_duals_of_fractions_are_exact():
    third = Dual(Fraction(1, 3), Fraction(1))
    assert parts(third * third / (third + 1)) == (Fraction(1, 12), Fraction(7, 16))
    # x² / (x + 1) at 1/3: (1/9) / (4/3); its derivative (x² + 2 x) / (x + 1)² = (7/9) / (16/9)


def test_duals_of_duals_give_second_derivatives():
    x = Dual(Dual(3.0, 1.0), Dual(1.0, 0.0))
    cube = x * x * x
    assert cube.derivative.derivative == 18.0  # 6 x
    assert exp(x).derivative.derivative == pytest.approx(math.exp(3.0), rel=1e-15)


# Reading.


def test_a_function_read_on_dual_numbers():
    probabilities = [[0.0, 0.0]]
    on_duals(softmax)([[Dual(0.0, 1.0), 0.0]], probabilities)
    first, second = probabilities[0]
    assert parts(first) == (0.5, 0.25)  # p₁ (1 - p₁)
    assert parts(second) == (0.5, -0.25)  # -p₁ p₂


def test_reading_changes_a_copy():
    read = on_duals(softmax)
    assert read is not softmax
    assert read.__code__.co_code == softmax.__code__.co_code
    assert (read.__name__, read.__doc__) == (softmax.__name__, softmax.__doc__)
    with pytest.raises(TypeError):
        softmax([[X, 0.0]], [[0.0, 0.0]])


def test_numbers_that_are_written_down_are_read_too():
    outputs = [[None, None]]
    read_on(relu_vectors, literal=Fraction)([[Fraction(-1, 3), Fraction(1, 3)]], outputs)
    assert outputs == [[0, Fraction(1, 3)]]
    assert [type(output) for output in outputs[0]] == [Fraction, Fraction]


# On fractions the textbook is exact.

THIRD, SEVENTH = Fraction(1, 3), Fraction(1, 7)


def exactly(function, *arguments):
    read_on(function, literal=Fraction)(*arguments)


def test_conv2d_on_fractions():
    images = [[[[THIRD, SEVENTH, THIRD]]]]
    kernels = [[[[SEVENTH, THIRD]]]]
    maps = [[[[None, None]]]]
    exactly(conv2d, images, kernels, maps, 1, 0)
    # 1/3 * 1/7 + 1/7 * 1/3;  1/7 * 1/7 + 1/3 * 1/3
    assert maps == [[[[Fraction(2, 21), Fraction(58, 441)]]]]

    gradients = [[[[None, None]]]]
    exactly(conv2d_kernel_gradient, images, maps, gradients, 1, 0)
    # 2/21 * 1/3 + 58/441 * 1/7;  2/21 * 1/7 + 58/441 * 1/3
    assert gradients == [[[[Fraction(156, 3087), Fraction(532, 9261)]]]]

    image_gradients = [[[[None, None, None]]]]
    exactly(conv2d_image_gradient, maps, kernels, image_gradients, 1, 0)
    # 2/21 * 1/7;  2/21 * 1/3 + 58/441 * 1/7;  58/441 * 1/3
    assert image_gradients == [[[[Fraction(2, 147), Fraction(156, 3087), Fraction(58, 1323)]]]]


def test_max_pool_and_dense_on_fractions():
    maps = [[[[None]]]]
    exactly(max_pool, [[[[THIRD, SEVENTH], [-THIRD, SEVENTH]]]], maps, 2, 1)
    assert maps == [[[[THIRD]]]]

    outputs = [[None]]
    exactly(dense, [[THIRD, SEVENTH]], [[SEVENTH, THIRD]], outputs)
    assert outputs == [[Fraction(2, 21)]]
    assert type(outputs[0][0]) is Fraction


def test_exact_derivatives_of_conv2d():
    maps = [[[[None]]]]
    images = [[[[Dual(THIRD, Fraction(1)), SEVENTH]]]]
    exactly(conv2d, images, [[[[SEVENTH, Dual(THIRD, Fraction(1))]]]], maps, 1, 0)
    # x * 1/7 + 1/7 * w, in the direction x′ = w′ = 1: 1/7 + 1/7
    assert parts(maps[0][0][0][0]) == (Fraction(2, 21), Fraction(2, 7))
