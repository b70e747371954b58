"""What all readers of files share: whatever is wrong with a file becomes one line for the user."""

from __future__ import annotations

import os
import stat
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from verypoorcnn.data.dataset import MAX_CLASSES
from verypoorcnn.errors import UserError

MAX_BYTES = 1 << 32  # of one file's images, unzipped: eighty times Fashion-MNIST

GZIP_MAGIC = b"\x1f\x8b"
BEST_ZIP = 1032  # bytes that one byte of a gzip file can stand for at best

REASONS = {
    FileNotFoundError: "there is no such file or folder; check the name",
    IsADirectoryError: "this is a folder; give a file",
    NotADirectoryError: "this is a file; give a folder",
    PermissionError: "no permission to read it; change that or give another file",
}


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Whatever the system or gzip finds wrong with `path` becomes a UserError of one line."""
    try:
        yield
    except (EOFError, zlib.error) as error:
        raise _damaged(path, error) from error
    except OSError as error:
        if error.errno is None:  # it is gzip's, not the system's
            raise _damaged(path, error) from error
        reason = REASONS.get(type(error), f"cannot be read: {error.strerror}")
        raise UserError(f"{path}: {reason}") from error
    except MemoryError as error:
        raise UserError(f"{path}: does not fit into memory; give a smaller file") from error


def _damaged(path: Path, error: Exception) -> UserError:
    return UserError(f"{path}: damaged gzip file ({error}); fetch or make it again")


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The bytes of a file, unzipped if it starts as gzip does, whatever its name.

    Raises:
        UserError: the file cannot be read; a gzip file is truncated or damaged, which shows only
            where the caller reads so far.
    """
    with reading(path), path.open("rb") as file:
        if file.peek(len(GZIP_MAGIC)).startswith(GZIP_MAGIC):
            import gzip

            with gzip.GzipFile(fileobj=file) as unzipped:
                yield cast(BinaryIO, unzipped)
        else:
            yield file


def unzipped_size(path: Path) -> int | None:
    """Bytes of a file, unzipped, as the file itself tells; None where it does not, or cannot be.

    The last four bytes of a gzip file are this number.  (If it was zipped in several parts, they
    are that of the last part.)
    """
    with path.open("rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            return None
        if file.read(len(GZIP_MAGIC)) != GZIP_MAGIC:
            return found.st_size
        file.seek(max(0, found.st_size - 4))
        size = int.from_bytes(file.read(), "little")
        return size if size <= found.st_size * BEST_ZIP else None


def check_labels(
    labels: bytes, class_names: Sequence[str] | None, place: Callable[[int], str]
) -> tuple[str, ...]:
    """The classes' names: those given, else "0", "1", … up to the largest label.

    A label is out of range if it has no name.  Where no names were given, a stray label would make
    its own class, so then every label up to the largest must stand at two images at least.

    Args:
        labels: one byte an image.
        class_names: one name a class, or None.
        place: says where the label of the image with this index stands, for the error.

    Raises:
        UserError: a label is out of range, or all are the same and no names were given.
    """
    if class_names is None:
        return _numbers_as_names(labels, place)
    if labels and max(labels) >= len(class_names):
        index = next(i for i, label in enumerate(labels) if label >= len(class_names))
        raise UserError(
            f"{place(index)}: label {labels[index]} is out of range: there are "
            f"{len(class_names)} classes, so labels run from 0 to {len(class_names) - 1}"
        )
    return tuple(class_names)


def _numbers_as_names(labels: bytes, place: Callable[[int], str]) -> tuple[str, ...]:
    known = 0  # the labels below this one stand at two images or more
    while known < MAX_CLASSES and labels.count(known) > 1:
        known += 1
    stray = min((label for label in range(known, MAX_CLASSES) if label in labels), default=None)
    if stray is not None:
        raise UserError(
            f"{place(labels.index(stray))}: label {stray} {_why_stray(stray, known)}; "
            "name the classes with data.class_names if this is meant"
        )
    if known == 1:
        raise UserError(f"{place(0)}: all labels are 0; give images of two classes at least")
    return tuple(str(label) for label in range(known))


def _why_stray(stray: int, known: int) -> str:
    if stray == known:
        return "stands at one image only, which cannot be both learned and tested"
    if known == 0:
        return "is out of range: labels count from 0, and there is no 0"
    return f"is out of range: the labels below it run from 0 to {known - 1}"
