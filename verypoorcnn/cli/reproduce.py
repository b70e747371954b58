"""`verypoorcnn reproduce`: the paper's protocol over many seeds, beside the paper's figures.

Each seed is a process of its own that runs `train`, so what is reproduced is what the command does,
and several can run side by side.  What a seed came to is read from its run's folder.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev
from tempfile import TemporaryDirectory
from time import sleep
from typing import TYPE_CHECKING

from verypoorcnn.cli.child import Child, Result
from verypoorcnn.cli.common import Terminal, paragraph, percent, print_json
from verypoorcnn.cli.options import add_experiment, add_json, overrides, setting
from verypoorcnn.cli.parser import place, whole

if TYPE_CHECKING:
    from verypoorcnn.training.configuration import Configuration

Figures = dict[str, dict[str, float | None]]  # mean, deviation and the paper's

EXAMPLES = """\
examples:
  {program} reproduce
      the paper's experiment with seeds 1 to 5
  {program} reproduce --seeds 20 --jobs 2 --out runs/paper
      with 20 seeds, two at a time; their runs are kept
  {program} reproduce examples/lenet.toml --seeds 3
      another experiment
"""

PAPER = {  # its section VI.B; figure 2 for the losses
    "accuracy": 0.732,
    "precision": 0.728,
    "recall": 0.730,
    "f1": 0.725,
    "first_loss": 2.76,
    "last_loss": 0.73,
}
MEANINGS = {
    "accuracy": "accuracy",
    "precision": "precision, macro",
    "recall": "recall, macro",
    "f1": "F1, macro",
    "first_loss": "training loss before the first step",
    "last_loss": "training loss over the last epoch",
}
LOOK_AGAIN = 0.2  # seconds between two looks at how far the seeds are


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's options."""
    add_experiment(parser)
    parser.add_argument(
        "--seeds", type=whole(1), default=5, metavar="N", help="train with seeds 1 to N (5)"
    )
    parser.add_argument(
        "--jobs",
        type=whole(1),
        default=os.cpu_count() or 1,
        metavar="N",
        help="how many seeds at a time (as many as there are processors)",
    )
    parser.add_argument("--out", type=place, metavar="DIR", help="keep the runs in this folder")
    add_json(parser)


def run(options: Namespace) -> int:
    """Train with every seed; print mean and standard deviation beside the paper's figures."""
    from verypoorcnn.training.configuration import load_configuration

    path = Path(options.config) if options.config else None
    configuration = load_configuration(path, overrides(options))
    with TemporaryDirectory() as scratch:
        results = repeat(options, configuration, Path(scratch))
    figures = summarise(results, _is_paper(configuration, results[0]["data"]))
    if options.json:
        data = results[0]["data"]
        seeds = options.seeds
        print_json({"data": data, "seeds": seeds, "figures": figures, "runs": results})
    else:
        print(table(figures, results))
    return 0


def repeat(options: Namespace, configuration: Configuration, scratch: Path) -> list[Result]:
    """The results of seeds 1 to N, in their order."""
    folders = _folders(options, scratch)
    train = [sys.executable, "-m", "verypoorcnn", *_train(options, configuration)]
    children = [
        Child(
            seed,
            folder,
            messages=scratch / f"seed-{seed}.txt",
            command=[*train, f"--set=training.seed={seed}"],
        )
        for seed, folder in enumerate(folders, start=1)
    ]
    try:
        _execute(children, options.jobs, options.seeds * configuration.training.epochs)
    finally:
        for child in children:
            child.stop()
    return [child.result() for child in children]


def _folders(options: Namespace, scratch: Path) -> list[Path]:
    """A folder a seed, in which there is no run so far."""
    from verypoorcnn.training.run import Run

    folder = Path(options.out) if options.out else scratch
    folders = [folder / f"seed-{seed}" for seed in range(1, options.seeds + 1)]
    for each in folders:
        Run.check_free(each)
    return folders


