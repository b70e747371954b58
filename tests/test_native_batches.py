"""The drivers: images fetched and laid out, kernels called, losses and sums added up, in order.

The kernels are a few instructions each, and all memory lies between guard pages.
"""

from __future__ import annotations

import ctypes
import math
import struct
import sys
from array import array
from random import Random

import pytest

from tests.test_native_abi import caller
from verypoorcnn.compiler.native.drivers import forward_driver, largest, shuffler, training_driver
from verypoorcnn.compiler.native.memory import Arena, Executable
from verypoorcnn.compiler.native.plans import (
    ForwardPlan,
    Place,
    Question,
    Shard,
    Shuffle,
    TrainingPlan,
    Work,
)
from verypoorcnn.compiler.native.x86.abi import convention
from verypoorcnn.compiler.native.x86.assembler import Assembler
from verypoorcnn.compiler.native.x86.cpu import support
from verypoorcnn.compiler.native.x86.operands import Dword
from verypoorcnn.compiler.native.x86.registers import r11, rdi, rdx, rsi
from verypoorcnn.engines.order import LAST_SHIFT, MIX, STEP

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or support({}).isa is None,
    reason="System V machine code for x86-64 cannot run here",
)

LINE = 64
GROUP = 16
SHUFFLE = Shuffle(STEP, MIX, LAST_SHIFT)
LABELS, LOSSES, HITS, PIXELS = 0, LINE, 2 * LINE, 3 * LINE  # offsets in the workspace


def kernel(*counted) -> Executable:
    """One that adds 1 to the first number of these regions (rdi, rsi, rdx), and returns."""
    asm = Assembler()
    for region in counted:
        asm.inc(Dword(region))
    asm.ret()
    return Executable(asm.finish().data)


class Bench:
    """Images, a workspace, parameters and calls, each between guard pages of its own."""

    def __init__(self, image_bytes=16, images=20, guard="end", sums=(), copied=(), lines=4):
        random = Random(image_bytes)
        self.pixels, self.labels = Arena(images * image_bytes, guard), Arena(images, guard)
        self.pixels.view[:] = random.randbytes(images * image_bytes)
        self.labels.view[:] = random.randbytes(images)
        self.workspace = Arena(PIXELS + GROUP * image_bytes, guard)
        self.parameters = Arena(lines * LINE, guard)
        self.full, self.partial = Arena(LINE), Arena(LINE)
        self.place = Place(PIXELS, LABELS, image_bytes)
        self.plan = TrainingPlan(self.place, LOSSES, HITS, sums, copied)
        self.group, self.update = kernel(), None
        self.copies = Arena(0)

    def losses(self, *values):
        """What every group's kernel seems to have left."""
        struct.pack_into(f"<{len(values)}f", self.workspace.view, LOSSES, *values)

    def indices(self, order):
        """The order, at the end of its memory: whoever reads on is stopped."""
        arena = Arena(8 * len(order), "end")
        arena.view[:] = array("q", order).tobytes()
        return arena

    def work(self, order, batches, shards):
        """Batches of the same images in one thread; shards are the images of each."""
        indices = self.indices(order)
        parts = (Shard * len(shards))()
        first = 0
        for number, (shard, images) in enumerate(zip(parts, shards, strict=True)):
            copy = self.copies.address + (number - 1) * self.parameters.size
            shard.parameters = copy if number else self.parameters.address
            shard.first, shard.images = 8 * first, images
            first += images
        work = Work(
            pixels=self.pixels.address,
            labels=self.labels.address,
            order=indices.address,
            batches=batches,
            stride=8 * first,
            workspace=self.workspace.address,
            full=self.full.address,
            partial=self.partial.address,
            group=self.group.address,
            shards=ctypes.addressof(parts),
            own=len(shards),
            all=len(shards),
            main=self.parameters.address,
            copies=self.copies.address,
            distance=self.parameters.size,
            leads=1,
            begins=1,
            ends=1,
            update=self.update.address if self.update else 0,
        )
        line = Arena(LINE)
        work.line = work.first_line = line.address
        self.call(training_driver(self.plan), ctypes.addressof(work))
        return work

    def call(self, driver, *arguments):
        driver(*arguments)


@pytest.mark.parametrize("size", [1, 2, 15, 16, 17, 31, 32, 84, 784])
@pytest.mark.parametrize("guard", ["start", "end"])
@pytest.mark.parametrize("count", [1, 7, 8, 9, 16])
def test_byte_p_of_image_s_stands_at_16_p_plus_s(size, guard, count):
    """Guard pages: not a byte beyond the images, their indices or their place is touched."""
    bench, random = Bench(size, guard=guard), Random(count)
    order = [random.randrange(20) for _ in range(count)]
    bench.work(order, 1, [count])
    there, images = bench.workspace.view, bench.pixels.view
    for s, index in enumerate(order):
        stop = PIXELS + GROUP * size
        found = bytes(there[PIXELS + s : stop : GROUP])
        assert found == bytes(images[index * size : (index + 1) * size])
    assert bytes(there[:count]) == bytes(bench.labels.view[index] for index in order)


def test_losses_and_hits_of_the_samples_that_exist_are_added_to_those_so_far():
    bench = Bench()
    bench.losses(*[0.5] * 5, *[math.nan] * 11)
    struct.pack_into("<16f", bench.workspace.view, HITS, *[1.0] * 3, *[0.0] * 2, *[7.0] * 11)
    work = bench.work(range(15), 3, [5])
    assert (work.loss, work.hits, work.batches) == (7.5, 9.0, 0)


