"""The driver: one batch after another in one call, for as many batches as one likes.

What the textbook cannot say is written here by hand: which images a batch has is itself data (the
shuffled order), and a kernel wants them sample-minor, byte p of image s at 16 · p + s.  For every
group of sixteen images the driver

    gathers     the images and labels that the order names
    transposes  sixteen pixels of eight images at a time, by three rounds of interleaving
    calls       the kernel of a group
    keeps       the lines of results that the kernel left (losses, hits)

and before every batch it zeroes the sums, after it it calls the kernel that updates.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from verypoorcnn.compiler.native.memory import Executable
from verypoorcnn.compiler.native.x86.abi import Frame, convention
from verypoorcnn.compiler.native.x86.assembler import Assembler
from verypoorcnn.compiler.native.x86.operands import Byte, Memory
from verypoorcnn.compiler.native.x86.registers import (
    XMM,
    YMM,
    cl,
    ecx,
    r11,
    r12,
    r13,
    r14,
    r15,
    rax,
    rbp,
    rbx,
    rcx,
    rdx,
    rsp,
)

GROUP = 16  # images in a group
ROW = 16  # bytes that one transposition takes from an image
LINE = 64  # bytes of a result

IMAGES, LABELS, ORDER, BATCHES, RESULTS = rbx, rbp, r12, r13, r14  # kept by everyone who is called
GROUPS = r15

Driver = Callable[[int], None]  # takes the address of five numbers, in the order of the names above


@dataclass(frozen=True)
class Batch:
    """What is done for one batch; all places are addresses."""

    groups: int
    image_bytes: int
    pixels: int  # where a group's images go
    labels: int  # where its labels go
    regions: tuple[int, int, int]  # what the kernels are called with
    zeroed: Sequence[tuple[int, int]]  # address and bytes, whole lines, of what is zeroed first
    group: int  # the kernel of a group
    update: int | None  # the kernel after the last group
    results: Sequence[int]  # lines to keep after every group


def driver(batch: Batch) -> Driver:
    """Machine code that runs such batches.

    It is called with the address of five 64-bit numbers: the addresses of images, labels and order
    (64-bit indices), how many batches, and the address that the results go to.
    """
    asm = Assembler()
    frame = Frame(
        convention(),
        [IMAGES, LABELS, ORDER, BATCHES, RESULTS, GROUPS, *YMM[:16]],
        local_bytes=8 * GROUP,
        calls=True,
    )
    frame.enter(asm)
    asm.mov(rax, convention().arguments[0])
    for place, register in enumerate((IMAGES, LABELS, ORDER, BATCHES, RESULTS)):
        asm.mov(register, Memory(rax, 8 * place))
    next_batch = asm.here("batch")
    _zero(asm, batch.zeroed)
    asm.mov(GROUPS, batch.groups)
    next_group = asm.here("group")
    _gather(asm, batch, frame.locals_at)
    _call(asm, batch.group, batch.regions)
    _keep(asm, batch.results)
    asm.dec(GROUPS)
    asm.jne(next_group)
    if batch.update is not None:
        _call(asm, batch.update, batch.regions)
    asm.dec(BATCHES)
    asm.jne(next_batch)
    frame.leave(asm)
    return Executable(asm.finish().data).function(ctypes.c_void_p)


def _zero(asm: Assembler, places: Sequence[tuple[int, int]]) -> None:
    for address, size in places:
        asm.mov(rdx, address)
        asm.mov(rcx, size)
        asm.vxorps(YMM[0], YMM[0], YMM[0])
        again = asm.here()
        for half in (0, 32):
            asm.vmovups(Memory(rdx, half), YMM[0])
        asm.add(rdx, LINE)
        asm.sub(rcx, LINE)
        asm.jne(again)


def _gather(asm: Assembler, batch: Batch, addresses: int) -> None:
    """The next sixteen images, transposed; `addresses` is where the frame holds theirs."""
    asm.mov(r11, batch.labels)
    for s in range(GROUP):
        asm.mov(rax, Memory(ORDER, 8 * s))
        asm.movzx(ecx, Byte(LABELS, 0, rax))
        asm.mov(Byte(r11, s), cl)
        asm.imul(rax, rax, batch.image_bytes)
        asm.add(rax, IMAGES)
        asm.mov(Memory(rsp, addresses + 8 * s), rax)
    asm.add(ORDER, 8 * GROUP)
    if batch.image_bytes < ROW:
        _transpose_bytewise(asm, batch, addresses)
        return
    rows, rest = divmod(batch.image_bytes, ROW)
    asm.mov(rcx, 0)
    asm.mov(rdx, batch.pixels)
    again = asm.here("row")
    _transpose(asm, addresses)
    asm.add(rcx, ROW)
    asm.add(rdx, ROW * GROUP)
    asm.cmp(rcx, rows * ROW)
    asm.jne(again)
    if rest:  # the last sixteen bytes once more, some of them for the second time
        asm.mov(rcx, batch.image_bytes - ROW)
        asm.mov(rdx, batch.pixels + GROUP * (batch.image_bytes - ROW))
        _transpose(asm, addresses)


def _transpose(asm: Assembler, addresses: int) -> None:
    """Sixteen bytes from offset rcx of every image to rdx, eight images at a time.

    Interleaving image i with image i + 4 moves, in the number of a byte (three bits for the image,
    four for the pixel), every bit one place up, and the first to the end.  Three times, and the
    bits of the image are the last: register k holds pixels 2k and 2k + 1 of eight images.
    """
    for half in (0, 1):
        here, there = XMM[:8], XMM[8:16]
        for i in range(8):
            asm.mov(rax, Memory(rsp, addresses + 8 * (8 * half + i)))
            asm.vmovdqu(here[i], Memory(rax, 0, rcx))
        for _ in range(3):
            for i in range(4):
                asm.vpunpcklbw(there[2 * i], here[i], here[i + 4])
                asm.vpunpckhbw(there[2 * i + 1], here[i], here[i + 4])
            here, there = there, here
        for k in range(8):
            asm.vmovq(Memory(rdx, GROUP * 2 * k + 8 * half), here[k])
            asm.vmovhps(Memory(rdx, GROUP * (2 * k + 1) + 8 * half), here[k])


def _transpose_bytewise(asm: Assembler, batch: Batch, addresses: int) -> None:
    """For images that are smaller than a row."""
    asm.mov(rdx, batch.pixels)
    for s in range(GROUP):
        asm.mov(rax, Memory(rsp, addresses + 8 * s))
        for p in range(batch.image_bytes):
            asm.movzx(ecx, Byte(rax, p))
            asm.mov(Byte(rdx, GROUP * p + s), cl)


def _call(asm: Assembler, kernel: int, regions: tuple[int, int, int]) -> None:
    for register, region in zip(convention().arguments, regions, strict=False):
        asm.mov(register, region)
    asm.mov(rax, kernel)
    asm.call(rax)


def _keep(asm: Assembler, results: Sequence[int]) -> None:
    for place, address in enumerate(results):
        asm.mov(rax, address)
        for half in (0, 32):
            asm.vmovups(YMM[0], Memory(rax, half))
            asm.vmovups(Memory(RESULTS, LINE * place + half), YMM[0])
    asm.add(RESULTS, LINE * len(results))
