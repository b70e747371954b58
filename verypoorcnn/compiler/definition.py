"""The text of a function: the `def` that it was made from, and nothing else.

Whoever compiles a function compiles its text.  So it must be shown that the text is that of the
function: what is only called like one is refused (a decorated function does more than its text
says), and so is a file that says something else since the function was imported.
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable, Iterator
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any

from verypoorcnn.errors import UserError

ASYNCHRONOUS = 0x80 | 0x100 | 0x200  # flags of code: coroutine, iterable coroutine, async generator


class SubsetError(UserError):
    """A construct that the compiler does not read: `file:line: what; what to write instead`."""


def definition(function: Callable[..., None]) -> tuple[ast.FunctionDef, str]:
    """The tree of a function, and its file.

    Raises:
        SubsetError: it is no plain function, or its text is not at hand any more.
    """
    plain = _plain(function)
    return _found(plain, plain.__code__)


def lists(function: Callable[..., None]) -> set[str]:
    """The names in a function that are indexed or measured."""
    found: set[str] = set()
    for node in ast.walk(definition(function)[0]):
        match node:
            case ast.Subscript(value=ast.Name(id=name)):
                found.add(name)
            case ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=name)]):
                found.add(name)
    return found


def _plain(function: Any) -> FunctionType:
    """A function that does what its text says."""
    if not isinstance(function, FunctionType):
        name = getattr(function, "__name__", "this")
        kind = type(function).__name__
        raise SubsetError(f"{name} is no plain function ({kind}); define one with def, by itself")
    code = function.__code__
    place, name = f"{code.co_filename}:{code.co_firstlineno}", function.__name__
    if code.co_name == "<lambda>" or code.co_flags & ASYNCHRONOUS:
        raise SubsetError(f"{place}: {name} is no plain function; define it with def")
    if hasattr(function, "__wrapped__"):
        raise SubsetError(f"{place}: {name} is decorated; give the function without decorators")
    if code.co_freevars:
        outer = ", ".join(code.co_freevars)
        raise SubsetError(
            f"{place}: {name} uses {outer} of a function around it; give it as an argument"
        )
    return function


@lru_cache
def _found(function: FunctionType, code: CodeType) -> tuple[ast.FunctionDef, str]:
    """The tree and the file of a function with this code, which may be given it later."""
    file, name = code.co_filename, code.co_name
    place = f"{file}:{code.co_firstlineno}"
    linecache.checkcache(file)
    text = "".join(linecache.getlines(file, function.__globals__))
    if not text:
        raise SubsetError(f"{place}: the text of {name} cannot be read; define it in a file")
    tree, in_file = _definitions(text).get((code.co_firstlineno, name), (None, None))
    if tree is not None and tree.decorator_list:
        raise SubsetError(f"{place}: {name} is decorated; take the decorators away")
    if tree is None or in_file is None or _meaning(in_file) != _meaning(code):
        raise SubsetError(
            f"{place}: the file has changed since {name} was imported; import it anew"
        )
    return tree, file


@lru_cache(maxsize=32)
def _definitions(text: str) -> dict[tuple[int, str], tuple[ast.FunctionDef, CodeType]]:
    """All functions of a module, by their first lines and names; none if it is no Python.

    Reading the whole module once takes a third of the time that `inspect.getsource` takes to find
    the ends of its functions.
    """
    try:
        tree = ast.parse(text)
        module = compile(text, "", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return {}
    codes = {(code.co_firstlineno, code.co_name): code for code in _codes(module)}
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    places = [(min([n.lineno, *(d.lineno for d in n.decorator_list)]), n.name) for n in nodes]
    return {at: (n, codes[at]) for at, n in zip(places, nodes, strict=True) if at in codes}


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Code, and all code in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _meaning(code: CodeType) -> list[Any]:
    """All that a function does, wherever it stands."""
    constants = [
        _meaning(one) if isinstance(one, CodeType) else repr(one) for one in code.co_consts
    ]
    return [code.co_code, constants, code.co_names, code.co_varnames, code.co_argcount]
