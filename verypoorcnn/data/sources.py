"""From what the user calls the data to the parts that a run needs: training, test, validation.

The source is opened and its parts are read, checked against each other and cut to the numbers
asked for.  What the user would want to know about that (where the data came from, what was left
out, what is not as asked) is said, a line each; what is not as one would expect is also kept with
the parts as a note, so that results can carry it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace

from verypoorcnn.data.dataset import Dataset, Shape
from verypoorcnn.data.opening import Names, Opened, Say, open_source
from verypoorcnn.data.overlap import overlap
from verypoorcnn.data.splits import require_classes, require_selection, select, split
from verypoorcnn.errors import UserError

TEST_FRACTION = 0.2  # of a set that comes without a test part


def _on_stderr(line: str) -> None:
    print(line, file=sys.stderr)


@dataclass(frozen=True)
class Parts:
    """The images of one run, where they are from, and what is to be said of them."""

    train: Dataset
    test: Dataset
    validation: Dataset | None
    origin: str  # "Fashion-MNIST from data/fashion-mnist"
    notes: tuple[str, ...]


def load(
    source: str | None,
    *,
    shape: Shape | None = (1, 28, 28),
    class_names: Names = None,
    train_samples: int | None = None,
    test_samples: int | None = None,
    validation_samples: int = 0,
    selection: str = "first",
    drop_overlap: bool = False,
    seed: int = 0,
    say: Say = _on_stderr,
) -> Parts:
    """Find, read, check and cut the data of a training run.

    Args:
        source: one of `opening.SOURCES`; None is Fashion-MNIST and, where that can be neither
            found nor downloaded, the built-in sketches.
        shape: channels, rows and columns of an image, as the network takes them; None takes what
            there is, CSV rows as grey squares and image files as grey 28×28.
        class_names: names of the labels 0, 1, …; None takes the source's own.  The test part
            always has those of the training part.
        train_samples: at most so many training images; None takes all (of the sketches 6,000).
        test_samples: the same for the test part (of the sketches 1,000).
        validation_samples: so many images besides, cut off the training part.
        selection: which ones: "first" or "stratified".  Folders of classes are always
            stratified, since their first images are all of the first class.
        drop_overlap: leave out the test images that also stand in the whole training part.
        seed: of stratified selections.
        say: takes each line for the user; as it is, stderr does.

    Raises:
        UserError: an unknown source, a bad file, no image, one class only, unequal shapes.
    """
    _check_counts(train_samples, test_samples, validation_samples or None)
    require_selection(selection)
    notes: list[str] = []

    def note(line: str) -> None:
        notes.append(line)
        say(line)

    wanted = train_samples and train_samples + validation_samples
    opened = open_source(source, shape, (wanted, test_samples), note, say)
    if not opened.in_order:
        selection = "stratified"
    all_train, all_test = _read_both(opened, shape, class_names, seed, note)
    if drop_overlap:
        all_test = _without_overlap(all_train, all_test, note)
    chosen = _at_most(all_train, wanted, selection, seed, note)
    train, validation = _cut_validation(chosen, validation_samples, selection, seed)
    test = _at_most(all_test, test_samples, selection, seed, note)
    _check_classes(all_train, train, note)
    _tell_overlap(train, test, note)
    validated = f", {len(validation):,} for validation" if validation else ""
    say(
        f"data: {opened.origin}: {len(train):,} images for training{validated}, of "
        f"{len(all_train):,}; {len(test):,} for test, of {len(all_test):,}; "
        f"{_size(train.shape)} pixels"
    )
    say(_class_counts(train))
    return Parts(train, test, validation, opened.origin, tuple(notes))


def load_evaluation(
    source: str | None,
    *,
    shape: Shape,
    class_names: Names,
    samples: int | None = None,
    say: Say,
) -> Dataset:
    """The images to evaluate a model on: the test part of a source, or else all of it.

    The arguments are those of `load`; `class_names` are the model's.

    Raises:
        UserError: as `load`; but images of one class will do.
    """
    _check_counts(samples)
    opened = open_source(source, shape, (None, samples), say, say)
    everything = (opened.test or opened.train)(class_names)
    _check_shape(everything, shape)
    if opened.test is None:
        say(f"{opened.origin}: no test part, so all is taken, with what may have been trained on")
    selection = "first" if opened.in_order else "stratified"
    dataset = _at_most(everything, samples, selection, 0, say)
    say(f"data: {opened.origin}: {len(dataset):,} images, of {len(everything):,}")
    return dataset


def _check_counts(*counts: int | None) -> None:
    for count in counts:
        if count is not None and count < 1:
            raise UserError(f"{count} images asked for; ask for at least 1, or for no number")


def _read_both(
    opened: Opened, shape: Shape | None, names: Names, seed: int, note: Say
) -> tuple[Dataset, Dataset]:
    train = opened.train(names)
    if opened.test is None:
        _check_shape(train, shape)
        return _test_cut_off(train, seed, note)
    test = opened.test(train.class_names)
    if train.shape != test.shape:
        raise UserError(
            f"{test.source}: the images are {_size(test.shape)}, but those of {train.source} "
            f"{_size(train.shape)}; give images of one shape"
        )
    _check_shape(train, shape)
    return train, test


def _test_cut_off(dataset: Dataset, seed: int, note: Say) -> tuple[Dataset, Dataset]:
    train, test = split(dataset, TEST_FRACTION, "stratified", seed)
    note(
        f"{dataset.source}: no test part, so a stratified fifth, {len(test):,} of "
        f"{len(dataset):,} images, is cut off to test on"
    )
    return (
        replace(train, source=f"{dataset.source}, training part"),
        replace(test, source=f"{dataset.source}, test part"),
    )


def _check_shape(dataset: Dataset, shape: Shape | None) -> None:
    if shape and dataset.shape != shape:
        raise UserError(
            f"{dataset.source}: the images are {_size(dataset.shape)}, but the network takes "
            f"{_size(shape)}; give other images or another network"
        )


def _size(shape: Shape) -> str:
    return "×".join(map(str, shape))


def _without_overlap(train: Dataset, test: Dataset, note: Say) -> Dataset:
    shared = overlap(train, test)
    if len(shared) == len(test):
        raise UserError(
            f"{test.source}: all {len(test):,} images also stand in the training part; "
            f"give others to test on"
        )
    note(
        f"{test.source}: {len(shared)} of {len(test):,} images also stand in the training part "
        f"and are left out"
    )
    return test.without(shared) if shared else test


def _at_most(dataset: Dataset, count: int | None, selection: str, seed: int, note: Say) -> Dataset:
    if count is not None and count > len(dataset):
        note(
            f"{dataset.source}: {count:,} images asked for; all there are, {len(dataset):,}, taken"
        )
    return select(dataset, count, selection, seed)


def _cut_validation(
    train: Dataset, count: int, selection: str, seed: int
) -> tuple[Dataset, Dataset | None]:
    if not count:
        return train, None
    train, validation = split(train, count, selection, seed)
    return train, replace(validation, source=f"{train.source}, cut off for validation")


def _check_classes(everything: Dataset, train: Dataset, note: Say) -> None:
    """One class is an error; classes that the selection has missed are worth a note."""
    require_classes(train)
    missed = set(everything.labels) - set(train.labels)
    if missed:
        names = ", ".join(train.class_names[label] for label in sorted(missed))
        note(
            f"{train.source}: the {len(train):,} images taken have none of {names}; "
            f"take more, or a stratified selection"
        )


def _tell_overlap(train: Dataset, test: Dataset, note: Say) -> None:
    if shared := overlap(train, test):
        first = ", ".join(map(str, shared[:10])) + (", …" if len(shared) > 10 else "")
        note(
            f"{test.source}: {len(shared):,} of {len(test):,} images also stand among the training "
            f"images (index {first}); --drop-overlap leaves them out"
        )


def _class_counts(dataset: Dataset) -> str:
    counts = ", ".join(f"{name} {count:,}" for name, count in dataset.counts().items())
    return f"training images per class: {counts}"
