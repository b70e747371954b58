"""The registers of x86-64.

A register knows by heart what it contributes to an instruction: the bits that it flips in the
instruction's word (drawn in `encoding`), one number for each place in which it can stand.  To
encode an instruction is then little more than to XOR what its operands bring along.
"""

from __future__ import annotations

from typing import ClassVar

from verypoorcnn.compiler.native.x86.word import (
    HIGH_REG,
    HIGH_RM,
    HIGH_VVVV,
    MODRM_REG,
    MODRM_RM,
    R2,
    REGISTER_DIRECT,
    REX_REG,
    REX_RM,
    V2,
    VVVV,
    B,
    R,
    X,
)


class Register:
    """One register.  `number` is what the processor calls it, `name` what people do."""

    __slots__ = ("as_base", "as_index", "as_reg", "as_rm", "as_vvvv", "name", "number", "sib")
    bits: ClassVar[int]

    def __init__(self, number: int, name: str) -> None:
        """Spread the five bits of the number to where each place in an instruction wants them."""
        low, bit3, bit4 = number & 7, number >> 3 & 1, number >> 4
        self.number = number
        self.name = name
        self.as_reg = low * MODRM_REG | bit3 * R | bit4 * (R2 | HIGH_REG)
        self.as_vvvv = (number & 15) * VVVV | bit4 * (V2 | HIGH_VVVV)
        self.as_rm = REGISTER_DIRECT | low * MODRM_RM | bit3 * B | bit4 * (X | HIGH_RM)
        self.as_index = bit3 * X | bit4 * (V2 | HIGH_VVVV)
        self.as_base = low * MODRM_RM | bit3 * B
        self.sib = b"\x24" if low == 4 else b""  # rsp and r12: "no index, and this base"

    def __repr__(self) -> str:
        """As in a listing."""
        return self.name


class Reg64(Register):
    """rax … r15."""

    __slots__ = ()
    bits = 64


class Reg32(Register):
    """eax … r15d: the lower half; writing it clears the upper."""

    __slots__ = ()
    bits = 32


class Reg16(Register):
    """ax … r15w."""

    __slots__ = ()
    bits = 16


class Reg8(Register):
    """al … r15b.  Without a REX prefix the numbers 4 to 7 would mean ah, ch, dh, bh."""

    __slots__ = ()
    bits = 8

    def __init__(self, number: int, name: str) -> None:
        """Ask for the prefix where it makes the difference."""
        super().__init__(number, name)
        if 4 <= number <= 7:
            self.as_reg |= REX_REG
            self.as_rm |= REX_RM


class CountRegister(Reg8):
    """cl, the only register that can say how far to shift."""

    __slots__ = ()


class Xmm(Register):
    """xmm0 … xmm31: four float32."""

    __slots__ = ()
    bits = 128


class Ymm(Register):
    """ymm0 … ymm31: eight float32."""

    __slots__ = ()
    bits = 256


class Zmm(Register):
    """zmm0 … zmm31: sixteen float32."""

    __slots__ = ()
    bits = 512


class Mask(Register):
    """k0 … k7: one bit a lane.  As a mask of an instruction, k0 means that there is none."""

    __slots__ = ("as_mask",)
    bits = 64

    def __init__(self, number: int, name: str) -> None:
        """The number stands as it is in the lowest bits of the EVEX prefix's last byte."""
        super().__init__(number, name)
        self.as_mask = number << 16


def _narrow(name: str, bits: int) -> str:
    """The name of a general register's lower part: rax → eax, ax, al; r8 → r8d, r8w, r8b."""
    if name[1:].isdigit():
        return name + {32: "d", 16: "w", 8: "b"}[bits]
    if bits == 8:
        return name[1:].removesuffix("x") + "l"
    return ("e" if bits == 32 else "") + name[1:]


_GENERAL = "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15"
_NAMES = _GENERAL.split()
GENERAL = tuple(Reg64(i, name) for i, name in enumerate(_NAMES))
GENERAL32 = tuple(Reg32(i, _narrow(name, 32)) for i, name in enumerate(_NAMES))
GENERAL16 = tuple(Reg16(i, _narrow(name, 16)) for i, name in enumerate(_NAMES))
GENERAL8 = tuple(
    (CountRegister if name == "rcx" else Reg8)(i, _narrow(name, 8)) for i, name in enumerate(_NAMES)
)
XMM = tuple(Xmm(i, f"xmm{i}") for i in range(32))
YMM = tuple(Ymm(i, f"ymm{i}") for i in range(32))
ZMM = tuple(Zmm(i, f"zmm{i}") for i in range(32))
MASKS = tuple(Mask(i, f"k{i}") for i in range(8))

rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15 = GENERAL
eax, ecx, edx, ebx, esp, ebp, esi, edi, r8d, r9d, r10d, r11d, r12d, r13d, r14d, r15d = GENERAL32
al, cl, dl, bl, spl, bpl, sil, dil, r8b, r9b, r10b, r11b, r12b, r13b, r14b, r15b = GENERAL8
k0, k1, k2, k3, k4, k5, k6, k7 = MASKS
