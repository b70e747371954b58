"""How an instruction becomes bytes: its word (see `word`) written in one of three ways.

    EVEX        62 | R X B R' 0 m m m | W v v v v 1 p p | z L L b V' a a a | opcode | mod reg r/m
    VEX         C4 | R X B m m m m m  | W v v v v L p p |                    opcode | mod reg r/m
    short VEX   C5 | R v v v v L p p  |                                      opcode | mod reg r/m
    legacy      66, F3 or F2, if any | 0100 W R X B, if any is set | 0F 38, … | opcode | mod reg r/m

R, X, B, R', V' and v are written inverted in VEX and EVEX.  The short form serves where X, B and W
are not needed and the map is 0F.  Behind ModRM follow

    scale index base, if r/m is 4        8 bits
    displacement                         8 bits (EVEX: in units of the operand's size N) or 32
    immediate                            8, 32 or 64 bits
"""

from __future__ import annotations

from verypoorcnn.compiler.native.x86.operands import Label, Memory
from verypoorcnn.compiler.native.x86.word import EVEX, MOD_DISP8, MOD_DISP32

BYTES = [bytes((value,)) for value in range(256)]  # BYTES[-3] is -3 in two's complement too
_FIVE_BYTES = (1 << 40) - 1
_PREFIXES = (b"", b"\x66", b"\xf3", b"\xf2")
_MAPS = (b"", b"\x0f", b"\x0f\x38", b"\x0f\x3a")


def written(word: int) -> bytes:
    """The bytes of an instruction up to and with ModRM."""
    if word & EVEX:
        return b"\x62" + (word & _FIVE_BYTES).to_bytes(5, "little")
    p0, p1, p2, opcode, modrm, flags, _ = word.to_bytes(7, "little")
    if flags & 4:  # no ModRM
        opcode, tail = opcode | modrm & 7, b""
    else:
        tail = BYTES[modrm]
    if flags & 1:
        p1 |= p2 >> 3 & 4  # the lower bit of LL
        if p0 & 0x7F == 0x61 and p1 < 0x80:
            return bytes((0xC5, p0 & 0x80 | p1, opcode)) + tail
        return bytes((0xC4, p0, p1, opcode)) + tail
    rex = 0x40 | p1 >> 4 & 8 | p0 >> 5
    prefix = BYTES[rex] if rex > 0x40 or flags & 24 else b""
    return _PREFIXES[p1 & 3] + prefix + _MAPS[p0 & 3] + BYTES[opcode] + tail


class _Heads(dict[int, bytes]):
    """Every word written so far: most instructions differ from an earlier one in their address."""

    def __missing__(self, word: int) -> bytes:
        head = self[word] = written(word)
        return head


HEADS = _Heads()


def address(memory: Memory, shift: int) -> tuple[int, bytes]:
    """The mod bits of a memory operand, and the bytes behind ModRM.

    `shift` is the binary logarithm of N, the unit of a one-byte displacement.  What is relative to
    the code gets four bytes that are filled in when all labels are known.
    """
    base, displacement = memory.base, memory.displacement
    if isinstance(base, Label):
        return 0, b"\0\0\0\0"
    if not displacement and base.number & 7 != 5:  # rbp and r13 always need one
        return 0, memory.sib
    scaled = displacement >> shift
    if -128 <= scaled < 128 and scaled << shift == displacement:
        return MOD_DISP8, memory.sib + BYTES[scaled]
    return MOD_DISP32, memory.sib + displacement.to_bytes(4, "little", signed=True)
