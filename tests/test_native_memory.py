"""Memory is written, then executed, never both; and what is guarded faults."""

from __future__ import annotations

import ctypes
import gc
import subprocess
import sys
import threading
import weakref
from pathlib import Path

import pytest

from tests.machine import needs_posix, needs_proc, needs_x86
from verypoorcnn.compiler.native import memory
from verypoorcnn.compiler.native.memory import PAGE, Arena, Executable, Posix, Refused, Windows
from verypoorcnn.compiler.native.x86.abi import convention
from verypoorcnn.compiler.native.x86.assembler import Assembler
from verypoorcnn.compiler.native.x86.operands import Dword, Label
from verypoorcnn.compiler.native.x86.registers import eax

RETURN_42 = bytes.fromhex("b82a000000c3")  # mov eax,42; ret
ROOT = Path(__file__).parent.parent


def mappings():
    """Start, end and permissions of everything that this process has mapped."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, permissions = line.split()[:2]
        start, end = (int(bound, 16) for bound in span.split("-"))
        yield start, end, permissions


def permissions(address):
    """As "r-xp"; "" where nothing is mapped."""
    return next((p for start, end, p in mappings() if start <= address < end), "")


# --- executable memory ----------------------------------------------------------------------------


@needs_x86
def test_code_runs():
    assert Executable(RETURN_42).function(result=ctypes.c_int)() == 42


@needs_x86
def test_a_function_may_start_inside_and_take_arguments():
    code = Executable(b"\xcc" * 16 + RETURN_42)
    assert code.function(ctypes.c_int, result=ctypes.c_int, offset=16)(7) == 42


@needs_x86
def test_other_threads_run_meanwhile():
    """Machine code waits for a byte that another thread writes while it runs."""
    arena = Arena(64)
    asm = Assembler()
    seen, (flag, rounds) = Label(), convention().arguments[:2]
    top = asm.here()
    asm.pause()
    asm.cmp(Dword(flag), 0)
    asm.jne(seen)
    asm.dec(rounds)  # not for ever, should it be in vain
    asm.jne(top)
    asm.bind(seen)
    asm.mov(eax, Dword(flag))
    asm.ret()
    wait = Executable(asm.finish().data).function(
        ctypes.c_void_p, ctypes.c_int64, result=ctypes.c_int
    )
    timer = threading.Timer(0.05, arena.view.__setitem__, (0, 7))
    timer.start()
    assert wait(arena.address, 50_000_000) == 7
    timer.join()


class Watching(Posix):
    """Notes how memory is mapped before and after it is made executable."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def make_executable(self, address, size):
        self.seen.append(permissions(address))
        super().make_executable(address, size)
        self.seen.append(permissions(address))


@needs_proc
def test_memory_is_never_writable_and_executable_at_once():
    system = Watching()
    before = writable_and_executable()  # other libraries of this process may have some
    code = Executable(bytes(3 * PAGE), system)
    assert system.seen == ["rw-p", "r-xp"]
    assert permissions(code.address + code.size - 1) == "r-xp"
    assert writable_and_executable() <= before


def writable_and_executable():
    return {mapping for mapping in map(tuple, mappings()) if {"w", "x"} <= set(mapping[2])}


@needs_proc
def test_memory_is_unmapped_at_the_end():
    code = Executable(RETURN_42)
    address = code.address
    assert permissions(address) == "r-xp"
    code.close()
    code.close()  # once more does no harm
    assert permissions(address) != "r-xp"


@needs_posix
def test_a_function_keeps_its_memory_alive_and_nothing_else_does():
    code = Executable(RETURN_42)
    alive = weakref.ref(code)
    call = code.function(result=ctypes.c_int)
    del code
    gc.collect()
    assert alive() is not None
    del call
    gc.collect()
    assert alive() is None


HARDENED = """
import ctypes
from verypoorcnn.compiler.native.x86.cpu import support
PR_SET_MDWE, REFUSE_EXEC_GAIN = 65, 1
if ctypes.CDLL(None).prctl(PR_SET_MDWE, REFUSE_EXEC_GAIN, 0, 0, 0):
    print("unsupported")
else:
    print(*support({}))
"""


@needs_x86
@needs_proc
def test_a_process_that_may_not_execute_what_it_wrote_learns_why():
    command = [sys.executable, "-c", HARDENED]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    if result.stdout == "unsupported\n":
        pytest.skip("this kernel cannot deny execution to a process (needs Linux 6.3)")
    assert result.stdout.startswith("None the system does not let memory be executed: ")


class NoExecution:
    """A C library whose system never lets memory be executed, as a hardened one does."""

    def __init__(self):
        self.freed = []
        self.real = Posix().library

    def mmap(self, *arguments):
        return self.real.mmap(*arguments)

    def mprotect(self, address, size, protection):
        ctypes.set_errno(13)
        return -1

    def munmap(self, address, size):
        self.freed.append(size)
        return self.real.munmap(address, size)


