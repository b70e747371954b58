"""The driver: images gathered and transposed, kernels called, results kept, sums zeroed."""

from __future__ import annotations

import ctypes
import sys
from array import array
from random import Random

import pytest

from verypoorcnn.compiler.native.memory import Arena, Executable
from verypoorcnn.compiler.native.x86.assembler import Assembler
from verypoorcnn.compiler.native.x86.batches import GROUP, LINE, Batch, driver
from verypoorcnn.compiler.native.x86.cpu import support
from verypoorcnn.compiler.native.x86.operands import Dword
from verypoorcnn.compiler.native.x86.registers import rdi, rsi

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or support({}).isa is None,
    reason="System V machine code for x86-64 cannot run here",
)


def nothing() -> Executable:
    """A kernel that returns at once."""
    asm = Assembler()
    asm.ret()
    return Executable(asm.finish().data)


def counting() -> Executable:
    """A kernel that adds 1 to the first number of its first region (System V: rdi)."""
    asm = Assembler()
    asm.inc(Dword(rdi))
    asm.ret()
    return Executable(asm.finish().data)


def address_of(data: bytes) -> int:
    return ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value or 0


def run(batch: Batch, images: int, labels: bytes, order: list[int], batches: int) -> array:
    indices = array("q", order)
    results = array("f", bytes(LINE * len(batch.results) * batch.groups * batches))
    places = indices.buffer_info()[0], batches, results.buffer_info()[0]
    call = array("q", (images, address_of(labels), *places))
    driver(batch)(call.buffer_info()[0])
    return results


@pytest.mark.parametrize("size", [1, 2, 15, 16, 17, 31, 32, 84, 784])
@pytest.mark.parametrize("guard", ["start", "end"])
def test_byte_p_of_image_s_stands_at_16_p_plus_s(size, guard):
    """Guard pages: not a byte beyond the images or beyond their place is touched."""
    random = Random(size)
    data, labels = random.randbytes(20 * size), random.randbytes(20)
    images, there = Arena(20 * size, guard), Arena(GROUP * size, guard)
    images.view[:] = data
    tags, kernel = Arena(LINE), nothing()
    order = [random.randrange(20) for _ in range(GROUP)]
    batch = Batch(1, size, there.address, tags.address, (0, 0, 0), [], kernel.address, None, [])
    run(batch, images.address, labels, order, 1)
    for s, index in enumerate(order):
        assert (
            bytes(there.view[s : GROUP * size : GROUP]) == data[index * size : (index + 1) * size]
        )
    assert bytes(tags.view[:GROUP]) == bytes(labels[index] for index in order)


def test_kernels_are_called_and_results_kept_for_every_group():
    counter, updates, there = Arena(LINE), Arena(LINE), Arena(GROUP * 16)
    tags, group, update = Arena(LINE), counting(), second_region_counting()
    regions = counter.address, updates.address, 0
    batch = Batch(
        groups=3,
        image_bytes=16,
        pixels=there.address,
        labels=tags.address,
        regions=regions,
        zeroed=[],
        group=group.address,
        update=update.address,
        results=[counter.address],
    )
    results = run(batch, address_of(bytes(16)), bytes(1), [0] * (GROUP * 6), 2)
    kept = array("i", results.tobytes())
    assert [kept[line] for line in range(0, len(kept), GROUP)] == [1, 2, 3, 4, 5, 6]
    assert updates.view.cast("i")[0] == 2


def second_region_counting() -> Executable:
    """A kernel that adds 1 to the first number of its second region (System V: rsi)."""
    asm = Assembler()
    asm.inc(Dword(rsi))
    asm.ret()
    return Executable(asm.finish().data)


def test_sums_are_zeroed_before_every_batch_and_nothing_else_is():
    sums, there, tags = Arena(4 * LINE, "end"), Arena(GROUP * 16), Arena(LINE)
    sums.view[:] = b"\xff" * 4 * LINE
    kernel = nothing()
    zeroed = [(sums.address + LINE, 2 * LINE)]
    batch = Batch(1, 16, there.address, tags.address, (0, 0, 0), zeroed, kernel.address, None, [])
    run(batch, address_of(bytes(16)), bytes(1), [0] * GROUP, 1)
    ones = b"\xff" * LINE
    assert bytes(sums.view) == ones + bytes(2 * LINE) + ones
