"""What several commands do: tell on stderr, print results, open models."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from verypoorcnn.cli.painters import Stream
from verypoorcnn.cli.progress import Progress
from verypoorcnn.errors import UserError

if TYPE_CHECKING:
    from verypoorcnn.network import Network
    from verypoorcnn.training.configuration import Configuration
    from verypoorcnn.training.metrics import Metrics
    from verypoorcnn.training.model import Model

WIDTH = 80  # columns that paragraphs are broken to


class Terminal:
    """Tells on stderr what an experiment is doing."""

    def say(self, line: str) -> None:
        """One line for the user."""
        Stream(sys.stderr).write(f"{line}\n")

    def progress(self, what: str, total: int, unit: str = "images") -> Progress:
        """A bar for a piece of work on so many images, or other things."""
        return Progress(total, unit, what)


def print_json(value: Any) -> None:
    """Exactly one JSON value on stdout, in ASCII, which passes through anything."""
    try:
        print(json.dumps(value, allow_nan=False))
    except ValueError:  # who trains with far too high a rate gets such numbers
        raise UserError(
            "a number of the result is not finite, which JSON cannot say; leave --json away"
        ) from None


def percent(share: float) -> str:
    """`97.1 %`."""
    return f"{100 * share:.1f} %"


def paragraph(text: str) -> str:
    """The text, its long lines broken so that they fit a terminal."""
    from textwrap import fill

    return "\n".join(
        fill(line, WIDTH, break_long_words=False, break_on_hyphens=False)
        if len(line) > WIDTH
        else line
        for line in text.split("\n")
    )


def scores(metrics: Metrics) -> list[str]:
    """Figures, confusion matrix and named confusions, a paragraph each."""
    from verypoorcnn.training.tables import confusion_table, confusions_line, metrics_table

    figures, confused = metrics_table(metrics), confusions_line(metrics)
    return [paragraph(figures), confusion_table(metrics), paragraph(confused)]


def open_model(argument: str, config: str | None = None, engine: str | None = None) -> Model:
    """The model that the argument MODEL names."""
    from verypoorcnn.training.model import Model

    path, network = _model_file(Path(argument)), None
    if config:
        from verypoorcnn.training.configuration import load_configuration

        network = configured_network(load_configuration(Path(config)))
    return Model.load(path, network=network, engine=engine or "auto")


def _model_file(path: Path) -> Path:
    """The file itself, or the one in a run's folder."""
    if not path.is_dir():
        return path
    from verypoorcnn.training.run import Run

    run = Run(path)
    if run.config.exists() and not run.model.exists():
        raise UserError(f"{path}: this run is not over; go on with train --resume {path}")
    if not run.model.exists():
        raise UserError(
            f"{path}: there is no {run.model.name} in this folder; give a run's folder or a file"
        )
    return run.model


def configured_network(configuration: Configuration) -> Network:
    """The network of a configuration whose data are not at hand.

    It has as many classes as its last layer has units, as the data have names, or else ten.
    """
    units = [layer["units"] for layer in configuration.network.layers if "units" in layer]
    classes = units[-1] if units else len(configuration.data.class_names) or 10
    return configuration.network.build(classes)
