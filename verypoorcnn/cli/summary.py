"""`verypoorcnn summary`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from verypoorcnn.cli.common import configured_network, open_model, paragraph, print_json
from verypoorcnn.cli.options import add_json
from verypoorcnn.cli.parser import place
from verypoorcnn.errors import visible

if TYPE_CHECKING:
    from verypoorcnn.network import Network
    from verypoorcnn.training.model import Model

EXAMPLES = """\
examples:
  {program} summary
      the paper's network
  {program} summary examples/lenet.toml
      the network of a configuration
  {program} summary runs/lenet
      a model, and where it comes from
"""
PHASES = ("prepare", "forward", "loss", "backward", "update")


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "what",
        nargs="?",
        type=place,
        metavar="CONFIG|MODEL",
        help="a .toml file, a run's folder or a .safetensors file (the paper's network)",
    )
    parser.add_argument(
        "--calls", action="store_true", help="also the program: every textbook function in order"
    )
    add_json(parser)


def run(options: Namespace) -> int:
    """Print a network as a table."""
    from verypoorcnn.training.summary import summary

    network, model = _opened(options.what)
    if options.json:
        print_json(as_dict(network, model))
        return 0
    parts = [summary(network), origin(model) if model else ""]
    parts += [str(network.program())] if options.calls else []
    print("\n\n".join(filter(None, parts)))
    return 0


def _opened(what: str | None) -> tuple[Network, Model | None]:
    """The network, and the model if it is one's."""
    from verypoorcnn.training.configuration import load_configuration

    if what is None or what.endswith(".toml"):
        return configured_network(load_configuration(Path(what) if what else None)), None
    model = open_model(what)
    return model.network, model


def origin(model: Model) -> str:
    """What a model tells apart, and where it comes from."""
    facts = {"classes": ", ".join(model.class_names), **model.details}
    return "\n".join(paragraph(f"{visible(name)}: {_shown(fact)}") for name, fact in facts.items())


def _shown(fact: Any) -> str:
    if isinstance(fact, dict):
        return ", ".join(f"{visible(name)} {_shown(item)}" for name, item in fact.items())
    return f"{fact:.4g}" if isinstance(fact, float) else visible(str(fact))


def as_dict(network: Network, model: Model | None) -> dict[str, Any]:
    """A network for --json, and what is known of the model if it is one's."""
    layers = [
        {
            "name": stage.name,
            "type": type(stage.layer).__name__,
            "output": list(stage.output_shape),
            "parameters": stage.parameter_count,
            "multiply_adds": stage.multiply_adds,
        }
        for stage in network.stages
    ]
    program = network.program()
    return {
        "input": list(network.input_shape),
        "layers": layers,
        "parameters": network.parameter_count,
        "multiply_adds": network.multiply_adds,
        "program": {phase: list(map(str, getattr(program, phase))) for phase in PHASES},
        "classes": list(model.class_names) if model else None,
        "details": model.details if model else None,
    }
