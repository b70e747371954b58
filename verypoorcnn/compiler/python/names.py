"""Names for what the generated text needs: Python's own stay free, and no two are the same."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterator
from itertools import count as count_from

TAKEN = {*dir(builtins), *keyword.kwlist, "exp", "log", "sqrt"}


class Names:
    """The names that are in use."""

    def __init__(self) -> None:
        self.used = set(TAKEN)
        self.stems: set[str] = set()  # of numbered names: images in images_17

    def fresh(self, wish: str) -> str:
        """The wished name, or one that resembles it."""
        for name in _alike(wish):
            if name not in self.used and not any(_numbered(name, stem) for stem in self.stems):
                self.used.add(name)
                return name
        raise AssertionError

    def stem(self, wish: str) -> str:
        """A name whose numbered forms are free too: images_0, images_1, images_0_1."""
        for stem in _alike(wish):
            others = self.used | self.stems
            if stem not in self.stems and not any(
                _numbered(name, stem) or _numbered(stem, name) for name in others
            ):
                self.stems.add(stem)
                return stem
        raise AssertionError


def _alike(wish: str) -> Iterator[str]:
    """image, image_b, image_c, …"""
    name = re.sub(r"\W", "_", wish)
    yield name
    for count in count_from(1):
        letters = "abcdefghijklmnopqrstuvwxyz"
        yield f"{name}_{letters[count % 26]}{count // 26 or ''}"


def _numbered(name: str, stem: str) -> bool:
    """Whether a name could be a stem with its numbers."""
    return name.startswith(f"{stem}_") and name[len(stem) :].replace("_", "").isdigit()
