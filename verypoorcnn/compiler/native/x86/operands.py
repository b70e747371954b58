"""What else an instruction works on: places in memory, and labels.

`Memory(rdi, 64)` is [rdi+64], as wide as the instruction; where nothing else says how wide, it is
64 bits, and `Byte`, `Word`, `Dword` say otherwise.  `Broadcast(rdi, 64)` reads one number and hands
it to every lane.  A label may stand in the place of the base: `Memory(label)`.
"""

from __future__ import annotations

from verypoorcnn.compiler.native.x86.registers import Reg64, Register, Xmm, Ymm, Zmm


class Label:
    """A place in the code.  `position` is its offset in bytes once it is bound."""

    __slots__ = ("name", "position")
    as_base = 5 << 32  # ModRM.rm: relative to the next instruction
    sib = b""

    def __init__(self, name: str = "") -> None:
        """A place not yet known; `Assembler.bind` says where it is."""
        self.name = name
        self.position: int | None = None

    def __repr__(self) -> str:
        """As in a listing."""
        return self.name or f"label at {self.position}"


class Memory:
    """[base + index·scale + displacement]; scale is 1, 2, 4 or 8."""

    __slots__ = ("as_rm", "base", "displacement", "index", "scale", "sib")

    def __init__(
        self,
        base: Reg64 | Label,
        displacement: int = 0,
        index: Register | None = None,
        scale: int = 1,
    ) -> None:
        """With an index, ModRM.rm is 4 and a SIB byte follows: scale | index | base."""
        self.base = base
        self.displacement = displacement
        self.index = index
        self.scale = scale
        if index is None:
            self.as_rm = base.as_base
            self.sib = base.sib
        else:
            self.as_rm, self.sib = _indexed(base, index, scale)

    def __repr__(self) -> str:
        """For messages; a listing prints it in its own way."""
        index = f", {self.index}*{self.scale}" if self.index else ""
        return f"{type(self).__name__}({self.base}, {self.displacement}{index})"


def _indexed(base: Reg64 | Label, index: Register, scale: int) -> tuple[int, bytes]:
    """What base and index flip, and their SIB byte."""
    if isinstance(base, Label):
        raise ValueError(f"[{base}+{index}]: what is relative to the code has no index")
    if index.number == 4 and isinstance(index, Reg64):
        raise ValueError(f"[{base}+{index}]: rsp cannot be an index")
    if scale not in _SCALES:
        raise ValueError(f"[{base}+{index}*{scale}]: a scale is 1, 2, 4 or 8, not {scale}")
    sib = _SCALES[scale] << 6 | (index.number & 7) << 3 | base.number & 7
    rm = 4 << 32 | base.as_base & ~(7 << 32)
    return rm ^ index.as_index, bytes((sib,))


_SCALES = {1: 0, 2: 1, 4: 2, 8: 3}


class Byte(Memory):
    """Eight bits."""

    __slots__ = ()


class Word(Memory):
    """16 bits."""

    __slots__ = ()


class Dword(Memory):
    """32 bits."""

    __slots__ = ()


class Qword(Memory):
    """64 bits."""

    __slots__ = ()


class Broadcast(Memory):
    """One number for all lanes: {1to16}."""

    __slots__ = ()


class XmmIndexed(Memory):
    """Four places, one for each lane of the index."""

    __slots__ = ()


class YmmIndexed(Memory):
    """Eight places, one for each lane of the index."""

    __slots__ = ()


class ZmmIndexed(Memory):
    """Sixteen places, one for each lane of the index."""

    __slots__ = ()


def gathered(base: Reg64, index: Xmm | Ymm | Zmm, scale: int = 1, displacement: int = 0) -> Memory:
    """[base + index·scale + displacement] for every lane of a vector of indices."""
    kinds: dict[int, type[Memory]] = {128: XmmIndexed, 256: YmmIndexed, 512: ZmmIndexed}
    return kinds[index.bits](base, displacement, index, scale)


class Nothing:
    """Stands in every place of an instruction that has no operand there, and flips no bit."""

    as_reg = as_vvvv = as_rm = 0


NOTHING = Nothing()
