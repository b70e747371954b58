"""`verypoorcnn summary`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from verypoorcnn.cli.common import configured_network, open_model, paragraph

if TYPE_CHECKING:
    from verypoorcnn.network import Network

EXAMPLES = """\
examples:
  {program} summary
      the paper's network
  {program} summary examples/lenet.toml
      the network of a configuration
  {program} summary runs/lenet
      a model, and where it comes from
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "what",
        nargs="?",
        metavar="CONFIG|MODEL",
        help="a .toml file, a run's folder or a .safetensors file (the paper's network)",
    )
    parser.add_argument(
        "--calls", action="store_true", help="also the program: every textbook function in order"
    )


def run(options: Namespace) -> int:
    """Print a network as a table."""
    from verypoorcnn.training.summary import summary

    network, facts = _opened(options.what)
    print("\n".join([summary(network), *facts]))
    if options.calls:
        print(f"\n{network.program()}")
    return 0


def _opened(what: str | None) -> tuple[Network, list[str]]:
    """The network, and what else is known of it."""
    from verypoorcnn.training.configuration import load_configuration

    if what is None or what.endswith(".toml"):
        return configured_network(load_configuration(Path(what) if what else None)), []
    model = open_model(what)
    facts = {"classes": ", ".join(model.class_names), **model.details}
    return model.network, ["", *(paragraph(f"{k}: {_shown(v)}") for k, v in facts.items())]


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shown(item)}" for key, item in value.items())
    return f"{value:.4g}" if isinstance(value, float) else str(value)
