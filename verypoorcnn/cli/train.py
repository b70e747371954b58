"""`verypoorcnn train`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from verypoorcnn.cli.common import Terminal, print_json, scores
from verypoorcnn.cli.options import add_experiment, add_json, overrides, setting
from verypoorcnn.cli.parser import place, whole
from verypoorcnn.cli.progress import bytes_text, duration
from verypoorcnn.errors import UserError
from verypoorcnn.training import process  # early: it notes when the program was loaded

if TYPE_CHECKING:
    from verypoorcnn.training.configuration import Configuration
    from verypoorcnn.training.experiment import Outcome
    from verypoorcnn.training.run import Run

Begin = Callable[[str], "Run"]  # told what the data are called

EXAMPLES = """\
examples:
  {program} train
      the paper's experiment on Fashion-MNIST, about two minutes
  {program} train --data sketches
      the same offline, on built-in drawings
  {program} train --data own.csv --limit-train all
      own images: rows of a label and 784 pixels from 0 to 255
  {program} train examples/lenet.toml --epochs 5 --out runs/lenet
      another network, and a name for the run's folder
  {program} train --resume runs/lenet
      go on where it was interrupted
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's options."""
    add_experiment(parser)
    parser.add_argument(
        "--seed",
        type=whole(0),
        metavar="N",
        help="decides the first values and the order of the images (0)",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--out", type=place, metavar="DIR", help="the run's folder (runs/TIME-DATA-SEED)"
    )
    where.add_argument(
        "--resume",
        type=place,
        metavar="RUN",
        help="go on with the run in this folder; the same bits as if it had never stopped",
    )
    parser.add_argument(
        "--no-report", action="store_true", help="leave report.html out of the run's folder"
    )
    add_json(parser)


def run(options: Namespace) -> int:
    """Train, and print what it came to."""
    from verypoorcnn.training.experiment import Experiment
    from verypoorcnn.training.loop import Diverged, Interrupted

    configuration, begin = _resumed(options) if options.resume else _new(options)
    experiment = Experiment(configuration, begin, Terminal())
    try:
        outcome = experiment.execute()
    except (Interrupted, KeyboardInterrupt):
        return _interrupted(experiment.run)
    except Diverged as error:
        folder = experiment.run and experiment.run.folder
        raise UserError(f"{error}; the last good state is in {folder}") from None
    if options.json:
        print_json(outcome.as_dict())
    else:
        print(summary(outcome, with_report=not options.no_report))
    if outcome.run and not options.no_report:
        _write_report(outcome, outcome.run)
    return 0


def _write_report(outcome: Outcome, run: Run) -> None:
    from verypoorcnn.files.atomic import write_atomically
    from verypoorcnn.report.content import QUICK, content
    from verypoorcnn.report.evidence import of_outcome
    from verypoorcnn.report.page import page

    found = content(of_outcome(outcome, run), QUICK)
    write_atomically(run.report, page(found), lasting=False)  # `report` can write it again


def _interrupted(run: Run | None) -> int:
    if run is None:  # nothing to go on with
        raise KeyboardInterrupt
    Terminal().say(f"interrupted; the run is kept, go on with: train --resume {run.folder}")
    return 130


def _new(options: Namespace) -> tuple[Configuration, Begin]:
    from verypoorcnn.training.configuration import load_configuration
    from verypoorcnn.training.run import Run

    path = Path(options.config) if options.config else None
    folder = Path(options.out) if options.out else None
    configuration = load_configuration(path, _overrides(options))
    if folder:
        Run.check_free(folder)
    return configuration, lambda data: Run.create(folder, configuration, data)


def _resumed(options: Namespace) -> tuple[Configuration, Begin]:
    from verypoorcnn.training.run import Run

    run = Run.open(Path(options.resume))
    if options.config:
        raise UserError(f"--resume goes on with {run.config}; leave {options.config} away")
    configuration = run.changed_configuration(_overrides(options))

    def begin(data: str) -> Run:
        run.write_configuration(configuration)
        return run

    return configuration, begin


def _overrides(options: Namespace) -> list[str]:
    seed = [] if options.seed is None else [setting("training.seed", options.seed)]
    return [*seed, *overrides(options)]


def summary(outcome: Outcome, with_report: bool) -> str:
    """What a training came to, for people."""
    parts = outcome.parts
    lines = [
        f"{parts.origin}: {len(parts.train):,} images to learn from, "
        f"{len(parts.test):,} to test with",
        *scores(outcome.test),
        _costs(outcome),
    ]
    if outcome.run:
        where = f"model: {outcome.run.model}"
        lines.append(f"{where}\nreport: {outcome.run.report}" if with_report else where)
    return "\n\n".join(lines)


def _costs(outcome: Outcome) -> str:
    peak, seconds, model = process.peak_memory(), outcome.seconds, outcome.model
    memory = f", {bytes_text(peak)} of memory at its peak" if peak else ""
    return (
        f"{model.network.parameter_count:,} parameters, {model.engine.name} engine, "
        f"seed {outcome.configuration.training.seed}\n"
        f"training took {duration(seconds['train'])}, "
        f"everything {duration(seconds['total'])}{memory}"
    )
