"""The two functions that ask the processor what it can do, in assembly.

`cpu` has their bytes written down, because asking is the first thing that a program does and must
not need an assembler; the tests compare.
"""

from __future__ import annotations

from verypoorcnn.compiler.native.x86.abi import Convention, Frame
from verypoorcnn.compiler.native.x86.assembler import Assembler
from verypoorcnn.compiler.native.x86.operands import Dword
from verypoorcnn.compiler.native.x86.registers import GENERAL32, eax, ebx, ecx, edx, r9, rbx


def cpuid(convention: Convention) -> bytes:
    """A function of leaf, subleaf, and the address of four numbers: eax, ebx, ecx, edx."""
    asm = Assembler()
    leaf, subleaf, answer = convention.arguments[:3]
    frame = Frame(convention, [rbx])
    frame.enter(asm)
    asm.mov(r9, answer)
    asm.mov(eax, GENERAL32[leaf.number])
    asm.mov(ecx, GENERAL32[subleaf.number])
    asm.cpuid()
    for i, register in enumerate((eax, ebx, ecx, edx)):
        asm.mov(Dword(r9, 4 * i), register)
    frame.leave(asm)
    return asm.finish().data


def xgetbv() -> bytes:
    """A function that returns XCR0."""
    asm = Assembler()
    asm.mov(ecx, 0)
    asm.xgetbv()
    asm.ret()
    return asm.finish().data
