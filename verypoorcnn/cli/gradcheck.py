"""`verypoorcnn gradcheck`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from verypoorcnn.cli.common import configured_network, print_json
from verypoorcnn.cli.options import add_json
from verypoorcnn.cli.parser import place, whole

if TYPE_CHECKING:
    from verypoorcnn.network.gradcheck import Check

EXAMPLES = """\
examples:
  {program} gradcheck
      the paper's network
  {program} gradcheck examples/lenet.toml
      the network of a configuration

Each layer's forward function is run on dual numbers, which carry exact
derivatives along, and these are compared with what the layer's own gradient
functions give.  The status is 1 if a gradient is wrong.
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "config",
        type=place,
        metavar="CONFIG.toml",
        nargs="?",
        help="describes the network; the paper's unless given",
    )
    parser.add_argument(
        "--seed",
        type=whole(0),
        default=0,
        metavar="N",
        help="decides the numbers that it is proved with (0)",
    )
    add_json(parser)


def run(options: Namespace) -> int:
    """Print the proof as a table; status 1 if a gradient is wrong."""
    from verypoorcnn.network.gradcheck import TOLERANCE, gradcheck
    from verypoorcnn.training.configuration import load_configuration

    configuration = load_configuration(Path(options.config) if options.config else None)
    checks = gradcheck(configured_network(configuration), options.seed)
    proved = all(check.ok for check in checks)
    if options.json:
        rows = [{**asdict(check), "ok": check.ok} for check in checks]
        print_json({"tolerance": TOLERANCE, "ok": proved, "checks": rows})
    else:
        print(table(checks))
    return 0 if proved else 1


def table(checks: Sequence[Check]) -> str:
    """One line a gradient."""
    from verypoorcnn.network.gradcheck import TOLERANCE

    lines = [f"{'layer':<10}{'gradient of':<13}{'numbers':>9}  {'largest relative error':<24}"]
    lines += [
        f"{c.layer:<10}{c.of:<13}{c.values:>9,}  {c.error:<24.1e}{'proved' if c.ok else 'WRONG'}"
        for c in checks
    ]
    wrong = sum(not check.ok for check in checks)
    verdict = f"{wrong} of {len(checks)} are wrong" if wrong else "all of them are right"
    return "\n".join([*lines, f"gradients against dual numbers, to {TOLERANCE:g}: {verdict}"])
