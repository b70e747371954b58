"""`verypoorcnn bench`: how fast it is here, and how fast others are at the same work."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from verypoorcnn.cli.common import Terminal, print_json
from verypoorcnn.cli.options import add_json
from verypoorcnn.cli.parser import place, whole

if TYPE_CHECKING:
    from verypoorcnn.training.benchmark.contest import Effort

EXAMPLES = """\
examples:
  {program} bench
      every engine, and what else is installed, at the paper's network
  {program} bench --table
      the paper's Table I, filled, as Markdown
  {program} bench --goals
      what the project set out to reach, and what was measured
  {program} bench --own --quick
      our own engines, a few seconds

NumPy, PyTorch and onnxruntime take part where they are installed and this
is a checkout of the project, which has them in its folder benchmarks.
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's options."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--table", action="store_true", help="the paper's experiment as processes")
    what.add_argument("--goals", action="store_true", help="the project's goals, some minutes")
    parser.add_argument("--own", action="store_true", help="our own engines only")
    parser.add_argument("--quick", action="store_true", help="few and short rounds")
    parser.add_argument("--compiled", action="store_true", help="torch.compile too, slow to start")
    parser.add_argument(
        "--whole", action="store_true", help="for --table: the textbook engine for all 25 epochs"
    )
    parser.add_argument(
        "--seeds", type=whole(1), default=3, metavar="N", help="for --table: seeds 1 to N (3)"
    )
    parser.add_argument(
        "--data",
        type=place,
        default="fashion-mnist",
        metavar="SOURCE",
        help="for --table and --goals: what the paper's experiment learns from (fashion-mnist)",
    )
    parser.add_argument(
        "--out", type=place, metavar="FILE", help="keep it as JSON here (runs/bench-TIME.json)"
    )
    add_json(parser)


def run(options: Namespace) -> int:
    """Measure, print, and keep it with the machine's description."""
    from verypoorcnn.training.benchmark.contest import Effort, one_core
    from verypoorcnn.training.benchmark.machine import description, line

    about = description()
    Terminal().say(line(about))
    effort = Effort(rounds=1, seconds=0.002) if options.quick else Effort(7, 0.1)
    with one_core() as core:
        measure = _table if options.table else _goals if options.goals else _ladder
        found, text = measure(options, effort)
    result = {"machine": {**about, "core": core}, **found}
    if options.json:
        print_json(result)
    else:
        print(text)
    if options.out or not options.json:
        _keep(result, options.out)
    return 0


def _ladder(options: Namespace, effort: Effort) -> tuple[dict[str, Any], str]:
    from verypoorcnn.training.benchmark.ladder import MANY, ladder, text

    starts, many = (1, 16) if options.quick else (3, MANY)
    rivals, compiled = not options.own, options.compiled
    found = ladder(effort, rivals=rivals, compiled=compiled, starts=starts, many=many)
    return {"ladder": found}, text(found)


def _goals(options: Namespace, effort: Effort) -> tuple[dict[str, Any], str]:
    from verypoorcnn.training.benchmark.goals import goals, text

    found = []
    for goal in goals(effort, 1 if options.quick else 5, options.data, rivals=not options.own):
        Terminal().say(f"{goal.name}: {goal.value:.3g} {goal.unit}")
        found.append(goal)
    return {"goals": [goal.as_dict() for goal in found]}, text(found)


def _table(options: Namespace, effort: Effort) -> tuple[dict[str, Any], str]:
    from verypoorcnn.training.benchmark.table import markdown, table

    seeds = range(1, (1 if options.quick else options.seeds) + 1)
    columns = table(options.data, seeds, whole=options.whole, others=not options.own)
    return {"table": columns}, markdown(columns, len(seeds))


def _keep(result: dict[str, Any], out: str | None) -> None:
    """Write the JSON file and say where it is."""
    from verypoorcnn.files.atomic import write_atomically

    path = Path(out or f"runs/bench-{datetime.now():%Y%m%d-%H%M%S}.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, (json.dumps(result, indent=1) + "\n").encode())
    print(f"kept in {path}", file=sys.stderr)
