"""Copies of a statement, and the locals of each.

A *point* is one copy of the loop body: how far each unrolled loop variable and the lanes stand from
where the loops at run time have them, and the mask of the ifs around.  A local belongs to the point
at which it was first given a value, and to all points inside that; so a total that is begun outside
of a sum is one register, however many copies add to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from verypoorcnn.compiler.vector.code import Value

Key = tuple[tuple[str, int], ...]


@dataclass(slots=True)
class Point:
    """One copy."""

    key: Key = ()
    offsets: dict[str, int] = field(default_factory=dict)
    mask: Value | None = None

    def moved(self, variable: str, offset: int) -> Point:
        """A copy inside this one."""
        key = (*self.key, (variable, offset))
        return Point(key, self.offsets | {variable: offset}, self.mask)

    def masked(self, mask: Value) -> Point:
        """The same under an if."""
        return Point(self.key, self.offsets, mask)


class Locals:
    """The values of local variables, by name and point."""

    def __init__(self) -> None:
        self._slots: dict[str, dict[Key, Value]] = {}

    def where(self, name: str, key: Key) -> Key | None:
        """The point that a local belongs to, seen from `key`."""
        slots = self._slots.get(name)
        if slots:
            for length in range(len(key), -1, -1):
                if key[:length] in slots:
                    return key[:length]
        return None

    def get(self, name: str, key: Key) -> Value | None:
        """The value of a local at a point."""
        at = self.where(name, key)
        return None if at is None else self._slots[name][at]

    def put(self, name: str, key: Key, value: Value) -> None:
        """Give a local a value: where it is known already, or else at this point."""
        at = self.where(name, key)
        self._slots.setdefault(name, {})[key if at is None else at] = value

    def slots(self, name: str) -> dict[Key, Value]:
        """All points of a local."""
        return self._slots.get(name, {})

    def hide(self, names: set[str]) -> dict[str, dict[Key, Value]]:
        """Forget what these locals were; gives what `restore` needs."""
        return {name: self._slots.pop(name) for name in names if name in self._slots}

    def restore(self, hidden: dict[str, dict[Key, Value]]) -> None:
        """Let locals be where they were before, whatever they have been meanwhile."""
        self._slots |= hidden
