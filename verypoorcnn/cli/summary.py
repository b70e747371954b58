"""`verypoorcnn summary`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

EXAMPLES = """\
examples:
  {program} summary                        the paper's network
  {program} summary examples/lenet.toml
  {program} summary runs/lenet             a model: a run's folder or a .safetensors file
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "what", nargs="?", metavar="CONFIG|MODEL", help="the paper's network unless given"
    )
    parser.add_argument(
        "--calls", action="store_true", help="also the program: every textbook function in order"
    )


def run(options: Namespace) -> int:
    """Print a network as a table."""
    from verypoorcnn.cli.common import configured_network, open_model
    from verypoorcnn.training.configuration import load_configuration
    from verypoorcnn.training.summary import summary

    if options.what and not options.what.endswith(".toml"):
        model = open_model(options.what)
        network = model.network
        facts = [f"{key}: {value}" for key, value in model.details.items()]
        facts.insert(0, f"classes: {', '.join(model.class_names)}")
    else:
        configuration = load_configuration(Path(options.what) if options.what else None)
        network, facts = configured_network(configuration), []
    print("\n".join([summary(network), *facts]))
    if options.calls:
        print(f"\n{network.program()}")
    return 0
