"""Which values a whole number can take, from the ranges of the loops around it."""

from __future__ import annotations

from collections.abc import Mapping

from verypoorcnn.compiler.affine import Affine
from verypoorcnn.compiler.loops import Compare, Guard, compare

Range = tuple[int, int]  # the smallest and the largest value
Ranges = Mapping[str, Range]  # of every loop variable


def limits(whole: Affine, ranges: Ranges) -> Range:
    """The smallest and the largest value of a whole number."""
    low = high = whole.constant
    for variable, factor in whole.terms:
        ends = [factor * end for end in ranges[variable]]
        low, high = low + min(ends), high + max(ends)
    return low, high


def decision(guard: Guard, ranges: Ranges) -> bool | None:
    """Whether a guard holds always or never; None where it depends."""
    low, high = limits(guard.whole, ranges)
    if guard.operator in ("==", "!="):
        if low <= 0 <= high and low != high:
            return None
        return compare(guard.operator, low)
    first, last = compare(guard.operator, low), compare(guard.operator, high)
    return first if first == last else None


def opposite(operator: Compare) -> Compare:
    """The comparison that holds where this one does not."""
    pairs: dict[Compare, Compare] = {"==": "!=", "<": ">=", "<=": ">"}
    pairs |= {b: a for a, b in pairs.items()}
    return pairs[operator]
