"""Functions that clobber everything, called by code that compares everything."""

from __future__ import annotations

import ctypes

import pytest

from tests import native
from tests.machine import needs_x86
from tests.native import ISAS, REGIONS, per_sample, shared
from verypoorcnn.compiler.kernel import function, vector_code
from verypoorcnn.compiler.lowering.x86 import lower
from verypoorcnn.compiler.native.memory import Executable
from verypoorcnn.compiler.native.x86.abi import SYSTEM_V, WINDOWS, Frame, convention, free_registers
from verypoorcnn.compiler.native.x86.assembler import Assembler
from verypoorcnn.compiler.native.x86.cpu import isa
from verypoorcnn.compiler.native.x86.listing import lines
from verypoorcnn.compiler.native.x86.operands import Label, Memory
from verypoorcnn.compiler.native.x86.registers import (
    GENERAL,
    XMM,
    YMM,
    eax,
    ebx,
    r10,
    r12,
    r13,
    r14,
    r15,
    rax,
    rbp,
    rbx,
    rcx,
    rdi,
    rsi,
    rsp,
)
from verypoorcnn.compiler.schedule.tiles import Target
from verypoorcnn.compiler.source import read
from verypoorcnn.compiler.vector.layout import Layout
from verypoorcnn.textbook.convolution import (
    conv2d,
    conv2d_image_gradient,
    conv2d_kernel_gradient,
)

BOTH = pytest.mark.parametrize("abi", [SYSTEM_V, WINDOWS], ids=lambda abi: abi.name)


def texts(asm):
    return [line.text for line in lines(asm.finish())]


def framed(*arguments, **options):
    """The instructions of a function that does nothing."""
    asm = Assembler()
    frame = Frame(*arguments, **options)
    frame.enter(asm)
    frame.leave(asm)
    return texts(asm)


def test_what_clobbers_nothing_needs_no_frame():
    assert framed(SYSTEM_V, [rax, rcx, r10, XMM[7]]) == ["ret"]


def test_exactly_what_is_clobbered_is_saved():
    assert framed(SYSTEM_V, [ebx, rax, r12]) == [
        *("push rbx", "push r12"),
        *("pop r12", "pop rbx", "ret"),
    ]


def test_windows_wants_more_saved():
    assert framed(WINDOWS, [GENERAL[6], XMM[5], XMM[6]]) == [
        *("push rsi", "sub rsp,0x10", "vmovups XMMWORD PTR [rsp],xmm6"),
        *("vmovups xmm6,XMMWORD PTR [rsp]", "add rsp,0x10", "pop rsi", "ret"),
    ]


def test_a_function_that_uses_wide_registers_zeroes_their_upper_halves():
    assert framed(SYSTEM_V, [YMM[0]]) == ["vzeroupper", "ret"]


def test_windows_touches_every_page_of_a_large_frame_in_order():
    asm = Assembler()
    Frame(WINDOWS, [], local_bytes=10_000).enter(asm)
    assert texts(asm)[:3] == [
        "test QWORD PTR [rsp-0x1000],rsp",
        "test QWORD PTR [rsp-0x2000],rsp",
        "sub rsp,0x2718",
    ]


def test_rsp_cannot_be_clobbered():
    with pytest.raises(ValueError, match="rsp"):
        Frame(SYSTEM_V, [rsp])


@BOTH
def test_registers_that_need_no_saving_come_first(abi):
    order = free_registers(abi)
    assert sorted(r.number for r in order) == [n for n in range(16) if n != rsp.number]
    assert set(order[-len(abi.saved) :]) == set(abi.saved)


# --- run ------------------------------------------------------------------------------------------

# By the documents: System V psABI 3.2.1; Microsoft, "x64 calling convention".
MUST_KEEP = {
    "System V": (rbx, rbp, r12, r13, r14, r15),
    "Windows": (rbx, rbp, rdi, rsi, r12, r13, r14, r15),
}
MUST_KEEP_VECTORS = {
    "System V": [],
    "Windows": [XMM[n] for n in (6, 7, 8, 9, 10, 11, 12, 13, 14, 15)],
}
KEPT = 0x1111_1111_1111  # times n: what register n holds before a call


def clobberer(asm, abi, **options):
    """A function in this convention that overwrites all it can, its locals too, and returns
    whether its locals lay as they should."""
    label = asm.here()
    registers = [r for r in GENERAL if r is not rsp]
    local_bytes = options.pop("local_bytes", 0)
    frame = Frame(abi, [*registers, *YMM[:16]], local_bytes=local_bytes, **options)
    frame.enter(asm)
    asm.lea(rbx, Memory(rsp, frame.locals_at))
    asm.and_(rbx, options.get("alignment", 16) - 1 if local_bytes else 0)
    for at in range(0, local_bytes, 8):
        asm.mov(Memory(rsp, frame.locals_at + at), -1)
    for register in registers[3:]:
        if register is not rbx:
            asm.mov(register, -1)
    for vector in YMM[:16]:
        asm.vcmpps(vector, vector, vector, 15)
    asm.mov(rax, rbx)
    frame.leave(asm)
    return label


