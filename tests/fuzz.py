"""Random programs, run by CPython and by everything that the compiler makes of them.

    python3 -m tests.fuzz --count 100000 --seed 0 --against interpreter,python,native

stops at the first difference, printing the program and its seed.  The interpreter and Python must
give the bits that CPython gives; machine code, which computes in float32, must stay within the
rounding errors that CPython itself works out on `bounded` numbers.  Every other program does the
same for all samples, so that machine code can be made of it; what is refused is counted.  A new
back end joins by an entry in BACK_ENDS.
"""

from __future__ import annotations

import argparse
import importlib.util
import struct
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from math import inf, nan
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.bounded import Bounded, Undecided, bounded, on_bounded_numbers
from tests.native import ISAS
from tests.programs import Program, random_program
from verypoorcnn.compiler.backends import Native
from verypoorcnn.compiler.interpreter import interpret
from verypoorcnn.compiler.loops import Array, Function, Scalar
from verypoorcnn.compiler.native.x86.cpu import support
from verypoorcnn.compiler.passes import SIMPLIFYING, fused, samples_outside, simplified
from verypoorcnn.compiler.python import compile_python
from verypoorcnn.compiler.schedule.legality import NotVectorizable
from verypoorcnn.compiler.source import SubsetError, read

Original = Callable[..., None]
Run = Callable[[list[Any]], None]  # changes the arrays among the arguments in place
Forms = Callable[[Function], Iterator[tuple[str, Run]]]
LIMITS = (30_000, 25, 0)  # how far loops are unrolled: wholly, partly, not at all
TOGETHER = 100  # programs in one module


class Case:
    """A program, the function that it is, and what comes of it."""

    def __init__(self, program: Program, original: Original) -> None:
        self.program, self.original = program, original
        self.tally: Counter[str] = Counter()  # what became of it as machine code

    @cached_property
    def expected(self) -> list[Any] | None:
        """The arguments after CPython's run; None where CPython itself fails."""
        values = self.program.fresh_values()
        try:
            self.original(*values)
        except (ArithmeticError, ValueError):
            return None
        return values[:-1]  # the whole number is in the code

    @cached_property
    def function(self) -> Function:
        """Its IR for this call."""
        return read(self.original, self.program.parameters)

    def of_samples(self, count: int) -> Function:
        """Its IR for so many samples."""
        every = [
            replace(p, shape=(count, *p.shape[1:])) if isinstance(p, Array) and p.per_sample else p
            for p in self.program.parameters
        ]
        return read(self.original, every)


def exactly(forms: Forms) -> Callable[[Case], Iterator[str]]:
    """Compares bit by bit every form of a function that can be run."""

    def compared(case: Case) -> Iterator[str]:
        if case.expected is None:
            return
        wanted = bits(case.expected)
        for form, run in forms(case.function):
            values = case.program.fresh_values()[:-1]
            run(values)
            if bits(values) != wanted:
                yield f"{form}:\n{values}\ninstead of\n{case.expected}"

    return compared


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


class Guarded(Native):
    """Machine code at the edge of its memory, with NaN for samples that do not exist."""

    filler = nan
    guard = "end"


def with_native(case: Case) -> Iterator[str]:
    """Machine code for every instruction set that there is, on float32."""
    if case.expected is None:
        return
    arrays = [p for p in case.program.parameters if isinstance(p, Array)]
    try:
        expected = on_bounds(case)
        for isa in ISAS:
            lists = {
                a.name: flattened(v)
                for a, v in zip(arrays, case.program.fresh_values(), strict=False)
            }
            code = Guarded(case.of_samples, isa.name)
            code(arrays[0].shape[0], lists, {"rate": case.program.values[-2]})
            for a, wanted in zip(arrays, expected, strict=False):
                if beyond(lists[a.name], flattened(wanted)):
                    shown = [n.value for n in map(bounded, flattened(wanted))]
                    yield f"{isa.name}, {a.name}:\n{lists[a.name]}\ninstead of\n{shown}"
    except (NotVectorizable, SubsetError):  # an index may leave its list where samples are sixteen
        case.tally["refused"] += 1
    except Undecided:
        case.tally["rounding decides"] += 1
    else:
        case.tally["run"] += 1


def on_bounds(case: Case) -> list[Any]:
    """The arrays after CPython's run on bounded numbers."""
    *values, rate, two = (on_numbers(value, bounded) for value in case.program.values)
    on_bounded_numbers(case.original)(*values, rate, int(two.value))
    return values


def on_numbers(value: Any, change: Callable[[Any], Any]) -> Any:
    """Nested lists with every number changed."""
    return [on_numbers(v, change) for v in value] if isinstance(value, list) else change(value)


def beyond(got: list[float], wanted: list[Bounded]) -> bool:
    """Whether a number is further off than rounding explains."""
    pairs = zip(got, map(bounded, wanted), strict=True)
    return any(not abs(number - bound.value) <= bound.error < inf for number, bound in pairs)


BACK_ENDS: dict[str, Callable[[Case], Iterator[str]]] = {
    "interpreter": exactly(with_interpreter),
    "python": exactly(with_python),
    "native": with_native,
}


def back_ends_here() -> list[str]:
    """Those that this machine can run."""
    return [name for name in BACK_ENDS if name != "native" or ISAS]


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


def differences(case: Case, back_ends: Sequence[str]) -> Iterator[str]:
    """What differs from CPython, as text."""
    for name in back_ends:
        for difference in BACK_ENDS[name](case):
            yield f"{name}, {difference}"


def programs(first: int, count: int, folder: Path) -> Iterator[tuple[Program, Original]]:
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
    back_ends = [name for name in options.against.split(",") if name in back_ends_here()]
    if "native" in options.against and "native" not in back_ends:
        print(f"native is left out: {support().reason}", file=sys.stderr)
    tally: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        pairs = programs(options.seed, options.count, Path(folder))
        for done, pair in enumerate(pairs, 1):
            case = Case(*pair)
            for difference in differences(case, back_ends):
                print(f"{case.program.text}\n{difference}\n{case.program.values}")
                return 1
            tally += case.tally
            if not done % 500:
                print(f"{done:,} programs without a difference", file=sys.stderr, flush=True)
    print(f"{options.count:,} programs without a difference against {', '.join(back_ends)}")
    if tally:
        print("as machine code:", ", ".join(f"{n:,} {what}" for what, n in sorted(tally.items())))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