@needs_posix
def test_where_execution_is_refused_the_reason_is_told_and_the_memory_given_back():
    library = NoExecution()
    with pytest.raises(Refused, match="does not let memory be executed: Permission denied"):
        Executable(RETURN_42, Posix(library))
    assert library.freed == [PAGE]


class NoMemory:
    def mmap(self, *arguments):
        ctypes.set_errno(12)
        return ctypes.c_void_p(-1).value


@needs_posix
def test_where_there_is_no_memory_the_reason_is_told():
    with pytest.raises(Refused, match=r"gives no .* bytes of memory: Cannot allocate memory"):
        Executable(RETURN_42, Posix(NoMemory()))


def test_where_no_process_may_execute_memory_it_is_refused(monkeypatch):
    monkeypatch.setattr(sys, "platform", "emscripten")
    with pytest.raises(Refused, match="emscripten has no memory that can be executed"):
        memory.this_system()


class Kernel32:
    """Windows's calls, on a buffer of our own."""

    def __init__(self, protects=True):
        self.calls = []
        self.protects = protects
        self.buffer = ctypes.create_string_buffer(4 * PAGE)

    def VirtualAlloc(self, address, size, kind, protection):
        self.calls.append(("alloc", size, kind, protection))
        return ctypes.addressof(self.buffer)

    def VirtualProtect(self, address, size, protection, before):
        self.calls.append(("protect", bytes(self.buffer[: len(RETURN_42)]), protection))
        return self.protects

    def GetCurrentProcess(self):
        return -1

    def FlushInstructionCache(self, process, address, size):
        self.calls.append(("flush", process, size))

    def VirtualFree(self, address, size, kind):
        self.calls.append(("free", size, kind))


def test_windows_writes_then_protects_then_flushes_then_frees():
    kernel = Kernel32()
    code = Executable(RETURN_42, Windows(kernel))
    code.close()
    assert kernel.calls == [
        ("alloc", PAGE, 0x3000, 0x04),  # MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE
        ("protect", RETURN_42, 0x20),  # PAGE_EXECUTE_READ
        ("flush", -1, PAGE),
        ("free", 0, 0x8000),  # MEM_RELEASE
    ]


def test_windows_may_refuse_too():
    kernel = Kernel32(protects=False)
    with pytest.raises(Refused, match="Windows does not let memory be executed"):
        Executable(RETURN_42, Windows(kernel))
    assert kernel.calls[-1] == ("free", 0, 0x8000)


# --- arenas ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 64, 1000, PAGE, 3 * PAGE + 4, 1 << 21])
def test_an_arena_is_aligned_zeroed_and_of_its_size(size):
    arena = Arena(size, huge_pages=True)
    assert arena.address % 64 == 0
    assert arena.view.nbytes == size
    assert arena.view[0] == arena.view[-1] == 0
    arena.view[-1] = 7
    assert ctypes.string_at(arena.address + size - 1, 1) == b"\7"
    arena.close()


def test_an_arena_in_use_is_not_closed():
    arena = Arena(64)
    floats = arena.view.cast("f")
    with pytest.raises(BufferError):
        arena.close()
    floats.release()
    arena.close()


@needs_posix
@pytest.mark.parametrize("size", [64, 100, PAGE, PAGE + 192])
def test_a_guarded_arena_lies_flush_against_the_guard(size):
    start, end = Arena(size, guard="start"), Arena(size, guard="end")
    assert start.address % PAGE == 0
    assert end.address % 64 == 0
    assert 0 <= -(end.address + size) % PAGE < 64
    for arena in (start, end):
        arena.view[0] = arena.view[-1] = 1


@needs_proc
def test_guards_stand_on_both_sides():
    for guard in ("start", "end"):
        arena = Arena(PAGE, guard=guard)
        found = [permissions(arena.address + at) for at in (-1, 0, PAGE - 1, PAGE)]
        assert found == ["---p", "rw-p", "rw-p", "---p"]


TOUCH = """
import ctypes, sys
from verypoorcnn.compiler.native.memory import Arena
guard, offset = sys.argv[1], int(sys.argv[2])
arena = Arena(128, guard=guard)
ctypes.memset(arena.address + offset, 1, 1)
print("survived")
"""


def touched(guard, offset):
    command = [sys.executable, "-c", TOUCH, guard, str(offset)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


@needs_posix
@pytest.mark.parametrize(
    ("guard", "offset", "faults"),
    [("end", 127, False), ("end", 128, True), ("start", 0, False), ("start", -1, True)],
)
def test_one_byte_beyond_a_guard_is_fatal(guard, offset, faults):
    result = touched(guard, offset)
    assert (result.returncode < 0) == faults
    assert (result.stdout == "survived\n") != faults
