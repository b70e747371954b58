"""What the running process has cost so far."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from time import perf_counter


def peak_memory() -> int | None:
    """Bytes of memory that the process has held at the most; None where nobody tells."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # Linux counts in KiB


def _age_at_import() -> float:
    """Seconds from the start of the process until now, where /proc tells; else 0."""
    with suppress(OSError, ValueError, IndexError):
        # Field 22, counted behind the program's name, which may hold anything in its brackets.
        started = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
        uptime = float(Path("/proc/uptime").read_text().split()[0])
        return max(0.0, uptime - started / os.sysconf("SC_CLK_TCK"))
    return 0.0


START_UP = _age_at_import()  # seconds until the program was loaded; /proc counts in hundredths
_LOADED = perf_counter()


def age() -> float:
    """Seconds since the start of the process."""
    return START_UP + perf_counter() - _LOADED
