"""`verypoorcnn show`."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Iterator

from verypoorcnn.cli.calls import default_arguments, shapes, with_shapes
from verypoorcnn.cli.common import WIDTH
from verypoorcnn.errors import UserError, nearest

EXAMPLES = """\
examples:
  {program} show
      all functions of the textbook
  {program} show conv2d
      the source of one
  {program} show conv2d --as loops
      what the compiler reads, for the shapes of the paper's network
  {program} show conv2d --as assembly --isa avx2
      the machine code, on any computer
  {program} show flatten --as loops --shapes maps=2x3x3,vectors=18
      for shapes of your own

levels, from the formula to the byte:
  textbook   the source
  loops      what is left of it when all shapes are known
  schedule   how every loop is to run: lanes, tiles, order
  python     specialised Python, which the python engine runs
  vector     operations on virtual registers
  assembly   machine code: addresses, bytes, instructions
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "function", metavar="FUNCTION", nargs="?", help="a function of the textbook; all if missing"
    )
    parser.add_argument(
        "--as", type=_level, metavar="LEVEL", dest="level", help="one of the levels above"
    )
    parser.add_argument(
        "--shapes",
        type=shapes,
        default={},
        metavar="NAME=1x28x28,…",
        help="shapes of lists, of one sample where they have samples, and whole numbers; "
        "what is left out is as in the paper's network",
    )
    parser.add_argument(
        "--isa",
        type=_isa,
        metavar="ISA",
        help="avx512 or avx2; the best that this processor has, or avx512",
    )


def run(options: Namespace) -> int:
    """Print a function at a level, or the names of all."""
    _check(options)
    if options.function is None:
        print("\n".join(_overview()))
        return 0
    function = _function(options.function)
    print(_text(function, options), flush=True)
    if options.level is None:
        _hint(options.function)
    return 0


def _check(options: Namespace) -> None:
    """UserError for options that would change nothing."""
    given = {"--as": options.level, "--shapes": options.shapes, "--isa": options.isa}
    names = [name for name, value in given.items() if value]
    if options.function is None and names:
        raise UserError(f"{names[0]} is of one function; name it")
    if options.level in (None, "textbook") and names and names[-1] != "--as":
        raise UserError(f"{names[-1]} changes nothing in the source; add --as LEVEL")


def _text(function: Callable[..., None], options: Namespace) -> str:
    from verypoorcnn.compiler.levels import Levels, source
    from verypoorcnn.compiler.native.x86.cpu import support

    if options.level in (None, "textbook"):
        return source(function)
    arguments = with_shapes(function, default_arguments(function), options.shapes)
    isa = options.isa or support().isa or "avx512"
    return Levels(function, arguments, isa).level(options.level)


def _hint(name: str) -> None:
    levels = ", ".join(_level_names()[1:])
    if sys.stderr:
        print(f"the other levels: show {name} --as {levels}", file=sys.stderr)


def _overview() -> Iterator[str]:
    """Chapter by chapter, each function with the first line of its text."""
    functions = textbook()
    width = max(map(len, functions))
    chapter = ""
    for name, function in functions.items():
        if function.__module__ != chapter:
            chapter = function.__module__
            yield f"{chapter.rpartition('.')[2]}:"
        first = (function.__doc__ or "").strip().partition("\n")[0]
        yield _shortened(f"  {name:<{width}}  {first}")


def _shortened(line: str) -> str:
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"


def _function(name: str) -> Callable[..., None]:
    functions = textbook()
    if name not in functions:
        raise UserError(
            f"there is no function {name!r} in the textbook; {nearest(name, [*functions])}"
        )
    return functions[name]


def textbook() -> dict[str, Callable[..., None]]:
    """All functions of all chapters, by name."""
    from importlib import import_module
    from inspect import isfunction
    from pkgutil import iter_modules

    from verypoorcnn import textbook

    found: dict[str, Callable[..., None]] = {}
    for chapter in iter_modules(textbook.__path__, f"{textbook.__name__}."):
        module = import_module(chapter.name)
        found.update({n: f for n, f in vars(module).items() if isfunction(f) and n[0] != "_"})
    return found


def _level_names() -> list[str]:
    from verypoorcnn.compiler.levels import LEVELS

    return [*LEVELS]


def _level(text: str) -> str:
    names = _level_names()
    if text not in names:
        raise ArgumentTypeError(f"there is no level {text!r}; {nearest(text, names)}")
    return text


def _isa(text: str) -> str:
    from verypoorcnn.compiler.kernel import ISAS

    if text not in ISAS:
        raise ArgumentTypeError(
            f"no machine code is written for {text!r}; {nearest(text, [*ISAS])}"
        )
    return text
