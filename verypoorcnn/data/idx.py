"""IDX, the format in which MNIST and its relatives are published.

A file begins with a magic number whose third byte is the type of its values (8: bytes) and whose
fourth is how many dimensions follow; then those dimensions, each four bytes, most significant
first; then the values and nothing else.  Images have three dimensions (images, rows, columns), or
four where there are channels; labels have one.  The files mostly come gzipped.

What a header announces is never believed: no more is read than was announced, and no more is
reserved than is there.  The other readers of this package borrow the first half of this file, which
turns whatever goes wrong with a file into one line for the user.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import BinaryIO, cast

from verypoorcnn.data.dataset import MAX_CLASSES, Dataset, Shape
from verypoorcnn.errors import UserError

MAX_BYTES = 1 << 32  # of one file's images, unzipped: eighty times Fashion-MNIST

GZIP_MAGIC = b"\x1f\x8b"
LABELS, IMAGES, CHANNELED_IMAGES = 0x00000801, 0x00000803, 0x00000804
NAMES = {LABELS: "labels", IMAGES: "images", CHANNELED_IMAGES: "images with channels"}
CHUNK = 1 << 20

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


def read_idx(
    images: Path,
    labels: Path,
    class_names: Sequence[str] | None = None,
    source: str | None = None,
) -> Dataset:
    """The images of one IDX file with the labels of another; either may be gzipped.

    Args:
        images: bytes of shape (images, rows, columns) or (images, channels, rows, columns).
        labels: bytes of shape (images,).
        class_names: one name a class; None calls them "0", "1", … up to the largest label.
        source: what to call the data; None takes the name of the file of images.

    Raises:
        UserError: a file cannot be read, is no such IDX file, or holds less or more than it
            announces; images and labels differ in number; a label is out of range.
    """
    shape, pixels = read_idx_images(images)
    digits = _read_labels(labels)
    count = len(pixels) // prod(shape)
    if count != len(digits):
        raise UserError(
            f"{labels}: has {len(digits)} labels, but {images} has {count} images; "
            "give two files that belong together"
        )
    names = check_labels(digits, class_names, lambda index: f"{labels}, image {index}")
    return Dataset(pixels, digits, shape, names, source or str(images))


def read_idx_images(path: Path) -> tuple[Shape, bytes]:
    """The shape of one image, and the bytes of all of them, image after image.

    Raises:
        UserError: as `read_idx`.
    """
    with opened(path) as file:
        magic = _magic(path, file, (IMAGES, CHANNELED_IMAGES))
        count, *sizes = _integers(path, file, magic & 0xFF)
        channels, rows, columns = sizes if magic == CHANNELED_IMAGES else (1, *sizes)
        if 0 in sizes:
            raise UserError(
                f"{path}: announces images of {' × '.join(map(str, sizes))} pixels, "
                "which is none; fetch or make it again"
            )
        shape = channels, rows, columns
        return shape, _values(path, file, count, prod(shape), "images")


def _read_labels(path: Path) -> bytes:
    with opened(path) as file:
        magic = _magic(path, file, (LABELS,))
        (count,) = _integers(path, file, magic & 0xFF)
        return _values(path, file, count, 1, "labels")


def _magic(path: Path, file: BinaryIO, expected: tuple[int, ...]) -> int:
    (magic,) = _integers(path, file, 1)
    if magic not in expected:
        found = f"0x{magic:08x}" + (f" ({NAMES[magic]})" if magic in NAMES else "")
        wanted = " or ".join(f"0x{number:08x} ({NAMES[number]})" for number in expected)
        raise UserError(f"{path}: found magic number {found}, expected {wanted}; give such a file")
    return magic


def _integers(path: Path, file: BinaryIO, count: int) -> tuple[int, ...]:
    data = file.read(4 * count)
    if len(data) < 4 * count:
        raise UserError(
            f"{path}: the file ends within its header, {4 * count - len(data)} bytes too early; "
            "fetch or make it again"
        )
    return struct.unpack(f">{count}I", data)


def _values(path: Path, file: BinaryIO, count: int, size: int, what: str) -> bytes:
    """The announced `count` values of `size` bytes each, after which the file must end."""
    announced = count * size
    if announced > MAX_BYTES:
        raise UserError(
            f"{path}: announces {count} {what} of {size} bytes, more than the "
            f"{MAX_BYTES >> 30} GiB that one file may hold; fetch it again or split it"
        )
    chunks, missing = [], announced + 1  # one more, to see whether the file ends there
    while missing and (chunk := file.read(min(missing, CHUNK))):
        chunks.append(chunk)
        missing -= len(chunk)
    values = b"".join(chunks)
    if len(values) < announced:
        raise UserError(
            f"{path}: announces {count} {what}, but only {len(values) // size} are present; "
            "fetch or make it again"
        )
    if len(values) > announced:
        raise UserError(
            f"{path}: announces {count} {what}, but more bytes follow the last; "
            "fetch or make it again"
        )
    return values
