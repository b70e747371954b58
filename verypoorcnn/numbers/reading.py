"""One text, many readings: a textbook function, run on other numbers than floats.

Arithmetic, comparisons, `max` and `min` already mean what the numbers say they mean.  Two things in
a textbook function do not ask them: the names `exp`, `log` and `sqrt`, which are `math`'s and know
only floats, and the numbers that are written down, such as the 0.0 from which a sum starts.
Reading a function on other numbers gives these two another meaning and leaves everything else as
it is: the code that runs is the textbook's own.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any


def read_on(
    function: Callable[..., None],
    *,
    literal: Callable[[float], Any] = float,
    **meanings: Callable[..., Any],
) -> Callable[..., None]:
    """The same function, read on other numbers.

    Each name in `meanings` (`exp=…`) stands for what is given here, and each number written with a
    point, such as 0.0, is `literal` of it:

        read_on(softmax, exp=dual.exp)       # on dual numbers
        read_on(conv2d, literal=Fraction)    # exactly: 0.0 + Fraction(1, 3) would be a float
    """
    assert isinstance(function, FunctionType), function
    constants = function.__code__.co_consts
    code = function.__code__.replace(
        co_consts=tuple(literal(c) if type(c) is float else c for c in constants)
    )
    return FunctionType(code, {**function.__globals__, **meanings}, function.__name__)
