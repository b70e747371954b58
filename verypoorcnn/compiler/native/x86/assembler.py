"""The assembler: instructions go in, one after another; bytes and a listing come out.

    asm = Assembler()
    top = asm.here("top")
    asm.vfmadd231ps(ZMM[0], ZMM[1], Broadcast(rsi, 64))
    asm.vaddps(ZMM[2], ZMM[2], ZMM[0], mask=k1)
    asm.dec(rcx)
    asm.jne(top)
    asm.ret()
    code = asm.finish()

Every instruction of the tables is a method; `and_`, `or_`, `not_` are those that Python has taken.
Each is encoded at once: its word is XORed together, what is relative to a label is filled in at the
end.  A jump backwards takes the short form where it reaches, a jump forwards always the long one.
"""

from __future__ import annotations

import struct
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from verypoorcnn.compiler.native.x86.encoding import BYTES, HEADS, address
from verypoorcnn.compiler.native.x86.forms import INSTRUCTIONS, Form, Forms
from verypoorcnn.compiler.native.x86.operands import NOTHING, Label, Memory, Nothing
from verypoorcnn.compiler.native.x86.registers import Mask, Register
from verypoorcnn.compiler.native.x86.word import HIGH, NEEDS_MASK, ZEROING
from verypoorcnn.errors import nearest

Operand: TypeAlias = Register | Memory | Label | int
Origin: TypeAlias = tuple[str, int] | None  # file and line that an instruction comes from
LINE = 64  # bytes of a cache line, and what constants are aligned to at most

_NOPS = [  # the processor's own, of 1 to 9 bytes
    b"\x90",
    b"\x66\x90",
    b"\x0f\x1f\x00",
    b"\x0f\x1f\x40\x00",
    b"\x0f\x1f\x44\x00\x00",
    b"\x66\x0f\x1f\x44\x00\x00",
    b"\x0f\x1f\x80\x00\x00\x00\x00",
    b"\x0f\x1f\x84\x00\x00\x00\x00\x00",
    b"\x66\x0f\x1f\x84\x00\x00\x00\x00\x00",
]
NOP = INSTRUCTIONS["nop"][(Nothing,) * 4]


class Emitted(NamedTuple):
    """An instruction as it was emitted.  Its text is made when somebody asks for it."""

    start: int  # offset of its first byte
    form: Form
    places: tuple[Any, ...]  # the operands, and `NOTHING` up to five
    mask: Mask | None
    zeroing: bool
    origin: Origin

    @property
    def operands(self) -> tuple[Operand, ...]:
        """Those that were given."""
        return tuple(place for place in self.places if place is not NOTHING)


class Fixup(NamedTuple):
    """Four bytes at `at` that become the distance from `end` to a place `offset` behind a label."""

    at: int
    end: int
    label: Label
    offset: int


class Code(NamedTuple):
    """What an assembler has made.  `x86.listing` prints it."""

    data: bytes  # instructions, then from `constants_at` on the constants
    end: int  # where the instructions end
    constants_at: int
    emitted: list[tuple[Any, ...]]  # the fields of an `Emitted`
    labels: list[Label]
    comments: dict[int, str]  # by offset
    names: list[tuple[int, Register, str]]  # from this offset on, the register is called so
    constants: dict[bytes, Label]


