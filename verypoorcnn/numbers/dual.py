"""Dual numbers: a value, and how fast it changes.

Let every number carry its derivative along and follow the rules of differentiation:

    (a, a′) + (b, b′) = (a + b, a′ + b′)
    (a, a′) · (b, b′) = (a · b, a′ · b + a · b′)
    (a, a′) / (b, b′) = (q, (a′ − q · b′) / b)          with q = a / b
    exp (a, a′)       = (exp a, exp a · a′)

Then a formula that is run on dual numbers gives its value and, beside it, its derivative in the
direction of the inputs' derivatives.  This is no approximation: there is no step to choose, and in
exact numbers (`fractions.Fraction`) the derivative is exact.

Where a formula chooses (`if`, `max`, `min`), dual numbers are compared by their values, so they
take the way that their values alone would take, at ties too; at a corner the derivative is that of
the side that was taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

from verypoorcnn.numbers.reading import read_on

Number: TypeAlias = Any  # float, int, Fraction, Dual: whatever has + − × ÷ and an order


class Dual:
    """`value`, and its `derivative` in some direction.  Other numbers do not change: theirs is 0.

    Equal are those of equal value, as in every comparison; there is no hash, so that no set and no
    dictionary takes one for another and loses its derivative.  Nor does `float()` take one.
    """

    __slots__ = ("derivative", "value")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, value: Number, derivative: Number) -> None:
        self.value = value
        self.derivative = derivative

    def __repr__(self) -> str:
        return f"Dual({self.value!r}, {self.derivative!r})"

    def __add__(self, other: Number) -> Dual:
        if isinstance(other, Dual):
            return Dual(self.value + other.value, self.derivative + other.derivative)
        return Dual(self.value + other, self.derivative)

    __radd__ = __add__

    def __sub__(self, other: Number) -> Dual:
        if isinstance(other, Dual):
            return Dual(self.value - other.value, self.derivative - other.derivative)
        return Dual(self.value - other, self.derivative)

    def __rsub__(self, other: Number) -> Dual:
        return Dual(other - self.value, -self.derivative)

    def __neg__(self) -> Dual:
        return Dual(-self.value, -self.derivative)

    def __mul__(self, other: Number) -> Dual:
        if isinstance(other, Dual):
            slope = self.derivative * other.value + self.value * other.derivative
            return Dual(self.value * other.value, slope)
        return Dual(self.value * other, self.derivative * other)

    __rmul__ = __mul__

    def __truediv__(self, other: Number) -> Dual:
        if isinstance(other, Dual):
            quotient = self.value / other.value
            return Dual(quotient, (self.derivative - quotient * other.derivative) / other.value)
        return Dual(self.value / other, self.derivative / other)

    def __rtruediv__(self, other: Number) -> Dual:
        quotient = other / self.value
        return Dual(quotient, -quotient * self.derivative / self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __eq__(self, other: object) -> bool:
        return bool(self.value == value_of(other))

    def __ne__(self, other: object) -> bool:
        return bool(self.value != value_of(other))

    def __lt__(self, other: Number) -> bool:
        return bool(self.value < value_of(other))

    def __le__(self, other: Number) -> bool:
        return bool(self.value <= value_of(other))

    def __gt__(self, other: Number) -> bool:
        return bool(self.value > value_of(other))

    def __ge__(self, other: Number) -> bool:
        return bool(self.value >= value_of(other))


def value_of(number: Number) -> Number:
    """The value of a dual number; any other number is its own."""
    return number.value if isinstance(number, Dual) else number


def derivative_of(number: Number) -> Number:
    """The derivative of a dual number; any other number does not change."""
    return number.derivative if isinstance(number, Dual) else 0.0


def exp(x: Number) -> Number:
    """The exponential function, of dual and other numbers.  Derivative: exp x."""
    if not isinstance(x, Dual):
        return math.exp(x)
    power = exp(x.value)
    return Dual(power, power * x.derivative)


def log(x: Number) -> Number:
    """The natural logarithm, of dual and other numbers.  Derivative: 1 / x."""
    if not isinstance(x, Dual):
        return math.log(x)
    return Dual(log(x.value), x.derivative / x.value)


def sqrt(x: Number) -> Number:
    """The square root, of dual and other numbers.  Derivative: 1 / (2 √x), so none at 0."""
    if not isinstance(x, Dual):
        return math.sqrt(x)
    root = sqrt(x.value)
    return Dual(root, x.derivative / (2 * root))


def on_duals(function: Callable[..., None]) -> Callable[..., None]:
    """A textbook function, read on dual numbers."""
    return read_on(function, exp=exp, log=log, sqrt=sqrt)
