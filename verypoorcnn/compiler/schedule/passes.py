"""The passes that work on functions alone, in order: gather, promote, fuse."""

from __future__ import annotations

from collections.abc import Sequence

from verypoorcnn.compiler.loops import Block, Function
from verypoorcnn.compiler.schedule.fuse import chained, fuse
from verypoorcnn.compiler.schedule.gather import gather
from verypoorcnn.compiler.schedule.promote import promote


def rearranged(functions: Sequence[Function]) -> Block:
    """The loops of all functions in one block, gathered, promoted and fused."""
    return fuse(chained(promote(gather(function.body)) for function in functions))
