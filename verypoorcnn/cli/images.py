"""Which images a model is tested on: those of --data, else the run's own, else Fashion-MNIST."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from verypoorcnn.cli.common import Terminal
from verypoorcnn.errors import UserError

if TYPE_CHECKING:
    from verypoorcnn.data.dataset import Dataset
    from verypoorcnn.training.model import Model
    from verypoorcnn.training.run import Run


def images_to_test(options: Namespace, model: Model, samples: int | None = None) -> Dataset:
    """The images that a command takes.

    Args:
        options: MODEL and --data.
        model: what MODEL names.
        samples: at most so many; None takes all.

    Raises:
        UserError: data that cannot be read, or that the network does not take.
    """
    run = None if options.data else _run(Path(options.model))
    try:
        return _of_run(run, model, samples) if run else _of_source(options.data, model, samples)
    except UserError as error:
        raise UserError(f"{error}{_advice(options, run)}") from None


def _run(path: Path) -> Run | None:
    """The run, if it is a run's folder."""
    from verypoorcnn.training.run import Run

    run = Run(path)
    return run if run.config.is_file() else None


def _of_run(run: Run, model: Model, samples: int | None) -> Dataset:
    """Of the run's own data, the part that it was not trained on."""
    from verypoorcnn.training.loading import load_parts_of_run

    configuration = run.configuration()
    data = replace(configuration.data, test_samples=samples)
    configuration = replace(configuration, data=data)
    origin = str(model.details.get("data", ""))
    return load_parts_of_run(configuration, origin, Terminal().say, model.class_names).test


def _of_source(source: str | None, model: Model, samples: int | None) -> Dataset:
    from verypoorcnn.data.sources import load_evaluation

    return load_evaluation(
        source,
        shape=model.network.input_shape,
        class_names=model.class_names if model.named else None,
        samples=samples,
        say=Terminal().say,
    )


def _advice(options: Namespace, run: Run | None) -> str:
    from verypoorcnn.training.loading import OF_A_FILE, OF_A_RUN

    if options.data:
        return ""
    return f"; {OF_A_RUN.format(run=run.folder) if run else OF_A_FILE}"
