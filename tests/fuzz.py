"""Random programs, run by CPython and by everything that the compiler makes of them.

    python3 -m tests.fuzz --count 100000 --seed 0 --against interpreter,python

compares bit by bit and stops at the first difference, printing the program and its seed.  A new
back end joins by an entry in BACK_ENDS.
"""

from __future__ import annotations

import argparse
import importlib.util
import struct
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.programs import Program, random_program
from verypoorcnn.compiler.interpreter import interpret
from verypoorcnn.compiler.loops import Array, Function, Scalar
from verypoorcnn.compiler.passes import SIMPLIFYING, fused, samples_outside, simplified
from verypoorcnn.compiler.python import compile_python
from verypoorcnn.compiler.source import read

Run = Callable[[list[Any]], None]  # changes the arrays among the arguments in place
LIMITS = (30_000, 25, 0)  # how far loops are unrolled: wholly, partly, not at all
TOGETHER = 100  # programs in one module


def with_interpreter(function: Function) -> Iterator[tuple[str, Run]]:
    """The IR as it was read, and after every pass."""
    yield "as read", lambda values: interpret(function, values)
    for each in (*SIMPLIFYING, samples_outside):
        function = each(function)
        yield f"after {each.__name__}", lambda values, f=function: interpret(f, values)
    joined = fused([function], function.name)
    yield "with loops joined", lambda values: interpret(joined, values)


def with_python(function: Function) -> Iterator[tuple[str, Run]]:
    """Specialised Python, of the IR as it was read and as it is after the passes."""
    simple = samples_outside(simplified(function))
    joined = fused([simple], function.name)
    for limit in LIMITS:
        yield f"unrolled to {limit}", flat_run(function, compile_python(simple, limit))
        yield f"joined, unrolled to {limit}", flat_run(function, compile_python(joined, limit))
    yield "not simplified", flat_run(function, compile_python(function, LIMITS[0]))


BACK_ENDS: dict[str, Callable[[Function], Iterator[tuple[str, Run]]]] = {
    "interpreter": with_interpreter,
    "python": with_python,
}


def flat_run(function: Function, compiled: Callable[..., None]) -> Run:
    """A run over nested lists of a function over flat lists."""

    def run(values: list[Any]) -> None:
        kinds = [a for a in function.arguments if isinstance(a, Array | Scalar)]
        flat = [
            flat_of(v, a) if isinstance(a, Array) else v for a, v in zip(kinds, values, strict=True)
        ]
        compiled(*flat)
        for k, array in enumerate(kinds):
            if isinstance(array, Array):
                values[k] = nested_of(flat[k], array)

    return run


def flat_of(nested: list[Any], array: Array) -> list[Any]:
    """As the python back end has its arrays: rows of samples flat, or all of it."""
    if array.per_sample:
        return [flattened(row) if isinstance(row, list) else row for row in nested]
    return flattened(nested)


def flattened(nested: list[Any]) -> list[Any]:
    return [x for row in nested for x in (flattened(row) if isinstance(row, list) else [row])]


def nested_of(flat: list[Any], array: Array) -> list[Any]:
    """The opposite of `flat_of`."""
    items = flattened(flat)
    for size in reversed(array.shape[1:]):
        items = [items[k : k + size] for k in range(0, len(items), size)]
    return items


def bits(values: Any) -> Any:
    """What two results are compared by: every NaN alike, both zeros apart."""
    if isinstance(values, list):
        return [bits(value) for value in values]
    return "nan" if values != values else struct.pack("d", values)


def differences(
    program: Program, original: Callable[..., None], back_ends: Sequence[str]
) -> Iterator[str]:
    """What differs from CPython, as text; nothing where CPython itself fails."""
    expected = program.fresh_values()
    try:
        original(*expected)
    except (ArithmeticError, ValueError):
        return
    function = read(original, program.parameters)
    wanted = bits(expected[:-1])
    for name in back_ends:
        for form, run in BACK_ENDS[name](function):
            values = program.fresh_values()[:-1]  # the whole number is in the code
            run(values)
            if bits(values) != wanted:
                yield f"{name}, {form}:\n{values}\ninstead of\n{expected[:-1]}"


def programs(first: int, count: int, folder: Path) -> Iterator[tuple[Program, Callable[..., None]]]:
    """Programs with the functions they are, written to modules in a folder."""
    for start in range(first, first + count, TOGETHER):
        numbers = range(start, min(start + TOGETHER, first + count))
        batch = [random_program(n, f"program_{n}") for n in numbers]
        module = imported("\n\n".join(p.text for p in batch), folder / f"programs_{start}.py")
        yield from ((p, getattr(module, p.name)) for p in batch)


def imported(text: str, path: Path) -> ModuleType:
    """A module of this text; `inspect` needs a file."""
    path.write_text(f"from math import exp, log, sqrt\n\n\n{text}", "utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(words: Sequence[str]) -> int:
    """Run the comparison; status 1 at the first difference."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=1000, help="how many programs")
    parser.add_argument("--seed", type=int, default=0, help="the number of the first")
    parser.add_argument("--against", default=",".join(BACK_ENDS), help="back ends, with commas")
    options = parser.parse_args(words)
    back_ends = options.against.split(",")
    with tempfile.TemporaryDirectory() as folder:
        pairs = programs(options.seed, options.count, Path(folder))
        for done, (program, original) in enumerate(pairs, 1):
            for difference in differences(program, original, back_ends):
                print(f"{program.text}\n{difference}\n{program.values}")
                return 1
            if not done % 500:
                print(f"{done:,} programs without a difference", file=sys.stderr, flush=True)
    print(f"{options.count:,} programs without a difference against {', '.join(back_ends)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