def _train(options: Namespace, configuration: Configuration) -> list[str]:
    """`train` with all that was given, with data that are there, the first loss measured."""
    config = [options.config] if options.config else []
    source = setting("data.source", _source(configuration))
    measured = setting("training.measure_start", True)
    own = overrides(options)
    if options.jobs > 1 and not configuration.training.threads:
        own.append(setting("training.threads", 1))  # the seeds share the processors already
    settings = (*own, source, measured)
    page = [] if options.out else ["--no-report"]  # of a run that is not kept
    return ["train", *config, *page, *(f"--set={text}" for text in settings)]


def _source(configuration: Configuration) -> str:
    """The source of the data, found or else downloaded; the sketches where that fails."""
    from verypoorcnn.data.opening import open_source

    say, data = Terminal().say, configuration.data
    shape = configuration.network.input_shape
    opened, sketches = (
        open_source(source, shape, (None, None), say, say) for source in (data.source, "sketches")
    )
    return "sketches" if opened.origin == sketches.origin else data.source


def _execute(children: Sequence[Child], jobs: int, epochs: int) -> None:
    """Run all of them, so many at a time, until all are over or one has failed."""
    waiting, known = [*children], 0
    running: list[Child] = []
    with Terminal().progress("reproducing", epochs, "epochs") as bar:
        while waiting or running:
            while waiting and len(running) < jobs:
                running.append(waiting.pop(0))
                running[-1].start()
            sleep(LOOK_AGAIN)
            running = [child for child in running if not child.finished()]
            done = sum(child.epochs() for child in children)
            bar.advance(done - known)
            known = done


def _is_paper(configuration: Configuration, data: str) -> bool:
    """Whether this is the paper's experiment, whatever makes no difference to its figures."""
    from verypoorcnn.training.configuration import Configuration

    usual = Configuration()
    same = ("seed", "engine", "threads", "measure_start")
    training = replace(
        configuration.training, **{name: getattr(usual.training, name) for name in same}
    )
    here = replace(configuration.data, source=usual.data.source, class_names=())
    return data.startswith("Fashion-MNIST from ") and (here, configuration.network, training) == (
        usual.data,
        usual.network,
        usual.training,
    )


def summarise(results: Sequence[Result], is_paper: bool) -> Figures:
    """Mean and standard deviation over the seeds of every figure that the paper gives.

    One seed has no deviation, and the paper has figures of its own experiment only: None.
    """
    rows = [
        {
            **{name: result["test"][name] for name in ("accuracy", "precision", "recall", "f1")},
            "first_loss": result["start"]["loss"],
            "last_loss": result["history"][-1]["loss"],
        }
        for result in results
    ]
    return {
        name: {
            "mean": mean(row[name] for row in rows),
            "deviation": stdev(row[name] for row in rows) if len(rows) > 1 else None,
            "paper": PAPER[name] if is_paper else None,
        }
        for name in PAPER
    }


def table(figures: Figures, results: Sequence[Result]) -> str:
    """Our figures, and beside them the paper's where there are any."""
    one = results[0]
    heading = (
        f"{one['data']}: {one['train_samples']:,} training and {one['test_samples']:,} test "
        f"images; epochs: {len(one['history'])}, seeds: {len(results)}, engine: {one['engine']}"
    )
    is_paper = figures["accuracy"]["paper"] is not None
    columns = f"{'':<38}{'here: mean ± deviation':>24}" + f"{'paper':>10}" * is_paper
    lines = [paragraph(heading), "", columns]
    for name, figure in figures.items():
        shown = {key: _shown(name, value) for key, value in figure.items()}
        here = f"{shown['mean']} ± {shown['deviation']}"
        lines.append(f"{MEANINGS[name]:<38}{here:>24}" + f"{shown['paper']:>10}" * is_paper)
    return "\n".join(lines)


def _shown(name: str, figure: float | None) -> str:
    if figure is None:
        return "–"
    return f"{figure:.2f}" if name.endswith("loss") else percent(figure)
