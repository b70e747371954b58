"""How long statements are laid out in lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

WIDTH = 100  # columns


def assignment(target: str, terms: Sequence[str], depth: int) -> list[str]:
    """`target = terms`, on several lines in brackets where one is too short."""
    space = "    " * depth
    if len(terms) == 2 and terms[0] == target:
        operator, term = terms[1].split(" ", 1)
        return [f"{space}{target} {operator}= {term}"]
    if len(terms) == 1:
        return [f"{space}{target} = {terms[0]}"]
    line = f"{space}{target} = {' '.join(terms)}"
    if len(line) <= WIDTH:
        return [line]
    return [f"{space}{target} = (", *_filled(terms, f"{space}    "), f"{space})"]


def listed(place: str, names: Sequence[str], depth: int, *, back: bool) -> list[str]:
    """`names = place`, or with `back` the other way round."""
    space = "    " * depth
    if len(names) == 1:
        pair = (place, names[0]) if back else (names[0], place)
        return [f"{space}{pair[0]} = {pair[1]}"]
    if back and not place.endswith("]"):
        place = f"{place}[:]"
    row = ", ".join(names)
    line = f"{space}{place} = {row}" if back else f"{space}{row} = {place}"
    if len(line) <= WIDTH:
        return [line]
    inner = _filled([f"{name}," for name in names], f"{space}    ")
    if back:
        return [f"{space}{place} = (", *inner, f"{space})"]
    return [f"{space}(", *inner, f"{space}) = {place}"]


def _filled(words: Sequence[str], indent: str) -> Iterator[str]:
    """Words in lines of the width, as many in each as the longest of them allows."""
    longest = max(map(len, words)) + 1
    count = max((WIDTH + 1 - len(indent)) // longest, 1)
    for first in range(0, len(words), count):
        yield indent + " ".join(words[first : first + count])
