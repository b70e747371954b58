"""What the project set out to reach, each goal with what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from verypoorcnn.training.benchmark import own
from verypoorcnn.training.benchmark.contest import Effort, Side, all_cores, contest
from verypoorcnn.training.benchmark.convolution import OPERATIONS, PARTS, convolution
from verypoorcnn.training.benchmark.experiment import experiments
from verypoorcnn.training.benchmark.ladder import MANY, aligned
from verypoorcnn.training.benchmark.own import Maker
from verypoorcnn.training.benchmark.processes import (
    FRESH,
    NOT_CACHED,
    alternate,
    available,
    python,
    run,
)
from verypoorcnn.training.benchmark.rivals import checkout, others
from verypoorcnn.training.benchmark.task import Task

MILLI, MEGA, GIGA = 1e-3, 1e6, 1e9
MODULE = "verypoorcnn.training.benchmark"

STEPS = (  # what, the task, how many times as fast as whom
    ("paper's network, step of 16", Task(), {"PyTorch eager": 48.0, "NumPy": 13.0}),
    ("LeNet-5, step of 128", Task("lenet5", 128), {"PyTorch tuned": 3.5}),
)
QUESTIONS = (
    ("probabilities of one image", Task(batch_size=1), {"onnxruntime": 1.0}),
    ("probabilities of 1,024 images", Task(batch_size=MANY), {"onnxruntime": 2.0}),
)

EPOCH = Task(samples=60_000)


@dataclass(frozen=True)
class Goal:
    """One figure, and what it should be."""

    name: str
    value: float
    target: float
    unit: str  # "×", "ms", "MB"
    figures: dict[str, float]  # what the value comes from: seconds, or bytes, by side

    @property
    def reached(self) -> bool:
        """Ratios should be large, everything else small."""
        return self.value >= self.target if self.unit == "×" else self.value <= self.target

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "reached": self.reached}


def goals(effort: Effort, starts: int, source: str, *, rivals: bool) -> Iterator[Goal]:
    """Measure all that can be measured here, one after another.

    Args:
        effort: for what is timed within this process.
        starts: how many processes of each kind.
        source: the data of the paper's experiment.
        rivals: measure the others too; without them there are no ratios.
    """
    if available():
        yield from whole_process(starts, source, rivals)
        yield from first_prediction(starts, rivals)
        yield from compiling(starts)
    trainers = others("training") if rivals else {}
    for what, task, targets in STEPS:
        yield from against(what, own.training()[best()], trainers, task, effort, targets)
    askers = others("inference") if rivals else {}
    for what, task, targets in QUESTIONS:
        yield from against(what, own.inference()[best()], askers, task, effort, targets)
    if rivals:
        yield from convolutions(effort)
    yield from two_threads(effort)
    yield epoch(trainers, effort)


def best() -> str:
    """Our fastest engine here."""
    return own.names()[-1]


def against(
    what: str,
    ours: Maker,
    makers: Mapping[str, Maker],
    task: Task,
    effort: Effort,
    targets: dict[str, float],
) -> Iterator[Goal]:
    """How many times as fast as each of these others we are at a task."""
    present = {name: makers[name] for name in targets if name in makers}
    if not present:
        return
    us = ours(task)
    found = contest([us, *(maker(task) for maker in present.values())], effort)
    for name in present:
        pair = {side: found[side] for side in (us.name, name)}
        yield Goal(
            f"{what}, against {name}", found[name] / found[us.name], targets[name], "×", pair
        )


def convolutions(effort: Effort) -> Iterator[Goal]:
    """Against oneDNN, where arithmetic is everything."""
    makers = others("convolution")
    if "oneDNN" not in makers or not best().startswith("native"):
        return
    for part in PARTS:
        sides: list[Side] = [convolution(part, own.isas()[-1]), makers["oneDNN"](part)]
        found = contest(sides, effort)
        ours, theirs = (found[side.name] for side in sides)
        rates = {f"GFLOP/s {name}": OPERATIONS / GIGA / s for name, s in found.items()}
        name = f"convolution 64→64 3×3, {part}, against oneDNN"
        yield Goal(name, theirs / ours, 1.0, "×", found | rates)


def two_threads(effort: Effort) -> Iterator[Goal]:
    """Two of ours against one, on two cores."""
    with all_cores() as cores:
        if cores < 2 or not best().startswith("native"):
            return
        sides = []
        for threads, name in ((1, "one thread"), (2, "two threads")):
            task = Task("lenet5", 256)
            engine = own.engine_of(best(), task)
            engine.threads = threads
            sides.append(own.training_side(name, engine, task))
        found = contest(sides, effort)
    ratio = found["one thread"] / found["two threads"]
    yield Goal("two threads on LeNet-5, step of 256, to one", ratio, 1.7, "×", found)


def epoch(makers: Mapping[str, Maker], effort: Effort) -> Goal:
    """All 60,000 images once, shuffling included, as the training loop does it."""
    from verypoorcnn.training.loop import Trainer
    from verypoorcnn.training.settings import TrainingSettings

    engine = own.engine_of(best(), EPOCH)
    engine.prepare(EPOCH.batch_size)

    def work(epochs: int) -> None:
        settings = TrainingSettings(epochs=epochs, measure_start=False)
        Trainer(engine, EPOCH.data, settings).run()

    found = contest([Side(best(), work)], effort)
    if "PyTorch eager" in makers:
        step = contest([makers["PyTorch eager"](Task())], effort)["PyTorch eager"]
        found["PyTorch eager, 3,750 steps"] = 3750 * step
    return Goal("one epoch of 60,000 images", found[best()] / MILLI, 60, "ms", found)


def whole_process(starts: int, source: str, rivals: bool) -> Iterator[Goal]:
    """The command `train` with the paper's protocol, from the second time on and the first time."""
    sides = ["native", f"native{FRESH}"]
    ran = experiments(source, [*range(1, starts + 1)], sides, scripts=rivals)
    seconds = {name: all_.seconds for name, all_ in ran.items()}
    peaks = {name: all_.peak for name, all_ in ran.items()}
    for side in sides:
        if side not in ran:
            return
        what, ours = side.removeprefix("native"), seconds[side]
        yield Goal(f"whole process of the paper's experiment{what}", ours, 0.35, "s", seconds)
        if "PyTorch" in seconds:
            ratio = seconds["PyTorch"] / ours
            yield Goal(f"whole process, against PyTorch{what}", ratio, 12, "×", seconds)
        yield Goal(f"its peak memory{what}", peaks[side] / MEGA, 40, "MB", peaks)


