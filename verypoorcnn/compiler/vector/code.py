"""Operations on vectors: what a schedule becomes before it is a processor's instructions.

A *value* is a virtual register of W lanes: sixteen for AVX-512, eight for AVX2, four for NEON.  In
a value without `lanes` all lanes are equal.  A *mask* says of every lane yes or no.  An operation
has a destination, arguments, and where it touches memory a *place*.

    operation        result
    constant         the number `detail` in all lanes
    load             W floats, or bytes turned into floats, or one float in all lanes
    store            writes W floats, or one float where the place is one number
    move             the argument, into a value that changes in a loop
    add … max min    max(a, b) is b where b > a, else a, as in Python; min likewise
    fma fnma         a · b + c;  c − a · b
    neg sqrt rint    −a;  √a;  the nearest whole number
    power            2^a, a a whole number from −126 to 127
    exponent         of a positive normal number m · 2^e, 1 ≤ m < 2: e;  `mantissa` gives m
    compare          a mask; `detail` is == != < <= > >=
    and or not       of masks
    select           b where the mask a, else c
    keep             a with 0 in the lanes of samples that do not exist
    total            the sum over all lanes of up to four values, as lanes 0 to 3 of one value
    element          lane `detail` of a value, in all lanes
    store_element    writes lane `detail`
    clear            writes 0 to the lanes of samples that do not exist, in a whole array
    transpose        copies an array [s][d] to rows of samples
    repeat end       a loop of `detail` trips; `loop` is its number
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from verypoorcnn.compiler.loops import Array
from verypoorcnn.compiler.vector.layout import Layout, Region


class Value:
    """A virtual register.  One that is `mutable` is written more than once."""

    __slots__ = ("lanes", "mask", "mutable", "number", "version")

    def __init__(self, number: int, lanes: bool, mask: bool = False, mutable: bool = False):
        self.number = number
        self.lanes = lanes
        self.mask = mask
        self.mutable = mutable
        self.version = 0  # how often it was written

    def __str__(self) -> str:
        return f"{'k' if self.mask else 'v'}{self.number}"


class Place:
    """Memory: a region, an array in it, a byte offset, and bytes per trip of the loops around.

    `width` is how many numbers are touched: W, or 1 for a number that goes to, or comes from, all
    lanes.
    """

    __slots__ = ("array", "key", "kind", "offset", "region", "steps", "vector")

    def __init__(
        self,
        region: Region,
        array: Array | None,
        offset: int,
        steps: tuple[tuple[int, int], ...],
        vector: bool,
        kind: str = "float",
    ) -> None:
        self.region = region
        self.array = array
        self.offset = offset
        self.steps = steps  # (loop, bytes a trip), in the order of the loops
        self.vector = vector
        self.kind = kind
        self.key = (array, region, offset, steps, vector)

    def __str__(self) -> str:
        moving = "".join(f" + {step}·loop{loop}" for loop, step in self.steps)
        many = "" if self.vector else " (one)"
        return f"{self.array or self.region}[{self.offset}{moving}]{many}"

    def overlaps(self, other: Place, vector_bytes: int) -> bool:
        """Whether both may touch the same byte."""
        if self.array is not other.array or self.region != other.region:
            return False
        if self.steps != other.steps:
            return True
        wide = vector_bytes if self.vector or other.vector else 4
        return abs(self.offset - other.offset) < wide


class Op:
    """One operation."""

    __slots__ = ("arguments", "dest", "detail", "line", "name", "place")

    def __init__(
        self,
        name: str,
        dest: Value | None = None,
        arguments: Iterable[Value] = (),
        place: Place | None = None,
        detail: Any = None,
        line: int = 0,
    ) -> None:
        self.name = name
        self.dest = dest
        self.arguments = tuple(arguments)
        self.place = place
        self.detail: Any = detail  # what an operation is told apart from values
        self.line = line

    def __str__(self) -> str:
        shown = [str(a) for a in self.arguments]
        shown += [str(x) for x in (self.place, self.detail) if x is not None]
        head = f"{self.dest} = " if self.dest is not None else ""
        return f"{head}{self.name} {', '.join(shown)}".rstrip()


@dataclass(slots=True)
class Code:
    """Operations in order, for registers of `width` lanes, over arrays of a layout."""

    width: int
    layout: Layout
    ops: list[Op] = field(default_factory=list)

    def __str__(self) -> str:
        lines, depth = [], 0
        for op in self.ops:
            depth -= op.name == "end"
            lines.append("    " * depth + str(op))
            depth += op.name == "repeat"
        return "\n".join(lines)
