"""A listing: every instruction with its address, its bytes and its text.

       0  c5fc58c1              vaddps   ymm0:total,ymm0:total,ymm1        ; textbook.py:12

Made from the objects that the assembler encoded, when somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from verypoorcnn.compiler.native.x86.assembler import Code, Emitted, Origin
from verypoorcnn.compiler.native.x86.registers import Mask, Register
from verypoorcnn.compiler.native.x86.text import text


class ListingLine(NamedTuple):
    """One instruction, with the names of the labels that stand before it."""

    address: int
    data: bytes
    text: str
    comment: str
    origin: Origin
    labels: tuple[str, ...]


class _Names:
    """What each register holds; the parts of one register share its name."""

    def __init__(self, names: Mapping[Register, str]) -> None:
        self.names = {_place(register): name for register, name in names.items()}

    def hold(self, register: Register, name: str) -> None:
        self.names[_place(register)] = name

    def __call__(self, register: Register) -> str:
        held = self.names.get(_place(register))
        return f"{register.name}:{held}" if held else register.name


def _place(register: Register) -> tuple[str, int]:
    """Which register of the processor it is, whole or in part."""
    if isinstance(register, Mask):
        return "mask", register.number
    return "vector" if register.bits >= 128 else "general", register.number


def lines(code: Code, names: Mapping[Register, str] | None = None) -> Iterator[ListingLine]:
    """The instructions in order; `names` adds to what the code says that registers hold."""
    named = _Names(names or {})
    changes = iter([*code.names, None])
    change = next(changes)
    labels: dict[int, list[str]] = {}
    for label in code.labels:
        labels.setdefault(label.position or 0, []).append(repr(label))
    for emitted, end in _with_ends(code):
        while change is not None and change[0] <= emitted.start:
            named.hold(*change[1:])
            change = next(changes)
        yield ListingLine(
            emitted.start,
            code.data[emitted.start : end],
            text(emitted, end, named),
            code.comments.get(emitted.start, ""),
            emitted.origin,
            tuple(labels.get(emitted.start, ())),
        )


def _with_ends(code: Code) -> Iterator[tuple[Emitted, int]]:
    """Each instruction with the offset at which it ends: where the next one starts."""
    starts = [fields[0] for fields in code.emitted]
    for fields, end in zip(code.emitted, [*starts[1:], code.end], strict=True):
        yield Emitted(*fields), end


def constant_lines(code: Code) -> Iterator[ListingLine]:
    """The constants behind the code, as bytes."""
    for data, label in code.constants.items():
        start = label.position or 0
        yield ListingLine(
            start, data, f".byte {','.join(f'{byte:#x}' for byte in data)}", "", None, ()
        )


def printed(code: Code, names: Mapping[Register, str] | None = None) -> Iterator[str]:
    """The lines of a listing for people."""
    for line in lines(code, names):
        yield from (f"{label}:" for label in line.labels)
        yield _printed(line)
    yield from (_printed(line) for line in constant_lines(code))


def _printed(line: ListingLine) -> str:
    mnemonic, _, operands = line.text.partition(" ")
    origin = f"{line.origin[0]}:{line.origin[1]}" if line.origin else ""
    remark = "  ".join(part for part in (line.comment, origin) if part)
    start = f"{line.address:6x}  {line.data.hex():<22} {mnemonic:<12} {operands}"
    return f"{start:<88} ; {remark}" if remark else start.rstrip()
