"""Images as text: what the network sees, in any terminal.

A pixel becomes two characters, since a character is about twice as high as it is wide; the brighter
the pixel, the more ink the character has.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from verypoorcnn.data.dataset import Shape

SHADES = " .:-=+*#%@"  # from 0 to 255


def as_text(pixels: bytes, shape: Shape) -> str:
    """One image as `rows` lines of 2 × `columns` characters; of colours, the mean is shown.

    Args:
        pixels: channels × rows × columns bytes, channel by channel, row by row.
        shape: channels, rows, columns.
    """
    channels, rows, columns = shape
    size = rows * columns
    shades = [
        SHADES[sum(pixels[place::size]) * len(SHADES) // (256 * channels)] for place in range(size)
    ]
    lines = [shades[start : start + columns] for start in range(0, size, columns)]
    return "\n".join("".join(2 * shade for shade in line) for line in lines)


def side_by_side(texts: Sequence[str], gap: str = "  ") -> str:
    """Texts next to each other, tops level; lines keep no spaces at their ends."""
    blocks = [text.split("\n") for text in texts]
    widths = [max(map(len, block)) for block in blocks]
    lines = zip_longest(*blocks, fillvalue="")
    return "\n".join(
        gap.join(part.ljust(width) for part, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
