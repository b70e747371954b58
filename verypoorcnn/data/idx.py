"""IDX, the format in which MNIST and its relatives are published.

A file begins with a magic number whose third byte is the type of its values (8: bytes) and whose
fourth is how many dimensions follow; then those dimensions, each four bytes, most significant
first; then the values and nothing else.  Images have three dimensions (images, rows, columns), or
four where there are channels; labels have one.  The files mostly come gzipped.

What a header announces is never believed: no more is read than was announced, and no more is
reserved than is there.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import BinaryIO

from verypoorcnn.data.dataset import Dataset, Shape
from verypoorcnn.data.reading import MAX_BYTES, check_labels, opened
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
    images, labels = Path(images), Path(labels)
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
