"""The order of an epoch: shuffled, and looked through, in machine code."""

from __future__ import annotations

from verypoorcnn.compiler.native.plans import Shuffle
from verypoorcnn.compiler.native.x86.abi import Frame, convention
from verypoorcnn.compiler.native.x86.assembler import Assembler
from verypoorcnn.compiler.native.x86.operands import Label, Memory
from verypoorcnn.compiler.native.x86.registers import r10, r11, r12, rax, rbx, rcx, rdx


def largest_code() -> bytes:
    """A function of the address of 64-bit numbers and their count, at least 1: the largest.

    They are taken as numbers without a sign, so a negative one is larger than any index.
    """
    asm = Assembler()
    frame = Frame(convention(), [rax, r10, r11])
    frame.enter(asm)
    address, count = convention().arguments[:2]
    asm.mov(r10, count)
    asm.mov(r11, address)
    asm.mov(rax, 0)
    again = asm.here("number")
    asm.cmp(rax, Memory(r11))
    asm.cmovb(rax, Memory(r11))
    asm.add(r11, 8)
    asm.dec(r10)
    asm.jne(again)
    frame.leave(asm)
    return asm.finish().data


def shuffle_code(shuffle: Shuffle) -> bytes:
    """A function of an address, a count and a key: 0 … count − 1 there, shuffled.

    It does what `engines.order.shuffled` does, step by step.
    """
    asm = Assembler()
    order, left, key, other = r10, r11, rbx, r12
    frame = Frame(convention(), [rax, rcx, rdx, order, left, key, other])
    frame.enter(asm)
    for register, given in zip((order, left, key), convention().arguments, strict=False):
        asm.mov(register, given)
    _count_up(asm)
    done, draw = Label("done"), asm.here("draw")
    asm.cmp(left, 1)
    asm.jbe(done)
    _next(asm, shuffle)
    asm.mul(left)  # rdx: the upper 64 bits, which are the place that is drawn
    asm.dec(left)
    asm.mov(rax, Memory(order, 0, left, 8))
    asm.mov(other, Memory(order, 0, rdx, 8))
    asm.mov(Memory(order, 0, left, 8), other)
    asm.mov(Memory(order, 0, rdx, 8), rax)
    asm.jmp(draw)
    asm.bind(done)
    frame.leave(asm)
    return asm.finish().data


def _count_up(asm: Assembler) -> None:
    """0, 1, 2, … to r10, r11 of them."""
    done = Label("counted")
    asm.mov(rax, 0)
    next_number = asm.here("number")
    asm.cmp(rax, r11)
    asm.je(done)
    asm.mov(Memory(r10, 0, rax, 8), rax)
    asm.inc(rax)
    asm.jmp(next_number)
    asm.bind(done)


def _next(asm: Assembler, shuffle: Shuffle) -> None:
    """The next random number, from the key in rbx to rax."""
    asm.mov(rcx, _signed(shuffle.step))
    asm.add(rbx, rcx)
    asm.mov(rax, rbx)
    for shift, factor in shuffle.mix:
        _fold(asm, shift)
        asm.mov(rcx, _signed(factor))
        asm.imul(rax, rcx)
    _fold(asm, shuffle.last_shift)


def _fold(asm: Assembler, shift: int) -> None:
    """rax ^= rax >> shift"""
    asm.mov(rdx, rax)
    asm.shr(rdx, shift)
    asm.xor(rax, rdx)


def _signed(number: int) -> int:
    """The same 64 bits as a number with a sign, as an immediate wants them."""
    return number - (1 << 64) if number >> 63 else number
