"""Batches on the native engine: cut into shards, and shared out among threads.

Every shard of a batch sums up gradients of its own, and these are added up in their order.  How a
batch is cut depends on its size alone, so the same bits come out whatever the number of threads:

    groups of sixteen images    1 … 7    8 … 15    16 … 31    32 … 63    64 and more
    shards                      1        2         4          8          16
"""

from __future__ import annotations

import ctypes
import os
import sys
from array import array
from functools import cache
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import NamedTuple

from verypoorcnn.compiler.native.drivers import Driver
from verypoorcnn.compiler.native.memory import Arena
from verypoorcnn.compiler.native.plans import STOP, Shard, Work
from verypoorcnn.compiler.vector.layout import GROUP, LINE
from verypoorcnn.engines.engine import NOTHING, BatchResult, Pause
from verypoorcnn.engines.native_memory import Memory, Still

GROUPS_IN_A_SHARD = 4  # at least, where there are several: beside them, what a shard costs is small
MOST_SHARDS = 16
WORTH_A_MEETING = 500_000  # multiply-adds of the forward pass: some 25 µs of training
WORTH_A_START = 10_000_000  # the same for a call, for which a thread is started: some 500 µs
QUOTA = Path("/sys/fs/cgroup/cpu.max")
NONE_DONE = 2**64 - 1  # in a thread's line

Part = tuple[int, int]  # the first image in a batch, and how many


class Images(NamedTuple):
    """Labelled images in memory, and the order to go through them."""

    pixels: Still
    labels: Still
    order: array[int]  # 64 bits each


class Kernels(NamedTuple):
    """What is done for a batch."""

    driver: Driver
    group: int  # address of the kernel of a group
    update: int  # of the kernel after the last group; 0: there is none


