"""The processor's own answers against the kernel's; and what users may force."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.machine import needs_proc, needs_x86
from verypoorcnn.compiler.native.memory import Refused
from verypoorcnn.compiler.native.x86 import cpu, probe
from verypoorcnn.compiler.native.x86.abi import SYSTEM_V, WINDOWS
from verypoorcnn.compiler.native.x86.cpu import FEATURES, NEEDS, Processor, support
from verypoorcnn.errors import UserError

ROOT = Path(__file__).parent.parent
ZEN4 = Processor(frozenset(FEATURES), 0xE7)
HASWELL = Processor(NEEDS["avx2"][0], 0x07)
PENTIUM = Processor(frozenset(), 0)


@pytest.fixture
def on(monkeypatch):
    """Stand on this processor."""
    return lambda processor: monkeypatch.setattr(cpu, "processor", lambda: processor)


def chosen(wanted="", machine="x86_64"):
    return support({"VERYPOORCNN_ISA": wanted} if wanted else {}, machine)


@needs_x86
@needs_proc
def test_the_features_are_those_that_the_kernel_names():
    flags = Path("/proc/cpuinfo").read_text().partition("flags")[2].partition("\n")[0].split()
    known = set(FEATURES) - {"osxsave"}  # which the kernel keeps to itself
    assert cpu.processor().features & known == known & set(flags)


@pytest.mark.parametrize(
    ("processor", "isa"),
    [
        (ZEN4, "avx512"),
        (HASWELL, "avx2"),
        (PENTIUM, None),
        (ZEN4._replace(kept=0x07), "avx2"),  # the system does not keep the wide registers
        (ZEN4._replace(kept=0x03), None),
        (ZEN4._replace(features=ZEN4.features - {"avx512vl"}), "avx2"),
        (ZEN4._replace(features=ZEN4.features - {"fma"}), None),
    ],
)
def test_the_best_that_processor_and_system_support(on, processor, isa):
    on(processor)
    assert chosen().isa == isa


def test_the_reason_names_what_is_missing(on):
    on(PENTIUM)
    assert chosen().reason == "the processor lacks avx, avx2, fma"
    on(ZEN4._replace(kept=0x03))
    assert chosen().reason == "the processor lacks the operating system's support"


def test_users_choose_among_what_there_is(on):
    on(ZEN4)
    assert chosen("avx2") == ("avx2", "VERYPOORCNN_ISA=avx2 asks for it")
    assert chosen("avx512").isa == "avx512"
    assert chosen("none") == (None, "VERYPOORCNN_ISA=none forbids machine code")


def test_users_cannot_force_what_there_is_not(on):
    on(HASWELL)
    with pytest.raises(UserError, match="VERYPOORCNN_ISA=avx512: the processor lacks avx512bw, "):
        chosen("avx512")
    with pytest.raises(UserError, match="'avx3' is no choice; give avx512, avx2 or none"):
        chosen("avx3")


def test_other_machines_run_no_instruction_of_ours(monkeypatch):
    monkeypatch.setattr(cpu, "processor", None)  # calling it would fail
    assert chosen(machine="aarch64") == (
        None,
        "machine code is written for x86-64, this is aarch64",
    )
    with pytest.raises(UserError, match=r"VERYPOORCNN_ISA=avx2: .* this is aarch64"):
        chosen("avx2", machine="aarch64")


def test_where_memory_cannot_be_executed_the_reason_is_passed_on(monkeypatch):
    def refuse():
        raise Refused("the system does not let memory be executed: Permission denied")

    monkeypatch.setattr(cpu, "processor", refuse)
    assert chosen() == (None, "the system does not let memory be executed: Permission denied")


@needs_x86
def test_the_environment_variable_is_read():
    command = [
        sys.executable,
        "-c",
        "from verypoorcnn.compiler.native.x86.cpu import isa; print(isa())",
    ]
    result = subprocess.run(
        command, cwd=ROOT, env={"VERYPOORCNN_ISA": "none"}, capture_output=True, text=True
    )
    assert result.stdout == "None\n"


@pytest.mark.parametrize("convention", [SYSTEM_V, WINDOWS], ids=lambda c: c.name)
def test_the_bytes_that_ask_are_those_that_the_assembler_makes(convention):
    def trimmed(code):
        return code.rstrip(b"\xcc")  # to whole cache lines

    assert trimmed(probe.cpuid(convention)) == cpu.CPUID[convention.name]
    assert trimmed(probe.xgetbv()) == cpu.XGETBV
