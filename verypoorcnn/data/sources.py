"""From what the user calls the data to the parts that a run needs: training, test, validation.

The source is opened and its parts are read, checked against each other and cut to the numbers
asked for.  What the user would want to know about that (where the data came from, what was left
out, what is not as asked) is said, a line each; what is not as one would expect is also kept with
the parts as a note, so that results can carry it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace

from verypoorcnn.data.dataset import Dataset, Found, Shape
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
    available: int = 0  # training images that the source has, these among them; 0: not known


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
    wanted = _Wanted(
        shape, class_names, train_samples, test_samples, validation_samples, selection, drop_overlap
    )
    _check_counts(train_samples, test_samples, validation_samples or None)
    require_selection(selection)
    return _Loading(wanted, seed, say).parts(source)


@dataclass(frozen=True)
class _Wanted:
    """What `load` is asked for, by the same names."""

    shape: Shape | None
    class_names: Names
    train_samples: int | None
    test_samples: int | None
    validation_samples: int
    selection: str
    drop_overlap: bool

    @property
    def learning_samples(self) -> int | None:
        """Of the training part: to train on, and to validate with."""
        return self.train_samples and self.train_samples + self.validation_samples

    @property
    def only_first(self) -> bool:
        """Whether nobody looks at the images behind those that are asked for."""
        return self.selection == "first" and not self.drop_overlap


class _Loading:
    """One call of `load`."""

    def __init__(self, wanted: _Wanted, seed: int, say: Say) -> None:
        self.wanted = wanted
        self.seed = seed
        self.say = say
        self.notes: list[str] = []

    def note(self, line: str) -> None:
        """Say it, and keep it with the results."""
        self.notes.append(line)
        self.say(line)

    def parts(self, source: str | None) -> Parts:
        wanted = self.wanted
        counts = wanted.learning_samples, wanted.test_samples
        opened = open_source(source, wanted.shape, counts, self.note, self.say)
        if not opened.in_order:
            self.wanted = wanted = replace(wanted, selection="stratified")
        there, tested = self._read(opened)
        if wanted.drop_overlap:
            tested = _without_overlap(there.dataset, tested.dataset, self.note)
        train, validation = self._learning(there.dataset)
        test = self._at_most(tested.dataset, wanted.test_samples)
        _check_classes(there.labels, train, self.note)
        _tell_overlap(train, test, self.note)
        available = max(len(there.labels), opened.usual)
        parts = Parts(train, test, validation, opened.origin, tuple(self.notes), available)
        self.say(_in_words(parts, len(there.labels), len(tested.labels)))
        self.say(_class_counts(train))
        return parts

    def _read(self, opened: Opened) -> tuple[Found, Found]:
        """The training part and the test part: no more of both than is needed."""
        wanted = self.wanted
        if opened.test is None:
            everything = opened.train(wanted.class_names, None).dataset
            _check_shape(everything, wanted.shape)
            return _test_cut_off(everything, self.seed, self.note)
        counts = wanted.learning_samples, wanted.test_samples
        first, second = counts if wanted.only_first else (None, None)
        train = opened.train(wanted.class_names, first)
        test = opened.test(train.dataset.class_names, second)
        if train.dataset.shape != test.dataset.shape:
            raise UserError(
                f"{test.dataset.source}: the images are {_size(test.dataset.shape)}, but those of "
                f"{train.dataset.source} {_size(train.dataset.shape)}; give images of one shape"
            )
        _check_shape(train.dataset, wanted.shape)
        return train, test

    def _learning(self, there: Dataset) -> tuple[Dataset, Dataset | None]:
        """What is trained on, and what is cut off it for validation."""
        wanted = self.wanted
        if wanted.validation_samples >= len(there):
            raise UserError(
                f"{there.source}: data.validation_samples = {wanted.validation_samples:,} leaves "
                f"nothing to train on, there are {len(there):,} images; set it to "
                f"{len(there) - 1:,} or less"
            )
        train = self._at_most(there, wanted.learning_samples)
        if not wanted.validation_samples:
            return train, None
        train, validation = split(train, wanted.validation_samples, wanted.selection, self.seed)
        return train, replace(validation, source=f"{train.source}, cut off for validation")

    def _at_most(self, dataset: Dataset, count: int | None) -> Dataset:
        return _at_most(dataset, count, self.wanted.selection, self.seed, self.note)


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
    found = (opened.test or opened.train)(class_names, samples if opened.in_order else None)
    _check_shape(found.dataset, shape)
    if opened.test is None:
        say(f"{opened.origin}: no test part, so all is taken, with what may have been trained on")
    selection = "first" if opened.in_order else "stratified"
    dataset = _at_most(found.dataset, samples, selection, 0, say)
    say(f"data: {opened.origin}: {len(dataset):,} images, of {len(found.labels):,}")
    return dataset


def _check_counts(*counts: int | None) -> None:
    for count in counts:
        if count is not None and count < 1:
            raise UserError(f"{count} images asked for; ask for at least 1, or for no number")


def _test_cut_off(dataset: Dataset, seed: int, note: Say) -> tuple[Found, Found]:
    train, test = split(dataset, TEST_FRACTION, "stratified", seed)
    note(
        f"{dataset.source}: no test part, so a stratified fifth, {len(test):,} of "
        f"{len(dataset):,} images, is cut off to test on"
    )
    return (
        Found(replace(train, source=f"{dataset.source}, training part"), train.labels),
        Found(replace(test, source=f"{dataset.source}, test part"), test.labels),
    )


def _check_shape(dataset: Dataset, shape: Shape | None) -> None:
    if shape and dataset.shape != shape:
        raise UserError(
            f"{dataset.source}: the images are {_size(dataset.shape)}, but the network takes "
            f"{_size(shape)}; give other images or another network"
        )


def _size(shape: Shape) -> str:
    return "×".join(map(str, shape))


def _without_overlap(train: Dataset, test: Dataset, note: Say) -> Found:
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
    kept = test.without(shared) if shared else test
    return Found(kept, kept.labels)


def _at_most(dataset: Dataset, count: int | None, selection: str, seed: int, note: Say) -> Dataset:
    if count is not None and count > len(dataset):
        note(
            f"{dataset.source}: {count:,} images asked for; all there are, {len(dataset):,}, taken"
        )
    return select(dataset, count, selection, seed)


def _check_classes(labels: bytes, train: Dataset, note: Say) -> None:
    """One class is an error; classes that the selection has missed are worth a note."""
    require_classes(train)
    missed = set(labels) - set(train.labels)
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
            f"images (index {first}); train --drop-overlap leaves them out"
        )


def _in_words(parts: Parts, train_count: int, test_count: int) -> str:
    """What was taken, of how many."""
    validation = parts.validation
    validated = f", {len(validation):,} for validation" if validation else ""
    return (
        f"data: {parts.origin}: {len(parts.train):,} images for training{validated}, of "
        f"{train_count:,}; {len(parts.test):,} for test, of {test_count:,}; "
        f"{_size(parts.train.shape)} pixels"
    )


def _class_counts(dataset: Dataset) -> str:
    counts = ", ".join(f"{name} {count:,}" for name, count in dataset.counts().items())
    return f"training images per class: {counts}"
