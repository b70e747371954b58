"""A sheet of 28×28 pixels on which shaded polygons are added up.

Every polygon adds its shade to the pixels that it covers, in the measure in which it covers them;
a negative shade takes away, which draws seams and cuts out necklines.  Four scan lines cross each
row of pixels.  Where an edge crosses a scan line, everything to its right becomes lighter (an edge
that goes up) or darker again (one that goes down), so the canvas notes only *changes* and adds
them up once, at the end.  All of it is whole numbers: the same bytes on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from math import sqrt

Point = tuple[float, float]
Outline = list[Point]  # corners, clockwise as seen (x to the right, y down)

SIDE = 28
LINES = 4  # scan lines in a row of pixels
ONE = 4096  # steps across a pixel, and from scan line to scan line
UNIT = LINES * ONE  # what a pixel that is covered fully by a shade of 1 adds up to
STARTS = [line // LINES * SIDE for line in range(SIDE * LINES)]  # the row's first pixel


class Canvas:
    """The changes of shade along the rows of one drawing."""

    def __init__(self) -> None:
        self.changes = [0] * (SIDE * SIDE + 2)  # an edge on the border changes what lies beyond

    def fill(self, corners: Sequence[Point], shade: int) -> None:
        """Add `shade` inside the polygon; `corners` in pixels, clockwise."""
        steps = [(round(x * ONE), round(y * ONE * LINES)) for x, y in corners]
        for (x0, y0), (x1, y1) in pairwise([*steps, steps[0]]):
            if y1 < y0:
                self.edge(x1, y1, x0, y0, shade)
            elif y0 < y1:
                self.edge(x0, y0, x1, y1, -shade)

    def edge(self, x: int, top: int, x_end: int, bottom: int, change: int) -> None:
        """Change everything to the right of the edge by `change`, scan line by scan line."""
        first, last = (top + ONE // 2) // ONE, (bottom + ONE // 2) // ONE
        slope = (x_end - x) * ONE // (bottom - top)  # steps to the right from line to line
        x += (first * ONE + ONE // 2 - top) * slope // ONE
        changes = self.changes
        for start in STARTS[first:last]:
            at = start + x // ONE
            left = change * (x % ONE)  # the part of this pixel before the edge: not changed yet
            changes[at] += change * ONE - left
            changes[at + 1] += left
            x += slope

    def shades(self) -> list[int]:
        """The shade of every pixel, row by row, times `UNIT`."""
        return list(accumulate(self.changes[: SIDE * SIDE]))


def both_sides(half: Outline) -> Outline:
    """Complete a right half, given from the top down, with its mirror image."""
    return half + mirrored(half)


def mirrored(outline: Outline) -> Outline:
    """The mirror image about x = 0, clockwise again."""
    return [(-x, y) for x, y in reversed(outline)]


def stroke(x0: float, y0: float, x1: float, y1: float, width: float) -> Outline:
    """A straight stroke of the pen."""
    # Not hypot or **: sqrt is the one that every machine rounds alike.
    length = sqrt((x1 - x0) * (x1 - x0) + (y1 - y0) * (y1 - y0))
    across, along = (y1 - y0) / length * width / 2, (x1 - x0) / length * width / 2
    return [
        (x0 + across, y0 - along),
        (x1 + across, y1 - along),
        (x1 - across, y1 + along),
        (x0 - across, y0 + along),
    ]


def curve(corners: Outline) -> Outline:
    """Cut each inner corner off at a quarter of its two sides (Chaikin, 1974); the ends remain."""
    cut = [
        point
        for (x0, y0), (x1, y1) in pairwise(corners)
        for point in (
            (0.75 * x0 + 0.25 * x1, 0.75 * y0 + 0.25 * y1),
            (0.25 * x0 + 0.75 * x1, 0.25 * y0 + 0.75 * y1),
        )
    ]
    return [corners[0], *cut, corners[-1]]
