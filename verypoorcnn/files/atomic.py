"""How a file is written: whole or not at all.

Who writes straight into a file and is interrupted leaves half of one.  So the new content goes into
a temporary file beside it, is forced onto the disk, and takes the old file's name in one step,
which the file system does completely or not at all.  Whoever opens the file at any moment, even
after a power cut, finds all of the old content or all of the new.

A program killed outright can leave its temporary file behind.  It is called `.NAME.….tmp`, nothing
ever reads it, and it may be deleted.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from verypoorcnn.errors import UserError

_NAME_KEPT = 40  # characters of the file's name in the temporary one, which must not get too long

_FIXES = {
    errno.ENOENT: "make its folder first",
    errno.ENOTDIR: "give a path whose folders are folders",
    errno.EACCES: "choose a place where you may write",
    errno.EPERM: "choose a place where you may write",
    errno.EROFS: "choose a place where you may write",
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some space",
    errno.ENAMETOOLONG: "choose a shorter name",
}


def write_atomically(path: Path, data: bytes | str, *, lasting: bool = True) -> None:
    """Make `data` (text as UTF-8) the content of the file, replacing an old one in one step.

    A link is followed: the file that it points to is replaced, the link stays.  What need not
    outlast a power cut (`lasting=False`) does not wait for the disk.

    Raises:
        UserError: the folder is missing, read-only or full, or the path is a folder or a device.
            The old content is then untouched and nothing else is left behind.
    """
    write_together({path: data}, lasting=lasting)


def write_together(files: Mapping[Path, bytes | str], *, lasting: bool = True) -> None:
    """Write several files, each as `write_atomically` does, and wait for the disk but once.

    First all are forced onto the disk, which takes hardly longer for several than for one, then
    each takes its place.  They are replaced one after another: a power cut can come in between.
    """
    replacements = [_Replacement(path, data) for path, data in files.items()]
    steps = [_Replacement.write, *([_Replacement.sync] if lasting else []), _Replacement.finish]
    try:
        for step in steps:
            for replacement in replacements:
                with writing(replacement.path):
                    step(replacement)
    finally:  # after Ctrl-C too
        for replacement in replacements:
            replacement.clean_up()
    if lasting:
        for folder in dict.fromkeys(replacement.target.parent for replacement in replacements):
            _sync_folder(folder)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Whatever the system has against writing this file becomes a `UserError` with the fix."""
    try:
        yield
    except OSError as error:
        fix = _FIXES.get(error.errno or 0, "choose another place")
        raise UserError(f"{path}: cannot be written ({error.strerror or error}); {fix}") from error


class _Replacement:
    """A file's new content, on its way."""

    def __init__(self, path: Path, data: bytes | str) -> None:
        self.path = path
        self.content = data.encode() if isinstance(data, str) else data
        self.target = path
        self.temporary: Path | None = None
        self.file: BinaryIO | None = None

    def write(self) -> None:
        """Into a temporary file beside the target."""
        self.target = Path(os.path.realpath(self.path))
        _check_replaceable(self.target, shown=self.path)
        name = f".{self.target.name[:_NAME_KEPT]}.{os.urandom(8).hex()}.tmp"
        self.temporary = self.target.with_name(name)
        self.file = self.temporary.open("xb")  # the permissions that any new file gets
        self.file.write(self.content)
        self.file.flush()

    def sync(self) -> None:
        """Onto the disk."""
        if self.file:
            os.fsync(self.file.fileno())

    def finish(self) -> None:
        """Take the target's place."""
        if self.file and self.temporary:
            self.file.close()
            self.temporary.replace(self.target)
            self.temporary = None

    def clean_up(self) -> None:
        """Leave nothing behind where it was not finished."""
        with suppress(OSError):
            if self.file:
                self.file.close()
        with suppress(OSError):
            if self.temporary:
                self.temporary.unlink(missing_ok=True)


def _check_replaceable(target: Path, shown: Path) -> None:
    if target.is_dir():
        raise UserError(f"{shown}: cannot be written (it is a folder); give the name of a file")
    if target.exists() and not target.is_file():
        raise UserError(
            f"{shown}: cannot be written (it is not a regular file); give the name of a file"
        )


def _sync_folder(folder: Path) -> None:
    """Force the new name onto the disk, where folders can be opened for that.

    The content is in place already, so a system that cannot do this has not failed to write.
    """
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
