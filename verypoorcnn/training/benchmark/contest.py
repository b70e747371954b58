"""Timing several sides against each other.

A shared machine is now faster, now slower, so figures of different moments say little about each
other.  Here all sides take turns within each round, on one core, and each side's figure is the
median of its rounds: what slows the machine down for a while slows everyone down.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from time import perf_counter


@dataclass(frozen=True)
class Side:
    """Someone who does the work that is measured."""

    name: str
    work: Callable[[int], object]  # do so many units of it: steps, calls


@dataclass(frozen=True)
class Effort:
    """How long a contest goes on."""

    rounds: int
    seconds: float  # about so much for each side in each round


def contest(sides: Sequence[Side], effort: Effort) -> dict[str, float]:
    """The median seconds a unit of every side, by its name.

    Who takes longer for one unit than others for all rounds is timed twice and not more.
    """
    units = {side.name: _units(side, effort) for side in sides}
    seconds: dict[str, list[float]] = {side.name: [] for side in sides}
    for turn in range(effort.rounds):
        for side in sides:
            count = units[side.name]
            if turn < 2 or count * min(seconds[side.name]) < effort.rounds * effort.seconds:
                seconds[side.name].append(_seconds(side, count) / count)
    return {name: median(values) for name, values in seconds.items()}


def _units(side: Side, effort: Effort) -> int:
    """How many units take about as long as a round should; the side is warm afterwards."""
    units, took = 1, _seconds(side, 1)
    while took < effort.seconds / 2:
        took = _seconds(side, units)
        units = max(units, min(100 * units, int(units * effort.seconds / max(took, 1e-6))))
    return units


def _seconds(side: Side, units: int) -> float:
    began = perf_counter()
    side.work(units)
    return perf_counter() - began


@contextmanager
def one_core() -> Iterator[int | None]:
    """Stay on one core, and so do the processes that are started; None where nobody can say so."""
    if not hasattr(os, "sched_setaffinity"):
        yield None
        return
    before = os.sched_getaffinity(0)
    core = max(before)
    os.sched_setaffinity(0, {core})
    try:
        yield core
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def all_cores() -> Iterator[int]:
    """Use all cores there are for a while, within `one_core` too; gives how many."""
    if not hasattr(os, "sched_setaffinity"):
        yield os.cpu_count() or 1
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    try:
        yield len(os.sched_getaffinity(0))
    finally:
        os.sched_setaffinity(0, before)
