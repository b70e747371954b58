"""What `verypoorcnn lab` is told, made into a session: a model, a run, a configuration, or nothing.

nothing          the paper's network, untrained
FILE.toml        the configuration's network, untrained
RUN              what was learned, the configuration, its data
FILE.safetensors what was learned; the data are given, or Fashion-MNIST
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from verypoorcnn.data import fashion_mnist
from verypoorcnn.errors import UserError
from verypoorcnn.lab.session import Session
from verypoorcnn.network import Network
from verypoorcnn.training.configuration import Configuration, NetworkSettings, load_configuration
from verypoorcnn.training.loading import load_parts
from verypoorcnn.training.model_file import ModelFile, load_model
from verypoorcnn.training.run import Run

Say = Callable[[str], None]


def open_session(
    what: str | None, source: str | None, say: Say, network: Network | None = None
) -> Session:
    """The session that the lab begins with.

    Args:
        what: a configuration, a run's folder or a model file; None for the paper's network.
        source: the data, as `data.opening` takes them; None for those that go with `what`.
        say: takes each line for the user.
        network: of a model file that does not say it and is no preset's.

    Raises:
        UserError: what cannot be read, and data that the network does not take.
    """
    path = Path(what) if what else None
    if path is None or path.suffix == ".toml":
        return _untrained(load_configuration(path), source, say)
    if path.is_dir():
        return _of_run(path, source, say)
    return _of_file(path, source, say, network)


def _untrained(configuration: Configuration, source: str | None, say: Say) -> Session:
    configuration = _with_source(configuration, source)
    parts = load_parts(configuration, say)
    network = configuration.network.build(len(parts.train.class_names))
    seed = configuration.training.seed
    return Session(
        network,
        network.initial_parameters(seed),
        origin=f"untrained, seed {seed}",
        parts=parts,
        class_names=parts.train.class_names,
        configuration=configuration,
        title="The paper's network" if _is_default(configuration) else configuration.origin,
    )


def _of_run(folder: Path, source: str | None, say: Say) -> Session:
    run = Run.open(folder)
    if not run.model.exists():
        raise UserError(f"{folder}: nothing is learned yet; go on with train --resume {folder}")
    configuration = run.configuration()
    if source:
        configuration = _with_source(configuration, source)
    return _trained(load_model(run.model), configuration, str(folder), say, run)


def _of_file(path: Path, source: str | None, say: Say, network: Network | None) -> Session:
    file = load_model(path, network)
    settings = NetworkSettings(
        input_shape=file.network.input_shape,
        layers=tuple(layer.settings() for layer in file.network.layers),
    )
    configuration = replace(Configuration(origin=str(path)), network=settings)
    try:
        return _trained(file, _with_source(configuration, source), str(path), say)
    except UserError as error:
        advice = "" if source else "; a model file does not say what data it is for, --data does"
        raise UserError(f"{error}{advice}") from None


def _trained(
    file: ModelFile, configuration: Configuration, where: str, say: Say, run: Run | None = None
) -> Session:
    network = file.network
    named = file.class_names != tuple(map(str, range(network.classes)))
    parts = load_parts(configuration, say, names=file.class_names if named else None)
    if len(parts.train.class_names) != network.classes:
        raise UserError(
            f"{parts.origin}: {len(parts.train.class_names)} classes, but {where} tells "
            f"{network.classes} apart; give its own data with --data"
        )
    return Session(
        network,
        file.parameters,
        origin=where,
        parts=parts,
        class_names=parts.train.class_names,
        configuration=configuration,
        title=where,
        run=run,
        details=file.details,
    )


def _with_source(configuration: Configuration, source: str | None) -> Configuration:
    """With these data; where nobody names any, with what is on this machine."""
    usual = Configuration().data.source
    if source is None and configuration.data.source == usual and fashion_mnist.find() is None:
        source = "sketches"
    data = configuration.data
    return replace(configuration, data=replace(data, source=source or data.source))


def _is_default(configuration: Configuration) -> bool:
    return configuration.network == Configuration().network
