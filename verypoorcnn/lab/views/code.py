"""The code beside the picture: the textbook functions that run a layer, at every level.

The levels are those of `verypoorcnn show`.  With each comes which of its lines was made of which
line of the textbook, where one was: a line that only fetches numbers into locals was of none.
"""

from __future__ import annotations

import inspect
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from textwrap import dedent
from typing import Any

from verypoorcnn.compiler import loops
from verypoorcnn.compiler.levels import LEVELS, Levels
from verypoorcnn.compiler.native.x86.cpu import support
from verypoorcnn.compiler.passes import simplified
from verypoorcnn.compiler.source import Argument, read
from verypoorcnn.compiler.vector.layout import GROUP
from verypoorcnn.engines.python import array_of
from verypoorcnn.lab.memory import Memory
from verypoorcnn.lab.session import Session
from verypoorcnn.lab.web import body
from verypoorcnn.network import Network, program
from verypoorcnn.network.program import Buffer, Call, Scalar

Fields = dict[str, Any]
Answer = dict[str, Any]
Lines = dict[int, int | None]  # of a level, from 1 on: the line of the textbook's file

DIRECTIONS = {"prepare": "forward", "forward": "forward", "loss": "forward"}
DIRECTIONS |= {"backward": "backward", "update": "update"}
ENDS = "image", "loss"  # what stands before the first layer and behind the last
_ORIGIN = re.compile(r"; \w+\.py:(\d+) ")
_LOOP = re.compile(r"(?:for|once|repeat|jam|unroll|lanes) (\w+)\b.*:")
_TEXTS = Memory(200)  # of functions at a level, which depend on nothing but the shapes


@lru_cache(maxsize=8)
def calls_of(network: Network) -> dict[str, list[tuple[Call, str]]]:
    """The calls that run each layer with their directions: forward, backward, update.

    A call belongs to the last of the layers whose arrays it has to do with.
    """
    whole = network.program(input_gradient=True)
    names = [ENDS[0], *(stage.name for stage in network.stages), ENDS[1]]
    found: dict[str, list[tuple[Call, str]]] = {name: [] for name in names}
    for phase, direction in DIRECTIONS.items():
        for call in getattr(whole, phase):
            owner = max((_owner(buffer, names) for buffer in call.buffers), key=names.index)
            found[owner].append((call, direction))
    return found


def _owner(buffer: Buffer, names: Sequence[str]) -> str:
    """The layer of an array: "conv1" of "conv1.weight.gradient"."""
    name = buffer.name.partition(".")[0]
    if name in names:
        return name
    return ENDS[1] if name in ("probabilities", "targets", "losses", "hits") else ENDS[0]


def described(network: Network, layer: str) -> list[Answer]:
    """The calls of a layer, for the page."""
    return [
        {"call": number, "function": call.function.__name__, "direction": direction}
        for number, (call, direction) in enumerate(calls_of(network)[layer])
    ]


def code(session: Session, query: Fields) -> Answer:
    """One function at one level."""
    calls = calls_of(session.network)
    layer = body.choice(query, "layer", [*calls])
    level = body.choice(query, "level", [*LEVELS], "textbook")
    call, _ = calls[layer][body.whole(query, "call", 0, len(calls[layer]) - 1, 0)]
    return _TEXTS.get((call, level), lambda: _at_level(call, level))


def _at_level(call: Call, level: str) -> Answer:
    function = call.function
    names = [*inspect.signature(function).parameters]
    given = [_argument(n, a) for n, a in zip(names, call.arguments, strict=True)]
    file, first = inspect.getsourcefile(function) or "", inspect.getsourcelines(function)[1]
    levels = Levels(function, given, support().isa or "avx512")
    if level == "textbook":
        text = dedent(inspect.getsource(function)).rstrip()
    else:
        text = levels.level(level)
    rows = text.split("\n")
    return {
        "function": function.__name__,
        "file": "/".join(Path(file).parts[-2:]),
        "first_line": first,
        "level": level,
        "text": text,
        "lines": dict(enumerate(_lines(level, rows, first, levels), 1)),
    }


def _argument(name: str, given: program.Argument) -> Argument:
    """An argument as the compiler sees it for a group of samples, by the function's own name."""
    if isinstance(given, Scalar):
        return loops.Scalar(name)
    return array_of(replace(given, name=name), GROUP) if isinstance(given, Buffer) else given


# Which line comes from which.


def _lines(level: str, rows: Sequence[str], first: int, levels: Levels) -> Iterator[int | None]:
    match level:
        case "textbook":
            yield from range(first, first + len(rows))
        case "assembly":
            yield from _lines_of_listing(rows)
        case "python" | "vector":
            yield from (line or None for line in levels.origins(level))
        case _:
            known = _statements(read(levels.function, levels.arguments))
            yield from (known.get(_key(row.strip())) for row in rows)


def _lines_of_listing(rows: Sequence[str]) -> Iterator[int | None]:
    """Above each block of instructions stands where it is from."""
    line = None
    for row in rows:
        if origin := _ORIGIN.match(row):
            line = int(origin[1])
        elif not row or row.startswith(";"):
            line = None
        yield line


def _statements(function: loops.Function) -> dict[str, int]:
    """The line of each statement by its text, where there is but one."""
    found: dict[str, set[int]] = defaultdict(set)
    for whole in (function, simplified(function)):
        for statement in _inside(whole.body):
            found[_key(next(loops.lines_of((statement,))))].add(statement.line)
    return {text: min(lines) for text, lines in found.items() if len(lines) == 1}


def _key(row: str) -> str:
    """A loop by its variable, however it runs; anything else by its text."""
    loop = _LOOP.fullmatch(row)
    return f"for {loop[1]}" if loop else row


def _inside(block: loops.Block) -> Iterator[loops.Statement]:
    for statement in block:
        yield statement
        for inner in ("body", "then", "otherwise"):
            yield from _inside(getattr(statement, inner, ()))


ROUTES = {("GET", "/api/code"): code}
