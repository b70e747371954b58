"""Colours for numbers of two signs: blue below zero, white at zero, orange above.

Blue and orange are told apart by every kind of colour blindness, and either grows darker away from
zero, so that a grey print still shows how much.  Zero is white whatever the numbers: two pictures
with the same largest number can be compared.
"""

from __future__ import annotations

Colour = tuple[int, int, int]  # red, green, blue, each from 0 to 255

BLUE: Colour = 33, 102, 172
WHITE: Colour = 255, 255, 255
ORANGE: Colour = 217, 95, 2


def diverging(value: float, largest: float) -> Colour:
    """The colour of a number from −`largest` to `largest`; what lies beyond has the last colour."""
    end = ORANGE if value > 0 else BLUE
    share = min(1.0, abs(value) / largest) if largest > 0 else 0.0
    red, green, blue = (round(w + (e - w) * share) for w, e in zip(WHITE, end, strict=True))
    return red, green, blue
