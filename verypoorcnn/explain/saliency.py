"""Which parts of an image matter to what a network makes of it: two maps.

Occlusion covers one patch after another and looks how far the probability of a class falls (Zeiler
and Fergus, 2014).  It asks the network alone, so any engine will do.  A pixel's number is the mean
over the patches that cover it.

The input gradient asks for small changes instead: ∂/∂pixel of a class's logit, or of the loss
(Simonyan, Vedaldi and Zisserman, 2014).  One backward pass gives all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from verypoorcnn.data.dataset import Dataset, Shape
from verypoorcnn.engines import Engine
from verypoorcnn.errors import UserError
from verypoorcnn.explain.colours import diverging
from verypoorcnn.explain.explainer import Explainer
from verypoorcnn.files.png import png
from verypoorcnn.training.evaluation import probabilities

SHADES = ".:-=+*#%@"  # of a number's size, in as many equal steps; nothing at all is blank
GREY = 128
SCALE = 8  # PNG pixels to an image's pixel


@dataclass(frozen=True)
class SaliencyMap:
    """A number for every pixel; above 0 it speaks for the class, below 0 against it."""

    title: str
    values: tuple[tuple[float, ...], ...]  # [row][column]

    @property
    def largest(self) -> float:
        """The size of its largest number, which is the end of its colours and shades."""
        return max(abs(value) for row in self.values for value in row)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        values = [list(row) for row in self.values]
        return {"title": self.title, "largest": self.largest, "values": values}

    def as_text(self) -> str:
        """Two characters a pixel, its sign and a shade, and a legend beneath."""
        lines = ["".join(self._shade(value) for value in row).rstrip() for row in self.values]
        step = self.largest / len(SHADES)
        legend = (
            f"{self.title}\n"
            "+ for, - against, each with a shade for its size; blank is 0\n"
            f"{SHADES} from small to large: {SHADES[0]} up to {step:.3g}, "
            f"{SHADES[1]} up to {2 * step:.3g}, … {SHADES[-1]} up to {self.largest:.3g}"
        )
        return "\n".join([*lines, legend])

    def as_png(self, scale: int = SCALE) -> bytes:
        """A picture, `scale` × `scale` for a pixel: orange for the class, blue against, white 0."""
        rows = [
            b"".join(bytes(diverging(value, self.largest)) * scale for value in row) * scale
            for row in self.values
        ]
        size = len(self.values[0]) * scale, len(self.values) * scale
        return png(*size, b"".join(rows), channels=3)

    def _shade(self, value: float) -> str:
        if not value:
            return "  "
        level = min(len(SHADES) - 1, int(abs(value) / self.largest * len(SHADES)))
        return ("+" if value > 0 else "-") + SHADES[level]


def occlusion(
    engine: Engine,
    image: bytes,
    label: int | None = None,
    *,
    patch: int = 4,
    stride: int = 2,
    fill: str | int = "mean",
) -> SaliencyMap:
    """How far the probability of a class falls when a patch is covered.

    Args:
        engine: who computes.
        image: its bytes.
        label: the class; None takes the most probable.
        patch: rows and columns of a patch.
        stride: pixels from one patch to the next; at most `patch`, so that every pixel is covered.
        fill: what it is covered with: "mean" of the image, "grey", or a byte.

    Raises:
        UserError: a patch larger than the image, a stride larger than the patch, another fill.
    """
    shape = engine.network.input_shape
    _check(shape, patch, stride)
    corners = [*_corners(shape, patch, stride)]
    ink = [_ink(image, shape, c, fill) for c in range(shape[0])]
    covered = [_covered(image, shape, corner, patch, ink) for corner in corners]
    first, *rows = probabilities(engine, _dataset([image, *covered], engine))
    k = max(range(len(first)), key=first.__getitem__) if label is None else label
    drops = {corner: first[k] - row[k] for corner, row in zip(corners, rows, strict=True)}
    title = (
        f"fall of the probability of class {k} ({first[k]:.3g}) where {patch}×{patch} is covered"
    )
    return SaliencyMap(title, _spread(drops, shape, patch))


def input_gradient(
    explainer: Explainer, label: int | None = None, *, sample: int = 0, loss: bool = False
) -> SaliencyMap:
    """∂/∂pixel of the logit of a class, or of the loss; of channels, the largest in size.

    Args:
        explainer: a network and its images.
        label: the class; None takes the most probable.  Of the loss it is the explainer's.
        sample: which of its images.
        loss: take the loss in the place of the logit, with its sign turned, so that above 0 still
            speaks for the label.
    """
    if loss:
        gradient = explainer.array("image", "gradient", sample)
        k, sign, of = explainer.labels[sample], -1.0, "−loss with label"
    else:
        k = explainer.predicted()[sample] if label is None else label
        gradient, sign, of = explainer.logit_gradient(k, sample), 1.0, "logit of class"
    largest = [
        tuple(sign * max(pixel, key=abs) for pixel in zip(*rows, strict=True))
        for rows in zip(*gradient, strict=True)
    ]
    return SaliencyMap(f"∂({of} {k})/∂pixel, pixels from 0 to 1", tuple(largest))


def _check(shape: Shape, patch: int, stride: int) -> None:
    if not 1 <= patch <= min(shape[1:]):
        raise UserError(f"patch {patch}: give rows of the image, from 1 to {min(shape[1:])}")
    if not 1 <= stride <= patch:
        raise UserError(f"stride {stride}: give pixels from 1 to the patch's {patch}")


def _corners(shape: Shape, patch: int, stride: int) -> Iterator[tuple[int, int]]:
    """The upper left corners of the patches; the last ones end where the image ends."""
    rows, columns = ([*range(0, side - patch, stride), side - patch] for side in shape[1:])
    yield from ((row, column) for row in rows for column in columns)


def _ink(image: bytes, shape: Shape, channel: int, fill: str | int) -> int:
    if fill == "mean":
        size = shape[1] * shape[2]
        return round(sum(image[channel * size : (channel + 1) * size]) / size)
    if fill == "grey":
        return GREY
    if isinstance(fill, int) and 0 <= fill <= 255:
        return fill
    raise UserError(f"fill {fill!r}: give mean, grey, or a whole number from 0 to 255")


def _covered(
    image: bytes, shape: Shape, corner: tuple[int, int], patch: int, ink: Sequence[int]
) -> bytes:
    pixels = bytearray(image)
    _, rows, columns = shape
    for channel, value in enumerate(ink):
        for row in range(corner[0], corner[0] + patch):
            start = (channel * rows + row) * columns + corner[1]
            pixels[start : start + patch] = bytes([value]) * patch
    return bytes(pixels)


def _spread(
    drops: dict[tuple[int, int], float], shape: Shape, patch: int
) -> tuple[tuple[float, ...], ...]:
    """Of every pixel the mean over the patches that cover it."""
    _, rows, columns = shape
    over: list[list[list[float]]] = [[[] for _ in range(columns)] for _ in range(rows)]
    for (top, left), drop in drops.items():
        for row in range(top, top + patch):
            for column in range(left, left + patch):
                over[row][column].append(drop)
    return tuple(tuple(sum(some) / len(some) for some in row) for row in over)


def _dataset(images: Sequence[bytes], engine: Engine) -> Dataset:
    names = tuple(map(str, range(engine.network.classes)))
    shape = engine.network.input_shape
    return Dataset(b"".join(images), bytes(len(images)), shape, names, "occluded images")
