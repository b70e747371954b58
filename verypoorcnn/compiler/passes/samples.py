"""Samples outermost: sums over the samples are taken sample by sample.

The gradient of a convolution's kernels adds up, for each number of a kernel, over all samples and
over all places in an image.  Its loops stand as the formula has them, kernel outside, samples
inside.  Turned inside out, an image is fetched once and not once for every number of the kernel:

    for m, n:                                   for m, n:
        total = 0.0                                 gradients[m, n] = 0.0
        for s:                                  for s:
            for i, j:                   becomes     for m, n:
                total = total + …                       total = gradients[m, n]
        gradients[m, n] = total                         for i, j:
                                                            total = total + …
                                                        gradients[m, n] = total

Every sum keeps its order, and with it its bits.
"""

from __future__ import annotations

from dataclasses import replace

from verypoorcnn.compiler.affine import Affine
from verypoorcnn.compiler.loops import Block, Function, Let, Load, Local, Loop, Statement, Store
from verypoorcnn.compiler.passes.names import Copying, Names
from verypoorcnn.compiler.schedule.walk import accesses, assigned, band, nest, stores


def samples_outside(function: Function) -> Function:
    """Turn every sum over samples inside out that has loops inside of the one over samples."""
    names = Names(function.body)
    body = tuple(new for statement in function.body for new in _turned(statement, names))
    return replace(function, body=body)


def _turned(statement: Statement, names: Names) -> Block:
    if not isinstance(statement, Loop):
        return (statement,)
    loops, body = band(statement)
    match body:
        case (Let(name) as start, Loop() as samples, Store(_, _, Local(last)) as end) if (
            name == last and _may_turn(loops, start, samples, end)
        ):
            begin = Store(end.array, end.index, start.value, end.line)
            take = Let(name, Load(end.array, end.index), start.line)
            first = nest(loops, (begin,))
            inner = nest(loops, (take, *samples.body, end))
            return (*Copying({}, names).block(first), replace(samples, body=inner))
    return (statement,)


def _may_turn(loops: list[Loop], start: Let, samples: Loop, end: Store) -> bool:
    """Whether every turn of the loops writes an element of its own, and nothing else is carried."""
    own = [Affine.variable(loop.variable) for loop in loops]
    return (
        sorted(str(whole) for whole in end.index if whole.terms) == sorted(map(str, own))
        and _is_over_samples(samples)
        and any(isinstance(s, Loop) for s in samples.body)
        and assigned(samples.body) == {start.name}
        and not any(stores(samples.body))
        and not any(array is end.array for array, _ in accesses((start, *samples.body)))
    )


def _is_over_samples(loop: Loop) -> bool:
    sample = Affine.variable(loop.variable)
    return any(array.per_sample and index[0] == sample for array, index in accesses(loop.body))
