"""Make one loop of two where they walk through memory without a gap.

    for f in 0..4:                                    for f in 0..4:
        for c in 0..3:                                    for c in 0..75:
            for m in 0..5:                                    values[f, c] = …
                for n in 0..5:
                    values[f, c, m, n] = …

It is for nests that treat arrays element by element, all of them of one shape and one layout.  The
arrays are then seen through views with fewer indices.
"""

from __future__ import annotations

from verypoorcnn.compiler.affine import Affine
from verypoorcnn.compiler.loops import Array, Block, Guard, Index, Loop, Number
from verypoorcnn.compiler.schedule.walk import (
    Rewriter,
    accesses,
    band,
    expressions,
    nest,
    statements,
)
from verypoorcnn.compiler.vector.layout import Layout, Placement


def collapse(block: Block, layout: Layout) -> Block:
    """The block with its pointwise nests made shorter; views are added to the layout."""
    return tuple(
        new
        for statement in block
        for new in (_collapsed(statement, layout) if isinstance(statement, Loop) else (statement,))
    )


def _collapsed(loop: Loop, layout: Layout) -> Block:
    loops, body = band(loop)
    arrays = list(dict.fromkeys(array for array, _ in accesses(body)))
    if not arrays or not _pointwise(loops, body, arrays):
        return (loop,)
    k = next((k for k in range(len(loops) - 1, 0, -1) if _gapless(arrays, k, layout)), None)
    if k is None or (k == 1 and arrays[0].per_sample):
        return (loop,)
    outer, inner = loops[k - 1], loops[k]
    merged = Loop(outer.variable, 0, outer.stop * inner.stop, (), outer.line)
    views = {array: _view(array, k, layout) for array in arrays}
    new_body = _Views(views, k).block(body)
    shorter = nest([*loops[: k - 1], merged, *loops[k + 1 :]], new_body)
    return collapse(shorter, layout)


def _pointwise(loops: list[Loop], body: Block, arrays: list[Array]) -> bool:
    """Whether every array is touched exactly at the loops' variables, all of it, in order."""
    index = tuple(Affine.variable(loop.variable) for loop in loops)
    shape = tuple(loop.stop for loop in loops)
    return (
        not any(isinstance(s, Loop) for s in statements(body))
        and not any(isinstance(e, Guard | Number) for e in expressions(body))
        and all(loop.start == 0 for loop in loops)
        and all(at == index for _, at in accesses(body))
        and all(array.shape == shape and array.kind == "float" for array in arrays)
    )


def _gapless(arrays: list[Array], k: int, layout: Layout) -> bool:
    """Whether index k − 1 goes on exactly where index k ends, in every array."""
    return all(
        layout.arrays[a].steps[k - 1] == layout.arrays[a].steps[k] * a.shape[k] for a in arrays
    )


def _view(array: Array, k: int, layout: Layout) -> Array:
    """The array with indices k − 1 and k as one."""
    shape = (*array.shape[: k - 1], array.shape[k - 1] * array.shape[k], *array.shape[k + 1 :])
    view = Array(array.name, shape, array.per_sample)
    place = layout.arrays[array]
    steps = (*place.steps[: k - 1], *place.steps[k:])
    layout.arrays[view] = Placement(place.region, place.offset, steps, place.size)
    layout.views[view] = layout.base(array)
    return view


class _Views(Rewriter):
    """Reads and writes the views instead of the arrays."""

    def __init__(self, views: dict[Array, Array], k: int) -> None:
        self.views = views
        self.k = k

    def array(self, array: Array) -> Array:
        return self.views[array]

    def index(self, index: Index) -> Index:
        return (*index[: self.k], *index[self.k + 1 :])