def shards_of(images: int) -> list[Part]:
    """The parts of a batch."""
    groups = -(-images // GROUP)
    many = max(1, min(MOST_SHARDS, groups // GROUPS_IN_A_SHARD))
    return _even((0, images), 1 << many.bit_length() - 1)  # the largest power of two within


def rounds_of(parts: list[Part], groups: int) -> list[list[Part]]:
    """A batch in several calls, of some `groups` each: what every shard does in each of them."""
    smallest = min(-(-images // GROUP) for _, images in parts)
    wanted = max(1, groups // len(parts))
    split = [_even(part, -(-smallest // wanted)) for part in parts]
    return [list(one_round) for one_round in zip(*split, strict=True)]


def _even(part: Part, count: int) -> list[Part]:
    """So many parts of whole groups, as equal as can be; the last ends where the whole does."""
    first, images = part
    groups = -(-images // GROUP)
    bounds = [*(GROUP * (k * groups // count) for k in range(count)), images]
    return [(first + start, stop - start) for start, stop in pairwise(bounds)]


class Crew:
    """Threads that work on batches of one size.  The first of them is the one that calls."""

    def __init__(
        self, memory: Memory, kernels: Kernels, batch_size: int, threads: int, groups: int
    ) -> None:
        """At most a thread a shard, and about so many groups of images in a call."""
        self._size = batch_size
        self._parts = shards_of(batch_size)
        self._rounds = rounds_of(self._parts, groups)
        self._drive, self._update = kernels.driver, kernels.update
        self._copies = Arena((len(self._parts) - 1) * memory.distance, huge_pages=True)
        self._shards = (Shard * len(self._parts))()
        for number, shard in enumerate(self._shards):
            copy = self._copies.address + (number - 1) * memory.distance
            shard.parameters = copy if number else memory.parameters.address
        threads = min(threads, len(self._parts))
        self._lines = Arena(LINE * threads)
        self._works = (Work * threads)()
        self._workspaces = [*map(memory.workspace_of, range(threads))]
        for number, work in enumerate(self._works):
            self._equip(work, number, memory, kernels)

    def _equip(self, work: Work, number: int, memory: Memory, kernels: Kernels) -> None:
        """What stays the same from call to call."""
        threads, shards = len(self._works), len(self._parts)
        first, stop = (k * shards // threads for k in (number, number + 1))
        work.shards = ctypes.addressof(self._shards[first])
        work.own, work.all = stop - first, shards
        work.workspace, work.main = self._workspaces[number].address, memory.parameters.address
        work.copies, work.distance = self._copies.address, memory.distance
        work.full, work.partial = memory.call.address, memory.partial_call.address
        work.group, work.stride = kernels.group, 8 * self._size
        work.line, work.first_line = self._lines.address + LINE * number, self._lines.address
        work.give_way = give_way() if threads > 1 else 0
        work.leads, work.others = number == 0, threads - 1

    def train(
        self,
        images: Images,
        first: int,
        batches: int,
        so_far: BatchResult,
        pause: Pause,
    ) -> BatchResult:
        """So many batches, beginning with the index at `first`; fewer if a loss is not finite."""
        if len(self._rounds) == 1:
            return self._run(images, first, batches, so_far)
        for start in range(first, first + batches * self._size, self._size):
            so_far = self._train_in_rounds(images, start, so_far, pause)
            if not isfinite(so_far.loss):
                break
        return so_far

    def _train_in_rounds(
        self, images: Images, first: int, so_far: BatchResult, pause: Pause
    ) -> BatchResult:
        """A batch that would take too long for one call."""
        last = len(self._rounds) - 1
        for number, parts in enumerate(self._rounds):
            if number:
                pause(so_far)
            ends = number == last
            so_far = self._run(images, first, 1, so_far, parts, begins=not number, ends=ends)
        return so_far

    def add_up(self, images: Images) -> None:
        """Leave the sums over a batch, and the parameters as they are."""
        self._run(images, 0, 1, NOTHING, updates=False)

    def _run(
        self,
        images: Images,
        first: int,
        batches: int,
        so_far: BatchResult,
        parts: list[Part] | None = None,
        *,
        begins: bool = True,
        ends: bool = True,
        updates: bool = True,
    ) -> BatchResult:
        """One call.

        Of a batch that takes several calls, `parts` is what every shard does in this one; only the
        call that `ends` it gives its losses, and updates the parameters.
        """
        for shard, (start, count) in zip(self._shards, parts or self._parts, strict=True):
            shard.first, shard.images = 8 * start, count
            if begins:
                shard.loss = shard.hits = 0.0
        for work in self._works:
            work.pixels, work.labels = images.pixels.address, images.labels.address
            work.order = images.order.buffer_info()[0] + 8 * first
            work.batches, work.begins = batches, begins
        leader = self._works[0]
        leader.ends, leader.update = ends, self._update if updates else 0
        leader.loss, leader.hits = so_far.loss, so_far.hits
        self._go()
        done = (batches - leader.batches) * ends
        return BatchResult(leader.loss, int(leader.hits), so_far.samples + done * self._size)

    def _go(self) -> None:
        for number in range(len(self._works)):
            self._write_line(number, NONE_DONE)
        if len(self._works) == 1:
            self._do(0)
        else:
            self._go_together()

    def _go_together(self) -> None:
        """A thread for everyone else; an error in any of them is raised here."""
        from concurrent.futures import ThreadPoolExecutor

        others = range(1, len(self._works))
        with ThreadPoolExecutor(len(others)) as pool:
            try:
                running = [pool.submit(self._do, number) for number in others]
                self._do(0)
            finally:
                self._write_line(0, STOP)  # nobody waits for a leader who is gone
            for one in running:
                one.result()

    def _do(self, number: int) -> None:
        try:
            self._drive(ctypes.addressof(self._works[number]))
        except BaseException:
            self._write_line(number, STOP)
            raise

    def _write_line(self, number: int, value: int) -> None:
        ctypes.c_uint64.from_address(self._lines.address + LINE * number).value = value


def threads_that_gain(images: int, batches: int, multiply_adds: int) -> int:
    """How many threads to take for a call of so many batches of so many images.

    Everyone needs a processor, a shard, enough to do between two meetings, and enough in all.
    `multiply_adds` are those of the forward pass of one image.
    """
    batch = images * multiply_adds
    gain = min(batch // WORTH_A_MEETING, batches * batch // WORTH_A_START)
    return max(1, min(cores(), len(shards_of(images)), gain))


def cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return min(len(os.sched_getaffinity(0)), _quota())
    return os.cpu_count() or 1


def _quota() -> int:
    """What a container may use of them, in whole processors."""
    try:
        share, period = map(int, QUOTA.read_text().split())
    except (OSError, ValueError):  # no such file, or "max"
        return sys.maxsize
    return max(1, share // period)


@cache
def give_way() -> int:
    """The address of the system's function that lets another thread run; 0 if there is none."""
    try:
        if sys.platform == "win32":
            function = ctypes.WinDLL("kernel32").SwitchToThread
        else:
            function = ctypes.CDLL(None).sched_yield
    except (OSError, AttributeError):
        return 0
    return ctypes.cast(function, ctypes.c_void_p).value or 0
