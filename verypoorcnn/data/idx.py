"""IDX, the format in which MNIST and its relatives are published.

A file begins with a magic number whose third byte is the type of its values (8: bytes) and whose
fourth is how many dimensions follow; then those dimensions, each four bytes, most significant
first; then the values and nothing else.  Images have three dimensions (images, rows, columns), or
four where there are channels; labels have one.  The files mostly come gzipped.

What a header announces is never believed: no more is read than was announced, and no more is
reserved than can be there.  Who wants only the first images has only those read and unzipped.
Whether all others are present, and nothing behind them, is then seen from the file's size, which a
gzip file has in its last four bytes; its checksum is compared only where all of it is read.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import BinaryIO

from verypoorcnn.data.dataset import Dataset, Found, Shape
from verypoorcnn.data.reading import MAX_BYTES, check_labels, opened, unzipped_size
from verypoorcnn.errors import UserError

LABELS, IMAGES, CHANNELED_IMAGES = 0x00000801, 0x00000803, 0x00000804
NAMES = {LABELS: "labels", IMAGES: "images", CHANNELED_IMAGES: "images with channels"}
CHUNK = 1 << 20


def read_idx(
    images: str | Path,
    labels: str | Path,
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
    return first_of_idx(Path(images), Path(labels), class_names, source, None).dataset


def first_of_idx(
    images: Path,
    labels: Path,
    class_names: Sequence[str] | None,
    source: str | None,
    limit: int | None,
) -> Found:
    """As `read_idx`, but at most `limit` images; all labels are read and checked."""
    shape, count, pixels = _read_images(images, limit)
    digits = _read_labels(labels)
    if count != len(digits):
        raise UserError(
            f"{labels}: has {len(digits)} labels, but {images} has {count} images; "
            "give two files that belong together"
        )
    names = check_labels(digits, class_names, lambda index: f"{labels}, image {index}")
    dataset = Dataset(pixels, digits[:limit], shape, names, source or str(images))
    return Found(dataset, digits)


def read_idx_images(path: Path) -> tuple[Shape, bytes]:
    """The shape of one image, and the bytes of all of them, image after image.

    Raises:
        UserError: as `read_idx`.
    """
    shape, _, pixels = _read_images(path, None)
    return shape, pixels


def _read_images(path: Path, limit: int | None) -> tuple[Shape, int, bytes]:
    """The shape of one, how many there are, and the bytes of the first ones."""
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
        return shape, count, _values(path, file, count, prod(shape), "images", limit)


def _read_labels(path: Path) -> bytes:
    with opened(path) as file:
        magic = _magic(path, file, (LABELS,))
        (count,) = _integers(path, file, magic & 0xFF)
        return _values(path, file, count, 1, "labels", None)


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


def _values(
    path: Path, file: BinaryIO, count: int, size: int, what: str, limit: int | None
) -> bytes:
    """The first `limit` of the announced `count` values of `size` bytes each; None: all."""
    announced = count * size
    if announced > MAX_BYTES:
        raise UserError(
            f"{path}: announces {count} {what} of {size} bytes, more than the "
            f"{MAX_BYTES >> 30} GiB that one file may hold; fetch it again or split it"
        )
    needed, wanted = announced, announced if limit is None else min(limit, count) * size
    if file.tell() + announced == unzipped_size(path):
        needed = wanted
        values = file.read(wanted)
        more = wanted == announced and file.read(1)
    else:
        values = _up_to(file, announced)
        more = file.read(1)
    if more or len(values) < needed:
        fault = "more bytes follow the last" if more else f"only {len(values) // size} are present"
        raise UserError(f"{path}: announces {count} {what}, but {fault}; fetch or make it again")
    return values[:wanted]


def _up_to(file: BinaryIO, count: int) -> bytes:
    """At most so many bytes; no memory is set aside for those that do not come."""
    chunks = []
    while count and (chunk := file.read(min(count, CHUNK))):
        chunks.append(chunk)
        count -= len(chunk)
    return b"".join(chunks)