def caller(asm, abi, callee, arguments=()):
    """A function that fills what must be kept in `abi`, calls, and counts what came back otherwise;
    a bit above them tells that the callee was not content."""
    us = convention()
    kept, kept_vectors = MUST_KEEP[abi.name], MUST_KEEP_VECTORS[abi.name]
    ours = Frame(us, [*kept, *us.saved, *XMM], local_bytes=16, calls=True, alignment=32)
    entry = asm.here()
    ours.enter(asm)
    asm.sub(rsp, abi.shadow_space)
    for register in kept:
        asm.mov(register, KEPT * register.number)
    for vector in kept_vectors:
        asm.mov(rax, KEPT * (vector.number + 1))
        asm.vmovq(vector, rax)
        asm.vmovlhps(vector, vector, vector)
    for register, value in zip(abi.arguments, arguments, strict=False):
        asm.mov(register, value)
    asm.call(callee)
    asm.add(rsp, abi.shadow_space)
    asm.shl(rax, 16)
    for register in kept:
        asm.mov(r10, KEPT * register.number)
        _count_if_different(asm, register)
    for vector in kept_vectors:
        for half in range(2):
            asm.mov(r10, KEPT * (vector.number + 1))
            asm.vmovhlps(vector, vector, vector) if half else None
            asm.vmovq(rcx, vector)
            _count_if_different(asm, rcx)
    ours.leave(asm)
    return entry


def _count_if_different(asm, register):
    same = Label()
    asm.cmp(register, r10)
    asm.je(same)
    asm.inc(rax)
    asm.bind(same)


def called(asm, entry):
    code = Executable(asm.finish().data)
    return code.function(result=ctypes.c_uint64, offset=entry.position)()


@pytest.fixture
def avx():
    if isa() is None:
        pytest.skip("machine code cannot run here")


@needs_x86
@BOTH
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"local_bytes": 8},
        {"local_bytes": 200, "alignment": 32},
        {"local_bytes": 4096, "alignment": 64},
        {"local_bytes": 72, "alignment": 64, "calls": True},
        {"local_bytes": 20_000},
    ],
    ids=str,
)
def test_everything_that_must_be_kept_is_kept(abi, options, avx):
    asm = Assembler()
    callee = clobberer(asm, abi, **options)
    assert called(asm, caller(asm, abi, callee)) == 0


@needs_x86
@pytest.mark.parametrize("isa", ISAS, ids=lambda isa: isa.name)
@BOTH
def test_a_compiled_kernel_keeps_what_must_be_kept(abi, isa):
    """A padded convolution and its gradients, which use every register that there is."""
    images, kernels = per_sample("images", 5, 9, 9), shared("kernels", 7, 5, 3, 3)
    maps = per_sample("maps", 7, 9, 9)
    functions = [
        read(conv2d, [images, kernels, maps, 1, 1]),
        read(conv2d_image_gradient, [maps, kernels, images, 1, 1]),
        read(conv2d_kernel_gradient, [images, maps, kernels, 1, 1]),
    ]
    asm, layout = Assembler(), Layout()
    scheduled = vector_code(functions, layout, Target(isa.width, isa.vectors))
    callee = function(asm, lower(scheduled.code, isa, asm), isa, abi)
    memory = native.Memory(layout, "end")
    memory.samples(16)
    addresses = [memory.arenas[region].address for region in REGIONS]
    entry = caller(asm, abi, callee, addresses)
    code = Executable(asm.finish().data)
    clobbered = code.function(result=ctypes.c_uint64, offset=entry.position)() & 0xFFFF
    assert clobbered == 0


@needs_x86
@BOTH
def test_the_comparison_would_notice(abi, avx):
    asm = Assembler()
    callee = asm.here()
    for register in MUST_KEEP[abi.name]:
        asm.inc(register)
    for vector in MUST_KEEP_VECTORS[abi.name]:
        asm.vpxor(vector, vector, vector)
    asm.mov(eax, 0)
    asm.ret()
    expected = len(MUST_KEEP[abi.name]) + 2 * len(MUST_KEEP_VECTORS[abi.name])
    assert called(asm, caller(asm, abi, callee)) == expected


@needs_x86
def test_a_function_in_the_convention_of_windows_is_called_through_a_thunk(avx):
    asm = Assembler()
    theirs = asm.here()  # ((a·10 + b)·10 + c)·10 + d, by Windows's registers
    frame = Frame(WINDOWS, [rax, rbp], local_bytes=32)
    frame.enter(asm)
    asm.mov(rbp, 10)
    asm.mov(rax, 0)
    for argument in WINDOWS.arguments:
        asm.imul(rax, rbp)
        asm.add(rax, argument)
    frame.leave(asm)
    thunk = asm.here()
    ours = Frame(convention(), [], calls=True, local_bytes=WINDOWS.shadow_space)
    ours.enter(asm)
    pairs = zip(convention().arguments, WINDOWS.arguments, strict=False)
    for source, target in reversed(list(pairs)):  # so that none is overwritten before it is read
        asm.mov(target, source)
    asm.call(theirs)
    ours.leave(asm)
    code = Executable(asm.finish().data)
    number = ctypes.c_int64
    call = code.function(number, number, number, number, result=number, offset=thunk.position)
    assert call(1, 2, 3, 4) == 1234
