"""An image of the user's own, drawn or dropped, made into what the network was trained on.

Every step is kept, so that the page can show each of them with its switch:

    as it came → inverted → centred and scaled → at the network's size → shifted → turned → covered

Centring and scaling choose a square frame: `centre` puts its middle where the ink's middle is, else
it is the picture's; `scale` makes it just large enough for all the ink, else it is as large as the
picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from verypoorcnn.data.dataset import Shape
from verypoorcnn.lab.retouch import (
    Box,
    Picture,
    cut,
    ink,
    negative,
    occluded,
    resampled,
    rotated,
    shifted,
)

LARGEST = 640  # rows or columns; the page makes larger pictures smaller before it sends them
THUMBNAIL = 112  # rows and columns of what the page shows of a step


@dataclass(frozen=True)
class Switches:
    """What is to be done; the numbers are in pixels of the network's image."""

    invert: bool = False
    centre: bool = True
    scale: bool = True
    shift: tuple[int, int] = (0, 0)  # right, down
    rotate: float = 0.0  # degrees, clockwise
    occlude: tuple[int, int, int] | None = None  # row, column, size of the square


@dataclass(frozen=True)
class Step:
    """One step: what it is called, why it is made, and the picture after it."""

    name: str
    why: str
    picture: Picture


@dataclass
class Preparation:
    """The steps from a picture to an image of the network's shape."""

    steps: list[Step] = field(default_factory=list)

    @property
    def picture(self) -> Picture:
        """The picture as it is now."""
        return self.steps[-1].picture

    def add(self, name: str, why: str, picture: Picture) -> None:
        """One more step."""
        self.steps.append(Step(name, why, picture))

    def pixels(self) -> bytes:
        """The bytes of the finished image, channel by channel."""
        return b"".join(self.picture.planes)


def prepare(picture: Picture, shape: Shape, switches: Switches) -> Preparation:
    """All steps for a network that takes images of `shape`: channels, rows, columns."""
    channels, rows, columns = shape
    done = Preparation()
    done.add("as it came", "what was drawn or dropped here", _with_planes(picture, channels))
    if switches.invert:
        why = "the network knows light things on black ground"
        done.add("inverted", why, negative(done.picture))
    if switches.centre or switches.scale:
        name = " and ".join(["centred"] * switches.centre + ["scaled"] * switches.scale)
        why = "things in the training images stand in the middle and fill the frame"
        done.add(name, why, cut(done.picture, frame(done.picture, switches)))
    why = f"the network takes {rows}×{columns} pixels; each is the mean of those it covers"
    done.add(f"at {rows}×{columns}", why, resampled(done.picture, rows, columns))
    if any(switches.shift):
        right, down = switches.shift
        why = f"by {right} to the right and {down} down: does the network mind?"
        done.add("shifted", why, shifted(done.picture, right, down))
    if switches.rotate:
        why = f"by {switches.rotate:g}° clockwise; training images stand upright"
        done.add("turned", why, rotated(done.picture, switches.rotate))
    if switches.occlude:
        why = "what the network misses most, it looked at"
        done.add("covered", why, occluded(done.picture, *switches.occlude))
    return done


def frame(picture: Picture, switches: Switches) -> Box:
    """The square that centring and scaling choose."""
    everything = Box(0, 0, picture.rows, picture.columns)
    found = ink(picture) or everything
    middle = found if switches.centre else everything
    row, column = middle.top + middle.bottom, middle.left + middle.right  # twice the place
    side = max(picture.rows, picture.columns)
    if switches.scale:
        upright = max(2 * found.bottom - row, row - 2 * found.top)
        side = max(upright, 2 * found.right - column, column - 2 * found.left)
    top, left = (row - side) // 2, (column - side) // 2
    return Box(top, left, top + side, left + side)


def _with_planes(picture: Picture, channels: int) -> Picture:
    """Grey is the same in every channel; of colours, the mean is grey."""
    if len(picture.planes) == channels:
        return picture
    count = len(picture.planes)
    grey = bytes(sum(levels) // count for levels in zip(*picture.planes, strict=True))
    return Picture(picture.rows, picture.columns, (grey,) * channels)


def thumbnail(picture: Picture) -> Picture:
    """The picture, or a smaller one of the same proportions where it is large."""
    longest = max(picture.rows, picture.columns)
    if longest <= THUMBNAIL:
        return picture
    rows, columns = (
        max(1, size * THUMBNAIL // longest) for size in (picture.rows, picture.columns)
    )
    return resampled(picture, rows, columns)


def switches_from(body: Mapping[str, Any]) -> Switches:
    """The switches as the page sends them.

    Raises:
        ValueError: something is not of its kind; one line for the user.
    """
    flags = {name: body.get(name, name != "invert") for name in ("invert", "centre", "scale")}
    for name, value in flags.items():
        if not isinstance(value, bool):
            raise ValueError(f"{name} is {value!r}; give true or false")
    rotate = body.get("rotate", 0)
    if isinstance(rotate, bool) or not isinstance(rotate, int | float) or not abs(rotate) <= 360:
        raise ValueError(f"rotate is {rotate!r}; give degrees from -360 to 360")
    shift = _whole_numbers("shift", body.get("shift", [0, 0]), 2)
    covered = body.get("occlude")
    occlude = None if covered is None else _whole_numbers("occlude", covered, 3)
    return Switches(
        **flags,
        shift=(shift[0], shift[1]),
        rotate=float(rotate),
        occlude=(occlude[0], occlude[1], occlude[2]) if occlude else None,
    )


def _whole_numbers(name: str, value: object, count: int) -> list[int]:
    if (
        not isinstance(value, list)
        or len(value) != count
        or not all(type(one) is int and abs(one) <= LARGEST for one in value)
    ):
        raise ValueError(f"{name} is {value!r}; give {count} whole numbers up to {LARGEST}")
    return value
