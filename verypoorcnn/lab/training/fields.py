"""What the page may ask for: numbers within bounds, names out of a list.

The same table says what is accepted and tells the page where its sliders end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from verypoorcnn.errors import UserError, nearest


@dataclass(frozen=True)
class Number:
    """A number from `low` to `high`; `log`: its slider goes by factors and not by steps."""

    low: float
    high: float
    whole: bool = True
    log: bool = False

    def read(self, name: str, value: Any) -> float:
        """The value itself, if it is such a number; UserError if not."""
        kinds: tuple[type, ...] = (int,) if self.whole else (int, float)
        fits = type(value) in kinds and abs(value) < 2**53 and isfinite(value)
        if not (fits and self.low <= value <= self.high):
            kind = "whole number" if self.whole else "number"
            raise UserError(
                f"{name} must be a {kind} from {self.low:g} to {self.high:g}, not {_shown(value)}"
            )
        return value if self.whole else float(value)

    def reaching(self, value: float) -> Number:
        """The same, with its bounds moved out to this value where it lies beyond them."""
        return replace(self, low=min(self.low, value), high=max(self.high, value))

    def as_dict(self) -> dict[str, Any]:
        """For the page."""
        return {"low": self.low, "high": self.high, "whole": self.whole, "log": self.log}


@dataclass(frozen=True)
class Choice:
    """One of these names."""

    names: tuple[str, ...]

    def read(self, name: str, value: Any) -> str:
        """The value itself, if it is one of them; UserError if not."""
        if not isinstance(value, str) or value not in self.names:
            raise UserError(f"{name}: no {_shown(value)}; {nearest(str(value), [*self.names])}")
        return value

    def as_dict(self) -> dict[str, Any]:
        """For the page."""
        return {"names": list(self.names)}


Field = Number | Choice
Fields = Mapping[str, Field]


def read_fields(fields: Fields, given: Any, where: str) -> dict[str, Any]:
    """What is given of these fields.

    Raises:
        UserError: no table, a field that there is not, a value out of bounds.
    """
    if not isinstance(given, Mapping):
        raise UserError(f"{where} must be a table of settings, not {_shown(given)}")
    for name in given:
        if name not in fields:
            raise UserError(f"{where}: no {_shown(name)}; {nearest(str(name), [*fields])}")
    return {name: fields[name].read(name, value) for name, value in given.items()}


def limits(fields: Fields) -> dict[str, Any]:
    """All fields for the page."""
    return {name: field.as_dict() for name, field in fields.items()}


def require_names(given: Any, known: Sequence[str], where: str) -> Mapping[str, Any]:
    """A table with no other entries than these; UserError if not."""
    if not isinstance(given, Mapping):
        raise UserError(f"{where} must be a table, not {_shown(given)}")
    for name in given:
        if name not in known:
            raise UserError(f"{where}: no {_shown(name)}; {nearest(str(name), [*known])}")
    return given


def _shown(value: Any) -> str:
    text = ascii(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
