"""Too few registers: what finds none lies in the frame, and the results stay the same."""

from __future__ import annotations

import pytest

from tests.native import ISAS, TOLERANCE, largest_error
from tests.test_native_textbook import CASES, WHOLE
from verypoorcnn.compiler import kernel
from verypoorcnn.compiler.lowering.x86 import Isa
from verypoorcnn.compiler.schedule.tiles import Target

pytestmark = pytest.mark.skipif(not ISAS, reason="machine code cannot run here")


@pytest.mark.parametrize("isa", ISAS, ids=lambda isa: isa.name)
@pytest.mark.parametrize("name", CASES)
def test_tiles_for_more_registers_than_there_are(
    name: str, isa: Isa, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel, "Target", lambda width, registers: Target(width, 3 * registers))
    few = Isa(isa.name, isa.width, isa.vectors if isa.masks == 0 else 18, isa.masks and 3)
    function, arguments = CASES[name]
    whole = function.__name__.startswith(WHOLE)
    assert largest_error(function, arguments, few, samples=11, whole=whole) < TOLERANCE
