"""How fast one function is at every level: `python3 -m benchmarks.levels [FUNCTION]`.

The shapes are those of the paper's network, for sixteen images.  All levels take turns within each
round, on one core, and each figure is the median of its rounds.  docs/compiler.md has the result.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Callable, Sequence
from math import prod
from random import Random
from typing import Any

from verypoorcnn.cli.calls import default_arguments
from verypoorcnn.cli.show import textbook
from verypoorcnn.compiler.kernel import ISAS, Kernel, compile_functions
from verypoorcnn.compiler.loops import Array, Scalar
from verypoorcnn.compiler.native.memory import Arena
from verypoorcnn.compiler.native.x86.cpu import processor, support
from verypoorcnn.compiler.passes import samples_outside, simplified
from verypoorcnn.compiler.python import compile_python
from verypoorcnn.compiler.source import Argument, read
from verypoorcnn.compiler.vector.layout import COUNT, GROUP, MASK, Layout
from verypoorcnn.training.benchmark.contest import Effort, Side, contest, one_core
from verypoorcnn.training.benchmark.machine import description, line

EFFORT = Effort(rounds=7, seconds=0.1)
NUMBER = 0.5  # what a number is that is given when the code runs


def main() -> None:
    """Print a line for each level."""
    name = sys.argv[1] if len(sys.argv) > 1 else "conv2d"
    function = textbook()[name]
    arguments = [a for a in default_arguments(function).values() if a is not None]
    with one_core():
        seconds = contest(sides(function, arguments), EFFORT)
    slowest = max(seconds.values())
    print(f"{name}, {GROUP} images, on {line(description())}")
    for level, time in seconds.items():
        print(f"{level:<22}{1e6 * time:>12,.2f} µs{slowest / time:>12,.0f}×")


def sides(function: Callable[..., None], arguments: Sequence[Argument]) -> list[Side]:
    """The levels that run here."""
    found = [in_cpython(function, arguments), in_python(function, arguments)]
    if support({}).isa is not None:
        names = [name for name in reversed(ISAS) if not processor().lacks(name)]
        found += [in_machine_code(function, arguments, name) for name in names]
    return found


def in_cpython(function: Callable[..., None], arguments: Sequence[Argument]) -> Side:
    """The textbook as it stands."""
    values = [_nested(a) for a in arguments]
    return Side("textbook, CPython", _repeated(lambda: function(*values)))


def in_python(function: Callable[..., None], arguments: Sequence[Argument]) -> Side:
    """Specialised Python."""
    loops = samples_outside(simplified(read(function, arguments)))
    fast, values = compile_python(loops), [_rows(a) for a in loops.arguments]
    return Side("specialised Python", _repeated(lambda: fast(*values)))


def in_machine_code(function: Callable[..., None], arguments: Sequence[Argument], isa: str) -> Side:
    """Machine code on numbers that lie where it wants them."""
    layout = Layout()
    kernel = compile_functions([read(function, arguments)], layout, ISAS[isa])
    arenas = _arenas(layout)
    addresses = [arena.address for arena in arenas]

    def work(times: int, keep: tuple[Kernel, list[Arena]] = (kernel, arenas)) -> None:
        run = keep[0].run
        for _ in range(times):
            run(*addresses)

    return Side(f"machine code, {isa}", work)


def _arenas(layout: Layout) -> list[Arena]:
    """Workspace and parameters full of numbers; a call for a whole group."""
    sizes = [layout.sizes["workspace"], layout.sizes["parameters"], layout.call_size]
    arenas = [Arena(size) for size in sizes]
    for arena in arenas[:2]:
        arena.view[:] = array("f", _numbers(arena.size // 4)).tobytes()
    call = arenas[2].view
    struct.pack_into(f"<{GROUP}i", call, MASK, *[-1] * GROUP)
    struct.pack_into("<i", call, COUNT, GROUP)
    for offset in layout.scalars.values():
        struct.pack_into("<f", call, offset, NUMBER)
    return arenas


def _numbers(count: int) -> list[float]:
    random = Random("levels")
    return [random.uniform(-1, 1) for _ in range(count)]


def _nested(argument: Argument) -> Any:
    if isinstance(argument, Scalar):
        return NUMBER
    if not isinstance(argument, Array):
        return argument
    values: list[Any] = _numbers(prod(argument.shape))
    for size in reversed(argument.shape[1:]):
        values = [values[at : at + size] for at in range(0, len(values), size)]
    return values


def _rows(argument: Array | Scalar) -> Any:
    """As the python back end takes it: a flat list, or one for each sample."""
    if isinstance(argument, Scalar):
        return NUMBER
    if argument.per_sample and len(argument.shape) > 1:
        return [_numbers(prod(argument.shape[1:])) for _ in range(argument.shape[0])]
    return _numbers(prod(argument.shape))


def _repeated(work: Callable[[], None]) -> Callable[[int], None]:
    def times(count: int) -> None:
        for _ in range(count):
            work()

    return times


if __name__ == "__main__":
    main()
