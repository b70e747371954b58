"""The name of one number in a network: `conv1[2][3][4]`, `conv1.weight[2][0][1][4]`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from verypoorcnn.errors import UserError, nearest
from verypoorcnn.network.layer import Shape, times

Of = Literal["value", "gradient", "update"]
MARKS: dict[Of, str] = {"value": "", "gradient": "∂", "update": "new "}
_WRITTEN = re.compile(r"\s*([A-Za-z_][\w.]*)\s*((?:\[\s*[^][]*\])*)\s*")


@dataclass(frozen=True)
class Target:
    """One number: an element of a named array, its gradient, or what an update makes of it."""

    name: str  # "image", "conv1", "probabilities", "loss", "conv1.weight"
    index: tuple[int, ...] = ()
    of: Of = "value"
    sample: int = 0  # which of the images; of parameters always 0

    def __str__(self) -> str:
        which = f" of image {self.sample}" if self.sample else ""
        return f"{MARKS[self.of]}{self.name}{indices(self.index)}{which}"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        where = {"array": self.name, "index": list(self.index)}
        return where | {"of": self.of, "sample": self.sample}


def indices(index: tuple[int, ...]) -> str:
    """`[2][3][4]`."""
    return "".join(f"[{position}]" for position in index)


def read_target(
    text: str, arrays: Mapping[str, Shape], of: Of = "value", sample: int = 0
) -> Target:
    """The number that `text` names.

    Args:
        text: "conv1[2][3][4]".
        arrays: the shapes of all that can be asked for, by name.
        of: "value", "gradient" or "update".
        sample: which of the images.

    Raises:
        UserError: no such array, too few or too many indices, one beyond the array.
    """
    match = _WRITTEN.fullmatch(text)
    if not match:
        raise UserError(f"{text!r} names no number; write a name and its indices: conv1[2][3][4]")
    name, written = match[1], re.findall(r"\[\s*([^][]*?)\s*\]", match[2])
    if name not in arrays:
        raise UserError(f"{text}: {_unknown(name, arrays, of)}")
    shape = arrays[name]
    if len(written) != len(shape):
        raise UserError(f"{text}: {name} is {_size(shape)}; {_advice(name, shape)}")
    index = tuple(_position(text, *each) for each in enumerate(zip(written, shape, strict=True), 1))
    return Target(name, index, of, sample)


def _unknown(name: str, arrays: Mapping[str, Shape], of: Of) -> str:
    what = {"value": "there is no", "gradient": "no gradient is computed of"}
    return f"{what.get(of, 'no parameter is called')} {name!r}; {nearest(name, [*arrays])}"


def _position(text: str, place: int, given: tuple[str, int]) -> int:
    written, size = given
    if not written.isascii() or not written.isdigit() or int(written) >= size:
        raise UserError(f"{text}: index {place} is {written!r}; it runs from 0 to {size - 1}")
    return int(written)


def _size(shape: Shape) -> str:
    return times(shape) if shape else "a single number"


def _advice(name: str, shape: Shape) -> str:
    middle = indices(tuple(size // 2 for size in shape))
    if not shape:
        return f"write {name}"
    return f"give {len(shape)} {'index' if len(shape) == 1 else 'indices'}, as {name}{middle}"
