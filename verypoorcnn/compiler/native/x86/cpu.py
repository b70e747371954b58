"""What this processor can do, asked of the processor itself.

CPUID tells which instructions it has, XGETBV whether the operating system keeps their registers
when it switches between processes; only both together make them usable.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from verypoorcnn.compiler.native.memory import Executable, Refused
from verypoorcnn.errors import UserError

VARIABLE = "VERYPOORCNN_ISA"
MACHINES = ("x86_64", "amd64")  # as platform.machine() has it, in lower case

# A function of leaf, subleaf, and the address of four numbers, eax, ebx, ecx, edx; then one that
# returns XCR0.  `probe` has them in assembly: asking, the first thing to be done, needs none of it.
_ANSWER = "0f a2 41 89 01 41 89 59 04 41 89 49 08 41 89 51 0c 5b c3"  # cpuid, keep all four, return
CPUID = {
    "System V": bytes.fromhex("53 49 89 d1 89 f8 89 f1" + _ANSWER),
    "Windows": bytes.fromhex("53 4d 89 c1 89 c8 89 d1" + _ANSWER),
}
XGETBV = bytes.fromhex("b9 00 00 00 00 0f 01 d0 c3")

# leaf, register (0 eax, 1 ebx, 2 ecx, 3 edx), bit: names as in /proc/cpuinfo
FEATURES = {
    "fma": (1, 2, 12),
    "popcnt": (1, 2, 23),
    "osxsave": (1, 2, 27),
    "avx": (1, 2, 28),
    "f16c": (1, 2, 29),
    "bmi1": (7, 1, 3),
    "avx2": (7, 1, 5),
    "bmi2": (7, 1, 8),
    "avx512f": (7, 1, 16),
    "avx512dq": (7, 1, 17),
    "avx512cd": (7, 1, 28),
    "avx512bw": (7, 1, 30),
    "avx512vl": (7, 1, 31),
    "avx512vbmi": (7, 2, 1),
    "avx512_vnni": (7, 2, 11),
}
# What each instruction set needs, the best first; XCR0's bits for the registers that it uses.
_AVX2 = frozenset({"avx", "avx2", "fma"})
_AVX512 = _AVX2 | {"avx512f", "avx512bw", "avx512dq", "avx512vl"}
NEEDS = {
    "avx512": (_AVX512, 0xE6),  # xmm, ymm; masks, upper halves of zmm0–15, zmm16–31
    "avx2": (_AVX2, 0x06),
}


class Processor(NamedTuple):
    """What it has, and which registers the operating system keeps."""

    features: frozenset[str]
    kept: int  # XCR0

    def lacks(self, isa: str) -> list[str]:
        """What is missing for an instruction set."""
        features, state = NEEDS[isa]
        missing = sorted(features - self.features)
        return missing or ["the operating system's support"] * (self.kept & state != state)


class Support(NamedTuple):
    """The instruction set to use, None for no machine code at all, and why."""

    isa: str | None
    reason: str


def isa() -> str | None:
    """The best of avx512 and avx2, or what users force; None where machine code cannot run.

    Raises `UserError` for a VERYPOORCNN_ISA that the processor lacks.
    """
    return support().isa


def support(environment: Mapping[str, str] = os.environ, machine: str | None = None) -> Support:
    """Which instruction set to use here, and why."""
    wanted = environment.get(VARIABLE, "")
    if wanted not in ("", "none", *NEEDS):
        raise UserError(f"{VARIABLE}: {wanted!r} is no choice; give {', '.join(NEEDS)} or none")
    if wanted == "none":
        return Support(None, f"{VARIABLE}=none forbids machine code")
    found = _best(machine or _machine(), [wanted] if wanted else list(NEEDS))
    if wanted and found.isa is None:
        raise UserError(f"{VARIABLE}={wanted}: {found.reason}; unset it, or give another or none")
    return Support(wanted, f"{VARIABLE}={wanted} asks for it") if wanted else found


def _machine() -> str:
    """What kind of processor this is, in the system's words."""
    if hasattr(os, "uname"):
        return os.uname().machine
    import platform  # asks the same, and takes ten times as long to load

    return platform.machine()


def _best(machine: str, candidates: list[str]) -> Support:
    """The first of these that can run."""
    if machine.lower() not in MACHINES or ctypes.sizeof(ctypes.c_void_p) != 8:
        return Support(None, f"machine code is written for x86-64, this is {machine or 'unknown'}")
    try:
        here = processor()
    except Refused as refusal:
        return Support(None, str(refusal))
    for candidate in candidates:
        if not here.lacks(candidate):
            return Support(candidate, f"the processor has {candidate}")
    return Support(None, f"the processor lacks {', '.join(here.lacks(candidates[-1]))}")


@cache
def processor() -> Processor:
    """Ask the processor; only on x86-64.  Raises `Refused`."""
    cpuid_code = CPUID["Windows" if sys.platform == "win32" else "System V"]
    code = Executable(cpuid_code + XGETBV)
    number = ctypes.c_uint32
    cpuid = code.function(number, number, ctypes.c_void_p)
    answer = (number * 4)()

    def ask(leaf: int) -> list[int]:
        cpuid(leaf, 0, ctypes.addressof(answer))
        return list(answer)

    known = ask(0)[0]  # the highest leaf
    leaves = {leaf: ask(leaf) if leaf <= known else [0] * 4 for leaf in (1, 7)}
    found = {name for name, (leaf, at, bit) in FEATURES.items() if leaves[leaf][at] >> bit & 1}
    xgetbv = code.function(result=number, offset=len(cpuid_code))
    return Processor(frozenset(found), xgetbv() if "osxsave" in found else 0)
