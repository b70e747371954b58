"""What a textbook function is shown with: the shapes of a call, and `--shapes` that change them.

The shapes are those that the function is first called with in the paper's network.  A function that
is not called there has those of a small network with convolutions that have a border and a bias.
One that no network calls yet needs the shapes of all its lists; its source tells how many indices
they have, and that a list whose first index is always s has samples.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from verypoorcnn.errors import UserError, nearest

if TYPE_CHECKING:
    from verypoorcnn.compiler.source import Argument
    from verypoorcnn.network import Network, program

Textbook = Callable[..., None]
Given = dict[str, tuple[int, ...]]  # by a parameter's name: a shape, or one whole number
Defaults = dict[str, "Argument | None"]  # in the order of the parameters; None: nothing is known
LARGEST = 100_000  # of a number in --shapes


def shapes(text: str) -> Given:
    """`images=1x28x28,stride=3`, for `type=`."""
    found: Given = {}
    for part in text.split(","):
        name, equals, value = part.strip().partition("=")
        sizes = value.replace("×", "x").split("x")
        if not (name and equals and all(map(_is_size, sizes))):
            raise ArgumentTypeError(f"{part!r} is no shape; write images=1x28x28,stride=3")
        found[name] = tuple(map(int, sizes))
    return found


def _is_size(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 7 and int(text) <= LARGEST


def default_arguments(function: Textbook) -> Defaults:
    """What a function is called with in a network that we know."""
    from verypoorcnn.network.presets import paper

    names = [*inspect.signature(function).parameters]
    for network in (paper(), _small_network()):
        for call in network.program().training_step:
            if call.function is function:
                pairs = zip(names, call.arguments, strict=True)
                return {name: _argument(name, given) for name, given in pairs}
    return dict.fromkeys(names)


def _small_network() -> Network:
    from verypoorcnn.network import Conv2D, Dense, Flatten, MaxPool2D, Network, ReLU

    convolution = Conv2D(filters=3, kernel_size=3, padding=1)
    layers = (convolution, ReLU(), convolution, MaxPool2D(pool_size=2), Flatten(), Dense(units=4))
    return Network((2, 8, 8), layers)


def _argument(name: str, given: program.Argument) -> Argument:
    """An argument of a program, as the compiler sees it for a group of samples."""
    from verypoorcnn.compiler import loops
    from verypoorcnn.compiler.vector.layout import GROUP
    from verypoorcnn.network.program import Buffer, Scalar

    if isinstance(given, Scalar):
        return loops.Scalar(name)
    if not isinstance(given, Buffer):
        return given
    shape = (GROUP, *given.shape) if given.per_sample else given.shape
    kind = "byte" if given.kind == "byte" else "float"
    return loops.Array(name, shape, given.per_sample, kind)  # type: ignore[arg-type]


def with_shapes(function: Textbook, defaults: Defaults, given: Given) -> list[Argument]:
    """The arguments, with what `--shapes` says in the place of the defaults.

    Raises:
        UserError: no such parameter, or a shape of another number of indices.
    """
    for name in given:
        if name not in defaults:
            choice = nearest(name, [*defaults])
            raise UserError(f"--shapes: {function.__name__} has no list {name!r}; {choice}")
    found = []
    for name, default in defaults.items():
        if name in given:
            known = _unknown(function, name) if default is None else default
            found.append(_changed(name, known, given[name]))
        else:
            found.append(_left_out(function, name) if default is None else default)
    return found


def _changed(name: str, default: Argument, sizes: tuple[int, ...]) -> Argument:
    """An argument with the shape, or the whole number, that is given for it."""
    from verypoorcnn.compiler.loops import Array, Scalar

    text = "x".join(map(str, sizes))
    if isinstance(default, Scalar):
        raise UserError(
            f"--shapes: {name}={text}: {name} is given when the code runs; leave it out"
        )
    if not isinstance(default, Array):
        if len(sizes) > 1:
            raise UserError(f"--shapes: {name}={text}: {name} is a whole number; give one")
        return sizes[0]
    samples = default.shape[:1] if default.per_sample else ()
    wanted = len(default.shape) - len(samples)
    if len(sizes) != wanted or 0 in sizes:
        one = " for each sample" if samples else ""
        advice = f"give {wanted}, from 1 on" if wanted else "leave it out"
        raise UserError(f"--shapes: {name}={text}: {name} has {wanted} indices{one}; {advice}")
    return Array(name, (*samples, *sizes), default.per_sample, default.kind)


# Functions that are in no network.


def _left_out(function: Textbook, name: str) -> Argument:
    """A number that is given when the code runs, or one number for each sample."""
    from verypoorcnn.compiler.loops import Scalar

    uses = [*_indices(function, name)]
    if not uses:
        return Scalar(name)
    if any(use != ["s"] for use in uses):
        raise UserError(f"--shapes: {name} has no shape yet; write {name}=… too")
    return _unknown(function, name)


def _unknown(function: Textbook, name: str) -> Argument:
    """A list with as many indices as the function gives it, all of size 1; or a whole number."""
    from verypoorcnn.compiler.loops import Array
    from verypoorcnn.compiler.vector.layout import GROUP

    uses = [*_indices(function, name)]
    if not uses:
        return 0
    samples = all(use[0] == "s" for use in uses)
    shape = [1] * max(map(len, uses))
    return Array(name, (GROUP, *shape[1:]) if samples else (*shape,), samples)


def _indices(function: Textbook, name: str) -> Iterator[list[str]]:
    """The indices that a list is used with, as text: ["s", "c", "i * stride"]."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    for node in ast.walk(tree):
        indices: list[str] = []
        inner: ast.expr | ast.AST = node
        while isinstance(inner, ast.Subscript):
            indices.insert(0, ast.unparse(inner.slice))
            inner = inner.value
        if indices and isinstance(inner, ast.Name) and inner.id == name:
            yield indices
