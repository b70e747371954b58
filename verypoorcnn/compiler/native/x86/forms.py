"""What an instruction takes, and the word that it starts from.

An instruction has forms: one for each choice of classes of operands.  They are worked out from the
tables when such operands are first seen and kept.  Of several forms that take the same operands,
the narrowest that holds the immediate is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from verypoorcnn.compiler.native.x86 import operands as op
from verypoorcnn.compiler.native.x86 import word as bits
from verypoorcnn.compiler.native.x86.lines import SIZES, Line, Slot, read
from verypoorcnn.compiler.native.x86.table_general import GENERAL_TABLE
from verypoorcnn.compiler.native.x86.table_vector import VECTOR_TABLE


class Form:
    """An instruction for operands of certain classes, and all that is known before their values.

    `reg`, `vvvv`, `rm`, `argument` tell which operand plays which part; -1 is the one that an
    assembler appends to them, which flips nothing.
    """

    __slots__ = (
        "argument",  # which operand is the immediate or the label
        "bare",  # nothing follows ModRM
        "evex",  # the same with an EVEX prefix, if there is one
        "high",  # the immediate's largest value
        "low",
        "memory_bits",
        "mnemonic",
        "operand_bits",
        "reg",
        "rm",
        "roles",
        "shift",  # log2 of the unit of a short displacement; -1: no memory operand
        "size",  # the immediate's bytes
        "vvvv",
        "wider",  # the same with a wider immediate, if there is one
        "word",
    )

    def __init__(self, line: Line, size: str, slots: list[Slot], evex: bool) -> None:
        """The form that a line describes for operands of one size."""
        roles = line.roles
        self.mnemonic = line.mnemonic
        self.roles = roles
        self.operand_bits = SIZES[size]
        self.reg, self.vvvv = roles.find("R"), roles.find("V")
        self.rm = max(roles.find("M"), roles.find("O"))
        self.argument = max(roles.find("I"), roles.find("S"), roles.find("D"))
        self.memory_bits = max((slot.memory_bits for slot in slots), default=0)
        in_memory = any(issubclass(slot.classes[0], op.Memory) for slot in slots)
        self.shift = _shift(self.memory_bits if evex else 8) if in_memory else -1
        self.size, self.low, self.high = line.immediate()
        self.bare = not in_memory and self.argument < 0
        self.word = line.word(size, evex)
        if any(slot.classes[0] is op.Broadcast for slot in slots):
            self.word |= bits.BROADCAST
        self.evex: Form | None = self if evex else None
        self.wider: Form | None = None


def _shift(memory_bits: int) -> int:
    """log2 of so many bits in bytes."""
    return max(memory_bits // 8, 1).bit_length() - 1


class Forms(dict[tuple[type, ...], Form]):
    """The forms of one instruction by the classes of its operands, found when first asked for.

    A key is four classes long; behind those of the operands comes `Nothing`.
    """

    def __init__(self, mnemonic: str, lines: list[Line]) -> None:
        """`lines` in the order of the table."""
        super().__init__()
        self.mnemonic = mnemonic
        self.lines = lines

    def __missing__(self, kinds: tuple[type, ...]) -> Form:
        """The first form that takes such operands, and behind it those of wider immediates."""
        given = tuple(kind for kind in kinds if kind is not op.Nothing)
        found = list(self._matching(given))
        if not found:
            raise TypeError(self._refusal(given))
        same = [form for form in found if form.operand_bits == found[0].operand_bits]
        for form, wider in pairwise(same):
            form.wider = wider
        self[kinds] = same[0]
        return same[0]

    def _matching(self, kinds: tuple[type, ...]) -> Iterator[Form]:
        for line in self.lines:
            for size in line.sizes:
                slots = line.slots(size, kinds)
                if slots is not None:
                    yield _form(line, size, slots)

    def _refusal(self, kinds: tuple[type, ...]) -> str:
        given = ", ".join(kind.__name__ for kind in kinds) or "nothing"
        taken = " or ".join(f"({', '.join(ln.operands)}: {ln.sizes})" for ln in self.lines)
        return f"{self.mnemonic} takes {taken}, not ({given})"


def _form(line: Line, size: str, slots: list[Slot]) -> Form:
    """The form in its shortest encoding, its EVEX twin beside it."""
    kind = line.written_as(size, slots)
    form = Form(line, size, slots, evex=kind == "E")
    if kind != "E" and "E" in line.kind:
        form.evex = Form(line, size, slots, evex=True)
    return form


def _instructions() -> dict[str, Forms]:
    """Every instruction by its name."""
    found: dict[str, Forms] = {}
    for row in (GENERAL_TABLE + VECTOR_TABLE).strip().splitlines():
        for line in read(row) if row else ():
            found.setdefault(line.mnemonic, Forms(line.mnemonic, [])).lines.append(line)
    return found


INSTRUCTIONS = _instructions()
