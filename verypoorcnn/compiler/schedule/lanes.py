"""Which loop of a nest goes into the lanes of the vector registers.

Where there are samples, they do: every array with samples has them innermost in memory.  A sum over
samples then ends in adding up the lanes of a register.  Where that would be done for every few
products, as in a dense layer's weight gradient, the lanes are the last index of what is written

    for k: for d: total = 0.0; for s: total = total + deltas[s, k] * inputs[s, d]; …    lanes d

and the operand that moves with it is copied once, transposed.  Where there are no samples (an
optimiser), the lanes are neighbouring elements too.  Whatever does not fit runs one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from verypoorcnn.compiler.affine import Affine
from verypoorcnn.compiler.loops import (
    Array,
    Binary,
    Block,
    Expression,
    Guard,
    Let,
    Load,
    Loop,
    Number,
    Statement,
)
from verypoorcnn.compiler.schedule.legality import (
    Flow,
    NotVectorizable,
    addend_of_local,
    independent,
    is_sum,
    only_added_to,
    plain,
)
from verypoorcnn.compiler.schedule.walk import (
    accesses,
    band,
    expressions,
    statements,
    stores,
)
from verypoorcnn.compiler.vector.layout import LINE, Layout

FEW = 64  # sums over samples: for so few, nothing is worth transposing


@dataclass(slots=True)
class LaneChoice:
    """The loops in the lanes, and what must be done to memory first."""

    samples: frozenset[str] = frozenset()
    element: str = ""
    transposed: tuple[Array, ...] = ()
    cleared: tuple[Array, ...] = ()  # 0 for samples that do not exist, so that sums are right


def choose_lanes(nest: Statement, layout: Layout, flow: Flow) -> LaneChoice:
    """The lanes of a nest.

    Raises:
        NotVectorizable: samples are mixed in another way than by a sum.
    """
    block: Block = (nest,)
    samples = {loop.variable for loop in _loops(block) if loop.samples}
    element = _element_loop(nest, layout, flow) if isinstance(nest, Loop) else ""
    if not samples:
        return LaneChoice(element=element)
    if isinstance(nest, Loop) and element and _worth_transposing(nest, element, samples):
        moving = _moving(block, element)
        read = tuple(a for a in dict.fromkeys(a for a, _ in accesses(block)) if a.per_sample)
        return LaneChoice(element=element, transposed=moving, cleared=read)
    for loop in _loops(block):
        if loop.variable in samples:
            _check_samples(loop, flow)
    return LaneChoice(frozenset(samples), cleared=_to_clear(block, samples, flow))


def product(value: Expression) -> list[Load] | None:
    """The elements of a product of elements; None where it is something else."""
    match value:
        case Load():
            return [value]
        case Binary("*", left, right):
            first, second = product(left), product(right)
            return None if first is None or second is None else first + second
    return None


def _loops(block: Block) -> list[Loop]:
    return [s for s in statements(block) if isinstance(s, Loop)]


def _check_samples(loop: Loop, flow: Flow) -> None:
    """Samples side by side may only be added up."""
    for name in sorted(flow.bound(loop.variable)):
        if not is_sum(name, loop.body):
            raise NotVectorizable(
                f"'{plain(name)}' goes from one sample to the next; only a sum can"
            )
    for array in {s.array for s in stores(loop.body)}:
        if not array.per_sample and not only_added_to(array, loop.body):
            raise NotVectorizable(f"{array} is written by every sample; only += can be")


def _to_clear(block: Block, samples: set[str], flow: Flow) -> tuple[Array, ...]:
    """Arrays with samples in sums of products, if the nest itself does not write them."""
    written = {s.array for s in stores(block)}
    found: dict[Array, None] = {}
    for loop in _loops(block):
        if loop.variable in samples:
            for let in _sums(loop, flow):
                factors = product(addend_of_local(let) or let.value) or []
                arrays = [f.array for f in factors if f.array.per_sample]
                if all(a.kind == "float" and a not in written for a in arrays):
                    found |= dict.fromkeys(arrays)
    return tuple(found)


def _sums(loop: Loop, flow: Flow) -> list[Let]:
    bound = flow.bound(loop.variable)
    return [s for s in statements(loop.body) if isinstance(s, Let) and s.name in bound]


def _element_loop(nest: Loop, layout: Layout, flow: Flow) -> str:
    """The loop over the last index of what is written, if it may be the lanes; else ''."""
    last = {s.index[-1] if s.index else Affine(0) for s in stores((nest,))}
    loops, body = band(nest)
    if len(last) != 1 or any(s.array.per_sample for s in stores((nest,))):
        return ""
    for loop in loops:
        if last == {Affine.variable(loop.variable)} and independent(loop, loop.body, flow):
            return loop.variable if _whole_rows(loop, body, layout) else ""
    return ""


def _whole_rows(loop: Loop, body: Block, layout: Layout) -> bool:
    """Whether all that moves with the loop is the last index of rows, from beginning to end."""
    own = Affine.variable(loop.variable)
    for array, index in accesses(body):
        if any(own.terms[0][0] in whole.variables() for whole in index[:-1]):
            return False
        if index and loop.variable in index[-1].variables():
            rows = array.per_sample or all(k % LINE == 0 for k in layout.arrays[array].steps[:-1])
            if index[-1] != own or array.shape[-1] != loop.stop or not rows:
                return False
    whole = [e.whole for e in expressions(body) if isinstance(e, Guard | Number)]
    return loop.start == 0 and not any(loop.variable in w.variables() for w in whole)


def _moving(block: Block, element: str) -> tuple[Array, ...]:
    """The arrays with samples that move with the lanes."""
    found = [a for a, at in accesses(block) if a.per_sample and element in at[-1].variables()]
    return tuple(dict.fromkeys(found))


def _worth_transposing(nest: Loop, element: str, samples: set[str]) -> bool:
    """Whether the nest is many sums of products over samples and nothing else."""
    loops, body = band(nest)
    moving = _moving((nest,), element)
    inside = _loops(body)
    if any(loop.variable in samples for loop in loops) or not moving:
        return False
    if any(len(a.shape) != 2 or a.kind != "float" for a in moving):
        return False
    if any(loop.variable not in samples for loop in inside):
        return False
    return prod(o.stop - o.start for o in loops) >= FEW and all(
        isinstance(s, Let) and _of_samples(addend_of_local(s) or s.value)
        for loop in inside
        for s in loop.body
    )


def _of_samples(value: Expression) -> bool:
    """Whether it is a product with an element of a sample, so 0 where that is cleared."""
    return any(factor.array.per_sample for factor in product(value) or ())
