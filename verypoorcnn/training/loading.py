"""The data of an experiment: what its configuration says of them, found and cut."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace

from verypoorcnn.data import fashion_mnist
from verypoorcnn.data.opening import SKETCHES_ORIGIN, Names, Say, download_fashion_mnist
from verypoorcnn.data.sources import Parts, load
from verypoorcnn.errors import UserError
from verypoorcnn.training.configuration import Configuration

NAMES = ("fashion-mnist", "sketches")  # of data that are found wherever one is
# What helps where the data of a trained model cannot be had, after the error.
OF_A_RUN = "these are the data that {run} was trained on, --data gives others"
OF_A_FILE = "a model file does not say what data it is for, --data does"


def load_parts(
    configuration: Configuration, say: Say, *, source: str | None = None, names: Names = None
) -> Parts:
    """The images that a configuration's network is trained and tested on.

    Args:
        configuration: its data, the shape of its images, and the seed of stratified selections.
        say: takes each line for the user.
        source: in the place of the configuration's.
        names: of the classes, where the configuration has none.

    Raises:
        UserError: as `data.sources.load`.
    """
    data = configuration.data
    return load(
        source or data.source,
        shape=configuration.network.input_shape,
        class_names=data.class_names or names or None,
        train_samples=data.train_samples,
        test_samples=data.test_samples,
        validation_samples=data.validation_samples,
        selection=data.selection,
        drop_overlap=data.drop_overlap,
        seed=configuration.training.seed,
        say=say,
    )


def load_parts_of_run(
    configuration: Configuration,
    origin: str,
    say: Say,
    names: Names = None,
    *,
    download: bool = True,
) -> Parts:
    """The images that a run was made with, never sketches in the place of others.

    Args:
        configuration: the run's.
        origin: what the run called its data: `Parts.origin`, which is kept with its model.
        say: takes each line for the user.
        names: of the classes, as the run had them.
        download: Fashion-MNIST, where it is not on this machine.

    Raises:
        UserError: as `data.sources.load`; or Fashion-MNIST cannot be, or is not to be, downloaded.
    """
    source = configuration.data.source
    if origin == SKETCHES_ORIGIN:  # perhaps in place of Fashion-MNIST, which was not there
        source = "sketches"
    elif source.lower() == "fashion-mnist" and fashion_mnist.find() is None:
        if not download:
            raise UserError("Fashion-MNIST is no longer on this machine")
        download_fashion_mnist(say)
    return load_parts(configuration, say, source=source, names=names)


def located(configuration: Configuration) -> Configuration:
    """With the whole path of the data, so that the run can be looked at from any folder."""
    source = configuration.data.source
    path = os.path.abspath(os.path.expanduser(source))  # noqa: PTH100, PTH111
    if source.lower() not in NAMES and os.path.exists(path):  # noqa: PTH110
        with suppress(UserError):  # a folder whose name cannot stand in a configuration
            return replace(configuration, data=replace(configuration.data, source=path))
    return configuration


def located_origin(origin: str, configuration: Configuration) -> str:
    """What its data are called, with their whole path, as everything that a run keeps calls them.

    Args:
        origin: `Parts.origin`, which names a path as it was given: "Fashion-MNIST from data".
        configuration: whose source was read.
    """
    if configuration.data.source.lower() in NAMES:
        return origin
    _, known, path = origin.rpartition("Fashion-MNIST from ")
    return f"{known}{os.path.abspath(path)}"  # noqa: PTH100
