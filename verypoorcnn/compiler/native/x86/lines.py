"""How the tables are read.

A line of a table is one form of an instruction, for some sizes of its operands:

    name      sizes  operands   roles  kind  prefix  map  W  opcode  extension
    vaddps    xyz    v,v,v|m|b  RVM    VE    -       0F   0  58

sizes     b w d q: 8, 16, 32, 64 bits; x y z: 128, 256, 512
operands  r, m, v: a general register, memory, a vector register of that size; r32, m128, x …: of
          this size; v/2, m/4: of a part of it; M8: memory that must say its size; a: an address;
          b, b64: one number for all lanes; g: memory with a vector as index; k: a mask register;
          i8, u8 …: a whole number with or without sign; l8, l32: a label so many bits away
roles     R: ModRM.reg, M: ModRM.r/m, V: vvvv, O: lowest bits of the opcode, I: immediate,
          S: register in an immediate's upper half, D: distance to a label, C: cl, not encoded
kind      L: legacy, V: VEX, E: EVEX
W         0, 1; 01: 0 in VEX, 1 in EVEX; -: 1 for 64 bits
extension /n: of the opcode, in ModRM.reg; two digits: all of ModRM
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from verypoorcnn.compiler.native.x86 import operands as op
from verypoorcnn.compiler.native.x86 import registers as reg
from verypoorcnn.compiler.native.x86 import word as bits

_ALU = "add or adc sbb and sub xor cmp"
_CONDITIONS = "o no b ae e ne be a s ns p np l ge le g"
FAMILIES = {
    "<alu>": {name: n for n, name in enumerate(_ALU.split())},
    "<shift>": {"rol": 0, "ror": 1, "shl": 4, "shr": 5, "sar": 7},
    "<cc>": {name: n for n, name in enumerate(_CONDITIONS.split())},
    "<fma>": {"fmadd": 0, "fmsub": 1, "fnmadd": 2, "fnmsub": 3},
}
SIZES = {"b": 8, "w": 16, "d": 32, "q": 64, "x": 128, "y": 256, "z": 512, "-": 64}
_GENERAL = {8: reg.Reg8, 16: reg.Reg16, 32: reg.Reg32, 64: reg.Reg64}
_VECTOR = {32: reg.Xmm, 64: reg.Xmm, 128: reg.Xmm, 256: reg.Ymm, 512: reg.Zmm}
_INDEXED = {128: op.XmmIndexed, 256: op.YmmIndexed, 512: op.ZmmIndexed}
_SIZED = {8: op.Byte, 16: op.Word, 32: op.Dword, 64: op.Qword}
_NAMED = {"x": reg.Xmm, "y": reg.Ymm, "z": reg.Zmm, "k": reg.Mask, "cl": reg.CountRegister}
_PREFIX = {"-": 0, "66": 1, "F3": 2, "F2": 3}
_MAP = {"-": 0, "0F": 1, "0F38": 2, "0F3A": 3}


class Slot(NamedTuple):
    """What may stand in one place: objects of these classes; of memory, how many bits are read."""

    classes: tuple[type, ...]
    memory_bits: int = 0


class Line(NamedTuple):
    """One line of a table, its family's member chosen."""

    mnemonic: str
    member: int  # n of the opcode and of the extension
    sizes: str
    operands: tuple[str, ...]
    roles: str
    kind: str
    prefix: str
    map: str
    w: str
    opcode: str
    extension: str

    def slots(self, size: str, kinds: tuple[type, ...]) -> list[Slot] | None:
        """What stands in each place when the operands are of these classes; None: they do not."""
        if len(kinds) != len(self.operands):
            return None
        found = [
            _slot(choice, SIZES[size], k) for choice, k in zip(self.operands, kinds, strict=True)
        ]
        return None if None in found else [slot for slot in found if slot]

    def written_as(self, size: str, slots: list[Slot]) -> str:
        """The shortest kind of encoding that can say it: L, V or E."""
        broadcast = any(slot.classes[0] is op.Broadcast for slot in slots)
        return "E" if "E" in self.kind and (size == "z" or broadcast) else self.kind[0]

    def immediate(self) -> tuple[int, int, int]:
        """Bytes, smallest and largest value of the immediate or of the distance to a label."""
        if "S" in self.roles:
            return 1, 0, 255
        last = self.operands[-1] if self.operands else ""
        if last[:1] not in ("i", "u", "l"):
            return 0, 0, 0
        width = int(last[1:])
        high = (1 << width) if last[0] == "u" else 1 << width - 1
        return width // 8, 0 if last == "u8" else -(1 << width - 1), high - 1

    def word(self, size: str, evex: bool) -> int:
        """The instruction's word before its operands flip their bits."""
        word = self._opcode() * bits.OPCODE | _MAP[self.map] | _PREFIX[self.prefix] * bits.PP
        word |= bits.W * (self.w[-1 if evex else 0] == "1" or (self.w, size) == ("-", "q"))
        word |= {"y": 1, "z": 2}.get(size, 0) * bits.LENGTH
        word |= self._modrm()
        if evex:
            gathers = bits.NEEDS_MASK * ("g" in self.operands)
            return word | bits.EVEX | bits.EVEX_INVERTED | 4 * bits.PP | gathers
        if "V" in self.kind:
            return word | bits.VEX | bits.VEX_INVERTED
        return word | bits.PP * (size == "w")

    def _opcode(self) -> int:
        """`01+8n` → 1 + 8 · member."""
        start, _, step = self.opcode.partition("+")
        return int(start, 16) + (int(step[:-1] or "1") * self.member if step else 0)

    def _modrm(self) -> int:
        """What ModRM is before registers come to it, or that there is none."""
        if self.extension.startswith("/"):
            n = self.member if self.extension == "/n" else int(self.extension[1:])
            return n * bits.MODRM_REG
        if self.extension:
            return int(self.extension, 16) * bits.MODRM
        return 0 if "M" in self.roles else bits.NO_MODRM


