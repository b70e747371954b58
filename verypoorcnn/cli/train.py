"""`verypoorcnn train`."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from verypoorcnn.cli.common import Terminal, add_data, add_engine, add_json, limit, print_json
from verypoorcnn.cli.progress import duration
from verypoorcnn.errors import UserError
from verypoorcnn.training import process  # early: it notes when the program was loaded

if TYPE_CHECKING:
    from verypoorcnn.training.configuration import Configuration
    from verypoorcnn.training.experiment import Outcome
    from verypoorcnn.training.run import Run

Begin = Callable[[], "Run"]

EXAMPLES = """\
examples:
  {program} train                                 the paper's experiment, about two minutes
  {program} train --data sketches                 offline, on built-in drawings
  {program} train --data own.csv --limit-train all
  {program} train examples/lenet.toml --set training.epochs=5 --out runs/lenet
  {program} train --resume runs/lenet             go on where it was interrupted
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "config", metavar="CONFIG.toml", nargs="?", help="data, network and training; see examples/"
    )
    add_data(parser, "what to learn from")
    add_engine(parser)
    parser.add_argument("--epochs", metavar="N", help="times through the training images (25)")
    parser.add_argument("--seed", metavar="N", help="of first values and shuffling (0)")
    parser.add_argument(
        "--limit-train", type=limit, metavar="N", help="training images (1500), or all"
    )
    parser.add_argument("--limit-test", type=limit, metavar="N", help="test images (600), or all")
    parser.add_argument(
        "--drop-overlap",
        action="store_true",
        help="leave out test images that also stand in the training set",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="K=V",
        dest="overrides",
        help="any setting, as training.batch_size=32",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--out", type=Path, metavar="DIR", help="the run's folder (runs/TIME-DATA-SEED)"
    )
    where.add_argument(
        "--resume",
        type=Path,
        metavar="RUN",
        help="go on with a run; the same bits as if it had never stopped",
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
    except Interrupted:
        folder = experiment.run and experiment.run.folder
        print(f"interrupted; all is saved, go on with: train --resume {folder}", file=sys.stderr)
        return 130
    except Diverged as error:
        folder = experiment.run and experiment.run.folder
        raise UserError(f"{error}; the last good state is in {folder}") from None
    if options.json:
        print_json(outcome.as_dict())
    else:
        print(report(outcome))
    return 0


def _new(options: Namespace) -> tuple[Configuration, Begin]:
    from verypoorcnn.training.configuration import load_configuration
    from verypoorcnn.training.run import Run

    path = Path(options.config) if options.config else None
    configuration = load_configuration(path, _overrides(options))
    if options.out:
        Run.check_free(options.out)
    return configuration, lambda: Run.create(options.out, configuration)


def _resumed(options: Namespace) -> tuple[Configuration, Begin]:
    from verypoorcnn.training.run import Run

    run = Run.open(options.resume)
    if options.config:
        raise UserError(f"--resume goes on with {run.config}; leave {options.config} away")
    configuration = run.changed_configuration(_overrides(options))

    def begin() -> Run:
        run.write_configuration(configuration)
        return run

    return configuration, begin


def _overrides(options: Namespace) -> list[str]:
    """The options that stand for settings, as texts of `--set`; --set itself comes last."""
    shorthand = {
        "data.source": _quoted(options.data),
        "data.train_samples": _quoted(options.limit_train),
        "data.test_samples": _quoted(options.limit_test),
        "data.drop_overlap": "true" if options.drop_overlap else None,
        "training.engine": _quoted(options.engine),
        "training.epochs": options.epochs,
        "training.seed": options.seed,
    }
    given = [f"{key}={value}" for key, value in shorthand.items() if value is not None]
    return [*given, *options.overrides]


def _quoted(value: str | int | None) -> str | None:
    """As TOML, whatever is in it."""
    return None if value is None else json.dumps(value)


def report(outcome: Outcome) -> str:
    """What a training came to, for people."""
    from verypoorcnn.training.tables import confusion_table, confusions_line, metrics_table

    peak = process.peak_memory()
    memory = f", {peak / 1e6:.0f} MB at its peak" if peak else ""
    seconds = outcome.seconds
    model, seed = outcome.model, outcome.configuration.training.seed
    lines = [
        f"{outcome.parts.origin}: {len(outcome.parts.train):,} images to learn from, "
        f"{len(outcome.parts.test):,} to test with",
        metrics_table(outcome.test),
        confusion_table(outcome.test),
        confusions_line(outcome.test),
        f"{model.network.parameter_count:,} parameters, {model.engine.name} engine, seed {seed}; "
        f"training took {duration(seconds['train'])}, everything {duration(seconds['total'])}"
        f"{memory}",
    ]
    if outcome.run:
        lines.append(f"model: {outcome.run.model}")
    return "\n\n".join(lines)
