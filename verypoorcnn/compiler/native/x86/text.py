"""Instructions in Intel's notation, as `objdump -M intel` prints them.

vfmadd231ps zmm0{k1},zmm1,DWORD BCST [rsi+0x40]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from verypoorcnn.compiler.native.x86.assembler import Emitted, Operand
from verypoorcnn.compiler.native.x86.forms import Form
from verypoorcnn.compiler.native.x86.operands import Broadcast, Label, Memory
from verypoorcnn.compiler.native.x86.registers import Register

_WIDTHS = {
    8: "BYTE",
    16: "WORD",
    32: "DWORD",
    64: "QWORD",
    128: "XMMWORD",
    256: "YMMWORD",
    512: "ZMMWORD",
}
_FLOAT = (  # in the order of their numbers
    "eq lt le unord neq nlt nle ord eq_uq nge ngt false neq_oq ge gt true eq_os lt_oq le_oq"
    " unord_s neq_us nlt_uq nle_uq ord_s eq_us nge_uq ngt_uq false_os neq_os ge_oq gt_oq true_us"
)
_FLOAT_PREDICATES = _FLOAT.split()
_WHOLE_PREDICATES = ["eq", "lt", "le", "", "neq", "nlt", "nle", ""]

Namer = Callable[[Register], str]


def text(emitted: Emitted, end: int, name: Namer = repr) -> str:
    """The instruction whose last byte stands before offset `end`; registers as `name` has them."""
    mnemonic, operands = _mnemonic(emitted.form, emitted.operands)
    parts = [_operand(emitted.form, operand, end, name) for operand in operands]
    if emitted.mask is not None:
        parts[0] += f"{{{name(emitted.mask)}}}" + "{z}" * emitted.zeroing
    return f"{mnemonic} {','.join(parts)}".rstrip()


def _mnemonic(form: Form, operands: tuple[Operand, ...]) -> tuple[str, tuple[Operand, ...]]:
    """The name as objdump has it, which says comparisons' predicates in words."""
    name, last = form.mnemonic, operands[-1] if operands else None
    predicates = _predicates(name)
    if isinstance(last, int) and 0 <= last < len(predicates) and predicates[last]:
        kind = name.removeprefix("vpcmp").removeprefix("vcmp")
        return name.removesuffix(kind) + predicates[last] + kind, operands[:-1]
    return ("movabs" if form.size == 8 else name), operands


def _predicates(mnemonic: str) -> list[str]:
    if mnemonic in ("vcmpps", "vcmpss"):
        return _FLOAT_PREDICATES
    return _WHOLE_PREDICATES if mnemonic in ("vpcmpd", "vpcmpud") else []


def _operand(form: Form, operand: Operand, end: int, name: Namer) -> str:
    if isinstance(operand, Register):
        return name(operand)
    if isinstance(operand, Memory):
        return _size(form, operand) + f"[{''.join(_address(operand, end, name))}]"
    if isinstance(operand, Label):
        return f"{operand.position or 0:#x}" + f" <{operand.name}>" * bool(operand.name)
    return f"{operand & _ones(form):#x}"


def _ones(form: Form) -> int:
    """An immediate with a sign is printed as wide as what it works on."""
    width = form.operand_bits if form.low < 0 else 8 * form.size
    return (1 << width) - 1


def _size(form: Form, memory: Memory) -> str:
    if not form.memory_bits:  # an address only
        return ""
    kind = "BCST" if isinstance(memory, Broadcast) else "PTR"
    return f"{_WIDTHS[form.memory_bits]} {kind} "


def _address(memory: Memory, end: int, name: Namer) -> Iterator[str]:
    base, displacement = memory.base, memory.displacement
    if isinstance(base, Label):
        displacement += (base.position or 0) - end
        yield f"rip{displacement:+#x}"
        return
    yield name(base)
    if memory.index is not None:
        yield f"+{name(memory.index)}*{memory.scale}"
    if displacement or base.number & 7 == 5:
        yield f"{displacement:+#x}"
