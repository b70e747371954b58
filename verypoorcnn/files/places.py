"""Where a user's files belong that can be made or fetched again."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_folder() -> Path:
    """Our folder among the user's caches; it need not exist.

    `$XDG_CACHE_HOME` decides where it is set; else it is where the system's other programs have
    theirs, `~/.cache` on Linux.

    Raises:
        RuntimeError: nobody knows where the user's home is.
    """
    named = os.environ.get("XDG_CACHE_HOME") or (
        os.environ.get("LOCALAPPDATA") if sys.platform == "win32" else None
    )
    usual = "Library/Caches" if sys.platform == "darwin" else ".cache"
    return (Path(named) if named else Path.home() / usual) / "verypoorcnn"
