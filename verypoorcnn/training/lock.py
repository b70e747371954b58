"""The lock of a run's folder: one process at a time trains in it.

It is the system's lock on a small file, which ends with the process that has it, however that
ends: what a killed process leaves behind stands in nobody's way.  The file says who had it last.
"""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

from verypoorcnn.errors import UserError
from verypoorcnn.files.atomic import writing

TAKEN = (errno.EAGAIN, errno.EACCES, errno.EDEADLK)  # what systems say of a lock that another has
FAR = 1 << 20  # the byte that Windows locks: behind the text, which must stay readable


class Lock:
    """A lock, and the context in which one has it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None  # while it is ours

    def take(self) -> None:
        """Take it, unless it is ours already.

        Raises:
            UserError: another process has it, or its file cannot be written.
        """
        if self._handle is not None:
            return
        with writing(self.path):
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
        if not _locked(handle):
            os.lseek(handle, 0, os.SEEK_SET)
            owner = os.read(handle, 20).decode(errors="replace").strip()
            os.close(handle)
            raise UserError(
                f"{self.path.parent}: process {owner or 'of another user'} is training this run; "
                "wait until it is over, or end it"
            )
        self._handle = handle
        with writing(self.path):
            os.ftruncate(handle, 0)
            os.write(handle, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Let others have it."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def __enter__(self) -> None:
        self.take()

    def __exit__(self, *error: object) -> None:
        self.release()


def _locked(handle: int) -> bool:
    """Whether nobody else has the lock; where the system has none, nobody can."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(handle, FAR, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            os.lseek(handle, 0, os.SEEK_SET)
        elif hasattr(os, "lockf"):  # WebAssembly has none
            os.lockf(handle, os.F_TLOCK, 0)
    except OSError as error:
        return error.errno not in TAKEN
    return True
