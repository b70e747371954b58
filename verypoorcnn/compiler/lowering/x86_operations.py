"""Which method writes which vector operation."""

from __future__ import annotations

from verypoorcnn.compiler.lowering.fold import Instruction
from verypoorcnn.compiler.lowering.x86_arithmetic import BINARY, EXTREME, Arithmetic
from verypoorcnn.compiler.lowering.x86_arrays import Arrays
from verypoorcnn.compiler.lowering.x86_masks import Masks
from verypoorcnn.compiler.lowering.x86_sums import Sums

METHODS = {
    **dict.fromkeys(BINARY, "do_binary"),
    **dict.fromkeys(EXTREME, "do_extreme"),
    **dict.fromkeys(("fma", "fnma"), "do_multiply_add"),
    **dict.fromkeys(("and", "or", "not"), "do_mask"),
    "load": "do_load",
    "store": "do_store",
    "store_element": "do_store_element",
    "constant": "do_constant",
    "move": "do_move",
    "neg": "do_negate",
    "sqrt": "do_root",
    "rint": "do_round",
    "power": "do_power",
    "exponent": "do_exponent",
    "mantissa": "do_mantissa",
    "compare": "do_compare",
    "select": "do_select",
    "keep": "do_keep",
    "total": "do_total",
    "element": "do_element",
    "clear": "do_clear",
    "transpose": "do_transpose",
}


class Operations(Arithmetic, Masks, Sums, Arrays):
    """All of them."""

    def operation(self, i: Instruction) -> None:
        """One operation."""
        getattr(self, METHODS[i.name])(i)
