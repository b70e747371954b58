"""What the running process has cost so far."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from itertools import islice
from pathlib import Path
from time import perf_counter

from verypoorcnn import __version__


def peak_memory() -> int | None:
    """Bytes of memory that the process has held at the most; None where nobody tells."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # Linux counts in KiB


def surroundings() -> dict[str, str]:
    """Version, Python, system, processor and the time: what a result was made with."""
    return {
        "verypoorcnn": __version__,
        "python": f"{sys.implementation.name} {'.'.join(map(str, sys.version_info[:3]))}",
        "system": f"{sys.platform} {_machine()}".strip(),
        "processor": _processor(),
        "time": now(),
    }


def now() -> str:
    """The time in UTC, to the second."""
    from datetime import UTC, datetime

    return datetime.now(UTC).isoformat(timespec="seconds")


def _machine() -> str:
    """Its architecture, "x86_64", where the system tells it at once."""
    return os.uname().machine if hasattr(os, "uname") else ""


def _processor() -> str:
    """Its name; "" where nobody tells.  /proc/cpuinfo is long, the first processor is enough."""
    with suppress(OSError), Path("/proc/cpuinfo").open(errors="replace") as lines:
        for line in islice(lines, 30):
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return os.environ.get("PROCESSOR_IDENTIFIER", "")  # where Windows has it


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
