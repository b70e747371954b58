"""The data of an experiment: what its configuration says of them, found and cut."""

from __future__ import annotations

from verypoorcnn.data import fashion_mnist
from verypoorcnn.data.opening import SKETCHES_ORIGIN, Names, Say, download_fashion_mnist
from verypoorcnn.data.sources import Parts, load
from verypoorcnn.training.configuration import Configuration


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
    configuration: Configuration, origin: str, say: Say, names: Names = None
) -> Parts:
    """The images that a run was made with, never sketches in the place of others.

    Args:
        configuration: the run's.
        origin: what the run called its data: `Parts.origin`, which is kept with its model.
        say: takes each line for the user.
        names: of the classes, as the run had them.

    Raises:
        UserError: as `data.sources.load`; or Fashion-MNIST cannot be downloaded.
    """
    source = configuration.data.source
    if origin == SKETCHES_ORIGIN:  # perhaps in place of Fashion-MNIST, which was not there
        source = "sketches"
    elif source.lower() == "fashion-mnist" and fashion_mnist.find() is None:
        download_fashion_mnist(say)
    return load_parts(configuration, say, source=source, names=names)
