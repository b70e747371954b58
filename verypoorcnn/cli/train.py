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
    from verypoorcnn.report.evidence import Evidence
    from verypoorcnn.training.configuration import Configuration
    from verypoorcnn.training.experiment import Outcome
    from verypoorcnn.training.run import Run

Begin = Callable[[str], "Run"]  # told what the data are called

EXAMPLES = """\
examples:
  {program} train
      the paper's experiment on Fashion-MNIST, in less than a second
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
    return _resume(options) if options.resume else _begin(options)


def _train(options: Namespace, configuration: Configuration, begin: Begin) -> int:
    from verypoorcnn.training.experiment import Experiment
    from verypoorcnn.training.loop import CTRL_C, Diverged, Interrupted

    experiment = Experiment(configuration, begin, Terminal())
    try:
        outcome = experiment.execute()
    except (Interrupted, KeyboardInterrupt) as error:
        return _interrupted(experiment.run, getattr(error, "signal", CTRL_C))
    except Diverged as error:
        raise _diverged(error, experiment.run, with_report=not options.no_report) from None
    if options.json:
        print_json(outcome.as_dict())
    else:
        print(summary(outcome, with_report=not options.no_report))
    if outcome.run and not options.no_report:
        _write_report(outcome, outcome.run)
    return 0


def _write_report(outcome: Outcome, run: Run) -> None:
    from verypoorcnn.report.evidence import of_outcome

    _write(of_outcome(outcome, run), run)


def _write(evidence: Evidence, run: Run) -> None:
    from verypoorcnn.files.atomic import write_atomically
    from verypoorcnn.report.content import QUICK, content
    from verypoorcnn.report.page import page

    found = content(evidence, QUICK)
    write_atomically(run.report, page(found), lasting=False)  # `report` can write it again


def _diverged(error: UserError, run: Run | None, with_report: bool) -> UserError:
    """The error with where the last good state is, and perhaps a report of it."""
    if run is None:  # before there was any state
        return error
    said = f"{error}; the last good state is in {run.folder}"
    if not with_report:
        return UserError(said)
    from verypoorcnn.report.folder import of_run

    _write(of_run(run.folder), run)
    return UserError(f"{said}, a report of it in {run.report}")


def _interrupted(run: Run | None, signal: int) -> int:
    if run is None:  # nothing to go on with
        raise KeyboardInterrupt
    Terminal().say(f"interrupted; the run is kept, go on with: train --resume {run.folder}")
    return 128 + signal  # as shells have it


def _begin(options: Namespace) -> int:
    from verypoorcnn.training.configuration import load_configuration
    from verypoorcnn.training.loading import located
    from verypoorcnn.training.run import Run

    path = Path(options.config) if options.config else None
    folder = Path(options.out) if options.out else None
    configuration = load_configuration(path, _overrides(options))
    if folder:
        Run.check_free(folder)
    return _train(
        options, configuration, lambda data: Run.create(folder, located(configuration), data)
    )


def _resume(options: Namespace) -> int:
    from verypoorcnn.training.loading import located
    from verypoorcnn.training.run import Run

    run = Run.open(Path(options.resume))
    if options.config:
        raise UserError(f"--resume goes on with {run.config}; leave {options.config} away")
    configuration = run.changed_configuration(_overrides(options))
    # Where the data have moved, there is something to do: the report has images again.
    moved = located(configuration).data != run.configuration().data
    if not moved and run.is_finished(configuration):
        return _nothing_to_do(options, run, configuration)
    return _train(options, configuration, lambda data: run)


def _nothing_to_do(options: Namespace, run: Run, configuration: Configuration) -> int:
    """A finished run stays as it is."""
    from verypoorcnn.files.json_text import from_json

    result = from_json(run.result.read_bytes(), str(run.result))
    done, wanted = len(result["history"]), configuration.training.epochs
    early = f" (training.patience = {configuration.training.patience})" if done < wanted else ""
    more = "a larger training.patience" if early else f"more epochs: --epochs {2 * done}"
    Terminal().say(
        f"{run.folder}: nothing to do, it is finished after epoch {done}{early}; "
        f"to train on, give it {more}"
    )
    if options.json:
        print_json(result)
    return 0


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
