"""Appends operations, and never the same one twice.

An operation whose name and arguments are known already gives the value it gave before; so the
loads of neighbouring copies are shared without anybody looking for them.  What is in memory is
known from loads and stores, until a store that may overlap; a number that is overwritten before
anybody read it is not stored.  Constants are known by their bytes: 0.0 and -0.0 are two.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from typing import Any

from verypoorcnn.compiler.loops import Array
from verypoorcnn.compiler.vector.code import Code, Op, Place, Value


def float32(number: float) -> bytes:
    """The bytes of the nearest float32; what is too large becomes infinite."""
    try:
        return struct.pack("<f", number)
    except OverflowError:
        return struct.pack("<f", float("inf") if number > 0 else float("-inf"))


class Builder:
    """Makes values and operations of one piece of code."""

    def __init__(self, code: Code) -> None:
        self.code = code
        self.ops: list[Op | None] = []  # None: a store that was not needed
        self.line = 0
        self._values = 0
        self._loops = 0
        self._known: dict[object, Value] = {}
        self._memory: Memory = {}
        self._unread: dict[Array | None, dict[object, tuple[Place, int]]] = {}  # stores, by array
        self._numbers: dict[int, float] = {}  # values that are constants

    def finish(self) -> Code:
        """The code, without what was not needed."""
        self.code.ops = [op for op in self.ops if op is not None]
        return self.code

    # Values.

    def value(self, lanes: bool, *, mask: bool = False, mutable: bool = False) -> Value:
        """A new virtual register."""
        self._values += 1
        return Value(self._values, lanes, mask, mutable)

    def constant(self, number: float) -> Value:
        """A number in all lanes."""
        data = float32(number)
        known = self._known.get(data)
        if known is None:
            known = self._known[data] = self.value(False)
            self._numbers[known.number] = struct.unpack("<f", data)[0]
            detail = self._numbers[known.number]
            self.ops.append(Op("constant", known, detail=detail, line=self.line))
        return known

    def number(self, value: Value) -> float | None:
        """The number that a value is, if it is a constant."""
        return self._numbers.get(value.number)

    def apply(
        self, name: str, *arguments: Value, detail: object = None, into: Value | None = None
    ) -> Value:
        """The result of an operation, in `into` if that is given."""
        key = (name, detail, *((a.number, a.version) for a in arguments))
        if into is None:
            known = self._known.get(key)
            if known is not None:
                return known
            into = self.value(
                any(a.lanes for a in arguments) or name == "keep",
                mask=name in ("compare", "and", "or", "not"),
            )
            self._known[key] = into
        else:
            into.version += 1
        self.ops.append(Op(name, into, arguments, detail=detail, line=self.line))
        return into

    def fresh(self, value: Value, lanes: bool) -> Value:
        """A register that may change, with this value in it."""
        new = self.value(lanes, mutable=True)
        self.ops.append(Op("move", new, (value,), line=self.line))
        return new

    def copy(self, value: Value) -> Value:
        """A register that will not change when `value` does."""
        new = self.value(value.lanes)
        self.ops.append(Op("move", new, (value,), line=self.line))
        return new

    def redirect(self, value: Value, into: Value) -> None:
        """Let the last operation write into a changing register instead of a new one."""
        last = self.ops[-1]
        assert last is not None
        key = (last.name, last.detail, *((a.number, a.version) for a in last.arguments))
        self._known.pop(key, None)
        if last.name == "constant":
            self._known.pop(float32(self._numbers.pop(value.number)), None)
        if last.place is not None:
            self._memory.get(last.place.array, {}).pop(last.place.key, None)
        last.dest = into
        into.version += 1

    # Memory.

    def load(self, place: Place) -> Value:
        """What is at a place."""
        known = self._memory.setdefault(place.array, {}).get(place.key)
        if known is not None and known[1].version == known[2]:
            return known[1]
        self._read(place)
        value = self.value(place.vector)
        self.ops.append(Op("load", value, place=place, line=self.line))
        self._memory[place.array][place.key] = place, value, 0
        return value

    def store(self, place: Place, value: Value) -> None:
        """Write a value; a store to this very place that nobody read is taken back."""
        unread = self._unread.setdefault(place.array, {})
        needless = unread.pop(place.key, None)
        if needless is not None:
            self.ops[needless[1]] = None
        self._forget(place)
        unread[place.key] = place, len(self.ops)
        self.ops.append(Op("store", None, (value,), place, line=self.line))
        self._memory[place.array][place.key] = place, value, value.version

    def whole_array(self, name: str, place: Place, detail: object = None) -> None:
        """An operation that works on all of an array."""
        self._unread.clear()
        self.forget_arrays([place.array])
        self.ops.append(Op(name, None, (), place, detail, self.line))

    def _forget(self, place: Place) -> None:
        """What a store may change is no longer known."""
        memory = self._memory.setdefault(place.array, {})
        for key in self._overlapping(place, memory):
            del memory[key]
        self._read(place)

    def _read(self, place: Place) -> None:
        """Stores that may overlap a place are needed."""
        unread = self._unread.get(place.array)
        if unread:
            for key in self._overlapping(place, unread):
                del unread[key]

    def _overlapping(self, place: Place, others: Mapping[object, tuple[Any, ...]]) -> list[object]:
        """The keys of places in the same array that may share a byte with this one."""
        wide, steps, offset = 4 * self.code.width, place.steps, place.offset
        near = wide if place.vector else 4
        return [
            key
            for key, (at, *_) in others.items()
            if at.steps != steps or abs(at.offset - offset) < (wide if at.vector else near)
        ]

    def forget_arrays(self, arrays: Iterable[Array | None]) -> None:
        """Nothing is known of these arrays any more."""
        for array in arrays:
            self._memory.pop(array, None)

    # Loops.

    def enter(self, trips: int, written: Iterable[Array]) -> tuple[int, Known]:
        """Begin a loop that writes these arrays; gives its number and what `leave` needs."""
        self._loops += 1
        self.forget_arrays(written)
        self._unread.clear()
        known = self._known, self._memory
        self._known = dict(self._known)
        self._memory = {array: dict(places) for array, places in self._memory.items()}
        self.ops.append(Op("repeat", detail=(self._loops, trips), line=self.line))
        return self._loops, known

    def leave(self, loop: int, known: Known) -> None:
        """End a loop: what was known before it is known again."""
        self.ops.append(Op("end", detail=loop, line=self.line))
        self._known, self._memory = known
        self._unread.clear()


Memory = dict[Array | None, dict[object, tuple[Place, Value, int]]]  # value, and its version
Known = tuple[dict[object, Value], Memory]
