"""Compiling without the garbage collector."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collector() -> Iterator[None]:
    """Python's search for unreachable cycles waits: a third of the time, and there are none."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            _age()
            gc.enable()


def _age() -> None:
    """Let all that was made count as old; else the search would begin with going through it."""
    if hasattr(gc, "freeze") and not gc.get_freeze_count():  # PyPy has none
        gc.freeze()
        gc.unfreeze()
