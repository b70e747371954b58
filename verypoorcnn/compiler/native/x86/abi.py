"""How functions call each other: the two calling conventions of x86-64, as data.

Whoever is called finds its arguments in certain registers and must hand back certain others as they
were.  A `Frame` writes what a function does first and last: it saves those that the function
clobbers and must not, and makes room on the stack.

    frame = Frame(SYSTEM_V, [rbx, r12, ZMM[0]], local_bytes=256, alignment=64)
    frame.enter(asm)
    ...                                 # locals from Memory(rsp, frame.locals_at) on
    frame.leave(asm)
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import NamedTuple

from verypoorcnn.compiler.native.x86.assembler import Assembler
from verypoorcnn.compiler.native.x86.operands import Memory
from verypoorcnn.compiler.native.x86.registers import (
    GENERAL,
    XMM,
    Mask,
    Reg64,
    Register,
    Xmm,
    r8,
    r9,
    r12,
    r13,
    r14,
    r15,
    rax,
    rbp,
    rbx,
    rcx,
    rdi,
    rdx,
    rsi,
    rsp,
)

STACK_ALIGNMENT = 16  # of rsp at every call; the return address then puts it 8 off
PAGE = 4096  # Windows lets the stack grow only one page at a time


class Convention(NamedTuple):
    """Who may use which register.  Results are in rax and xmm0 in both."""

    name: str
    arguments: tuple[Reg64, ...]  # whole numbers and pointers, in order
    saved: tuple[Reg64, ...]  # the callee hands them back as they were
    saved_vectors: tuple[Xmm, ...]  # of these, the lower 128 bits
    shadow_space: int  # bytes above the return address that belong to the callee
    probes_stack: bool  # each page of a large frame must be touched in order


SYSTEM_V = Convention(
    "System V",
    (rdi, rsi, rdx, rcx, r8, r9),
    (rbx, rbp, r12, r13, r14, r15),
    (),
    shadow_space=0,
    probes_stack=False,
)
WINDOWS = Convention(
    "Windows",
    (rcx, rdx, r8, r9),
    (rbx, rbp, rdi, rsi, r12, r13, r14, r15),
    XMM[6:16],
    shadow_space=32,
    probes_stack=True,
)


def convention() -> Convention:
    """The one that this process's C functions follow."""
    return WINDOWS if sys.platform == "win32" else SYSTEM_V


def _up(size: int, unit: int) -> int:
    return -(-size // unit) * unit


class Frame:
    """The stack frame of one function.

    `clobbered` are all registers that it writes, of any width.  `local_bytes` are for its own use,
    from rsp + `locals_at` on, a multiple of `alignment` (16, 32 or 64).  rax must not hold
    anything at the start.
    """

    def __init__(
        self,
        convention: Convention,
        clobbered: Iterable[Register],
        local_bytes: int = 0,
        alignment: int = STACK_ALIGNMENT,
        calls: bool = False,
    ) -> None:
        """`calls`: the function calls others, which may use their shadow space."""
        clobbered = list(clobbered)
        general = {r.number for r in clobbered if r.bits <= 64 and not isinstance(r, Mask)}
        vectors = {r.number for r in clobbered if r.bits >= 128}
        if rsp.number in general:
            raise ValueError("a function that clobbers rsp has no frame to return from")
        self.alignment = alignment
        self.probes_stack = convention.probes_stack
        self.saved = [r for r in convention.saved if r.number in general]
        self.saved_vectors = [r for r in convention.saved_vectors if r.number in vectors]
        self.zeroes_upper = any(r.bits > 128 for r in clobbered)
        self.locals_at = _up(convention.shadow_space * calls, alignment)
        self._vectors_at = _up(self.locals_at + local_bytes, 16)
        self._rsp_at = self._vectors_at + 16 * len(self.saved_vectors)
        self.size = self._stack_size(calls)

    def _stack_size(self, calls: bool) -> int:
        """Bytes below the saved registers, so that rsp comes out aligned."""
        if self.alignment > STACK_ALIGNMENT:
            return _up(self._rsp_at + 8, self.alignment)
        if not (self._rsp_at or calls):
            return 0
        pushed = 8 * (1 + len(self.saved))  # with the return address
        return _up(pushed + self._rsp_at, STACK_ALIGNMENT) - pushed

    def enter(self, asm: Assembler) -> None:
        """Save what must be saved and make room."""
        for register in self.saved:
            asm.push(register)
        if self.alignment > STACK_ALIGNMENT:
            asm.mov(rax, rsp)
        self._make_room(asm)
        if self.alignment > STACK_ALIGNMENT:
            asm.and_(rsp, -self.alignment)
            asm.mov(Memory(rsp, self._rsp_at), rax)
        for i, vector in enumerate(self.saved_vectors):
            asm.vmovups(Memory(rsp, self._vectors_at + 16 * i), vector)

    def _make_room(self, asm: Assembler) -> None:
        if self.probes_stack:
            for page in range(PAGE, self.size + self.alignment, PAGE):
                asm.test(Memory(rsp, -page), rsp)
        if self.size:
            asm.sub(rsp, self.size)

    def leave(self, asm: Assembler) -> None:
        """Put everything back and return."""
        for i, vector in enumerate(self.saved_vectors):
            asm.vmovups(vector, Memory(rsp, self._vectors_at + 16 * i))
        if self.zeroes_upper:
            asm.vzeroupper()  # else every SSE instruction after this waits for the upper halves
        if self.alignment > STACK_ALIGNMENT:
            asm.mov(rsp, Memory(rsp, self._rsp_at))
        elif self.size:
            asm.add(rsp, self.size)
        for register in reversed(self.saved):
            asm.pop(register)
        asm.ret()


def free_registers(convention: Convention) -> list[Reg64]:
    """General registers in the order to use them: first those that need no saving; never rsp.

    Those that bring arguments are among them.
    """
    kept = [r for r in GENERAL if r not in convention.saved and r is not rsp]
    return [*kept, *convention.saved]
