"""From where to where every value is needed.

A value that is made before a loop and used in it is needed until the loop's end, since the loop
comes back to its use.  Positions are indices into the list of instructions.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate

from verypoorcnn.compiler.lowering.fold import Instruction
from verypoorcnn.compiler.vector.code import Value

NEVER = 1 << 60


class Span:
    """A loop: the positions of its `repeat` and its `end`, and the loop around it."""

    __slots__ = ("end", "outer", "start")

    def __init__(self, start: int, outer: Span | None) -> None:
        self.start, self.end, self.outer = start, NEVER, outer


class Lifetimes:
    """First and last position, and all uses, of every value; the innermost loop everywhere."""

    def __init__(self, instructions: list[Instruction]) -> None:
        self.loop: list[Span | None] = []
        self.spans: dict[int, Span] = {}  # by the position of `repeat`
        self.first: dict[int, int] = {}
        self.last: dict[int, int] = {}
        self.uses: dict[int, list[int]] = {}
        self.written: dict[int, list[int]] = {}  # where a changing value is written again
        self.values: dict[int, Value] = {}
        self._loops(instructions)
        self._values(instructions)
        self._count(len(instructions))
        self.dying: dict[int, list[int]] = {}
        for number, at in self.last.items():
            self.dying.setdefault(at, []).append(number)

    def _loops(self, instructions: list[Instruction]) -> None:
        inside: Span | None = None
        for at, i in enumerate(instructions):
            if i.name == "repeat":
                inside = self.spans[at] = Span(at, inside)
            self.loop.append(inside)
            if i.name == "end":
                assert inside is not None
                inside.end = at
                inside = inside.outer

    def _values(self, instructions: list[Instruction]) -> None:
        for at, i in enumerate(instructions):
            for a in i.arguments:
                if isinstance(a, Value):
                    self.uses.setdefault(a.number, []).append(at)
                    self._touch(a, at)
            if i.dest is not None:
                if i.dest.number in self.first:
                    self.written.setdefault(i.dest.number, []).append(at)
                self._touch(i.dest, at)

    def _touch(self, value: Value, at: int) -> None:
        number = value.number
        first = self.first.setdefault(number, at)
        self.values[number] = value
        until, span = at, self.loop[at]
        while span is not None and span.start > first:
            until, span = span.end, span.outer
        if until > self.last.get(number, -1):
            self.last[number] = until

    def next_use(self, number: int, at: int) -> int:
        """Where a value is used next, going round the innermost loop."""
        uses = self.uses.get(number, [])
        k = bisect_left(uses, at)
        span = self.loop[at]
        if k < len(uses) and (span is None or uses[k] <= span.end):
            return uses[k]
        if span is not None and self.first[number] < span.start:
            j = bisect_left(uses, span.start)
            if j < len(uses) and uses[j] < at:
                return span.end + uses[j] - span.start
        return uses[k] if k < len(uses) else NEVER

    def used_in(self, number: int, span: Span) -> bool:
        """Whether a value is read or written in a loop."""
        for places in (self.uses.get(number, []), self.written.get(number, [])):
            k = bisect_left(places, span.start)
            if k < len(places) and places[k] <= span.end:
                return True
        return False

    def written_in(self, number: int, span: Span) -> bool:
        """Whether a value changes in a loop."""
        places = self.written.get(number, [])
        k = bisect_left(places, span.start)
        return k < len(places) and places[k] <= span.end

    def pressure(self, span: Span, mask: bool) -> int:
        """The most values that are needed at once in a loop."""
        return max(self._live[mask][span.start : span.end + 1])

    def _count(self, length: int) -> None:
        """How many values are needed at every position, vectors and masks."""
        changes = {False: [0] * (length + 2), True: [0] * (length + 2)}
        for number, first in self.first.items():
            mine = changes[self.values[number].mask]
            mine[first] += 1
            mine[self.last[number] + 1] -= 1
        self._live = {mask: list(accumulate(mine)) for mask, mine in changes.items()}
