"""The data of an experiment: what its configuration says of them, found and cut."""

from __future__ import annotations

from verypoorcnn.data.opening import Names, Say
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
