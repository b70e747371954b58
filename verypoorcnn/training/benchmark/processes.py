"""Whole processes: how long one takes from its start to its end, and how much memory it held.

A process begins with its parent's memory for a moment, and Linux counts that moment.  So processes
are started by a launcher that is as small as Python can be, and what it reports is their own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from verypoorcnn.errors import UserError
from verypoorcnn.files.cache import VARIABLE

ROOT = Path(__file__).resolve().parents[3]  # the folder that the package is in

Settings = Mapping[str, str]

LAUNCHER = """
import os, sys, time
began = time.perf_counter()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
seconds = time.perf_counter() - began
sys.stderr.write(f"\\n{os.waitstatus_to_exitcode(status)} {seconds} {usage.ru_maxrss}")
"""
CACHED = {VARIABLE: "on"}  # machine code is taken from the user's cache, and kept there
NOT_CACHED = {VARIABLE: "off"}
FRESH = ", nothing cached"  # in the name of a side
KIB = 1 if sys.platform == "darwin" else 1024  # bytes in a unit of ru_maxrss


@dataclass(frozen=True)
class Process:
    """What came of one."""

    seconds: float  # from its start to its end
    peak: int  # bytes
    out: str

    @property
    def json(self) -> dict[str, Any]:
        """The JSON object that it printed last."""
        found: dict[str, Any] = json.loads(self.out.splitlines()[-1])
        return found


@dataclass(frozen=True)
class Processes:
    """Several of one kind."""

    all: tuple[Process, ...]

    @property
    def seconds(self) -> float:
        """The median."""
        return median(process.seconds for process in self.all)

    @property
    def peak(self) -> float:
        """The median, in bytes."""
        return median(process.peak for process in self.all)


def available() -> bool:
    """Whether the system tells what a process has held."""
    return hasattr(os, "posix_spawn") and hasattr(os, "wait4")


def python(*words: str) -> list[str]:
    """The command for this Python with these arguments."""
    return [sys.executable, *words]


def is_fresh(side: str) -> bool:
    """Whether a side of this name has nothing cached."""
    return side.endswith(FRESH)


def run(command: Sequence[str], settings: Settings = CACHED) -> Process:
    """Run a command to its end; it finds our package and `benchmarks` whatever the folder.

    `settings` are added to its environment.

    Raises:
        UserError: it fails.
    """
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    launcher = [sys.executable, "-I", "-S", "-c", LAUNCHER, *command]
    environment = {**os.environ, **settings, "PYTHONPATH": path}
    ran = subprocess.run(launcher, capture_output=True, text=True, env=environment, check=False)
    messages, _, report = ran.stderr.rpartition("\n")
    status, seconds, peak = report.split()
    if status != "0":
        lines = messages.strip().splitlines()
        reason = lines[-1] if lines else f"status {status}"
        raise UserError(f"bench: {' '.join(command[:4])} … failed: {reason}")
    return Process(float(seconds), int(peak) * KIB, ran.stdout)


def alternate(
    commands: Mapping[str, Sequence[str]], rounds: int, settings: Settings = CACHED
) -> dict[str, Processes]:
    """Run each command so many times, in turn; those whose name says so with nothing cached."""
    found: dict[str, list[Process]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            found[name].append(run(command, NOT_CACHED if is_fresh(name) else settings))
    return {name: Processes(tuple(ran)) for name, ran in found.items()}
