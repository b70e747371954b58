"""The passes that serve every back end.

Each takes a function of the loop IR and gives one that leaves the same bits in its arrays.  Each is
small and its result can be printed; the tests run the interpreter after every one.
"""

from __future__ import annotations

from collections.abc import Callable

from verypoorcnn.compiler.loops import Function
from verypoorcnn.compiler.passes.fusion import fused
from verypoorcnn.compiler.passes.guards import cut_loops, decide_guards
from verypoorcnn.compiler.passes.samples import samples_outside
from verypoorcnn.compiler.passes.tidy import choose_values, unwrap_single_turns

Pass = Callable[[Function], Function]

SIMPLIFYING: tuple[Pass, ...] = (
    decide_guards,
    cut_loops,
    unwrap_single_turns,
    decide_guards,
    choose_values,
)

__all__ = [
    "SIMPLIFYING",
    "Pass",
    "choose_values",
    "cut_loops",
    "decide_guards",
    "fused",
    "samples_outside",
    "simplified",
    "unwrap_single_turns",
]


def simplified(function: Function) -> Function:
    """The function after all simplifying passes, in order."""
    for each in SIMPLIFYING:
        function = each(function)
    return function
