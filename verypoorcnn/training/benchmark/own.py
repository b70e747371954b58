"""Our own engines as sides of a contest."""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from verypoorcnn.compiler.native.x86.cpu import NEEDS, VARIABLE, processor
from verypoorcnn.engines import ENGINES, Engine
from verypoorcnn.training.benchmark.contest import Side
from verypoorcnn.training.benchmark.task import RATE, Task

Maker = Callable[[Task], Side]


def training() -> dict[str, Maker]:
    """Who trains, slowest first; a unit is a step."""
    return {name: partial(_training, name) for name in names()}


def inference() -> dict[str, Maker]:
    """Who computes probabilities; a unit is a batch."""
    return {name: partial(_inference, name) for name in names()}


def names() -> list[str]:
    """The engines that work here; the native one with each instruction set of the processor."""
    found: list[str] = []
    for name, kind in ENGINES.items():
        if kind.obstacle() is None:
            found += [f"{name} {isa}" for isa in isas()] if name == "native" else [name]
    return found


def isas() -> list[str]:
    """The instruction sets that the processor has, the best last; one if the user forces it."""
    if forced := os.environ.get(VARIABLE):
        return [forced]
    return [isa for isa in reversed(NEEDS) if not processor().lacks(isa)]


def engine_of(name: str, task: Task) -> Engine:
    """The engine of a name such as "native avx2"."""
    kind, _, isa = name.partition(" ")
    with environment(VARIABLE, isa):
        return ENGINES[kind](task.network, task.parameters)


@contextmanager
def environment(name: str, value: str) -> Iterator[None]:
    """A variable with this value for a while; "" leaves it as it is."""
    before = os.environ.get(name)
    if value:
        os.environ[name] = value
    try:
        yield
    finally:
        if before is not None:
            os.environ[name] = before
        elif value:
            del os.environ[name]


def _training(name: str, task: Task) -> Side:
    return training_side(name, engine_of(name, task), task)


def training_side(name: str, engine: Engine, task: Task) -> Side:
    """Steps of an engine, as the training loop asks for them: many in a call."""
    engine.prepare(task.batch_size)
    order = array("q", task.order)

    def work(steps: int) -> None:
        for start in range(0, steps, task.batches):
            count = min(task.batches, steps - start) * task.batch_size
            engine.train_batches(task.data, order[:count], task.batch_size, RATE)

    return Side(name, work)


def _inference(name: str, task: Task) -> Side:
    engine, indices = engine_of(name, task), array("q", task.order[: task.batch_size])

    def work(batches: int) -> None:
        for _ in range(batches):
            engine.probability_array(task.data, indices)

    return Side(name, work)
