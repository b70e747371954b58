"""What a report says, as one object that JSON can hold; docs/report.md describes it.

Everything is chosen here: which images are shown, how many, in which order, and what has to be said
about what is not shown.  A page only draws.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from verypoorcnn.data.overlap import overlap
from verypoorcnn.report.album import Album
from verypoorcnn.report.evidence import Evidence
from verypoorcnn.report.filters import filters
from verypoorcnn.report.maps import feature_maps
from verypoorcnn.report.repeat import repeat
from verypoorcnn.report.testing import SURE, shown_tests

Content = dict[str, Any]

QUICK = 40_000  # multiply-adds to spend on feature maps at the end of a training: some ms
SAMPLES = 8  # training images of each class
CONFUSIONS = 8  # of the most frequent ones
NO_MAPS = (
    "Feature maps of a network this large take longer than the end of a training should; "
    "the command report draws them."
)
NO_CHECKPOINT = "No checkpoint was saved, so what the network learned is not known."
NOT_TESTED = (
    "The test images are for the end of a run, so there is no confusion matrix yet, no precision, "
    "recall and F1, and there are no mistakes."
)

# A page stays below 2 MB; where it would not, it has fewer images.  All of these are bytes.
PAGE = 1_900_000
SAMPLES_ROOM = 450_000  # of them, for training images
FIXED = 200_000  # of them, for styles, scripts and tables
NUMBER = 10  # for a number in a list
CELL = 15  # for a cell of the confusion matrix, and
COUNT = 60  # for the count in it, unless it is 0


def content(evidence: Evidence, work: int | None = None) -> Content:
    """All that a report says.

    Args:
        evidence: the training.
        work: about so many multiply-adds are spent on feature maps, which decides of how many
            images they are shown; None is as many as it takes.
    """
    result, test = evidence.result, evidence.result["test"]
    album = Album(evidence.network.input_shape)
    learned = filters(evidence)
    room = PAGE - FIXED - _numbers(learned, "before", "after") - _matrix_bytes(test)
    pictured = _pictured(evidence, album, work, room) if evidence.parts else _without_pictures()
    without = _without(evidence, pictured)
    return {
        "kind": "run",
        "name": evidence.folder.resolve().name,
        "stopped": _stopped(evidence),
        "classes": list(evidence.class_names),
        "data": _data(evidence),
        "network": _network(evidence),
        "training": {
            "start": result.get("start"),
            "history": result["history"],
            "best_epoch": _best_epoch(evidence),
        },
        "test": test,
        "undefined": _undefined(test) if test else [],
        "confusions": confusions(test) if test else [],
        "filters": learned,
        **pictured,
        "repeat": repeat(evidence),
        "without": without,
        "missing": [*_once(evidence.missing, without.values()), *_not_measured(evidence)],
    }


def _without(evidence: Evidence, pictured: Content) -> dict[str, str]:
    """The parts of the report that are not there, each with the reason."""
    reasons = {}
    if not evidence.parts:
        reasons["images"] = reasons["maps"] = " ".join(evidence.missing)
    if not evidence.parameters:
        reasons["filters"] = reasons["maps"] = NO_CHECKPOINT
    elif not pictured["maps"]:
        reasons.setdefault("maps", NO_MAPS)
    if not evidence.result["test"]:
        reasons["test"] = NOT_TESTED
    return reasons


def _once(*lines: Iterable[str]) -> list[str]:
    """All of these lines in their order, each but once."""
    return [*dict.fromkeys(chain.from_iterable(lines))]


def _stopped(evidence: Evidence) -> Content | None:
    """Why the run is not over, and how to go on; None if it is."""
    if not evidence.stopped:
        return None
    from verypoorcnn.report.stopped import stopped  # most runs are over

    return stopped(evidence, evidence.stopped)


def confusions(test: Content, count: int = CONFUSIONS) -> list[dict[str, int]]:
    """The most frequent: how many images of class `true` were taken for class `predicted`."""
    matrix = test["confusion"]
    found = [
        {"true": t, "predicted": p, "count": wrong, "of": sum(row)}
        for t, row in enumerate(matrix)
        for p, wrong in enumerate(row)
        if wrong and t != p
    ]
    return sorted(found, key=lambda one: -one["count"])[:count]


def _numbers(layers: Iterable[Content], *keys: str) -> int:
    """Bytes that the numbers of these layers take."""
    return NUMBER * sum(len(layer[key]) for layer in layers for key in keys)


def _matrix_bytes(test: Content | None) -> int:
    counts = [*chain.from_iterable(test["confusion"])] if test else []
    return CELL * len(counts) + COUNT * sum(map(bool, counts))


def _pictured(evidence: Evidence, album: Album, work: int | None, room: float) -> Content:
    """Everything that needs images; the album comes last, when it is full."""
    parts = evidence.parts
    assert parts is not None
    twins = overlap(parts.train, parts.test)
    samples, maps = _samples(evidence, album), feature_maps(evidence, album, work)
    room -= album.page_bytes() + sum(_numbers(one["layers"], "values") for one in maps)
    tests = []
    if evidence.predicted:
        tests = shown_tests(parts.test, evidence.predicted, album, set(twins), room)
    return {
        "samples": samples,
        "tests": tests,
        "mistakes": _most_confident(tests, evidence.predicted),
        "twins": twins,
        "maps": maps,
        "images": album.as_dict(),
    }


def _without_pictures() -> Content:
    """The same without images."""
    empty = ("samples", "tests", "mistakes", "twins", "maps")
    return {**{key: [] for key in empty}, "images": None}


def _samples(evidence: Evidence, album: Album) -> list[list[int]]:
    """Of each class the tiles of the first few training images, as many as there is room for."""
    assert evidence.parts is not None
    train, most = evidence.parts.train, int(SAMPLES_ROOM / album.page_bytes(1))
    found: list[list[int]] = [[] for _ in evidence.class_names[:most]]
    missing, each = len(found), min(SAMPLES, most // len(found))
    for index, label in enumerate(train.labels):
        if label < len(found) and len(found[label]) < each:
            found[label].append(album.add(train, index))
            missing -= len(found[label]) == each
            if not missing:
                break
    return found


def _most_confident(tests: list[Content], predicted: Sequence[Sequence[float]]) -> list[int]:
    """Of the tests, those that are mistakes of the highest probability."""
    wrong = [k for k, test in enumerate(tests) if test["true"] != test["predicted"]]
    return sorted(wrong, key=lambda k: -max(predicted[tests[k]["index"]]))[:SURE]


def _data(evidence: Evidence) -> Content:
    result, parts = evidence.result, evidence.parts
    found: Content = {
        "origin": result["data"],
        "shape": list(evidence.network.input_shape),
        "train": result.get("train_samples"),
        "test": result.get("test_samples"),
        "validation": evidence.configuration.data.validation_samples,
        "train_per_class": None,
        "notes": [],
    }
    if parts:
        counts = [parts.train.labels.count(label) for label in range(len(evidence.class_names))]
        found |= {"train_per_class": counts, "notes": list(parts.notes)}
    return found


def _network(evidence: Evidence) -> Content:
    network = evidence.network
    layers = [
        {
            "name": stage.name,
            **stage.layer.settings(),
            "output": list(stage.output_shape),
            "parameters": stage.parameter_count,
            "multiply_adds": stage.multiply_adds,
        }
        for stage in network.stages
    ]
    return {
        "input": list(network.input_shape),
        "layers": layers,
        "parameters": network.parameter_count,
        "multiply_adds": network.multiply_adds,
    }


def _best_epoch(evidence: Evidence) -> int | None:
    """With early stopping, the epoch whose parameters were kept at the end."""
    history = evidence.result["history"]
    if not evidence.configuration.training.patience or not history or evidence.stopped:
        return None
    best: int = min(history, key=lambda record: record["validation"]["loss"])["epoch"]
    return best


def _undefined(test: Content) -> list[int]:
    """Classes whose precision or recall is 0/0 and given as 0."""
    columns = [sum(column) for column in zip(*test["confusion"], strict=True)]
    rows = [sum(row) for row in test["confusion"]]
    return [k for k, both in enumerate(zip(rows, columns, strict=True)) if 0 in both]


def _not_measured(evidence: Evidence) -> list[str]:
    """What a reader might look for in vain, and how to get it."""
    result, settings = evidence.result, evidence.configuration
    found = []
    if not settings.data.validation_samples:
        found.append(
            "No validation images were kept aside, so there is no validation curve: how well the "
            "network does on unseen images is measured once, at the end, on the test images. "
            "The setting data.validation_samples=300 gives a curve."
        )
    if not settings.training.measure_start and not result.get("start"):
        found.append(
            "Loss and accuracy before the first step were not measured; "
            "the setting training.measure_start=true measures them."
        )
    found.append(
        "Loss and accuracy on the training images were not measured again at the end of an epoch; "
        "the training curve is the mean over the epoch, each batch measured before its own step."
    )
    found.append(
        "This is one run with one seed; the spread over seeds is not known from it. "
        "The command reproduce repeats an experiment with many seeds."
    )
    if "made_with" not in result:
        found.append("The run does not say what it was made with: version, Python and processor.")
    return found
