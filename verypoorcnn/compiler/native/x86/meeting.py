"""The end of a batch: the threads meet, the first one adds up and updates, and all go on.

A thread tells the others where it is by a line of memory that only it writes.  x86-64 shows writes
to everyone in the order in which they were made, so whoever sees the line sees the sums that were
written before it, and no lock is needed.  Whoever waits long offers the processor to others.

What is computed here depends neither on how many threads there are nor on who is quicker: shards
are added up in their order, by one thread, and every line of sums from the first shard to the last.
"""

from __future__ import annotations

import ctypes

from verypoorcnn.compiler.native.plans import STOP, Shard, TrainingPlan
from verypoorcnn.compiler.native.x86.abi import convention
from verypoorcnn.compiler.native.x86.assembler import Assembler
from verypoorcnn.compiler.native.x86.operands import Label, Memory
from verypoorcnn.compiler.native.x86.registers import XMM, YMM, r8, r9, r14, rax, rcx, rdx
from verypoorcnn.compiler.native.x86.work import (
    LINE,
    SHARD,
    SHARDS,
    lines,
    of_shard,
    of_work,
)

PATIENCE = 2000  # looks at a line before the processor is offered to others: some 30 µs
TURNS = r14  # looks that are left


def meet(asm: Assembler, plan: TrainingPlan, stopped: Label) -> None:
    """Everyone has done its shards before the first goes on; all others wait until it has."""
    follow, met = Label("follow"), Label("met")
    asm.cmp(of_work("leads"), 0)
    asm.je(follow)
    _wait_for_others(asm, stopped)
    _finish(asm, plan, stopped)
    _tell(asm)
    asm.jmp(met)
    asm.bind(follow)
    _tell(asm)
    asm.mov(SHARD, of_work("first_line"))
    _wait(asm, stopped)
    asm.bind(met)


def _tell(asm: Assembler) -> None:
    """Say in one's line which batch is done, counted from the last."""
    asm.mov(rax, of_work("batches"))
    asm.mov(rcx, of_work("line"))
    asm.mov(Memory(rcx), rax)


def _wait_for_others(asm: Assembler, stopped: Label) -> None:
    alone = Label("alone")
    asm.mov(SHARD, of_work("line"))
    asm.mov(SHARDS, of_work("others"))
    asm.test(SHARDS, SHARDS)
    asm.je(alone)
    next_thread = asm.here("thread")
    asm.add(SHARD, LINE)
    _wait(asm, stopped)
    asm.dec(SHARDS)
    asm.jne(next_thread)
    asm.bind(alone)


def _wait(asm: Assembler, stopped: Label) -> None:
    """Until the line at SHARD says that this batch is done, or that it is no use to wait."""
    there, patient = Label("there"), asm.here("patient")
    asm.mov(TURNS, PATIENCE)
    look = asm.here("look")
    asm.mov(rax, Memory(SHARD))
    asm.cmp(rax, of_work("batches"))
    asm.je(there)
    asm.cmp(rax, STOP)
    asm.je(stopped)
    asm.pause()
    asm.dec(TURNS)
    asm.jne(look)
    asm.cmp(of_work("give_way"), 0)
    asm.je(patient)
    asm.call(of_work("give_way"))
    asm.jmp(patient)
    asm.bind(there)


def _finish(asm: Assembler, plan: TrainingPlan, stopped: Label) -> None:
    """The first thread adds up and updates, unless the batch goes on in another call."""
    goes_on, updated = Label("goes on"), Label("updated")
    asm.cmp(of_work("ends"), 0)
    asm.je(goes_on)
    _add_up(asm, plan)
    asm.cmp(of_work("update"), 0)
    asm.je(updated)
    regions = (of_work("workspace"), of_work("main"), of_work("full"))
    for register, region in zip(convention().arguments, regions, strict=False):
        asm.mov(register, region)
    asm.call(of_work("update"))
    asm.bind(updated)
    _total(asm, stopped)
    asm.bind(goes_on)


def _add_up(asm: Assembler, plan: TrainingPlan) -> None:
    """The sums of all shards, one after another, into the first one's."""
    only = Label("only one")
    asm.cmp(of_work("all"), 1)
    asm.je(only)
    asm.mov(r8, of_work("main"))
    for span in plan.sums:
        lines(asm, span, lambda: _add_line(asm))
    asm.bind(only)


def _add_line(asm: Assembler) -> None:
    """The line at rcx of all shards; r8 has the first one's region."""
    for half in (0, 1):
        asm.vmovups(YMM[half], Memory(r8, 32 * half, rcx))
    asm.mov(r9, of_work("copies"))
    asm.mov(rax, of_work("all"))
    asm.dec(rax)
    again = asm.here("next shard")
    for half in (0, 1):
        asm.vaddps(YMM[half], YMM[half], Memory(r9, 32 * half, rcx))
    asm.add(r9, of_work("distance"))
    asm.dec(rax)
    asm.jne(again)
    for half in (0, 1):
        asm.vmovups(Memory(r8, 32 * half, rcx), YMM[half])


def _total(asm: Assembler, stopped: Label) -> None:
    """Losses and hits of all shards, in their order, onto those of the batches before."""
    loss, hits, zero, fault = XMM[:4]
    finite = Label("finite")
    for register in (loss, hits, zero):
        asm.vxorps(register, register, register)
    asm.mov(rdx, of_work("shards"))
    asm.mov(rcx, of_work("all"))
    again = asm.here("shard's total")
    for sum_, name in ((loss, "loss"), (hits, "hits")):
        asm.vaddsd(sum_, sum_, of_shard(name, rdx))
        asm.vmovsd(of_shard(name, rdx), zero)
    asm.add(rdx, ctypes.sizeof(Shard))
    asm.dec(rcx)
    asm.jne(again)
    for sum_, name in ((loss, "loss"), (hits, "hits")):
        asm.vaddsd(sum_, sum_, of_work(name))
        asm.vmovsd(of_work(name), sum_)
    asm.vsubsd(fault, loss, loss)  # 0, or NaN for what is not finite
    asm.vucomisd(fault, fault)
    asm.jnp(finite)
    asm.dec(of_work("batches"))
    asm.mov(rcx, of_work("line"))
    asm.mov(Memory(rcx), STOP)
    asm.jmp(stopped)
    asm.bind(finite)