class Assembler:
    """Appends instructions to `code`; `origin` is noted beside each."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.code = bytearray()
        self.origin: Origin = None
        self.emitted: list[tuple[Any, ...]] = []
        self.labels: list[Label] = []
        self.comments: dict[int, str] = {}
        self.names: list[tuple[int, Register, str]] = []
        self.constants: dict[bytes, Label] = {}
        self._fixups: list[Fixup] = []

    def __getattr__(self, mnemonic: str) -> partial[None]:
        """The method of an instruction, made when it is first used."""
        forms = INSTRUCTIONS.get(mnemonic.rstrip("_"))
        if forms is None:
            hint = nearest(mnemonic, list(INSTRUCTIONS))
            raise AttributeError(f"no instruction is called {mnemonic!r}; {hint}")
        method = partial(self._emit, forms)
        setattr(self, mnemonic, method)
        return method

    def _emit(
        self,
        forms: Forms,
        a: Any = NOTHING,
        b: Any = NOTHING,
        c: Any = NOTHING,
        d: Any = NOTHING,
        *,
        mask: Mask | None = None,
        zeroing: bool = False,
    ) -> None:
        """Append an instruction of up to four operands.

        Lanes whose bit in `mask` is not set keep what they hold, or become 0 if `zeroing`.
        """
        form = forms[a.__class__, b.__class__, c.__class__, d.__class__]
        places: tuple[Any, ...] = (a, b, c, d, NOTHING)
        word = (
            form.word ^ places[form.reg].as_reg ^ places[form.vvvv].as_vvvv ^ places[form.rm].as_rm
        )
        if word >= HIGH or mask is not None or zeroing:
            form, word = _extended(form, word, mask, zeroing)
        code = self.code
        start = len(code)
        if form.bare:
            code += HEADS[word]
        elif form.argument < 0:
            memory = places[form.rm]
            mod, tail = address(memory, form.shift)
            code += HEADS[word | mod]
            code += tail
            if memory.base.__class__ is Label:
                self._fix(memory.base, memory.displacement)
        else:
            form = self._emit_with_argument(form, word, places)
        self.emitted.append((start, form, places, mask, zeroing, self.origin))

    def _emit_with_argument(self, form: Form, word: int, places: tuple[Any, ...]) -> Form:
        """Append what ends in an immediate or in the distance to a label, as narrow as it fits."""
        code = self.code
        argument = places[form.argument]
        if isinstance(argument, Label):
            return self._emit_jump(form, argument)
        value = argument.number << 4 if isinstance(argument, Register) else argument
        while not form.low <= value <= form.high:
            form, word = _wider(form, word, value)
        tail = b""
        if form.shift >= 0:
            mod, tail = address(places[form.rm], form.shift)
            word |= mod
        code += HEADS[word]
        code += tail
        code += (value & (1 << 8 * form.size) - 1).to_bytes(form.size, "little")
        if form.shift >= 0 and isinstance(places[form.rm].base, Label):
            self._fix(places[form.rm].base, places[form.rm].displacement, behind=form.size)
        return form

    def _emit_jump(self, form: Form, label: Label) -> Form:
        """Short if the label lies so near behind us; else long, to be filled in."""
        code = self.code
        if form.wider is not None:
            if label.position is not None:
                distance = label.position - len(code) - 2
                if distance >= form.low:
                    code += HEADS[form.word]
                    code += BYTES[distance]
                    return form
            form = form.wider
        code += HEADS[form.word]
        code += b"\0\0\0\0"
        self._fix(label, 0)
        return form

    def _fix(self, label: Label, offset: int, behind: int = 0) -> None:
        """The last four bytes, `behind` bytes before the end, are a distance yet unknown."""
        end = len(self.code)
        self._fixups.append(Fixup(end - behind - 4, end, label, offset))

    def bind(self, label: Label) -> Label:
        """The label stands for this place."""
        if label.position is not None:
            raise ValueError(f"label {label} is bound twice")
        label.position = len(self.code)
        self.labels.append(label)
        return label

    def here(self, name: str = "") -> Label:
        """A new label for this place."""
        return self.bind(Label(name))

    def align(self, boundary: int) -> None:
        """Fill up to a multiple of `boundary` bytes with instructions that do nothing."""
        missing = -len(self.code) % boundary
        while missing:
            nop = _NOPS[min(missing, len(_NOPS)) - 1]
            self.emitted.append((len(self.code), NOP, (), None, False, None))
            self.code += nop
            missing -= len(nop)

    def comment(self, text: str) -> None:
        """A remark that a listing prints beside the next instruction."""
        self.comments[len(self.code)] = text

    def name(self, register: Register, text: str) -> None:
        """From here on, a listing says beside the register what it holds."""
        self.names.append((len(self.code), register, text))

    def constant(self, data: bytes) -> Label:
        """A constant behind the code, 1, 2, 4 … 64 bytes and aligned to as many.

        Equal are constants of equal bytes: 127 and 127.0 are two, and so are 0.0 and -0.0.
        """
        if data not in self.constants:
            if len(data) not in (1, 2, 4, 8, 16, 32, 64):
                raise ValueError(f"a constant of {len(data)} bytes; give 1, 2, 4 … 64")
            self.constants[data] = Label()
        return self.constants[data]

    def floats(self, *values: float) -> Label:
        """A constant of float32."""
        return self.constant(struct.pack(f"<{len(values)}f", *values))

    def integers(self, *values: int) -> Label:
        """A constant of 32-bit whole numbers, with or without sign."""
        return self.constant(b"".join((v & 0xFFFFFFFF).to_bytes(4, "little") for v in values))

    def finish(self) -> Code:
        """Append the constants, fill in the distances, and hand over the code."""
        end = len(self.code)
        self.code += b"\xcc" * (-end % LINE)  # int3: nobody should come here
        constants_at = len(self.code)
        for data in sorted(self.constants, key=len, reverse=True):  # so each is aligned to its size
            self.constants[data].position = len(self.code)
            self.code += data
        self._fill_in()
        self._forget_methods()
        return Code(
            bytes(self.code),
            end,
            constants_at,
            self.emitted,
            self.labels,
            self.comments,
            self.names,
            self.constants,
        )

    def _forget_methods(self) -> None:
        """They refer back to their assembler and would keep all of it in memory."""
        for name in [name for name, value in vars(self).items() if isinstance(value, partial)]:
            delattr(self, name)

    def _fill_in(self) -> None:
        """The distances to labels, all of which are bound now."""
        for at, end, label, offset in self._fixups:
            if label.position is None:
                raise ValueError(f"label {label.name!r} is used but never bound")
            distance = label.position + offset - end
            self.code[at : at + 4] = distance.to_bytes(4, "little", signed=True)


def _extended(form: Form, word: int, mask: Mask | None, zeroing: bool) -> tuple[Form, int]:
    """The same with an EVEX prefix, for a mask or a register from 16 on."""
    evex = form.evex
    if evex is None:
        raise ValueError(f"{form.mnemonic} here has no EVEX form: no mask, no register 16 to 31")
    word ^= form.word ^ evex.word
    if mask is None:
        if zeroing:
            raise ValueError(f"{form.mnemonic}: zeroing needs a mask")
        if word & NEEDS_MASK:
            raise ValueError(f"{form.mnemonic} needs a mask")
    elif mask.number == 0:
        raise ValueError(f"{form.mnemonic}: k0 cannot be a mask; leave it out")
    else:
        word |= mask.as_mask | zeroing * ZEROING
    return evex, word


def _wider(form: Form, word: int, value: int) -> tuple[Form, int]:
    """The next form, which has room for a larger immediate."""
    wider = form.wider
    if wider is None:
        raise ValueError(f"{form.mnemonic}: {value} is not from {form.low} to {form.high}")
    return wider, word ^ form.word ^ wider.word
