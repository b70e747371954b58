"""A set of labelled images, kept as the bytes they came as."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import NamedTuple

from verypoorcnn.errors import UserError

Shape = tuple[int, int, int]  # channels, rows, columns

MAX_CLASSES = 256  # a label is one byte
ON_ONE_LINE = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+"  # all but controls, ends of lines


def is_name(text: str) -> bool:
    """Whether it is text on one line, of any terminal."""
    plain = bool(text) and text.isprintable()  # most are; an expression takes a while to compile
    return plain or re.fullmatch(ON_ONE_LINE, text) is not None


def check_class_names(names: Sequence[str], where: str, fix: str = "rename the class") -> None:
    """Raise UserError unless each name is one line that can be printed, and they all differ."""
    for name in names:
        if not is_name(name):
            raise UserError(
                f"{where}: the class name {_shortened(name)} is not one line of text without "
                f"control characters; {fix}"
            )
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UserError(f"{where}: the class name {_shortened(twice)} stands twice; {fix}")


def _shortened(name: str) -> str:
    return repr(name if len(name) <= 40 else f"{name[:40]}…")


@dataclass(frozen=True)
class Dataset:
    """Images of one shape, a label for each, and where they came from.

    `pixels` holds image after image, each `channels × rows × columns` bytes; 60,000 images of
    28×28 are 47 MB.  `labels` holds one byte an image.

    Raises:
        UserError: sizes that do not agree, no image at all, a label without a class name, or names
            that are no names.
    """

    pixels: bytes
    labels: bytes
    shape: Shape
    class_names: tuple[str, ...]
    source: str  # "Fashion-MNIST, training part, from data/fashion-mnist"

    def __post_init__(self) -> None:
        check_class_names(self.class_names, self.source)
        if not self.labels:
            raise UserError(f"{self.source}: there is no image; give data with at least one")
        if len(self.pixels) != len(self.labels) * self.image_bytes:
            raise UserError(
                f"{self.source}: {len(self.labels)} labels but {len(self.pixels)} bytes of images, "
                f"not {len(self.labels)} × {self.image_bytes}; give one label for each image"
            )
        if max(self.labels) >= len(self.class_names):
            index = next(i for i, y in enumerate(self.labels) if y >= len(self.class_names))
            raise UserError(
                f"{self.source}: image {index} has label {self.labels[index]}, "
                f"but there are {len(self.class_names)} classes; labels run from 0 to "
                f"{len(self.class_names) - 1}"
            )

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def image_bytes(self) -> int:
        """Bytes of one image."""
        return prod(self.shape)

    def image(self, index: int) -> bytes:
        """The bytes of one image, channel by channel, row by row."""
        start = range(len(self))[index] * self.image_bytes
        return self.pixels[start : start + self.image_bytes]

    def images(self) -> Iterator[bytes]:
        """The bytes of one image after another."""
        size = self.image_bytes
        return (self.pixels[start : start + size] for start in range(0, len(self.pixels), size))

    def counts(self) -> dict[str, int]:
        """How many images each class has, in the order of the classes."""
        return {name: self.labels.count(label) for label, name in enumerate(self.class_names)}

    def take(self, indices: Sequence[int], source: str | None = None) -> Dataset:
        """The images at these indices, in this order."""
        return replace(
            self,
            pixels=b"".join(self.image(i) for i in indices),
            labels=bytes(self.labels[i] for i in indices),
            source=source or self.source,
        )

    def first(self, count: int | None) -> Dataset:
        """The first `count` images; all of them if `count` is None or larger."""
        if count is None or count >= len(self):
            return self
        return replace(
            self, pixels=self.pixels[: count * self.image_bytes], labels=self.labels[:count]
        )

    def without(self, indices: Iterable[int]) -> Dataset:
        """All images but these."""
        dropped = set(indices)
        return self.take([i for i in range(len(self)) if i not in dropped])


class Found(NamedTuple):
    """What a reader found: the images that it was asked for, and the labels of all there are."""

    dataset: Dataset
    labels: bytes  # one byte an image, read or not
