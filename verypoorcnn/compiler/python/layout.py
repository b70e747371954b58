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
    inner = [*_filled(terms, " ", f"{space}    ")]
    line = f"{space}{target} = {inner[0].strip()}"
    if len(inner) == 1 and len(line) <= WIDTH:
        return [line]
    return [f"{space}{target} = (", *inner, f"{space})"]


def listed(place: str, names: Sequence[str], depth: int, *, back: bool) -> list[str]:
    """`names = place`, or with `back` the other way round."""
    space = "    " * depth
    if len(names) == 1:
        pair = (place, names[0]) if back else (names[0], place)
        return [f"{space}{pair[0]} = {pair[1]}"]
    if back and not place.endswith("]"):
        place = f"{place}[:]"
    inner = [*_filled([f"{name}," for name in names], " ", f"{space}    ")]
    if len(inner) == 1 and len(inner[0]) + len(place) < WIDTH:
        row = inner[0].strip().rstrip(",")
        return [f"{space}{place} = {row}" if back else f"{space}{row} = {place}"]
    if back:
        return [f"{space}{place} = (", *inner, f"{space})"]
    return [f"{space}(", *inner, f"{space}) = {place}"]


def _filled(words: Sequence[str], between: str, indent: str) -> Iterator[str]:
    """Words in lines of the width."""
    line: list[str] = []
    length = len(indent)
    for word in words:
        if line and length + len(word) > WIDTH:
            yield indent + between.join(line)
            line, length = [], len(indent)
        line.append(word)
        length += len(word) + len(between)
    if line:
        yield indent + between.join(line)
