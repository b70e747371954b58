"""An image of the user's own, drawn or dropped, made into what the network was trained on.

Every step is kept, so that the page can show each of them with its switch:

    as it came → inverted → centred and scaled → at the network's size → shifted → turned → covered

Centring and scaling choose a frame of the proportions of the network's image: `centre` puts its
middle where the ink's middle is, else it is the picture's; `scale` makes it just large enough for
all the ink, else it is large enough for the picture.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from verypoorcnn.data.dataset import Shape
from verypoorcnn.errors import UserError
from verypoorcnn.lab.looking import One, fastest
from verypoorcnn.lab.session import Session
from verypoorcnn.lab.views.retouch import (
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
from verypoorcnn.lab.web import body, wire

LARGEST = 640  # rows or columns; the page makes larger pictures smaller before it sends them
THUMBNAIL = 56  # rows and columns of what the page shows of a step


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
        done.add(name, why, cut(done.picture, frame(done.picture, switches, (rows, columns))))
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


def frame(picture: Picture, switches: Switches, image: tuple[int, int] = (1, 1)) -> Box:
    """What centring and scaling choose, in proportion as the image's rows and columns."""
    everything = Box(0, 0, picture.rows, picture.columns)
    found = ink(picture) or everything
    middle = found if switches.centre else everything
    row, column = middle.top + middle.bottom, middle.left + middle.right  # twice the place
    high, wide = picture.rows, picture.columns
    if switches.scale:
        high = max(2 * found.bottom - row, row - 2 * found.top)
        wide = max(2 * found.right - column, column - 2 * found.left)
    rows, columns = image
    high, wide = max(high, -(-wide * rows // columns)), max(wide, -(-high * columns // rows))
    top, left = (row - high) // 2, (column - wide) // 2
    return Box(top, left, top + high, left + wide)


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


def switches_from(fields: Mapping[str, Any]) -> Switches:
    """The switches as the page sends them.

    Raises:
        UserError: something is not of its kind.
    """
    flags = {name: fields.get(name, name != "invert") for name in ("invert", "centre", "scale")}
    for name, value in flags.items():
        if not isinstance(value, bool):
            raise UserError(f"{name} is {value!r}; give true or false")
    rotate = fields.get("rotate", 0)
    if isinstance(rotate, bool) or not isinstance(rotate, int | float) or not abs(rotate) <= 360:
        raise UserError(f"rotate is {rotate!r}; give degrees from -360 to 360")
    shift = _whole_numbers("shift", fields.get("shift", [0, 0]), 2)
    covered = fields.get("occlude")
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
        raise UserError(f"{name} is {value!r}; give {count} whole numbers up to {LARGEST}")
    return value


def picture_from(fields: Mapping[str, Any]) -> Picture:
    """The picture as the page sends it: `width`, `height`, and one or three `planes` in base64.

    Raises:
        UserError: something is not of its kind.
    """
    columns, rows = (body.whole(fields, name, 1, LARGEST) for name in ("width", "height"))
    planes = fields.get("planes")
    if not isinstance(planes, list) or len(planes) not in (1, 3):
        raise UserError("planes must be a list of one plane of grey, or of red, green and blue")
    decoded = tuple(_bytes_of(plane) for plane in planes)
    if any(len(plane) != rows * columns for plane in decoded):
        found = ", ".join(str(len(plane)) for plane in decoded)
        raise UserError(f"planes of {found} bytes; a picture of {rows}×{columns} needs as many")
    return Picture(rows, columns, decoded)


def _bytes_of(plane: object) -> bytes:
    try:
        return b64decode(plane if isinstance(plane, str) else "?", validate=True)
    except (NotBase64, ValueError):
        raise UserError(f"a plane is {body.shown(plane)}; send its bytes in base64") from None


def own(session: Session, fields: dict[str, Any]) -> dict[str, Any]:
    """Prepare a picture, keep the result as an image, and say what the network makes of it."""
    held = session.held
    shape = held.network.input_shape
    done = prepare(picture_from(fields), shape, switches_from(fields))
    address = session.keep_own(done.pixels())
    image = session.image(address)
    with fastest(session, held).having(held) as engine:
        rows = engine.probabilities(One(image.pixels, b"\0"), [0])
    return {
        "version": held.version,
        "image": address,
        "steps": [_step(step) for step in done.steps],
        "pixels": wire.pixels(shape, image.pixels),
        "probabilities": list(rows[0]),
    }


def _step(step: Step) -> dict[str, Any]:
    small = thumbnail(step.picture)
    shape = (len(small.planes), small.rows, small.columns)
    size = [step.picture.rows, step.picture.columns]
    image = wire.pixels(shape, b"".join(small.planes))
    return {"name": step.name, "why": step.why, "size": size, "image": image}


ROUTES = {("POST", "/api/own"): own}
