"""From CPython running the textbook's loops to machine code, rung by rung, and others beside it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from verypoorcnn.compiler.kernel import ISAS
from verypoorcnn.training.benchmark import own
from verypoorcnn.training.benchmark.contest import Effort, contest
from verypoorcnn.training.benchmark.limit import limit, multiply_adds, training_multiply_adds
from verypoorcnn.training.benchmark.own import Maker
from verypoorcnn.training.benchmark.processes import NOT_CACHED, alternate, available, python
from verypoorcnn.training.benchmark.rivals import others
from verypoorcnn.training.benchmark.task import Task

MANY = 1024  # images at a time
RARE = ("torch.compile", "PyTorch tuned")  # slow to start; no better on so small a network

Rows = dict[str, dict[str, float]]


def ladder(
    effort: Effort, *, rivals: bool, compiled: bool, starts: int, many: int = MANY
) -> dict[str, Rows]:
    """The paper's network, by side: training in batches of 16, and probabilities.

    Args:
        effort: of each contest.
        rivals: measure the others too.
        compiled: torch.compile among them.
        starts: how many processes of each side to start, for start-up and memory.
        many: images at a time where it is not one.
    """
    makers = own.training() | (others("training") if rivals else {})
    left_out = RARE[1:] if compiled else RARE
    chosen = {name: maker for name, maker in makers.items() if name not in left_out}
    # Processes first: this one is still small, and so is what it does to the others' caches.
    ran = start_ups(chosen, starts)
    training = _training(chosen, effort)
    for name, costs in ran.items():
        training[name] |= costs
    return {"training": training, "inference": _inference(effort, rivals, many)}


def start_ups(names: Iterable[str], rounds: int) -> Rows:
    """Of each side a process from its start to its first step: seconds, and bytes at its peak.

    Nothing is cached: this is what the first step costs.
    """
    if not available() or not rounds:
        return {}
    child = python("-m", "verypoorcnn.training.benchmark.child")
    ran = alternate({name: [*child, name] for name in names}, rounds, NOT_CACHED)
    return {
        name: {"first_step_seconds": all_.seconds, "peak_bytes": all_.peak}
        for name, all_ in ran.items()
    }


def _training(makers: dict[str, Maker], effort: Effort) -> Rows:
    task, isa = Task(), ISAS.get(next(reversed(own.names())).rpartition(" ")[2])
    sides = [maker(task) for maker in makers.values()]
    seconds = contest([*sides, limit(isa)] if isa else sides, effort)
    if isa:  # from seconds a call to seconds for a step's multiply-adds
        step = training_multiply_adds(task.network) * task.batch_size
        seconds["limit"] *= step / multiply_adds(isa)
    return {
        name: {"step_seconds": step, "samples_per_second": task.batch_size / step}
        for name, step in seconds.items()
    }


def _inference(effort: Effort, rivals: bool, images: int) -> Rows:
    makers = own.inference() | (others("inference") if rivals else {})
    one = contest([maker(Task(batch_size=1)) for maker in makers.values()], effort)
    many = contest([maker(Task(batch_size=images)) for maker in makers.values()], effort)
    return {
        name: {
            "one_image_seconds": one[name],
            "images_per_second": images / many[name],
        }
        for name in makers
    }


def text(found: dict[str, Rows]) -> str:
    """Both tables for people."""
    training = [
        (name, _rate(row["samples_per_second"]), _micro(row["step_seconds"]), *_costs(row))
        for name, row in found["training"].items()
    ]
    inference = [
        (name, _micro(row["one_image_seconds"]), _rate(row["images_per_second"]))
        for name, row in found["inference"].items()
    ]
    return "\n\n".join(
        (
            "The paper's network, training in batches of 16 (limit: its multiply-adds alone):",
            aligned([("", "samples/s", "µs a step", "peak MB", "first step after ms"), *training]),
            "Probabilities, one image and many at a time:",
            aligned([("", "µs one image", "images/s of many"), *inference]),
        )
    )


def aligned(rows: list[tuple[Any, ...]]) -> str:
    """Cells under each other: the first column to the left, the others to the right."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return "\n".join(
        row[0].ljust(widths[0])
        + "".join(f"  {cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True))
        for row in rows
    )


def _costs(row: dict[str, float]) -> tuple[str, str]:
    if "peak_bytes" not in row:
        return "–", "–"
    return f"{row['peak_bytes'] / 1e6:,.0f}", f"{1e3 * row['first_step_seconds']:,.0f}"


def _rate(value: float) -> str:
    return f"{value:,.0f}"


def _micro(seconds: float) -> str:
    return f"{1e6 * seconds:,.1f}"
