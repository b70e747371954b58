"""Memory for machine code, and memory for its numbers.

Code is written first and made executable then; at no time can memory be both written and executed.
Where the system refuses that, `Refused` says why, and whoever asked can do without machine code.

    code = Executable(data)
    add = code.function(ctypes.c_long, ctypes.c_long, result=ctypes.c_long)
    add(1, 2)
"""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
from collections.abc import Callable
from functools import cached_property
from typing import Any, Protocol

from verypoorcnn.errors import UserError

PAGE = mmap.PAGESIZE
ALIGNMENT = 64  # bytes: a cache line, and the widest vector
HUGE_PAGE = 1 << 21  # below this size, asking for huge pages is of no use


class Refused(UserError):
    """Machine code cannot run here; the message is the reason."""


class System(Protocol):
    """How an operating system gives out memory that can be executed."""

    def allocate(self, size: int) -> int:
        """The address of so many bytes that can be written."""

    def make_executable(self, address: int, size: int) -> None:
        """From now on they can be read and executed, and written no more."""

    def release(self, address: int, size: int) -> None:
        """Give them back."""


class Posix:
    """Linux, macOS and their like: mmap, mprotect, munmap of the C library."""

    def __init__(self, library: Any = None) -> None:
        """`library` is the C library unless a test brings its own."""
        self.library = library or _c_library()

    def allocate(self, size: int) -> int:
        """Private and anonymous: no file, and no other process sees it."""
        access, kind = mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        address: int | None = self.library.mmap(None, size, access, kind, -1, 0)
        if address in (None, ctypes.c_void_p(-1).value):
            raise Refused(f"the system gives no {size} bytes of memory: {_error()}")
        return int(address or 0)

    def make_executable(self, address: int, size: int) -> None:
        """Read and execute."""
        if self.library.mprotect(address, size, mmap.PROT_READ | mmap.PROT_EXEC):
            raise Refused(f"the system does not let memory be executed: {_error()}")

    def forbid(self, address: int, size: int) -> None:
        """Whoever touches these pages is stopped at once."""
        if self.library.mprotect(address, size, 0):
            raise Refused(f"the system does not let memory be protected: {_error()}")

    def release(self, address: int, size: int) -> None:
        """Unmap."""
        self.library.munmap(address, size)


class Windows:
    """Windows: VirtualAlloc, VirtualProtect, VirtualFree."""

    COMMIT_AND_RESERVE, RELEASE = 0x3000, 0x8000
    READ_WRITE, EXECUTE_READ = 0x04, 0x20

    def __init__(self, library: Any = None) -> None:
        """`library` is kernel32 unless a test brings its own."""
        self.library = library or _kernel32()

    def allocate(self, size: int) -> int:
        """Fresh pages that can be written."""
        address = self.library.VirtualAlloc(None, size, self.COMMIT_AND_RESERVE, self.READ_WRITE)
        if not address:
            raise Refused(f"Windows gives no {size} bytes of memory")
        return int(address)

    def make_executable(self, address: int, size: int) -> None:
        """Read and execute; what the processor may have fetched before is forgotten."""
        before = ctypes.c_uint32()
        if not self.library.VirtualProtect(address, size, self.EXECUTE_READ, ctypes.byref(before)):
            raise Refused("Windows does not let memory be executed")
        process = self.library.GetCurrentProcess()
        self.library.FlushInstructionCache(process, address, size)

    def release(self, address: int, size: int) -> None:
        """All of an allocation at once: size 0."""
        del size
        self.library.VirtualFree(address, 0, self.RELEASE)


def _error() -> str:
    return os.strerror(ctypes.get_errno())


def _c_library() -> Any:
    """The C library that Python itself runs on."""
    try:
        library = ctypes.CDLL(None, use_errno=True)
        pointer, size, number = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
        library.mmap.argtypes = [pointer, size, number, number, number, ctypes.c_long]
        library.mmap.restype = pointer
        library.mprotect.argtypes = [pointer, size, number]
        library.munmap.argtypes = [pointer, size]
    except (OSError, AttributeError, TypeError) as error:
        raise Refused(f"no C library that hands out memory on {sys.platform}: {error}") from None
    return library


