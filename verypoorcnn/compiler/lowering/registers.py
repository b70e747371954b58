"""Which value is in which register, and what to do when there are too few.

Registers are given out as the instructions go by.  When none is free, the value that is used
furthest in the future goes into the frame (or nowhere, if it can be made again: constants, and
loads that nothing stores over).  A loop comes back to its start, so at its end every value is
brought back to where it was there; what a loop does not use leaves before the loop if room will be
short in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from verypoorcnn.compiler.lowering.fold import Instruction
from verypoorcnn.compiler.lowering.lifetimes import Lifetimes, Span
from verypoorcnn.compiler.vector.code import Place, Value


class Mover(Protocol):
    """Writes the instructions that move values about."""

    def spill(self, register: int, slot: int, mask: bool) -> None:
        """Register to frame."""

    def reload(self, register: int, slot: int, mask: bool) -> None:
        """Frame to register."""

    def remake(self, register: int, source: Instruction) -> None:
        """A constant or a load again."""


class Allocator:
    """The registers of one piece of code: vectors, and masks where they have their own."""

    def __init__(
        self,
        instructions: list[Instruction],
        lifetimes: Lifetimes,
        mover: Mover,
        vectors: int,
        masks: int,
    ) -> None:
        """`masks` is 0 where masks are vectors."""
        self.life, self.mover = lifetimes, mover
        self.separate = masks > 0
        self.counts = {False: vectors, True: masks}
        self.free = {False: list(range(vectors))[::-1], True: list(range(1, masks + 1))[::-1]}
        self.register: dict[int, int] = {}
        self.slot: dict[int, int] = {}
        self.in_slot: set[int] = set()  # values that the frame has as they are now
        self.slots = 0
        self.at = 0
        self.pinned: set[int] = set()
        self.source = _sources(instructions, lifetimes)
        self._starts: dict[int, dict[int, int]] = {}

    def kind(self, number: int) -> bool:
        """Whether a value lives in a mask register."""
        return self.separate and self.life.values[number].mask

    # One instruction.

    def begin(self, at: int, instruction: Instruction) -> None:
        """The arguments of this instruction stay where they are while it is written."""
        self.at = at
        self.pinned = {a.number for a in instruction.arguments if isinstance(a, Value)}
        if instruction.dest is not None:
            self.pinned.add(instruction.dest.number)

    def end(self) -> None:
        """What is needed no more gives its register back."""
        for number in self.life.dying.get(self.at, ()):
            register = self.register.pop(number, None)
            if register is not None:
                self.free[self.kind(number)].append(register)

    def dies(self, value: Value) -> bool:
        """Whether this instruction is the last that needs a value."""
        return self.life.last[value.number] == self.at

    def take(self, mask: bool = False) -> int:
        """A free register; somebody may have to leave."""
        mask = mask and self.separate
        if self.free[mask]:
            return self.free[mask].pop()
        candidates = [n for n in self.register if self.kind(n) == mask and n not in self.pinned]
        if not candidates:
            raise AssertionError("no register can be freed")
        number = max(candidates, key=lambda n: self.life.next_use(n, self.at))
        self.evict(number)
        return self.free[mask].pop()

    def give_back(self, registers: Iterable[int], mask: bool = False) -> None:
        """Registers that were taken for the length of an instruction."""
        self.free[mask and self.separate].extend(registers)

    def evict(self, number: int) -> None:
        """Let a value leave its register."""
        if number not in self.source and number not in self.in_slot:
            if number not in self.slot:
                self.slot[number] = self.slots
                self.slots += 1
            self.mover.spill(self.register[number], self.slot[number], self.kind(number))
            self.in_slot.add(number)
        self.free[self.kind(number)].append(self.register.pop(number))

    def read(self, value: Value) -> int:
        """The register of a value, brought back if it had left."""
        number = value.number
        if number not in self.register:
            self.bring(number, self.take(self.kind(number)))
        return self.register[number]

    def bring(self, number: int, register: int) -> None:
        """Bring a value into a register."""
        self.register[number] = register
        if number in self.in_slot:
            self.mover.reload(register, self.slot[number], self.kind(number))
        else:
            self.mover.remake(register, self.source[number])

    def write(self, value: Value, reusable: Iterable[Value] = ()) -> int:
        """The register for a result: its own, that of an argument that dies, or a free one."""
        number = value.number
        self.in_slot.discard(number)
        if number in self.register:
            return self.register[number]
        for other in reusable:
            if (
                self.dies(other)
                and other.number in self.register
                and self.kind(other.number) == self.kind(number)
            ):
                self.register[number] = self.register.pop(other.number)
                return self.register[number]
        self.register[number] = self.take(self.kind(number))
        return self.register[number]

    # Loops.

    def enter(self, span: Span) -> None:
        """Before a loop: make room, and note where everything is."""
        self.pinned = set()
        self.at = span.start
        across = self._across(span)
        for mask in (False, True):
            self._make_room(span, mask, [n for n in across if self.kind(n) == mask])
        for number in across:
            if number in self.register and self.life.written_in(number, span):
                self.in_slot.discard(number)
        self._starts[span.start] = {n: self.register[n] for n in across if n in self.register}

    def _across(self, span: Span) -> list[int]:
        """Values that are made before a loop and needed in it or after it."""
        places = [*self.register, *(n for n in self.in_slot if n not in self.register)]
        return [n for n in places if self.life.last[n] >= span.end]

    def _make_room(self, span: Span, mask: bool, across: list[int]) -> None:
        """Send away what the loop does not use, or bring in what it does."""
        if not self.counts[mask]:
            return
        excess = self.life.pressure(span, mask) - self.counts[mask] + 2
        idle = [n for n in across if n in self.register and not self.life.used_in(n, span)]
        idle.sort(key=lambda n: -self.life.next_use(n, span.end))
        for number in idle[: max(0, excess)]:
            self.evict(number)
        if excess - len(idle) <= 0:
            for number in across:
                away = number not in self.register and self.life.used_in(number, span)
                if away and self.free[mask]:
                    self.bring(number, self.free[mask].pop())

    def leave(self, span: Span) -> None:
        """At the end of a loop: everything where it was at its start."""
        self.pinned = set()
        self.at = span.end
        start = self._starts.pop(span.start)
        for number in list(self.register):
            register = self.register[number]
            at_home = start.get(number) == register
            in_the_way = any(
                r == register and self.kind(n) == self.kind(number) for n, r in start.items()
            )
            elsewhere = number in self.slot or number in start
            if not at_home and (in_the_way or elsewhere):
                self.evict(number)
        for number, register in start.items():
            if number not in self.register:
                self.free[self.kind(number)].remove(register)
                self.bring(number, register)


def _sources(instructions: list[Instruction], life: Lifetimes) -> dict[int, Instruction]:
    """Values that can be made again for as long as they live, and how."""
    stores: dict[object, list[tuple[int, Place | None]]] = {}
    for at, i in enumerate(instructions):
        if i.name in ("store", "store_element", "clear", "transpose") and i.place is not None:
            stores.setdefault(i.place.array, []).append((at, i.place))
    found = {}
    for at, i in enumerate(instructions):
        if i.dest is None or i.dest.mutable:
            continue
        if i.name == "constant" or (i.name == "load" and _lasting(i, at, stores, life)):
            found[i.dest.number] = i
    return found


def _lasting(
    load: Instruction,
    at: int,
    stores: dict[object, list[tuple[int, Place | None]]],
    life: Lifetimes,
) -> bool:
    """Whether a load would give the same all the time that its value is needed."""
    assert load.dest is not None
    assert load.place is not None
    last, span = life.last[load.dest.number], life.loop[at]
    if load.place.kind == "byte" or (span is not None and last > span.end):
        return False
    return not any(at < store <= last for store, _ in stores.get(load.place.array, ()))
