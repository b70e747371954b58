"""What a textbook function is compiled for: lists of known shapes, and numbers given later.

They stand apart from the loop IR because whoever only runs code needs them too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(slots=True, eq=False)
class Array:
    """An argument that is a nested list.  With `per_sample` its first index is the sample."""

    name: str
    shape: tuple[int, ...]  # all of it, the sample included
    per_sample: bool = False
    kind: Literal["float", "byte"] = "float"

    def __str__(self) -> str:
        return self.name


@dataclass(slots=True, frozen=True)
class Scalar:
    """An argument that is a number, given when the code runs: the learning rate."""

    name: str

    def __str__(self) -> str:
        return self.name
