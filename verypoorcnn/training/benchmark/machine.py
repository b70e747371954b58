"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from verypoorcnn import __version__
from verypoorcnn.compiler.native.memory import Refused
from verypoorcnn.compiler.native.x86.cpu import MACHINES, processor

LIBRARIES = ("numpy", "torch", "onnxruntime")


def description() -> dict[str, Any]:
    """Processor, system, Python, libraries and the date."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "verypoorcnn": __version__,
        "processor": _processor(),
        "features": _features(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "libraries": _libraries(),
    }


def line(about: dict[str, Any]) -> str:
    """The description in one line for people."""
    libraries = "".join(f", {name} {version}" for name, version in about["libraries"].items())
    return f"{about['processor']}, {about['cores']} cores, {about['python']}{libraries}"


def _processor() -> str:
    """As the system calls it, with the numbers that tell processors of one name apart."""
    with suppress(OSError):
        known: dict[str, str] = {}
        for row in Path("/proc/cpuinfo").read_text().splitlines():
            key, _, value = row.partition(":")
            known.setdefault(key.strip(), value.strip())
        if name := known.get("model name"):
            return f"{name} (family {known.get('cpu family')}, model {known.get('model')})"
    return platform.processor() or platform.machine()


def _features() -> list[str]:
    if platform.machine().lower() not in MACHINES:
        return []
    try:
        return sorted(processor().features)
    except Refused:
        return []


def _libraries() -> dict[str, str]:
    found = {}
    for name in LIBRARIES:
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found
