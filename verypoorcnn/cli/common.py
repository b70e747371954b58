"""What several commands share: options, models and configurations as arguments, the terminal."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import TYPE_CHECKING, Any

from verypoorcnn.cli.progress import Progress
from verypoorcnn.errors import UserError

if TYPE_CHECKING:
    from verypoorcnn.network import Network
    from verypoorcnn.training.configuration import Configuration
    from verypoorcnn.training.model import Model


class Terminal:
    """Tells on stderr what an experiment is doing."""

    def say(self, line: str) -> None:
        """One line for the user."""
        print(line, file=sys.stderr)

    def progress(self, what: str, total: int, unit: str = "images") -> Progress:
        """A bar for a piece of work on so many images, or other things."""
        return Progress(total, unit, what)


def print_json(value: Any) -> None:
    """Exactly one JSON value on stdout."""
    print(json.dumps(value, ensure_ascii=False, allow_nan=False))


def add_json(parser: ArgumentParser) -> None:
    """`--json`."""
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")


def add_data(parser: ArgumentParser, purpose: str) -> None:
    """`--data SOURCE`."""
    parser.add_argument(
        "--data",
        metavar="SOURCE",
        help=f"{purpose}: fashion-mnist (searched for, else downloaded), sketches (built in), "
        "or the path of a CSV file, of IDX files, or of a folder of images",
    )


def add_engine(parser: ArgumentParser) -> None:
    """`--engine E`."""
    parser.add_argument(
        "--engine", metavar="E", help="who computes: auto (the fastest that works here) or textbook"
    )


def add_model(parser: ArgumentParser) -> None:
    """The argument MODEL and `--config` for files that do not say what they hold."""
    parser.add_argument("model", metavar="MODEL", help="a .safetensors file, or a run's folder")
    parser.add_argument(
        "--config", metavar="TOML", help="the network, for a file that was written by PyTorch"
    )


def limit(text: str) -> int | str:
    """A number of images for argparse: at least 1, or "all"."""
    if text == "all":
        return text
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is neither a whole number of at least 1 nor 'all'")
    return int(text)


def open_model(argument: str, config: str | None = None, engine: str | None = None) -> Model:
    """The model that the argument MODEL names."""
    from verypoorcnn.training.configuration import load_configuration
    from verypoorcnn.training.model import Model

    path = Path(argument)
    if path.is_dir():
        path /= "model.safetensors"
        if not path.exists():
            raise UserError(
                f"{argument}: there is no model.safetensors in this folder; if the run was killed, "
                f"finish it with train --resume {argument}"
            )
    network = configured_network(load_configuration(Path(config))) if config else None
    return Model.load(path, network=network, engine=engine or "auto")


def configured_network(configuration: Configuration) -> Network:
    """The network of a configuration whose data are not at hand.

    It has as many classes as its last layer has units, as the data have names, or else ten.
    """
    units = [layer["units"] for layer in configuration.network.layers if "units" in layer]
    classes = units[-1] if units else len(configuration.data.class_names) or 10
    return configuration.network.build(classes)
