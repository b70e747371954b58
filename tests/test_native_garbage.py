"""What compiling leaves behind: nothing but the code."""

from __future__ import annotations

import gc

import pytest

from tests.native import ISAS
from verypoorcnn.compiler.kernel import compile_functions
from verypoorcnn.compiler.loops import Array
from verypoorcnn.compiler.source import read
from verypoorcnn.compiler.vector.layout import Layout
from verypoorcnn.textbook.dense import dense


@pytest.mark.skipif(not ISAS, reason="machine code cannot run here")
def test_compiling_leaves_no_cycles() -> None:
    arguments = [
        Array("inputs", (16, 12), per_sample=True),
        Array("weights", (5, 12)),
        Array("outputs", (16, 5), per_sample=True),
    ]
    function = read(dense, arguments)
    compile_functions([function], Layout(), ISAS[0])  # what is kept for the next time is kept now
    gc.collect()
    compile_functions([function], Layout(), ISAS[0])
    assert gc.collect() == 0
