"""Machine code that is compiled once: kept in the user's cache, and loaded from there.

    machine = machine_code([(dense, [inputs, weights, …])], layout, "avx512")
    machine.run(workspace_address, parameters_address, call_address)

Compiled code is position-independent: it finds its constants relative to itself, and everything
else through the three addresses that it is called with.  So its bytes can be kept as they are.
They are kept under a SHA-256 of everything that they depend on: which compiler it is, the source
of each function and what the names in it mean, the shapes and places of all arguments, the
instruction set, the calling convention and the version of Python.  Change any of it, and another
key is asked for; a source that was changed while the program runs says nothing of what is in
memory, and nothing is kept.  Where the cache has the code, nothing of the compiler is imported but
this.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from verypoorcnn.compiler import LOADED
from verypoorcnn.compiler.arguments import Array, Scalar
from verypoorcnn.compiler.native.memory import GroupCode
from verypoorcnn.compiler.vector.layout import Layout
from verypoorcnn.files.cache import Cache, Entry, users_cache
from verypoorcnn.files.checksum import sha256

FOLDER = "machine-code"  # in the user's cache

Argument = Array | Scalar | int | float
Called = tuple[Callable[..., None], Sequence[Argument]]  # a function and what it is called with


class Code(NamedTuple):
    """Bytes that can run anywhere, and where to enter them."""

    data: bytes
    entry: int
    facts: dict[str, Any]  # what else there is to know, as JSON gives it back


class Machine(GroupCode):
    """A kernel's machine code where it can run, and what the code adds to."""

    def __init__(self, code: Code, sums: Sequence[Array] = ()) -> None:
        super().__init__(code.data, code.entry)
        self.sums = tuple(sums)  # what is added to, group after group


def machine_code(
    calls: Sequence[Called],
    layout: Layout,
    isa: str,
    *,
    groups: bool = False,
    keep: Collection[Array] | None = None,
) -> Machine:
    """Machine code for functions that run one after another for one group of samples.

    Afterwards `layout` has room for all that the code needs.  `groups` and `keep` are explained at
    `kernel.vector_code`.

    Raises:
        UserError: a function leaves the subset or cannot run sample by sample.
    """
    arguments = [argument for _, given in calls for argument in given]
    layout.add(a for a in arguments if isinstance(a, Array | Scalar))
    arrays = list(dict.fromkeys(a for a in arguments if isinstance(a, Array)))

    def compiled() -> Code:
        from verypoorcnn.compiler.kernel import ISAS, compile_functions
        from verypoorcnn.compiler.source import read

        functions = [read(function, given) for function, given in calls]
        kernel = compile_functions(functions, layout, ISAS[isa], groups=groups, keep=keep)
        sums = [arrays.index(array) for array in kernel.scheduled.sums]
        return Code(kernel.machine.data, kernel.entry, {"sums": sums, "sizes": {**layout.sizes}})

    kept = None if keep is None else [place for place, a in enumerate(arrays) if a in keep]
    places = [_placed(array, layout) for array in arrays]
    facts = [isa, groups, kept, places, layout.sizes, layout.scalars]
    code = kept_code(facts, _called(calls, arrays), compiled)
    layout.sizes |= code.facts["sizes"]
    return Machine(code, [arrays[place] for place in code.facts["sums"]])


def kept_code(facts: Any, sources: Sequence[Any] | None, make: Callable[[], Code]) -> Code:
    """What `make` makes; from the cache, if it was made from the same before.

    Args:
        facts: what the code depends on besides the compiler and `sources`, as JSON has it.
        sources: the textbook functions in it; None where their source is not at hand.
        make: compiles.

    Raises:
        UserError: as `make`; or VERYPOORCNN_CACHE is no choice.
    """
    store = users_cache(FOLDER)
    if store is None or sources is None or (compiler := _compiler()) is None:
        return make()
    system = [sys.version, sys.platform, os.name]
    text = json.dumps([compiler, system, facts, sources])
    key = sha256(text.encode()).hexdigest()
    return _loaded(store, key) or _made(store, key, make)


def _loaded(store: Cache, key: str) -> Code | None:
    with suppress(KeyError, TypeError):
        if (found := store.get(key)) and 0 <= found.facts["entry"] < len(found.data):
            return Code(found.data, found.facts["entry"], found.facts["more"])
    return None


def _made(store: Cache, key: str, make: Callable[[], Code]) -> Code:
    code = make()
    store.put(key, Entry({"entry": code.entry, "more": code.facts}, code.data))
    return code


# What code depends on.


@cache
def _compiler() -> str | None:
    """Which compiler this is: where its sources are, how large and of when; None if unknown.

    By size and time Python, too, tells whether what it has compiled of a source is still true.
    """
    root = str(Path(__file__).parent)
    try:
        known = {path: _unchanged(found) for path, found in _sources(root)}
    except (OSError, _Changed):
        return None
    return json.dumps(known, sort_keys=True)


class _Changed(Exception):
    """A source is younger than the program that runs."""


def _content(path: str) -> bytes:
    with open(path, "rb") as file:  # noqa: PTH123  (at every start)
        _unchanged(os.fstat(file.fileno()))
        return file.read()


def _unchanged(found: os.stat_result) -> tuple[int, int]:
    """Size and time of a source."""
    if found.st_mtime > LOADED:
        raise _Changed
    return found.st_size, found.st_mtime_ns


def _sources(folder: str) -> Iterator[tuple[str, os.stat_result]]:
    """All files of Python in a folder and the folders in it."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".py"):
                yield entry.path, entry.stat()
            elif "." not in entry.name and entry.name != "__pycache__":
                yield from _sources(entry.path)


def _called(calls: Iterable[Called], arrays: Sequence[Array]) -> list[Any] | None:
    """Every function with what it is called with; None if the source of one is not at hand."""
    found = [(_source(function), [_named(a, arrays) for a in given]) for function, given in calls]
    return None if any(source is None for source, _ in found) else found


def _source(function: Callable[..., None]) -> list[Any] | None:
    """Which function this is, of which text, and what the names in it mean."""
    code = getattr(function, "__code__", None)
    if code is None or hasattr(function, "__wrapped__"):
        return None
    text, known = _checksum(code.co_filename), function.__globals__
    if text is None:
        return None
    meanings = [_meaning(name, known) for name in sorted(code.co_names)]
    return [text, function.__qualname__, code.co_firstlineno, meanings]


@cache
def _checksum(file: str) -> str | None:
    """Of all the text that a function stands in; None where there is none, or it was changed."""
    try:
        return sha256(_content(file)).hexdigest()
    except (OSError, _Changed):
        return None


def _meaning(name: str, known: Mapping[str, Any]) -> str:
    """What a name of a function stands for: something built in, of `math`, or else what it is."""
    if name not in known:
        return f"{name} is built in"
    return f"{name} of math" if known[name] is getattr(math, name, None) else repr(known[name])


def _named(argument: Argument, arrays: Sequence[Array]) -> Any:
    """An argument, without regard to what it is called: a list by its place among all lists."""
    if isinstance(argument, Array):
        return ["list", arrays.index(argument)]
    return [type(argument).__name__, str(argument)]


def _placed(array: Array, layout: Layout) -> list[Any]:
    """All there is to know of a list."""
    place = layout.arrays[array]
    shape = [array.shape, array.per_sample, array.kind]
    return [*shape, place.region, place.offset, place.steps, place.size]