def first_prediction(starts: int, rivals: bool) -> Iterator[Goal]:
    """A process that loads a model file and says what is on one image."""
    from verypoorcnn.training.model import Model

    task, module = Task(), checkout() if rivals else None
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        Model(task.network, parameters=task.parameters, engine="textbook").save(path)
        first = python("-m", f"{MODULE}.first_prediction", str(path))
        commands = {"auto": first, f"auto{FRESH}": first, "textbook": [*first, "textbook"]}
        for name, program in module.first_predictions().items() if module else ():
            exporter = python("-m", "benchmarks.export", program, folder)
            exported = alternate({name: exporter}, 1)[name].all[0].out.strip()
            commands[name] = python("-m", program, exported)
        run(first)  # fills the cache
        ran = alternate(commands, starts)
    seconds = {name: all_.seconds for name, all_ in ran.items()}
    for side in ("auto", f"auto{FRESH}"):
        name = f"cold start to a first prediction{side.removeprefix('auto')}"
        yield Goal(name, seconds[side] / MILLI, 80, "ms", seconds)


def compiling(starts: int) -> Iterator[Goal]:
    """What an engine needs until it is ready to train, in a process that has compiled nothing."""
    if not best().startswith("native"):
        return
    for preset, batch, target in (("paper", 16, 150), ("lenet5", 128, 500)):
        command = python("-m", f"{MODULE}.compiling", preset, str(batch))
        ran = alternate({"compile": command}, starts, NOT_CACHED)["compile"]
        each = sorted(float(process.out) for process in ran.all)
        middle = each[len(each) // 2]
        name = f"compile time of a training step, {preset}"
        yield Goal(name, middle / MILLI, target, "ms", {"native": middle})


def text(found: list[Goal]) -> str:
    """A line a goal, and what its value comes from."""
    rows: list[tuple[str, ...]] = [("", "measured", "goal", "")]
    for goal in found:
        sign = "≥" if goal.unit == "×" else "≤"
        mark = "reached" if goal.reached else "MISSED"
        target = f"{sign} {goal.target:g} {goal.unit}"
        rows.append((goal.name, f"{goal.value:.3g} {goal.unit}", target, mark))
    return aligned(rows)
