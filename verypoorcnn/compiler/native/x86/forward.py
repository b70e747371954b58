"""The driver of the forward pass: the probabilities of many images in one call.

For every group of sixteen images it gathers them, calls the kernel, and turns what that leaves,
class after class, into a row for each image.
"""

from __future__ import annotations

from verypoorcnn.compiler.native.plans import ForwardPlan, Question
from verypoorcnn.compiler.native.x86.abi import Frame, convention
from verypoorcnn.compiler.native.x86.assembler import Assembler
from verypoorcnn.compiler.native.x86.gather import GROUP, LOCAL_BYTES, Source, gather
from verypoorcnn.compiler.native.x86.operands import Dword, Memory
from verypoorcnn.compiler.native.x86.registers import (
    YMM,
    eax,
    r8,
    r12,
    r13,
    r14,
    r15,
    rbx,
    rcx,
    rdx,
)

QUESTION, ROWS, INDICES, IMAGES, COUNT = rbx, r12, r13, r14, r15  # kept by all who are called
LINE = 4 * GROUP  # bytes of one number of a group


def forward_code(plan: ForwardPlan) -> bytes:
    """A function of the address of a `Question`."""
    asm = Assembler()
    registers = [QUESTION, ROWS, INDICES, IMAGES, COUNT, *YMM[:16]]
    frame = Frame(convention(), registers, local_bytes=LOCAL_BYTES, calls=True)
    frame.enter(asm)
    asm.mov(QUESTION, convention().arguments[0])
    asm.mov(INDICES, _of("order"))
    asm.mov(IMAGES, _of("images"))
    asm.mov(ROWS, _of("rows"))
    next_group = asm.here("group")
    asm.mov(COUNT, GROUP)
    asm.cmp(IMAGES, COUNT)
    asm.cmovb(COUNT, IMAGES)
    source = Source(_of("pixels"), _of("labels"), _of("workspace"), INDICES, COUNT)
    gather(asm, source, plan.place, frame.locals_at)
    regions = (_of("workspace"), _of("parameters"), _of("call"))
    for register, region in zip(convention().arguments, regions, strict=False):
        asm.mov(register, region)
    asm.call(_of("kernel"))
    _rows(asm, plan)
    asm.add(INDICES, 8 * GROUP)
    asm.sub(IMAGES, GROUP)
    asm.ja(next_group)
    frame.leave(asm)
    return asm.finish().data


def _of(name: str) -> Memory:
    return Memory(QUESTION, getattr(Question, name).offset)


def _rows(asm: Assembler, plan: ForwardPlan) -> None:
    """A row of probabilities for every image of the group."""
    asm.mov(rdx, _of("workspace"))
    asm.add(rdx, plan.probabilities)
    asm.mov(rcx, COUNT)
    next_image = asm.here("image")
    asm.mov(r8, 0)
    next_class = asm.here("class")
    asm.mov(eax, Dword(rdx, 0, r8))
    asm.mov(Dword(ROWS), eax)
    asm.add(ROWS, 4)
    asm.add(r8, LINE)
    asm.cmp(r8, LINE * plan.classes)
    asm.jne(next_class)
    asm.add(rdx, 4)
    asm.dec(rcx)
    asm.jne(next_image)
