"""`verypoorcnn reproduce`: the paper's protocol over many seeds, beside the paper's figures.

Each seed is a process of its own that runs `train`, so what is reproduced is what the command does,
and several can run side by side.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from statistics import mean, stdev
from tempfile import TemporaryDirectory
from typing import Any

from verypoorcnn.cli.common import Terminal, add_data, add_engine, add_json, print_json
from verypoorcnn.errors import UserError

EXAMPLES = """\
examples:
  {program} reproduce                      five seeds
  {program} reproduce --seeds 20 --jobs 2
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
LOOK_AGAIN = 0.5  # seconds between two looks at how far the seeds are

Result = dict[str, Any]  # what `train --json` prints


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "--seeds", type=int, default=5, metavar="N", help="repeat with seeds 1 to N (5)"
    )
    parser.add_argument(
        "--jobs",
        type=int,
        default=os.cpu_count() or 1,
        metavar="N",
        help="seeds side by side (as many as processors)",
    )
    add_data(parser, "what to learn from")
    add_engine(parser)
    parser.add_argument(
        "--epochs",
        type=int,
        default=25,
        metavar="N",
        help="fewer than the paper's 25 for a quick look",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="keep the runs in this folder")
    add_json(parser)


def run(options: Namespace) -> int:
    """Train with every seed; print mean and standard deviation beside the paper's figures."""
    for name in ("seeds", "jobs", "epochs"):
        if getattr(options, name) < 1:
            raise UserError(f"--{name} must be at least 1, not {getattr(options, name)}")
    with TemporaryDirectory() as scratch:
        results = repeat(options, options.out or Path(scratch))
    statistics = summarise(results)
    if options.json:
        print_json(
            {
                "data": results[0]["data"],
                "seeds": options.seeds,
                "figures": statistics,
                "runs": results,
            }
        )
    else:
        print(table(statistics, results))
    return 0


def repeat(options: Namespace, folder: Path) -> list[Result]:
    """The results of seeds 1 to N, in their order."""
    runs = [folder / f"seed-{seed}" for seed in range(1, options.seeds + 1)]
    with (
        ThreadPoolExecutor(options.jobs) as pool,
        Terminal().progress("reproducing", options.seeds * options.epochs, "epochs") as bar,
    ):
        tasks = [pool.submit(_train, options, seed, out) for seed, out in enumerate(runs, 1)]
        try:
            for done in _epochs_done(tasks, runs):
                bar.advance(done)
            return [task.result() for task in tasks]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _train(options: Namespace, seed: int, out: Path) -> Result:
    command = [sys.executable, "-m", "verypoorcnn", "train", "--json"]
    command += ["--seed", str(seed), "--epochs", str(options.epochs), "--out", str(out)]
    command += ["--data", options.data] if options.data else []
    command += ["--engine", options.engine] if options.engine else []
    package = Path(__file__).parent.parent.parent
    path = os.pathsep.join(filter(None, (str(package), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path}
    )
    if done.returncode:
        reason = done.stderr.strip().rpartition("\n")[2].removeprefix("verypoorcnn: ")
        raise UserError(f"seed {seed}: {reason}")
    result: Result = json.loads(done.stdout)
    return result


def _epochs_done(tasks: Sequence[Future[Result]], runs: Sequence[Path]) -> Iterator[int]:
    """Until all tasks are over or one has failed: how many more epochs are done."""
    known, waiting = 0, set(tasks)
    while waiting:
        finished, waiting = wait(waiting, timeout=LOOK_AGAIN, return_when=FIRST_COMPLETED)
        for task in finished:
            task.result()
        metrics = [run / "metrics.jsonl" for run in runs]
        now = sum(path.read_bytes().count(b"\n") for path in metrics if path.exists())
        yield now - known
        known = now


def summarise(results: Sequence[Result]) -> dict[str, dict[str, float]]:
    """Mean and standard deviation over the seeds of every figure that the paper gives."""
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
            "deviation": stdev(row[name] for row in rows) if len(rows) > 1 else 0.0,
            "paper": PAPER[name],
        }
        for name in PAPER
    }


def table(statistics: dict[str, dict[str, float]], results: Sequence[Result]) -> str:
    """Our figures beside the paper's."""
    one = results[0]
    lines = [
        f"{one['data']}: {one['train_samples']:,} training and {one['test_samples']:,} test "
        f"images, {len(one['history'])} epochs, {len(results)} seeds, {one['engine']} engine",
        "",
        f"{'':<38}{'here: mean ± deviation':>24}{'paper':>10}",
    ]
    for name, figure in statistics.items():
        form = "{:.2f}" if name.endswith("loss") else "{:.1%}"
        here = f"{form.format(figure['mean'])} ± {form.format(figure['deviation'])}"
        lines.append(f"{MEANINGS[name]:<38}{here:>24}{form.format(figure['paper']):>10}")
    return "\n".join(lines)