def _kernel32() -> Any:
    if sys.platform != "win32":
        raise Refused(f"kernel32 is Windows's, this is {sys.platform}")
    library = ctypes.WinDLL("kernel32")
    pointer, size, number = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_uint32
    library.VirtualAlloc.argtypes = [pointer, size, number, number]
    library.VirtualAlloc.restype = pointer
    library.VirtualProtect.argtypes = [pointer, size, number, pointer]
    library.VirtualFree.argtypes = [pointer, size, number]
    library.GetCurrentProcess.restype = pointer
    library.FlushInstructionCache.argtypes = [pointer, pointer, size]
    return library


def this_system() -> System:
    """The one that this process runs on."""
    if sys.platform in ("emscripten", "wasi"):
        raise Refused(f"{sys.platform} has no memory that can be executed")
    return Windows() if sys.platform == "win32" else Posix()


class Executable:
    """Machine code, ready to be called, until `close` or until nobody refers to it any more."""

    address = 0  # as long as there is no memory

    def __init__(self, code: bytes, system: System | None = None) -> None:
        """Copy the code into memory of its own.  Raises `Refused`."""
        self.size = -(-max(len(code), 1) // PAGE) * PAGE
        self._system = system or this_system()
        self.address = self._system.allocate(self.size)
        try:
            ctypes.memmove(self.address, code, len(code))
            self._system.make_executable(self.address, self.size)
        except BaseException:
            self.close()
            raise

    def function(self, *arguments: Any, result: Any = None, offset: int = 0) -> Callable[..., Any]:
        """What starts at `offset`, as a function of ctypes types; it keeps the memory alive.

        Python's lock is released while it runs.
        """
        call = function(self.address + offset, *arguments, result=result)
        call.memory = self  # type: ignore[attr-defined]
        return call

    def close(self) -> None:
        """Give the memory back; its functions must not be called any more."""
        if self.address:
            self._system.release(self.address, self.size)
            self.address = 0

    def __del__(self) -> None:
        """Give the memory back."""
        self.close()


class GroupCode:
    """A kernel's machine code where it can run; the memory lives as long as this does."""

    def __init__(self, code: bytes, entry: int) -> None:
        """`entry` is the offset of the function in the code.  Raises `Refused`."""
        self.executable = Executable(code)
        self.entry = entry

    @property
    def address(self) -> int:
        """Where the function begins."""
        return self.executable.address + self.entry

    @cached_property
    def run(self) -> Callable[[int, int, int], None]:
        """Call it with the addresses of workspace, parameters and call."""
        return self.executable.function(*[ctypes.c_void_p] * 3, offset=self.entry)


def function(address: int, *arguments: Any, result: Any = None) -> Callable[..., Any]:
    """What starts at an address, in the C calling convention; Python's lock is released."""
    return ctypes.CFUNCTYPE(result, *arguments)(address)


class Arena:
    """Zeroed memory for numbers: `size` bytes from `address`, a multiple of 64; `view` is on them.

    A guard makes whoever leaves the arena fault at once: one page on either side is forbidden, and
    the bytes lie flush against the one at the "start" or at the "end" (there to within 63 bytes if
    the size is no multiple of 64).
    """

    def __init__(self, size: int, guard: str = "", huge_pages: bool = False) -> None:
        """`huge_pages` advises the system to spare address translations."""
        margin = PAGE * bool(guard)
        room = -(-max(size, 1) // PAGE) * PAGE
        self.size = size
        self._map = _anonymous(room + 2 * margin)
        whole = ctypes.addressof(ctypes.c_char.from_buffer(self._map))
        offset = margin + (room - -(-size // ALIGNMENT) * ALIGNMENT if guard == "end" else 0)
        self.address = whole + offset
        self.view = memoryview(self._map)[offset : offset + size]
        if guard:
            system = Posix()
            system.forbid(whole, margin)
            system.forbid(whole + margin + room, margin)
        if huge_pages and size >= HUGE_PAGE and hasattr(mmap, "MADV_HUGEPAGE"):
            self._map.madvise(mmap.MADV_HUGEPAGE)

    def close(self) -> None:
        """Give the memory back.  Raises BufferError while another view on it is alive."""
        self.view.release()
        self._map.close()


def _anonymous(size: int) -> mmap.mmap:
    """Zeroed pages that belong to no file and to no other process."""
    if sys.platform == "win32":
        return mmap.mmap(-1, size)
    return mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
