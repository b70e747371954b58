"""Numbers that know how far float32 may be from them: what machine code is judged by.

A textbook function that CPython runs on these numbers gives, with every result, a bound for the
rounding error of any float32 code that does the same, in whatever order it adds up.  Where even a
comparison depends on rounding there is no right answer, and `Undecided` is raised.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from types import FunctionType
from typing import Any

UNIT = 2.0**-19  # relative error of an operation, with room for sums of some tens in any order
TINY = 1e-37  # absolute error: what is smaller may be rounded to 0
HUGE = 1e30  # whatever is larger may overflow on the way
GRID, FAR = 2.0**12, 2.0**10  # multiples of 1 / GRID below FAR are added exactly, in any order


class Undecided(ArithmeticError):
    """Rounding decides what comes out."""


class Bounded:
    """A number, how far float32 may be from it, and the sum of all sizes that were added up."""

    __slots__ = ("error", "size", "value")

    def __init__(self, value: float, error: float = 0.0, size: float = 0.0) -> None:
        self.value, self.error, self.size = value, error, max(size, abs(value))
        if not self.size + error < HUGE:
            raise Undecided

    # Arithmetic.

    def __add__(self, other: Any) -> Bounded:
        return self._sum(bounded(other), 1)

    def __sub__(self, other: Any) -> Bounded:
        return self._sum(bounded(other), -1)

    def __radd__(self, other: Any) -> Bounded:
        return bounded(other)._sum(self, 1)

    def __rsub__(self, other: Any) -> Bounded:
        return bounded(other)._sum(self, -1)

    def _sum(self, other: Bounded, sign: int) -> Bounded:
        size, error = self.size + other.size, self.error + other.error
        exact = error == 0.0 and size < FAR and self.on_grid and other.on_grid
        rounding = 0.0 if exact else UNIT * size + TINY
        return Bounded(self.value + sign * other.value, error + rounding, size)

    def __mul__(self, other: Any) -> Bounded:
        other = bounded(other)
        error = self.error * (abs(other.value) + other.error) + abs(self.value) * other.error
        return rounded(self.value * other.value, error)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Bounded:
        other = bounded(other)
        nearest = abs(other.value) - other.error
        if nearest <= TINY:
            raise Undecided
        value = self.value / other.value
        error = (self.error + abs(value) * other.error) / nearest
        power_of_2 = other.error == 0.0 and abs(math.frexp(other.value)[0]) == 0.5
        return rounded(value, error) if power_of_2 else inexact(value, error)

    def __rtruediv__(self, other: Any) -> Bounded:
        return bounded(other) / self

    def __neg__(self) -> Bounded:
        return Bounded(-self.value, self.error, self.size)

    @property
    def on_grid(self) -> bool:
        return (self.value * GRID).is_integer()

    # Comparison.

    def _difference(self, other: Any) -> float:
        other = bounded(other)
        difference = self.value - other.value
        if abs(difference) <= self.error + other.error and self.error + other.error:
            raise Undecided
        return difference

    def __lt__(self, other: Any) -> bool:
        return self._difference(other) < 0

    def __le__(self, other: Any) -> bool:
        return self._difference(other) <= 0

    def __gt__(self, other: Any) -> bool:
        return self._difference(other) > 0

    def __ge__(self, other: Any) -> bool:
        return self._difference(other) >= 0

    def __eq__(self, other: object) -> bool:
        return self._difference(other) == 0

    __hash__ = None  # type: ignore[assignment]


def bounded(number: Any) -> Bounded:
    """A number that is written down, or given, as float32 has it."""
    return number if isinstance(number, Bounded) else rounded(float(number), 0.0)


def rounded(value: float, error: float) -> Bounded:
    """A result that is rounded if float32 cannot hold it."""
    if error == 0.0 and abs(value) < HUGE and single(value) == value:
        return Bounded(value)
    return inexact(value, error)


def inexact(value: float, error: float) -> Bounded:
    return Bounded(value, error + UNIT * abs(value) + TINY)


def single(value: float) -> float:
    """The nearest float32."""
    return float(struct.unpack("<f", struct.pack("<f", value))[0])


# The functions of the subset.


def largest(a: Any, b: Any) -> Bounded:
    a, b = bounded(a), bounded(b)
    return Bounded(max(a.value, b.value), max(a.error, b.error), max(a.size, b.size))


def smallest(a: Any, b: Any) -> Bounded:
    a, b = bounded(a), bounded(b)
    return Bounded(min(a.value, b.value), max(a.error, b.error), max(a.size, b.size))


def exp(a: Any) -> Bounded:
    a = bounded(a)
    if not abs(a.value) + a.error < 60:
        raise Undecided
    value = math.exp(a.value)
    return inexact(value, value * math.expm1(a.error))


def log(a: Any) -> Bounded:
    a = bounded(a)
    if a.value - a.error <= TINY:
        raise Undecided
    return inexact(math.log(a.value), a.error / (a.value - a.error) + UNIT)


def sqrt(a: Any) -> Bounded:
    a = bounded(a)
    if a.value < 0.0 or a.value - a.error < 0.0:
        raise Undecided
    root = math.sqrt(a.value)
    return rounded(root, root - math.sqrt(a.value - a.error))


FUNCTIONS = {"max": largest, "min": smallest, "exp": exp, "log": log, "sqrt": sqrt}


def on_bounded_numbers(function: Callable[..., None]) -> Callable[..., None]:
    """The same function with max, min, exp, log and sqrt of bounded numbers."""
    return FunctionType(function.__code__, {**function.__globals__, **FUNCTIONS})
