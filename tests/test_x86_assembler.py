"""Labels, alignment, constants and listings; and that what comes out runs."""

from __future__ import annotations

import ctypes
import math
import struct

import pytest

from tests.machine import needs_x86
from verypoorcnn.compiler.native.memory import Executable
from verypoorcnn.compiler.native.x86.abi import convention
from verypoorcnn.compiler.native.x86.assembler import Assembler
from verypoorcnn.compiler.native.x86.cpu import isa
from verypoorcnn.compiler.native.x86.listing import lines, printed
from verypoorcnn.compiler.native.x86.operands import Dword, Label, Memory
from verypoorcnn.compiler.native.x86.registers import (
    XMM,
    YMM,
    ZMM,
    eax,
    k1,
    rax,
    rdi,
)

FIRST = convention().arguments[0]


def run(asm, *arguments):
    """The 64 bits that the code returns for whole numbers."""
    code = Executable(asm.finish().data)
    call = code.function(*[ctypes.c_int64] * len(arguments), result=ctypes.c_int64)
    return call(*arguments)


# --- labels ---------------------------------------------------------------------------------------


def test_a_near_jump_backwards_is_short():
    asm = Assembler()
    top = asm.here()
    asm.jmp(top)
    assert asm.finish().data[:2].hex() == "ebfe"  # −2 from its own end


def test_a_short_jump_reaches_128_bytes_back_and_not_one_more():
    for distance, size in [(126, 2), (127, 6)]:
        asm = Assembler()
        top = asm.here()
        for _ in range(distance):
            asm.ret()
        asm.jne(top)
        assert len(asm.code) - distance == size


def test_a_jump_forwards_is_long():
    asm = Assembler()
    end = Label()
    asm.je(end)
    asm.ret()
    asm.bind(end)
    assert asm.finish().data[:6].hex() == "0f8401000000"


def test_a_label_is_bound_once_and_used_only_if_bound():
    asm = Assembler()
    label = asm.here("top")
    with pytest.raises(ValueError, match="label top is bound twice"):
        asm.bind(label)
    asm.call(Label("elsewhere"))
    with pytest.raises(ValueError, match="'elsewhere' is used but never bound"):
        asm.finish()


@needs_x86
def test_a_loop_counts():
    asm = Assembler()
    end = Label()
    asm.mov(eax, 0)
    asm.test(FIRST, FIRST)
    asm.je(end)
    top = asm.here()
    asm.add(rax, 3)
    asm.dec(FIRST)
    asm.jne(top)
    asm.bind(end)
    asm.ret()
    data = asm.finish().data
    call = Executable(data).function(ctypes.c_int64, result=ctypes.c_int64)
    assert [call(n) for n in (0, 1, 5)] == [0, 3, 15]


@needs_x86
def test_far_jumps_and_calls_in_both_directions():
    asm = Assembler()
    start, far, back = Label(), Label(), Label()
    asm.jmp(start)
    asm.bind(back)
    asm.add(rax, 1)
    asm.ret()
    asm.bind(start)
    asm.mov(eax, 40)
    asm.call(far)
    asm.ret()
    for _ in range(50_000):
        asm.ud2()
    asm.bind(far)
    asm.add(rax, 1)
    asm.jmp(back)
    assert run(asm) == 42


# --- alignment ------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", range(1, 34))
def test_alignment_fills_with_no_more_instructions_than_needed(before):
    asm = Assembler()
    for _ in range(before):
        asm.ret()
    asm.align(32)
    assert len(asm.code) % 32 == 0
    assert len(asm.emitted) - before == -(-(-before % 32) // 9)


@needs_x86
def test_what_fills_does_nothing():
    for before in range(1, 32):
        asm = Assembler()
        asm.mov(eax, 7)
        for _ in range(before):
            asm.inc(rax)
        asm.align(32)
        asm.ret()
        assert run(asm) == 7 + before


# --- constants ------------------------------------------------------------------------------------


def test_a_number_and_its_float_are_two_constants():
    asm = Assembler()
    assert asm.integers(127) is not asm.floats(127.0)
    assert asm.floats(127.0) is asm.floats(127)
    assert asm.floats(0.0) is not asm.floats(-0.0)
    assert asm.floats(0.0) is asm.integers(0)
    assert asm.integers(-1) is asm.integers(0xFFFFFFFF)


def test_not_a_number_is_kept_by_its_bits():
    asm = Assembler()
    quiet, other = asm.integers(0x7FC00000), asm.integers(0x7FC00001)
    assert quiet is not other
    assert asm.floats(math.nan) is quiet


def test_constants_are_aligned_to_their_size_behind_the_code():
    asm = Assembler()
    asm.ret()
    one = asm.floats(1.5)
    row = asm.floats(*range(16))
    half = asm.floats(*range(8))
    code = asm.finish()
    assert code.constants_at == 64
    for label, values in [(one, [1.5]), (half, range(8)), (row, range(16))]:
        assert label.position % (4 * len(values)) == 0
        assert struct.unpack_from(f"<{len(values)}f", code.data, label.position) == tuple(values)
    assert code.data[1:64] == b"\xcc" * 63


def test_a_constant_has_a_size_that_can_be_aligned():
    with pytest.raises(ValueError, match="a constant of 12 bytes"):
        Assembler().floats(1, 2, 3)


@needs_x86
def test_constants_are_read_where_an_immediate_follows_too():
    asm = Assembler()
    number = asm.integers(40)
    asm.imul(eax, Dword(number), 1000)  # the distance ends before the immediate
    asm.add(eax, Dword(number))
    asm.ret()
    assert run(asm) == 40_040


@needs_x86
def test_a_place_inside_a_constant():
    if isa() is None:
        pytest.skip("this processor has no AVX2")
    asm = Assembler()
    table = asm.integers(10, 20, 30, 40)
    asm.vmovd(XMM[1], Dword(table, 8))
    asm.vmovd(eax, XMM[1])
    asm.ret()
    assert run(asm) == 30


# --- listings -------------------------------------------------------------------------------------


def test_a_listing_shows_address_bytes_text_names_and_where_it_comes_from():
    asm = Assembler()
    asm.name(ZMM[2], "total")
    asm.origin = ("convolution.py", 12)
    top = asm.here("top")
    asm.vaddps(ZMM[2], ZMM[2], Memory(rdi, 64), mask=k1)
    asm.name(ZMM[2], "")
    asm.comment("again")
    asm.vmovups(YMM[2], YMM[3])
    asm.jne(top)
    code = asm.finish()
    first, second, third = lines(code, {rdi: "images"})
    assert first.text == "vaddps zmm2:total{k1},zmm2:total,ZMMWORD PTR [rdi:images+0x40]"
    assert (first.address, first.data.hex(), first.labels) == (0, "62f16c49585701", ("top",))
    assert (first.origin, first.comment) == (("convolution.py", 12), "")
    assert (second.address, second.text, second.comment) == (7, "vmovups ymm2,ymm3", "again")
    assert third.text == "jne 0x0 <top>"


def test_a_printed_listing_ends_with_the_constants():
    asm = Assembler()
    asm.here("start")
    asm.comment("the factor")
    asm.vmovss(XMM[0], Memory(asm.floats(1.0)))
    asm.ret()
    assert list(printed(asm.finish())) == [
        "start:",
        "     0  c5fa100538000000       vmovss       xmm0,DWORD PTR [rip+0x38]".ljust(88)
        + " ; the factor",
        "     8  c3                     ret",
        "    40  0000803f               .byte        0x0,0x0,0x80,0x3f",
    ]
