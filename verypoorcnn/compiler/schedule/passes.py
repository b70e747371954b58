"""The passes that work on functions alone, in order: decide guards, gather, promote, fuse."""

from __future__ import annotations

from collections.abc import Sequence

from verypoorcnn.compiler.loops import Block, Function
from verypoorcnn.compiler.passes.guards import decide_guards
from verypoorcnn.compiler.schedule.fuse import chained, fuse
from verypoorcnn.compiler.schedule.gather import gather
from verypoorcnn.compiler.schedule.promote import promote


def rearranged(functions: Sequence[Function]) -> Block:
    """The loops of all functions in one block, gathered, promoted and fused.

    Guards that always or never hold go first; those that change cut the loops when tiles are known.
    """
    decided = (decide_guards(function).body for function in functions)
    return fuse(chained(promote(gather(body)) for body in decided))
