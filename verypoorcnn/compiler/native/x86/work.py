"""How the code of a driver reaches what it is told, and the lines of a region."""

from __future__ import annotations

from collections.abc import Callable

from verypoorcnn.compiler.native.plans import Range, Shard, Work
from verypoorcnn.compiler.native.x86.assembler import Assembler
from verypoorcnn.compiler.native.x86.operands import Memory
from verypoorcnn.compiler.native.x86.registers import Reg64, r12, rbp, rbx, rcx

LINE = 64  # bytes of a cache line

WORK, SHARD, SHARDS = rbx, rbp, r12  # registers that everyone who is called keeps


def of_work(name: str) -> Memory:
    """A field of the thread's work."""
    return Memory(WORK, getattr(Work, name).offset)


def of_shard(name: str, shard: Reg64 = SHARD) -> Memory:
    """A field of a shard."""
    return Memory(shard, getattr(Shard, name).offset)


def lines(asm: Assembler, span: Range, each: Callable[[], None]) -> None:
    """Do something for every line of a range; its offset is in rcx."""
    offset, size = span
    asm.mov(rcx, offset)
    again = asm.here("line")
    each()
    asm.add(rcx, LINE)
    asm.cmp(rcx, offset + size)
    asm.jne(again)
