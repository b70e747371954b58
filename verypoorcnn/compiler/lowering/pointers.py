"""Which addresses are kept in general registers.

An address is an array's place plus a step for each loop around.  For each array and each list of
steps there is one pointer, moved on at the end of its innermost loop; a constant that differs from
one instruction to the next is part of the instruction.  The pointers and counters that are used
most get registers, the others lie in the frame.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from verypoorcnn.compiler.loops import Array
from verypoorcnn.compiler.lowering.fold import Instruction
from verypoorcnn.compiler.vector.code import Place

OFTEN = 8  # how much more often the inside of a loop is taken to run

Steps = tuple[tuple[int, int], ...]
Pointer = tuple[Array, Steps]


@dataclass(slots=True)
class Use:
    """Something that wants a register from one position to another."""

    start: int = 0
    end: int = 0
    weight: float = 0.0


class Pointers:
    """The pointers of a piece of code: `of_loop` those that a loop moves, `register` where."""

    def __init__(self, instructions: list[Instruction], registers: int) -> None:
        self.of_loop: dict[int, dict[Pointer, None]] = {}
        self.register: dict[Pointer | int, int] = {}  # a number: the counter of that loop
        self.slot: dict[Pointer | int, int] = {}  # what lies in the frame instead
        self._uses: dict[Pointer | int, Use] = {}
        self._spans: dict[int, tuple[int, int, int]] = {}  # by loop: start, end, depth
        self._loops(instructions)
        for at, i in enumerate(instructions):
            for place in places(i):
                self._use(place, self._depth[at])
        for key, use in self._uses.items():
            loop = key if isinstance(key, int) else key[1][-1][0]
            use.start, use.end, _ = self._spans[loop]
        self._assign(registers)

    def _loops(self, instructions: list[Instruction]) -> None:
        """The loops, and a counter for each."""
        self._depth: list[int] = []
        inside: list[tuple[int, int]] = []
        for at, i in enumerate(instructions):
            if i.name == "repeat":
                loop, _ = i.detail
                inside.append((loop, at))
            self._depth.append(len(inside))
            if i.name == "end":
                loop, start = inside.pop()
                self._spans[loop] = start, at, len(inside) + 1
                self._uses[loop] = Use(weight=1.5 * OFTEN ** (len(inside) + 1))

    def _use(self, place: Place, depth: int) -> None:
        """Count a place, and the pointers that its pointer starts from."""
        if not place.steps or place.array is None:
            return
        weight: float = OFTEN**depth
        for length in range(len(place.steps), 0, -1):
            pointer = place.array, place.steps[:length]
            loop = place.steps[length - 1][0]
            known = pointer in self._uses
            self._uses.setdefault(pointer, Use()).weight += weight
            self.of_loop.setdefault(loop, {})[pointer] = None
            if known:
                break
            weight = OFTEN ** (self._spans[loop][2] - 1)

    def _assign(self, registers: int) -> None:
        """The heaviest first; a register serves several whose times do not meet."""
        taken: list[list[Use]] = [[] for _ in range(registers)]
        for key, use in sorted(self._uses.items(), key=lambda item: -item[1].weight):
            for number, others in enumerate(taken):
                if all(use.end < o.start or use.start > o.end for o in others):
                    others.append(use)
                    self.register[key] = number
                    break
            else:
                self.slot[key] = len(self.slot)


def places(instruction: Instruction) -> Iterable[Place]:
    """All memory that an instruction touches."""
    if instruction.place is not None:
        yield instruction.place
    for a in instruction.arguments:
        if isinstance(a, Place):
            yield a
