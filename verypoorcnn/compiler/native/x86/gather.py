"""Fetching a group of images by their numbers, and laying them out sample-minor.

What the textbook cannot say is written here by hand: which images a batch has is itself data (the
shuffled order), and a kernel wants them pixel after pixel, byte p of image s at 16 · p + s.  So the
images are read sixteen bytes at a time, and transposed eight images at a time, by three rounds of
interleaving.  No byte is read that is not of an image.
"""

from __future__ import annotations

from dataclasses import dataclass

from verypoorcnn.compiler.native.plans import Place
from verypoorcnn.compiler.native.x86.assembler import Assembler
from verypoorcnn.compiler.native.x86.operands import Byte, Label, Memory
from verypoorcnn.compiler.native.x86.registers import (
    XMM,
    Reg64,
    cl,
    ecx,
    r8,
    r9,
    r10,
    r11,
    rax,
    rcx,
    rdx,
    rsp,
)

GROUP = 16  # images in a group
HALF = GROUP // 2  # images that one transposition takes
ROW = 16  # bytes that it takes from each of them
LOCAL_BYTES = 8 * GROUP  # of the frame: the addresses of a group's images


@dataclass(frozen=True)
class Source:
    """Where they come from, as a driver holds it: places in memory, and two registers."""

    pixels: Memory  # the address of the first image
    labels: Memory  # and of its label
    workspace: Memory  # the address that the offsets of a `Place` count from
    indices: Reg64  # the address of the group's indices, 64 bits each
    count: Reg64  # how many there are, 1 to 16; lanes beyond get the last image once more


def gather(asm: Assembler, source: Source, place: Place, addresses: int) -> None:
    """Fetch a group; `addresses` is where the frame has `LOCAL_BYTES` for this.

    It clobbers all registers that functions need not keep, the two of the source not among them.
    """
    asm.mov(r10, source.workspace)
    _find(asm, source, place, addresses)
    rows, rest = divmod(place.image_bytes, ROW)
    if not rows:
        _transpose_bytewise(asm, place, addresses)
        return
    asm.mov(rcx, 0)
    asm.lea(rdx, Memory(r10, place.pixels))
    again = asm.here("row")
    _transpose(asm, source.count, addresses)
    asm.add(rcx, ROW)
    asm.add(rdx, ROW * GROUP)
    asm.cmp(rcx, rows * ROW)
    asm.jne(again)
    if rest:  # the last sixteen bytes once more, some of them for the second time
        asm.mov(rcx, place.image_bytes - ROW)
        asm.lea(rdx, Memory(r10, place.pixels + GROUP * (place.image_bytes - ROW)))
        _transpose(asm, source.count, addresses)


def _find(asm: Assembler, source: Source, place: Place, addresses: int) -> None:
    """The address of every image, and its label."""
    asm.mov(r8, source.pixels)
    asm.mov(r9, source.labels)
    asm.lea(r11, Memory(r10, place.labels))
    asm.mov(rdx, 0)
    next_image = asm.here("image")
    asm.mov(rax, Memory(source.indices, 0, rdx, 8))
    asm.movzx(ecx, Byte(r9, 0, rax))
    asm.mov(Byte(r11, 0, rdx), cl)
    asm.imul(rax, rax, place.image_bytes)
    asm.add(rax, r8)
    asm.mov(Memory(rsp, addresses, rdx, 8), rax)
    asm.inc(rdx)
    asm.cmp(rdx, source.count)
    asm.jne(next_image)
    full, next_lane = Label("found"), asm.here("lane")
    asm.cmp(rdx, GROUP)
    asm.je(full)
    asm.mov(Memory(rsp, addresses, rdx, 8), rax)
    asm.inc(rdx)
    asm.jmp(next_lane)
    asm.bind(full)


def _transpose(asm: Assembler, count: Reg64, addresses: int) -> None:
    """Sixteen bytes from offset rcx of every image to rdx; the second half where it is wanted."""
    enough = Label("row done")
    _transpose_half(asm, addresses, 0)
    asm.cmp(count, HALF)
    asm.jbe(enough)
    _transpose_half(asm, addresses, 1)
    asm.bind(enough)


def _transpose_half(asm: Assembler, addresses: int, half: int) -> None:
    """The same for eight images.

    Interleaving image i with image i + 4 moves, in the number of a byte (three bits for the image,
    four for the pixel), every bit one place up, and the first to the end.  Three times, and the
    bits of the image are the last: register k holds pixels 2k and 2k + 1 of eight images.
    """
    here, there = XMM[:8], XMM[8:16]
    for i in range(HALF):
        asm.mov(rax, Memory(rsp, addresses + 8 * (HALF * half + i)))
        asm.vmovdqu(here[i], Memory(rax, 0, rcx))
    for _ in range(3):
        for i in range(4):
            asm.vpunpcklbw(there[2 * i], here[i], here[i + 4])
            asm.vpunpckhbw(there[2 * i + 1], here[i], here[i + 4])
        here, there = there, here
    for k in range(8):
        asm.vmovq(Memory(rdx, GROUP * 2 * k + HALF * half), here[k])
        asm.vmovhps(Memory(rdx, GROUP * (2 * k + 1) + HALF * half), here[k])


def _transpose_bytewise(asm: Assembler, place: Place, addresses: int) -> None:
    """For images that are smaller than a row."""
    for s in range(GROUP):
        asm.mov(rax, Memory(rsp, addresses + 8 * s))
        for p in range(place.image_bytes):
            asm.movzx(ecx, Byte(rax, p))
            asm.mov(Byte(r10, place.pixels + GROUP * p + s), cl)
