"""The other sides: they live in the folder `benchmarks` of a checkout, beside our package.

Where the package is installed without it, or they lack the library that they are about, they are
left out.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType

from verypoorcnn.training.benchmark.contest import Side
from verypoorcnn.training.benchmark.processes import ROOT


def checkout() -> ModuleType | None:
    """The checkout's `benchmarks/sides.py`."""
    if not (ROOT / "benchmarks" / "sides.py").exists():
        return None
    if str(ROOT) not in sys.path:
        sys.path.append(str(ROOT))
    return import_module("benchmarks.sides")


def others(kind: str) -> dict[str, Callable[..., Side]]:
    """Who takes part in one kind of contest: "training", "inference", "convolution"."""
    module = checkout()
    makers: dict[str, Callable[..., Side]] = getattr(module, kind)() if module else {}
    return makers
