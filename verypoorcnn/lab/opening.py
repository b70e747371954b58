"""What `verypoorcnn lab` is told, made into a session: a model, a run, a configuration, or nothing.

nothing          the paper's network, untrained
FILE.toml        the configuration's network, untrained
RUN              what was learned, the configuration, its data
FILE.safetensors what was learned; the data are given, or Fashion-MNIST

What is untrained takes the sketches where Fashion-MNIST is not on this machine.  What was trained
is shown on what it was trained on, or on the data that are given: others would mislead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from verypoorcnn.data import fashion_mnist
from verypoorcnn.data.opening import SKETCHES_ORIGIN
from verypoorcnn.data.sources import Parts
from verypoorcnn.errors import UserError
from verypoorcnn.lab.session import Session
from verypoorcnn.network import Network
from verypoorcnn.training.configuration import Configuration, NetworkSettings, load_configuration
from verypoorcnn.training.loading import OF_A_FILE, OF_A_RUN, load_parts, load_parts_of_run
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
        UserError: what cannot be read; data that the network does not take, or that it was
            trained on and that are gone.
    """
    path = Path(what) if what else None
    if path is None or path.suffix == ".toml":
        return _untrained(load_configuration(path), source, say)
    if path.is_dir():
        return _of_run(path, source, say)
    return _of_file(path, source, say, network)


def _untrained(configuration: Configuration, source: str | None, say: Say) -> Session:
    configuration = _with_source(configuration, source or _at_hand(configuration))
    parts = load_parts(configuration, say)
    network = configuration.network.build(len(parts.train.class_names))
    seed = configuration.training.seed
    return Session(
        network,
        network.initial_parameters(seed),
        origin=f"untrained, seed {seed}",
        parts=parts,
        class_names=parts.train.class_names,
        configuration=_as_found(configuration, parts),
        title="The paper's network" if _is_default(configuration) else configuration.origin,
    )


def _of_run(folder: Path, source: str | None, say: Say) -> Session:
    run = Run.open(folder)
    if not run.model.exists():
        raise UserError(f"{folder}: nothing is learned yet; go on with train --resume {folder}")
    file, configuration = load_model(run.model), _with_source(run.configuration(), source)
    try:
        parts = _images(file, configuration, source, say)
    except UserError as error:
        advice = "" if source else f"; {OF_A_RUN.format(run=folder)}"
        raise UserError(f"{error}{advice}") from None
    return _trained(file, configuration, parts, str(folder), run)


def _of_file(path: Path, source: str | None, say: Say, network: Network | None) -> Session:
    file = load_model(path, network)
    settings = NetworkSettings(
        input_shape=file.network.input_shape,
        layers=tuple(layer.settings() for layer in file.network.layers),
    )
    configuration = replace(Configuration(origin=str(path)), network=settings)
    source = source or _own_source(file, path)
    configuration = _with_source(configuration, source)
    try:
        parts = _images(file, configuration, source, say)
    except UserError as error:
        raise UserError(f"{error}{'' if source else f'; {OF_A_FILE}'}") from None
    return _trained(file, configuration, parts, str(path))


def _own_source(file: ModelFile, path: Path) -> str | None:
    """The data by name that a model file says it was trained on; None if that is Fashion-MNIST.

    What says nothing, as a file of PyTorch, is taken for a model of Fashion-MNIST, too.
    """
    told = str(file.details.get("data", ""))
    if told.startswith(SKETCHES_ORIGIN):
        return "sketches"
    if told and not told.startswith("Fashion-MNIST"):
        raise UserError(f"{path}: it was trained on {told}; give these data, or others, by --data")
    return None


def _images(file: ModelFile, configuration: Configuration, source: str | None, say: Say) -> Parts:
    """The images that are given, or else those that the model was trained on."""
    names = file.class_names if file.named else None
    if source:
        return load_parts(configuration, say, names=names)
    return load_parts_of_run(configuration, str(file.details.get("data", "")), say, names)


def _trained(
    file: ModelFile, configuration: Configuration, parts: Parts, where: str, run: Run | None = None
) -> Session:
    network = file.network
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
        configuration=_as_found(configuration, parts),
        title=where,
        run=run,
        details=file.details,
    )


def _at_hand(configuration: Configuration) -> str:
    """The configuration's source, but no download where nobody has asked for Fashion-MNIST."""
    source, usual = configuration.data.source, Configuration().data.source
    return "sketches" if source == usual and fashion_mnist.find() is None else source


def _as_found(configuration: Configuration, parts: Parts) -> Configuration:
    """With the sketches if they are in the place of Fashion-MNIST: trainings read them again."""
    return _with_source(configuration, "sketches" if parts.origin == SKETCHES_ORIGIN else None)


def _with_source(configuration: Configuration, source: str | None) -> Configuration:
    data = configuration.data
    return replace(configuration, data=replace(data, source=source or data.source))


def _is_default(configuration: Configuration) -> bool:
    return configuration.network == Configuration().network
