"""What garments are made of: stripes, checks, dots, falling light, and the photograph's grain.

A material is a factor for each of the 784 pixels; `FULL` leaves the garment's shade as it is.
"""

from __future__ import annotations

from collections.abc import Callable

from verypoorcnn.data.sketches.canvas import SIDE

Pick = Callable[[float, float], float]  # pick(low, high): a random number between the two
Material = Callable[[Pick], list[int]]

FULL = 64  # the factor that changes nothing
PLAIN = [FULL] * SIDE

# Tables that turn random bytes into grain: at most a twentieth to a fifth of the light is lost.
GRAINS = [bytes(255 - byte * most // 255 for byte in range(256)) for most in range(12, 52, 5)]


def cloth(pick: Pick) -> list[int]:
    """Half of the clothes are plain, the others striped, checked or dotted."""
    kind = pick(0, 1)
    if kind < 0.5:
        return woven(fading(pick), PLAIN)
    if kind < 0.65:
        return woven(stripes(pick), PLAIN)
    if kind < 0.75:
        return woven(PLAIN, stripes(pick))
    if kind < 0.88:
        return woven(stripes(pick), stripes(pick))
    return dotted(pick)


def leather(pick: Pick) -> list[int]:
    """Shoes and bags are plain; the light falls on them from above or from a side."""
    return woven(fading(pick), fading(pick))


def woven(rows: list[int], columns: list[int]) -> list[int]:
    """Every row's factor times every column's."""
    return [row * column // FULL for row in rows for column in columns]


def stripes(pick: Pick) -> list[int]:
    """Light and dark stripes, one to three pixels wide."""
    width, start, dark = int(pick(1, 4)), int(pick(0, 8)), int(pick(0.65, 0.9) * FULL)
    return [dark if (i + start) // width % 2 else FULL for i in range(SIDE)]


def fading(pick: Pick) -> list[int]:
    """Light that becomes stronger or weaker from one side to the other."""
    first, last = pick(0.8, 1) * FULL, pick(0.8, 1) * FULL
    return [round(first + (last - first) * i / (SIDE - 1)) for i in range(SIDE)]


def dotted(pick: Pick) -> list[int]:
    """A dark dot every three to five pixels."""
    gap, start, dark = int(pick(3, 6)), int(pick(0, 5)), int(pick(0.35, 0.7) * FULL)
    line = [(i + start) % gap == 0 for i in range(SIDE)]
    return [dark if row and column else FULL for row in line for column in line]
