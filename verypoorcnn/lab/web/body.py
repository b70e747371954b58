"""What comes in: JSON bodies and the fields of a query, read with mistrust.

A field that is missing, of another kind or out of range raises `UserError`, a line that names the
field and what it may be; the server answers 400 with it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from verypoorcnn.errors import UserError, nearest

DEEPEST = 32  # lists and objects within each other
LONGEST_SHOWN = 40  # characters of a wrong value in an error


def read_json(content: bytes) -> dict[str, Any]:
    """The JSON object in a body.

    Raises:
        UserError: no JSON, no object, nested too deep, or a number that is not finite.
    """
    try:
        value = json.loads(content, parse_constant=_refuse)
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        raise UserError(f"the body is not JSON ({error}); send a JSON object") from None
    if not isinstance(value, dict):
        raise UserError(f"the body is {shown(value)}; send a JSON object")
    _check(value)
    return value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number of JSON")


def _check(value: Any) -> None:
    """Level by level, so that depth costs no recursion."""
    level = [value]
    for _ in range(DEEPEST):
        for item in level:
            if isinstance(item, float) and not isfinite(item):
                raise UserError("the body has a number beyond float64; send finite numbers")
        level = [inner for item in level for inner in _inside(item)]
        if not level:
            return
    raise _too_deep()


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value.values()]
    return value if isinstance(value, list) else []


def _too_deep() -> UserError:
    return UserError(f"the body is nested more than {DEEPEST} deep; send a flatter one")


def shown(value: Any) -> str:
    """A value for an error message, not too long."""
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def whole(
    fields: Mapping[str, Any], name: str, least: int, most: int, default: int | None = None
) -> int:
    """A whole number from `least` to `most`, as a number or (in a query) as digits."""
    given = fields.get(name, default)
    if isinstance(given, str) and given.isascii() and given.isdigit() and len(given) <= 18:
        given = int(given)
    if type(given) is not int or not least <= given <= most:
        raise UserError(f"{name} is {_given(given)}; give a whole number from {least} to {most}")
    return given


def number(fields: Mapping[str, Any], name: str) -> float:
    """A finite number."""
    given: Any = fields.get(name)
    try:
        if type(given) in (int, float) and isfinite(value := float(given)):
            return value
    except OverflowError:
        pass
    raise UserError(f"{name} is {_given(given)}; give a finite number")


def text(fields: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """A text that is not empty."""
    given = fields.get(name, default)
    if not isinstance(given, str) or not given:
        raise UserError(f"{name} is {_given(given)}; give a text")
    return given


def choice(
    fields: Mapping[str, Any], name: str, known: Sequence[str], default: str | None = None
) -> str:
    """One of these names."""
    given = text(fields, name, default)
    if given not in known:
        raise UserError(f"{name}: there is no {shown(given)}; {nearest(given, [*known])}")
    return given


def index(fields: Mapping[str, Any], name: str) -> list[int]:
    """The place of an element: a list of whole numbers from 0."""
    given = fields.get(name)
    if not isinstance(given, list) or not all(type(i) is int and i >= 0 for i in given):
        raise UserError(f"{name} is {_given(given)}; give a list of whole numbers from 0")
    return given


def flag(fields: Mapping[str, Any], name: str) -> bool:
    """In a query: 1 for yes; 0, or not there, for no."""
    given = fields.get(name, "0")
    if given not in ("0", "1"):
        raise UserError(f"{name} is {_given(given)}; give 0 or 1")
    return bool(given == "1")


def tables(fields: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """A list of objects; none where it is missing."""
    given = fields.get(name, [])
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise UserError(f"{name} is {_given(given)}; give a list of objects")
    return given


def _given(value: Any) -> str:
    return "missing" if value is None else shown(value)
