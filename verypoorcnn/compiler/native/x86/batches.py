"""The driver of training: many batches in one call, by one thread or by several at once.

A batch is cut into *shards*, each of which sums up gradients of its own: the first in the
parameters' own region, the others in copies of it.  Every thread has its shards; for each batch it

    begins      a shard: copies the parameters, zeroes the sums
    gathers     a group of sixteen images after another, and calls the kernel of a group
    adds up     the losses and hits of the samples that exist, in float64, in their order
    meets       the others (`meeting`), where all sums are added up, and the parameters updated

A loss that is not finite ends the call after its batch.
"""

from __future__ import annotations

import ctypes

from verypoorcnn.compiler.native.plans import Shard, TrainingPlan
from verypoorcnn.compiler.native.x86.abi import Frame, convention
from verypoorcnn.compiler.native.x86.assembler import Assembler
from verypoorcnn.compiler.native.x86.gather import GROUP, LOCAL_BYTES, Source, gather
from verypoorcnn.compiler.native.x86.meeting import meet
from verypoorcnn.compiler.native.x86.operands import Dword, Label, Memory
from verypoorcnn.compiler.native.x86.registers import (
    XMM,
    YMM,
    r8,
    r9,
    r13,
    r14,
    r15,
    rax,
    rcx,
    rdx,
)
from verypoorcnn.compiler.native.x86.work import (
    SHARD,
    SHARDS,
    WORK,
    lines,
    of_shard,
    of_work,
)

INDICES, IMAGES, COUNT = r13, r14, r15  # kept by everyone who is called


def training_code(plan: TrainingPlan) -> bytes:
    """A function of the address of a `Work`."""
    asm = Assembler()
    registers = [WORK, SHARD, SHARDS, INDICES, IMAGES, COUNT, *YMM[:16]]
    frame = Frame(convention(), registers, local_bytes=LOCAL_BYTES, calls=True)
    frame.enter(asm)
    asm.mov(WORK, convention().arguments[0])
    stopped, next_batch = Label("stopped"), asm.here("batch")
    _shards(asm, plan, frame.locals_at)
    meet(asm, plan, stopped)
    asm.mov(rax, of_work("stride"))
    asm.add(of_work("order"), rax)
    asm.dec(of_work("batches"))
    asm.jne(next_batch)
    asm.bind(stopped)
    frame.leave(asm)
    return asm.finish().data


def _shards(asm: Assembler, plan: TrainingPlan, addresses: int) -> None:
    source = Source(of_work("pixels"), of_work("labels"), of_work("workspace"), INDICES, COUNT)
    asm.mov(SHARD, of_work("shards"))
    asm.mov(SHARDS, of_work("own"))
    next_shard = asm.here("shard")
    _begin(asm, plan)
    asm.mov(INDICES, of_work("order"))
    asm.add(INDICES, of_shard("first"))
    asm.mov(IMAGES, of_shard("images"))
    next_group = asm.here("group")
    asm.mov(COUNT, GROUP)
    asm.cmp(IMAGES, COUNT)
    asm.cmovb(COUNT, IMAGES)
    gather(asm, source, plan.place, addresses)
    _call_group(asm, plan)
    _tally(asm, plan)
    asm.add(INDICES, 8 * GROUP)
    asm.sub(IMAGES, GROUP)
    asm.ja(next_group)
    asm.add(SHARD, ctypes.sizeof(Shard))
    asm.dec(SHARDS)
    asm.jne(next_shard)


def _begin(asm: Assembler, plan: TrainingPlan) -> None:
    """Parameters as they are now, sums of zero; the first shard has the parameters themselves."""
    if not plan.sums:
        return
    begun, at_home = Label("begun"), Label("zero")
    asm.cmp(of_work("begins"), 0)
    asm.je(begun)
    asm.mov(r8, of_work("main"))
    asm.mov(r9, of_shard("parameters"))
    asm.cmp(r8, r9)
    asm.je(at_home)
    for span in plan.copied:
        lines(asm, span, lambda: _copy(asm))
    asm.bind(at_home)
    asm.vxorps(YMM[0], YMM[0], YMM[0])
    for span in plan.sums:
        lines(asm, span, lambda: _zero(asm))
    asm.bind(begun)


def _copy(asm: Assembler) -> None:
    for half in (0, 32):
        asm.vmovups(YMM[0], Memory(r8, half, rcx))
        asm.vmovups(Memory(r9, half, rcx), YMM[0])


def _zero(asm: Assembler) -> None:
    for half in (0, 32):
        asm.vmovups(Memory(r9, half, rcx), YMM[0])


def _call_group(asm: Assembler, plan: TrainingPlan) -> None:
    """The kernel for the images that were gathered."""
    workspace, parameters, call = convention().arguments[:3]
    asm.mov(rax, of_work("partial"))
    asm.mov(call, of_work("full"))
    asm.cmp(COUNT, GROUP)
    asm.cmovne(call, rax)
    asm.mov(workspace, of_work("workspace"))
    asm.mov(parameters, of_shard("parameters"))
    asm.call(of_work("group"))


def _tally(asm: Assembler, plan: TrainingPlan) -> None:
    """Add losses and hits to the shard's, one sample after another."""
    loss, hits, one, other, zero = XMM[:5]
    asm.vmovsd(loss, of_shard("loss"))
    asm.vmovsd(hits, of_shard("hits"))
    asm.vxorps(zero, zero, zero)
    asm.mov(rdx, of_work("workspace"))
    asm.mov(rcx, 0)
    again = asm.here("sample")
    asm.vcvtss2sd(one, zero, Dword(rdx, plan.losses, rcx, 4))
    asm.vcvtss2sd(other, zero, Dword(rdx, plan.hits, rcx, 4))
    asm.vaddsd(loss, loss, one)
    asm.vaddsd(hits, hits, other)
    asm.inc(rcx)
    asm.cmp(rcx, COUNT)
    asm.jne(again)
    asm.vmovsd(of_shard("loss"), loss)
    asm.vmovsd(of_shard("hits"), hits)