def _slot(choice: str, size: int, kind: type) -> Slot | None:
    """The alternative of "v|m|b" that a class fits."""
    for token in choice.split("|"):
        slot = meaning(token, size)
        if issubclass(kind, slot.classes) if slot.memory_bits == 0 else kind in slot.classes:
            return Slot((kind,), slot.memory_bits)
    return None


def meaning(token: str, size: int) -> Slot:
    """The classes that a token of the table stands for."""
    letter, _, part = token.partition("/")
    size //= int(part or "1")
    if token in _NAMED:
        return Slot((_NAMED[token],))
    if letter == "v":
        return Slot((_VECTOR[size],))
    if letter == "g":
        return Slot((_INDEXED[size],), 32)
    if letter == "a":
        return Slot((op.Memory,))
    number = int(letter[1:] or "0")
    match letter[0]:
        case "r":
            return Slot((_GENERAL[number or size],))
        case "m":
            plain = (op.Memory,)
            width = number or size
            return Slot((*plain, _SIZED[width]) if width in _SIZED else plain, width)
        case "M":
            return Slot((_SIZED[number],), number)
        case "b":
            return Slot((op.Broadcast,), number or 32)
        case "l":
            return Slot((op.Label,))
    return Slot((int,))


def _members(name: str) -> Iterator[tuple[str, int]]:
    """The instructions that a name of the table stands for: j<cc> → jo, jno, jb …"""
    for family, members in FAMILIES.items():
        if family in name:
            yield from ((name.replace(family, member), n) for member, n in members.items())
            return
    yield name, 0


def read(row: str) -> Iterator[Line]:
    """The lines that a row of a table stands for."""
    name, sizes, operands, roles, *encoding = row.split()
    if len(encoding) == 5:
        encoding.append("")
    places = () if operands == "-" else tuple(operands.split(","))
    for mnemonic, n in _members(name):
        yield Line(mnemonic, n, sizes, places, roles.replace("-", ""), *encoding)
