"""A cache on disk: what takes long to make, can always be made again, and is never required.

An entry is a file, named by its key, that holds facts (JSON) and bytes:

    32 bytes     SHA-256 of everything that follows
    4 bytes      length of the header, little-endian
    the header   {"key": …, "facts": {…}}
    the bytes

Whatever is wrong with an entry, a folder or a disk, the answer is that there is none: a file that
is cut short, changed or called by another key is not believed, and what cannot be written is not
kept.  The folder is as trusted as Python's own `__pycache__`: who can write into it can make us run
whatever they like.  So it is made for its owner alone, and not used where it belongs to somebody
else or others may write in it.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from verypoorcnn.errors import UserError
from verypoorcnn.files.atomic import write_atomically
from verypoorcnn.files.checksum import sha256
from verypoorcnn.files.places import cache_folder

VARIABLE = "VERYPOORCNN_CACHE"
ROOM = 64 << 20  # bytes of all entries together; the oldest make room for new ones
LARGEST = 16 << 20  # bytes of one entry
SUM_BYTES, LENGTH_BYTES = 32, 4
NO_ENTRY = ValueError, KeyError, TypeError, RecursionError  # what decoding nonsense ends in


class Entry(NamedTuple):
    """What is kept under a key."""

    facts: dict[str, Any]  # as JSON gives them back
    data: bytes


class Cache:
    """The entries in one folder, which is made when there is something to keep."""

    def __init__(self, folder: Path, room: int = ROOM) -> None:
        self.folder = folder
        self.room = room

    def get(self, key: str) -> Entry | None:
        """The entry of this key, as it was put; None if there is none that can be believed."""
        with suppress(OSError, *NO_ENTRY):
            if _is_private(os.lstat(self.folder)):
                return _decoded(_content(self._path(key)), key)
        return None

    def put(self, key: str, entry: Entry) -> None:
        """Keep an entry, if that is possible."""
        content = _encoded(key, entry)
        with suppress(OSError, UserError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if len(content) <= min(LARGEST, self.room) and _is_private(os.lstat(self.folder)):
                write_atomically(self._path(key), content, lasting=False)
                self._make_room()

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.kept"

    def _make_room(self) -> None:
        """Drop the oldest files until the others fit."""
        total = 0
        for _, size, path in sorted(self._files(), reverse=True):
            total += size
            if total > self.room:
                path.unlink(missing_ok=True)

    def _files(self) -> Iterator[tuple[int, int, Path]]:
        """When it was written, its bytes, and its place, of every file."""
        for path in self.folder.iterdir():
            found = path.stat()
            yield found.st_mtime_ns, found.st_size, path


def users_cache(name: str, environment: Mapping[str, str] = os.environ) -> Cache | None:
    """The user's cache of this name; None where VERYPOORCNN_CACHE=off, or there is no home.

    Raises:
        UserError: the variable has another value.
    """
    wanted = environment.get(VARIABLE, "")
    if wanted not in ("", "on", "off"):
        raise UserError(f"{VARIABLE}: {wanted!r} is no choice; give on or off, or unset it")
    if wanted == "off":
        return None
    try:
        return Cache(cache_folder() / name)
    except RuntimeError:
        return None


def _is_private(folder: os.stat_result) -> bool:
    """Whether this is a folder of ours in which nobody else may write."""
    others = stat.S_IWGRP | stat.S_IWOTH
    return stat.S_ISDIR(folder.st_mode) and _is_own(folder) and not folder.st_mode & others


def _is_own(found: os.stat_result) -> bool:
    """Whether it belongs to who runs this; Windows keeps users apart by their folders."""
    return not hasattr(os, "geteuid") or found.st_uid == os.geteuid()


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        found = os.fstat(file.fileno())
        if not (stat.S_ISREG(found.st_mode) and _is_own(found) and found.st_size <= LARGEST):
            raise ValueError("no entry of ours")
        return file.read(LARGEST)


def _encoded(key: str, entry: Entry) -> bytes:
    header = json.dumps({"key": key, "facts": entry.facts}, allow_nan=False).encode()
    rest = len(header).to_bytes(LENGTH_BYTES, "little") + header + entry.data
    return sha256(rest).digest() + rest


def _decoded(content: bytes, key: str) -> Entry:
    """The entry; ValueError if these are not the bytes that were written for this key."""
    checksum, rest = content[:SUM_BYTES], content[SUM_BYTES:]
    if sha256(rest).digest() != checksum:
        raise ValueError("damaged")
    end = LENGTH_BYTES + int.from_bytes(rest[:LENGTH_BYTES], "little")
    header = json.loads(rest[LENGTH_BYTES:end])
    if header["key"] != key:
        raise ValueError("the entry of another key")
    return Entry(header["facts"], rest[end:])
