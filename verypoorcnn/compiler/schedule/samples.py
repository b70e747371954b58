"""What code for groups of samples must not ask: which sample this is, and how many there are.

Machine code sees sixteen samples at a time, side by side, and every group alike.  So a sample's
number may only be the first index of arrays with samples, in a loop over all of them, and
`len(images)` may only bound such a loop.  Both are shown before anything is rearranged, while
every statement still knows its line.
"""

from __future__ import annotations

from collections.abc import Iterator

from verypoorcnn.compiler.affine import Affine
from verypoorcnn.compiler.loops import (
    Array,
    Function,
    Guard,
    Index,
    Load,
    Loop,
    Number,
    Statement,
    Store,
)
from verypoorcnn.compiler.schedule.legality import NotVectorizable
from verypoorcnn.compiler.schedule.walk import expressions_of, statements


def check_samples(function: Function) -> None:
    """Show that a function does the same for every sample, whatever group it is in.

    Raises:
        NotVectorizable: it asks for a sample's number, or for how many there are.
    """
    if function.counted:
        raise NotVectorizable(
            f"{function.file}:{function.counted[0]}: the number of samples is used otherwise than "
            "in 'for … in range(len(…))', and code for groups of samples does not know it; "
            "give it to the function as a number"
        )
    every = [*statements(function.body)]
    samples = {s.variable for s in every if isinstance(s, Loop) and s.samples}
    for statement in every:
        for problem in _problems(statement, samples):
            message = function.as_written(problem)
            raise NotVectorizable(f"{function.file}:{statement.line}: {message}")


def _problems(statement: Statement, samples: set[str]) -> Iterator[str]:
    if isinstance(statement, Loop) and statement.samples:
        for inner in statements(statement.body):
            if isinstance(inner, Loop) and inner.samples:
                yield (
                    f"{inner.variable} goes over all samples for every sample; samples are apart: "
                    "add up over them in a loop of its own, or take the python back end"
                )
    for array, index in _places(statement):
        first = index[0].variables()
        if array.per_sample and not (first and index[0] == Affine.variable(first[0])):
            yield f"the sample of {array}[{index[0]}, …] is no loop's variable; write {array}[s]…"
        elif array.per_sample and first[0] not in samples:
            yield (
                f"the loop over {first[0]} does not go over all samples of {array}; "
                f"write for {first[0]} in range(len({array}))"
            )
        for variable in _samples_in(index[array.per_sample :], samples):
            yield (
                f"{array}[{', '.join(map(str, index))}]: {variable} is the number of a sample; "
                "it can only be the first index of lists with samples"
            )
    for node in expressions_of(statement):
        if isinstance(node, Guard | Number):
            for variable in _samples_in((node.whole,), samples):
                yield (
                    f"the sample's number {variable} is compared or computed with; "
                    "give what depends on it as a list with a number for each sample"
                )


def _places(statement: Statement) -> Iterator[tuple[Array, Index]]:
    """The elements that a statement itself reads or writes."""
    if isinstance(statement, Store):
        yield statement.array, statement.index
    for node in expressions_of(statement):
        if isinstance(node, Load):
            yield node.array, node.index


def _samples_in(wholes: Index, samples: set[str]) -> list[str]:
    """The loops over samples that whole numbers depend on."""
    return [v for whole in wholes for v in whole.variables() if v in samples]
