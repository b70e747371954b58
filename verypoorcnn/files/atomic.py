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
from contextlib import suppress
from pathlib import Path

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


def write_atomically(path: Path, data: bytes | str) -> None:
    """Make `data` (text as UTF-8) the content of the file, replacing an old one in one step.

    A link is followed: the file that it points to is replaced, the link stays.

    Raises:
        UserError: the folder is missing, read-only or full, or the path is a folder or a device.
            The old content is then untouched and nothing else is left behind.
    """
    content = data.encode() if isinstance(data, str) else data
    try:
        target = Path(os.path.realpath(path))
        _check_replaceable(target, shown=path)
        _write_beside(target, content)
    except OSError as error:
        fix = _FIXES.get(error.errno or 0, "choose another place")
        raise UserError(f"{path}: cannot be written ({error.strerror or error}); {fix}") from error
    _sync_folder(target.parent)


def _check_replaceable(target: Path, shown: Path) -> None:
    if target.is_dir():
        raise UserError(f"{shown}: cannot be written (it is a folder); give the name of a file")
    if target.exists() and not target.is_file():
        raise UserError(
            f"{shown}: cannot be written (it is not a regular file); give the name of a file"
        )


def _write_beside(target: Path, content: bytes) -> None:
    temporary = target.with_name(f".{target.name[:_NAME_KEPT]}.{os.urandom(8).hex()}.tmp")
    try:
        with temporary.open("xb") as file:  # the permissions that any new file gets
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:  # Ctrl-C too
        with suppress(OSError):
            temporary.unlink()
        raise


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
