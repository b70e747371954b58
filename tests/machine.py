"""Where machine code can be tested."""

from __future__ import annotations

import ctypes
import platform
import sys

import pytest

IS_X86 = platform.machine().lower() in ("x86_64", "amd64") and ctypes.sizeof(ctypes.c_void_p) == 8

needs_x86 = pytest.mark.skipif(not IS_X86, reason="runs x86-64 instructions")
needs_posix = pytest.mark.skipif(
    sys.platform in ("win32", "emscripten", "wasi"), reason="uses mmap and mprotect"
)
needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
