"""The Python back end: a textbook function as specialised Python, with the same bits.

What it gives is an ordinary function over *flat* lists: an array that carries the sample is a list
of flat rows, one a sample (`images[s][(c * rows + y) * columns + x]`), or just a list where a
sample has one number; any other array is one flat list.

CPython is fastest where nothing is left to interpret but arithmetic: loops written out, elements
in locals, sums in one expression.  PyPy compiles loops itself and gets short ones.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from typing import Any

from verypoorcnn.compiler.loops import Array, Function
from verypoorcnn.compiler.python.plan import Plan
from verypoorcnn.compiler.python.writer import Written, written

# Operations that an unrolled loop may have in all its turns together; the first that fits.
UNROLLED = (25_000, 20_000, 10_000, 5_000, 2_500, 1_200, 600, 300)
LARGEST = 150_000  # operations that functions may have together, about 0.8 s of generating
TINY = 60  # where loops are compiled while they run; 0 would leave every loop a loop


def compiles_loops() -> bool:
    """Whether this interpreter compiles loops while they run, as PyPy does.

    Such a one is fastest with many short functions of rolled loops (PyPy 7.3: five times as fast
    as with the textbook), the others with one long function that is written out.
    """
    return sys.implementation.name != "cpython"


def unrolling(functions: Sequence[Function]) -> int:
    """How far to unroll the loops of functions that are used together.

    It is the number of operations that an unrolled loop may have in all its turns, for this
    interpreter, and so that the text stays short enough to be generated quickly.
    """
    if compiles_loops():
        return TINY
    for limit in UNROLLED:
        if sum(Plan(function, limit).size for function in functions) <= LARGEST:
            return limit
    return TINY


def python_source(
    function: Function, limit: int | None = None, private: Collection[Array] = ()
) -> Written:
    """The text of the specialised Python function, and the arguments that are left to it.

    Args:
        function: simplified by the passes, or not.
        limit: operations that an unrolled loop may have in all; by default what `unrolling` says.
        private: arrays into which nobody looks after the function has run; most of them need not
            be there at all.
    """
    limit = unrolling([function]) if limit is None else limit
    if compiles_loops():  # it fetches elements for nothing, and makes a list of every slice
        return written(function, limit, private, shortest=sys.maxsize)
    return written(function, limit, private)


def compile_python(function: Function, limit: int | None = None) -> Callable[..., None]:
    """The specialised function, for flat lists and numbers in the order of its arguments."""
    return executed(python_source(function, limit).text, function.name)


@lru_cache(maxsize=256)
def executed(text: str, name: str) -> Callable[..., None]:
    """The function that a text of ours defines; its lines show in tracebacks."""
    file = f"{name} as python, {hash(text):x}"
    linecache.cache[file] = (lambda: text,)  # cut into lines when somebody asks for one
    names: dict[str, Any] = {}
    exec(compile(text, file, "exec"), names)
    found: Callable[..., None] = [v for v in names.values() if hasattr(v, "__code__")][-1]
    return found