def test_losses_are_added_up_in_float64_and_in_order():
    bench = Bench()
    values = [1.0, 2.0**-30, 3.0, 2.0**-24, *[0.0] * 12]
    bench.losses(*values)
    work = bench.work([0] * 32, 1, [16, 16])
    assert work.loss == math.fsum(values) * 2


def test_every_group_has_its_kernel_and_a_smaller_one_the_partial_call():
    bench = Bench()
    bench.group = kernel(rdi, rdx)
    bench.work([0] * (2 * 40), 2, [40])
    counted = [arena.view.cast("i")[0] for arena in (bench.full, bench.partial)]
    assert counted == [2 * 2, 2]


def test_the_parameters_are_updated_after_every_batch():
    bench = Bench()
    bench.update = kernel(rsi)
    bench.work([0] * 48, 3, [16])
    assert bench.parameters.view.cast("i")[0] == 3


def test_sums_are_zeroed_before_every_batch_and_nothing_else_is():
    bench = Bench(sums=((LINE, 2 * LINE),), copied=((0, LINE), (3 * LINE, LINE)))
    bench.parameters.view[:] = b"\xff" * 4 * LINE
    bench.work([0] * 16, 1, [16])
    ones = b"\xff" * LINE
    assert bytes(bench.parameters.view) == ones + bytes(2 * LINE) + ones


def test_shards_begin_with_the_parameters_and_their_sums_are_added_up():
    """The kernel adds 1 to the first whole number of its region; as floats, 0 + 1 ulp + 2 ulp."""
    bench = Bench(sums=((0, LINE), (3 * LINE, LINE)), copied=((LINE, 2 * LINE),))
    bench.copies = Arena(2 * 4 * LINE, "end")
    bench.copies.view[:] = b"\xff" * (2 * 4 * LINE)
    bench.parameters.view[LINE : 3 * LINE] = bytes(range(2 * LINE))
    bench.group = kernel(rsi)
    bench.work([0] * 64, 1, [16, 16, 32])
    assert bench.parameters.view.cast("i")[0] == 1 + 1 + 2
    for copy in (0, 4 * LINE):
        found = bytes(bench.copies.view[copy + LINE : copy + 3 * LINE])
        assert found == bytes(range(2 * LINE))
    assert bytes(bench.parameters.view[3 * LINE :]) == bytes(LINE)


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_not_finite_ends_the_call_after_its_batch(loss):
    bench = Bench()
    bench.losses(1.0, loss)
    bench.update = kernel(rsi)
    assert bench.work([0] * 10, 5, [2]).batches == 4
    assert bench.parameters.view.cast("i")[0] == 1


def registers_lost(code, *arguments):
    """How many of the registers that must be kept come back with something else."""
    asm = Assembler()
    entered = asm.here()
    asm.mov(r11, ctypes.cast(code, ctypes.c_void_p).value)
    asm.jmp(r11)
    entry = caller(asm, convention(), entered, arguments)
    there = Executable(asm.finish().data)
    return there.function(result=ctypes.c_uint64, offset=entry.position)() & 0xFFFF


def test_the_caller_finds_its_registers_as_they_were():
    bench = Bench(sums=((0, LINE),), copied=((LINE, 3 * LINE),))
    bench.copies, bench.update = Arena(4 * LINE), kernel()
    lost = []
    bench.call = lambda *call: lost.append(registers_lost(*call))
    bench.work([0] * 3 * 40, 3, [16, 24])
    order = array("q", range(50))
    lost.append(registers_lost(largest(), *order.buffer_info()))
    lost.append(registers_lost(shuffler(SHUFFLE), *order.buffer_info(), 7))
    assert lost == [0, 0, 0]


@pytest.mark.parametrize("count", [0, 1, 2, 100])
def test_a_shuffle_writes_nothing_else(count):
    arena = Arena(8 * count, "end")
    shuffler(SHUFFLE)(arena.address, count, 1)
    assert sorted(arena.view.cast("q")) == [*range(count)]


@pytest.mark.parametrize("count", [1, 16, 37])
def test_a_row_of_probabilities_for_every_image(count):
    """The kernel leaves the workspace as it is: class k of image s is 100 k + s of its group."""
    classes = 3
    bench, rows = Bench(), Arena(4 * classes * count, "end")
    workspace = Arena(PIXELS + GROUP * 16 + classes * LINE, "end")
    offset = PIXELS + GROUP * 16
    values = [100.0 * k + s for k in range(classes) for s in range(GROUP)]
    struct.pack_into(f"<{len(values)}f", workspace.view, offset, *values)
    order, nothing = bench.indices([3] * count), kernel()
    question = Question(
        pixels=bench.pixels.address,
        labels=bench.labels.address,
        order=order.address,
        images=count,
        rows=rows.address,
        kernel=nothing.address,
        workspace=workspace.address,
    )
    forward_driver(ForwardPlan(bench.place, offset, classes))(ctypes.addressof(question))
    found = rows.view.cast("f").tolist()
    assert found == [100.0 * k + s % GROUP for s in range(count) for k in range(classes)]


@pytest.mark.parametrize(
    ("numbers", "expected"), [([0], 0), ([3, 9, 4], 9), ([5, -1, 7], 2**64 - 1)]
)
def test_the_largest_index_and_a_negative_one_is_larger_than_any(numbers, expected):
    arena = Arena(8 * len(numbers), "end")
    arena.view[:] = array("q", numbers).tobytes()
    assert largest()(arena.address, len(numbers)) == expected
