"""What is done to a picture before a network sees it: plain loops over its pixels.

A picture here is of any size; black, 0, is the ground, as in Fashion-MNIST, and what is brighter is
the thing in the picture, its ink.  Every function gives a new picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, floor, radians, sin

GROUND = 0
FAINT = 32  # pixels up to here are ground, not ink
INK = bytes(level > FAINT for level in range(256))
NEGATIVE = bytes(range(255, -1, -1))


@dataclass(frozen=True)
class Picture:
    """Rows × columns pixels, of one plane (grey) or of three (red, green, blue).

    Raises:
        ValueError: a plane is not rows × columns bytes.
    """

    rows: int
    columns: int
    planes: tuple[bytes, ...]

    def __post_init__(self) -> None:
        if self.rows < 1 or self.columns < 1 or not self.planes:
            raise ValueError(f"a picture of {len(self.planes)}×{self.rows}×{self.columns}")
        for plane in self.planes:
            if len(plane) != self.rows * self.columns:
                raise ValueError(f"{len(plane)} bytes for {self.rows}×{self.columns} pixels")

    def row(self, plane: bytes, row: int) -> bytes:
        """One row of a plane of it."""
        return plane[row * self.columns : (row + 1) * self.columns]


@dataclass(frozen=True)
class Box:
    """Rows `top` to `bottom` and columns `left` to `right`, the ends not included."""

    top: int
    left: int
    bottom: int
    right: int


def negative(picture: Picture) -> Picture:
    """Light for dark and dark for light."""
    planes = tuple(plane.translate(NEGATIVE) for plane in picture.planes)
    return Picture(picture.rows, picture.columns, planes)


def ink(picture: Picture) -> Box | None:
    """The smallest box round everything that is not ground; None if all is."""
    rows, lefts, rights = [], [], []
    for plane in picture.planes:
        marked = plane.translate(INK)
        for row in range(picture.rows):
            line = picture.row(marked, row)
            if 1 in line:
                rows.append(row)
                lefts.append(line.index(1))
                rights.append(line.rindex(1) + 1)
    return Box(min(rows), min(lefts), max(rows) + 1, max(rights)) if rows else None


def cut(picture: Picture, box: Box) -> Picture:
    """What a box shows of it; the box may reach beyond its edges, where there is ground."""
    left, right = max(0, -box.left), max(0, box.right - picture.columns)
    empty = bytes([GROUND])

    def line(plane: bytes, row: int) -> bytes:
        if not 0 <= row < picture.rows:
            return empty * (box.right - box.left)
        kept = picture.row(plane, row)[max(0, box.left) : max(0, box.right)]
        return (empty * left + kept + empty * right)[: box.right - box.left]

    rows = range(box.top, box.bottom)
    planes = tuple(b"".join(line(plane, row) for row in rows) for plane in picture.planes)
    return Picture(box.bottom - box.top, box.right - box.left, planes)


def resampled(picture: Picture, rows: int, columns: int) -> Picture:
    """The same picture in other measures; each new pixel is the mean of those it covers."""
    across = [_covered(column, columns, picture.columns) for column in range(columns)]

    def plane_of(plane: bytes) -> bytes:
        new = bytearray()
        for row in range(rows):
            first, last = _covered(row, rows, picture.rows)
            lines = [picture.row(plane, covered) for covered in range(first, last)]
            for left, right in across:
                total = sum(sum(line[left:right]) for line in lines)
                count = (last - first) * (right - left)
                new.append((2 * total + count) // (2 * count))
        return bytes(new)

    return Picture(rows, columns, tuple(map(plane_of, picture.planes)))


def _covered(place: int, places: int, size: int) -> tuple[int, int]:
    """Which of `size` pixels the new pixel at `place` of `places` covers: at least one."""
    first = place * size // places
    return first, max(first + 1, -(-(place + 1) * size // places))


def shifted(picture: Picture, right: int, down: int) -> Picture:
    """Moved by whole pixels; ground comes in from the other side."""
    return cut(picture, Box(-down, -right, picture.rows - down, picture.columns - right))


def rotated(picture: Picture, degrees: float) -> Picture:
    """Turned round its middle, clockwise.

    Each pixel looks back to where it came from and takes the mean of the four pixels there, each
    weighted by how near it is.
    """
    turn, middle = radians(degrees), ((picture.rows - 1) / 2, (picture.columns - 1) / 2)
    cosine, sine = cos(turn), sin(turn)
    sources = [
        (
            middle[0] + cosine * (row - middle[0]) - sine * (column - middle[1]),
            middle[1] + sine * (row - middle[0]) + cosine * (column - middle[1]),
        )
        for row in range(picture.rows)
        for column in range(picture.columns)
    ]
    planes = tuple(
        bytes(_between(picture, plane, row, column) for row, column in sources)
        for plane in picture.planes
    )
    return Picture(picture.rows, picture.columns, planes)


def _between(picture: Picture, plane: bytes, row: float, column: float) -> int:
    """The brightness at a place between pixels."""
    top, left = floor(row), floor(column)
    total = 0.0
    for i in (top, top + 1):
        for j in (left, left + 1):
            if 0 <= i < picture.rows and 0 <= j < picture.columns:
                nearness = (1 - abs(row - i)) * (1 - abs(column - j))
                total += nearness * plane[i * picture.columns + j]
    return min(255, round(total))


def occluded(picture: Picture, row: int, column: int, size: int) -> Picture:
    """With a square of ground over it, its upper left corner at `row` and `column`."""
    planes = [bytearray(plane) for plane in picture.planes]
    left, right = max(0, column), min(picture.columns, column + size)
    for covered in range(max(0, row), min(picture.rows, row + size)):
        start = covered * picture.columns
        for plane in planes:
            plane[start + left : start + right] = bytes([GROUND]) * max(0, right - left)
    return Picture(picture.rows, picture.columns, tuple(map(bytes, planes)))
