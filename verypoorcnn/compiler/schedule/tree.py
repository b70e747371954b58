"""The schedule: the loop IR with every loop's way of running written down.

    lanes s:                              sixteen samples side by side in vector registers
        repeat i = 0, 2, … (4 times):         a loop at run time
            jam i + 0..2:                         both copies of each statement, then the next
                total = 0.0
                unroll m + 0..3:                  copy after copy
                    total = total + …

Statements are those of the loop IR.  Printing a schedule shows every decision that was made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from verypoorcnn.compiler.loops import Condition, Let, Store, lines_of


@dataclass(slots=True, frozen=True)
class Repeat:
    """variable = start, start + step, … `trips` times, at run time (unless once)."""

    variable: str
    start: int
    trips: int
    step: int
    body: Nodes


@dataclass(slots=True, frozen=True)
class Unroll:
    """The body for variable + 0, + step, …, copy after copy."""

    variable: str
    copies: int
    step: int
    body: Nodes


@dataclass(slots=True, frozen=True)
class Jam:
    """The body for variable + 0, + step, …, each statement for all copies before the next.

    Of two in one another, the inner one goes slower.
    """

    variable: str
    copies: int
    step: int
    body: Nodes


@dataclass(slots=True, frozen=True)
class Lanes:
    """The body for sixteen samples, or for as many neighbouring elements as a register holds."""

    variable: str
    samples: bool
    body: Nodes


@dataclass(slots=True, frozen=True)
class Branch:
    """An `if`."""

    condition: Condition
    then: Nodes
    otherwise: Nodes
    line: int


Node = Let | Store | Branch | Repeat | Unroll | Jam | Lanes
Nodes = tuple[Node, ...]


def printed(nodes: Nodes, depth: int = 0) -> Iterator[str]:
    """The schedule as indented text, line by line."""
    space = "    " * depth
    for node in nodes:
        match node:
            case Let() | Store():
                yield from lines_of((node,), depth)
                continue
            case Branch(condition, then, otherwise):
                yield f"{space}if {condition}:"
                yield from printed(then, depth + 1)
                if otherwise:
                    yield f"{space}else:"
                    yield from printed(otherwise, depth + 1)
                continue
            case Repeat(variable, start, 1):
                yield f"{space}once {variable} = {start}:"
            case Repeat(variable, start, trips, step):
                yield f"{space}repeat {variable} = {start}, {start + step}, … ({trips} times):"
            case Unroll(variable, copies, step):
                yield f"{space}unroll {variable} + 0..{copies * step}{_by(step)}:"
            case Jam(variable, copies, step):
                yield f"{space}jam {variable} + 0..{copies * step}{_by(step)}:"
            case Lanes(variable, samples):
                yield f"{space}lanes {variable}{' (samples)' if samples else ''}:"
        yield from printed(node.body, depth + 1)


def _by(step: int) -> str:
    return f" by {step}" if step > 1 else ""
