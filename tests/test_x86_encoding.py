"""The encoder against the GNU assembler's bytes, and against objdump's reading of ours."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.x86_cases import append_random, bound, corner_cases, shapes
from verypoorcnn.compiler.native.x86.assembler import Assembler
from verypoorcnn.compiler.native.x86.listing import lines
from verypoorcnn.compiler.native.x86.operands import Broadcast, Byte, Dword, Memory, gathered
from verypoorcnn.compiler.native.x86.registers import (
    XMM,
    YMM,
    ZMM,
    al,
    cl,
    eax,
    k0,
    k1,
    r8,
    r12,
    r13,
    rax,
    rbp,
    rcx,
    rdi,
    rsi,
    rsp,
    sil,
)

GOLDEN = Path(__file__).parent / "golden" / "x86.txt"


def encoded(mnemonic, *operands, **masking):
    asm = Assembler()
    getattr(asm, mnemonic)(*operands, **masking)
    return bytes(asm.code).hex(" ")


# --- by hand --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("memory", "expected"),
    [
        (Memory(rdi), "48 8b 07"),  # REX.W, opcode, ModRM: no displacement
        (Memory(rsp), "48 8b 04 24"),  # r/m 4 means a SIB byte, and rsp is number 4
        (Memory(r12), "49 8b 04 24"),  # so does r12, whose lower three bits are 4
        (Memory(rbp), "48 8b 45 00"),  # r/m 5 without displacement means rip
        (Memory(r13), "49 8b 45 00"),
        (Memory(rdi, 127), "48 8b 47 7f"),
        (Memory(rdi, 128), "48 8b 87 80 00 00 00"),
        (Memory(rdi, -128), "48 8b 47 80"),
        (Memory(rdi, 0, r12, 4), "4a 8b 04 a7"),  # r12 may be an index
        (Memory(r13, 0, rcx, 8), "49 8b 44 cd 00"),
    ],
)
def test_an_address(memory, expected):
    assert encoded("mov", rax, memory) == expected


def test_short_vex_where_it_can_and_long_vex_where_it_must():
    assert encoded("vaddps", YMM[8], YMM[1], YMM[2]) == "c5 74 58 c2"
    assert encoded("vaddps", YMM[1], YMM[2], YMM[8]) == "c4 c1 6c 58 c8"


def test_registers_from_16_on_need_evex_in_every_place():
    assert encoded("vaddps", XMM[16], XMM[1], XMM[2]) == "62 e1 74 08 58 c2"
    assert encoded("vaddps", XMM[1], XMM[16], XMM[2]) == "62 f1 7c 00 58 ca"
    assert encoded("vaddps", XMM[1], XMM[2], XMM[16]) == "62 b1 6c 08 58 c8"


def test_a_short_displacement_counts_in_units_of_the_operand():
    assert encoded("vaddps", ZMM[0], ZMM[0], Memory(rdi, 64)) == "62 f1 7c 48 58 47 01"
    assert encoded("vaddps", ZMM[0], ZMM[0], Memory(rdi, 4)).endswith("87 04 00 00 00")
    assert encoded("vaddps", ZMM[0], ZMM[0], Broadcast(rdi, 4)) == "62 f1 7c 58 58 47 01"
    assert encoded("vaddps", YMM[0], YMM[0], Memory(rdi, 64)) == "c5 fc 58 47 40"


def test_masks():
    assert encoded("vaddps", ZMM[0], ZMM[0], ZMM[0], mask=k1) == "62 f1 7c 49 58 c0"
    zeroed = encoded("vaddps", XMM[0], XMM[0], XMM[0], mask=k1, zeroing=True)
    assert zeroed == "62 f1 7c 89 58 c0"


def test_the_low_byte_of_rsi_needs_a_prefix():
    assert encoded("mov", al, cl) == "88 c8"
    assert encoded("mov", al, sil) == "40 88 f0"
    assert encoded("mov", sil, sil) == "40 88 f6"


def test_the_narrowest_immediate_that_holds_the_value():
    assert encoded("add", rax, 127) == "48 83 c0 7f"
    assert encoded("add", rax, 128) == "48 81 c0 80 00 00 00"
    assert encoded("mov", rax, -1) == "48 c7 c0 ff ff ff ff"
    assert encoded("mov", rax, 2**31) == "48 b8 00 00 00 80 00 00 00 00"
    assert encoded("mov", eax, 2**32 - 1) == "b8 ff ff ff ff"


def test_memory_is_64_bits_wide_unless_it_says_otherwise():
    assert encoded("inc", Memory(rdi)) == "48 ff 07"
    assert encoded("inc", Dword(rdi)) == "ff 07"
    assert encoded("mov", Byte(rdi), 1) == "c6 07 01"


@pytest.mark.parametrize(
    ("mnemonic", "operands", "masking", "message"),
    [
        ("vaddps", (ZMM[0], ZMM[1], YMM[2]), {}, r"vaddps takes .*, not \(Zmm, Zmm, Ymm\)"),
        ("movzx", (eax, Memory(rdi)), {}, "movzx takes"),  # 8 or 16 bits?
        ("add", (rax, Broadcast(rdi)), {}, "add takes"),
        ("add", (rax, 1.0), {}, r"not \(Reg64, float\)"),
        ("add", (rax, 2**31), {}, "2147483648 is not from -2147483648 to 2147483647"),
        ("vpslld", (YMM[0], YMM[0], 256), {}, "256 is not from 0 to 255"),
        ("vpand", (YMM[0], YMM[1], YMM[16]), {}, "no EVEX form"),
        ("vhaddps", (YMM[0], YMM[1], YMM[2]), {"mask": k1}, "no EVEX form"),
        ("vaddps", (YMM[0], YMM[1], YMM[2]), {"mask": k0}, "k0 cannot be a mask"),
        ("vaddps", (YMM[0], YMM[1], YMM[2]), {"zeroing": True}, "zeroing needs a mask"),
        ("vaddps", (ZMM[0], ZMM[1], ZMM[2]), {"zeroing": True}, "zeroing needs a mask"),
        ("vpgatherdd", (ZMM[0], gathered(rdi, ZMM[1], 4)), {}, "vpgatherdd needs a mask"),
        ("mov", (rax, Memory(rdi, 2**31)), {}, "too big"),
    ],
)
def test_what_has_no_encoding_is_refused(mnemonic, operands, masking, message):
    with pytest.raises((TypeError, ValueError, OverflowError), match=message):
        encoded(mnemonic, *operands, **masking)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Memory(rdi, 0, rsp), "rsp cannot be an index"),
        (lambda: Memory(rdi, 0, r8, 3), "a scale is 1, 2, 4 or 8, not 3"),
        (lambda: Memory(bound(0), 0, r8), "has no index"),
    ],
)
def test_addresses_that_do_not_exist(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def test_an_unknown_instruction_is_named_with_its_neighbour():
    with pytest.raises(AttributeError, match=r"'vaddpx'.*did you mean 'vaddp"):
        Assembler().vaddpx(rsi)


# --- against the GNU assembler --------------------------------------------------------------------


def test_every_form_is_what_the_gnu_assembler_makes_of_it():
    golden = [tuple(line.split("\t")) for line in GOLDEN.read_text().splitlines()]
    ours = dict.fromkeys((case.bytes.hex(), case.text) for case in corner_cases())
    differences = [(o, g) for o, g in zip(ours, golden, strict=False) if o != g]
    assert differences == []
    assert len(ours) == len(golden), "a table has changed: run python3 -m tests.golden.make_x86"


# --- against objdump ------------------------------------------------------------------------------


def test_objdump_reads_ten_thousand_random_instructions_as_we_print_them(tmp_path):
    if not shutil.which("objdump"):
        pytest.skip("objdump is not installed")
    rng = random.Random(3)
    asm, every = Assembler(), list(shapes())
    for _ in range(10_000):
        append_random(asm, rng.choice(every), rng)
    code = asm.finish()
    path = tmp_path / "random.bin"
    path.write_bytes(code.data[: code.end])
    theirs = dict(disassembled(path))
    ours = {line.address: line.text for line in lines(code)}
    assert {at: (t, theirs.get(at)) for at, t in ours.items() if t != theirs.get(at)} == {}


def disassembled(path):
    """Address and text of every instruction, without objdump's remarks and column spaces."""
    command = ["objdump", "-D", "-b", "binary", "-m", "i386:x86-64", "-M", "intel", "-w", path]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "file format binary" not in output:
        pytest.skip("this objdump does not read x86-64")
    for address, text in re.findall(r"^ *([0-9a-f]+):\t[^\t]*\t([^#\n]*)", output, re.MULTILINE):
        text = text.removeprefix("{evex} ")  # a remark that VEX would not do
        text = re.sub(r"rip\+(0xf{8}[0-9a-f]{8})", signed, text)
        yield int(address, 16), " ".join(text.split())


def signed(match):
    """objdump prints what lies before the next instruction without a sign."""
    return f"rip{int(match[1], 16) - 2**64:+#x}"
