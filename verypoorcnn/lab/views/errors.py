"""What the network gets wrong: the confusion matrix, the images in its cells, the surest mistakes.

All of the test part goes through the fastest engine, once for every version of the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from verypoorcnn.lab.looking import all_probabilities
from verypoorcnn.lab.session import Held, Session
from verypoorcnn.lab.views.images import MOST_IMAGES, gallery
from verypoorcnn.lab.web import body
from verypoorcnn.training.metrics import Metrics, measure

Fields = dict[str, Any]
Answer = dict[str, Any]
Rows = list[list[float]]  # the probability of every class, by image
CONFUSED = 8  # cells that are named


def confusion(session: Session, query: Fields) -> Answer:
    """How many test images of each class were taken for each."""
    held = session.held
    found = _metrics(session, held)
    return {
        "version": held.version,
        "part": "test",
        "counts": found.confusion,
        "accuracy": found.accuracy,
        "loss": found.loss,
        "per_class": [metrics._asdict() for metrics in found.per_class],
        "most_confused": _most_confused(found.confusion),
    }


def cell(session: Session, query: Fields) -> Answer:
    """The test images of one class that were taken for another; the surest first."""
    held, classes = session.held, len(session.class_names)
    true = body.whole(query, "true", 0, classes - 1)
    predicted = body.whole(query, "predicted", 0, classes - 1)
    rows, labels = _rows(session, held), session.parts.test.labels
    inside = [i for i, row in enumerate(rows) if (labels[i], _best(row)) == (true, predicted)]
    return _page(session, held, inside, query, 24)


def mistakes(session: Session, query: Fields) -> Answer:
    """The test images that were taken for something else; the surest first."""
    held = session.held
    rows, labels = _rows(session, held), session.parts.test.labels
    wrong = [i for i, row in enumerate(rows) if _best(row) != labels[i]]
    return _page(session, held, wrong, query, 24)


def _page(
    session: Session, held: Held, indices: Sequence[int], query: Fields, usual: int
) -> Answer:
    """Some of these images with what the network thinks of each, the surest first."""
    rows = _rows(session, held)
    surest = sorted(indices, key=lambda i: -max(rows[i]))
    start = body.whole(query, "start", 0, len(rows), 0)
    chosen = surest[start : start + body.whole(query, "count", 1, MOST_IMAGES, usual)]
    answer = gallery(session, "test", chosen)
    for known, index in zip(answer["images"], chosen, strict=True):
        known |= {"predicted": _best(rows[index]), "probabilities": rows[index]}
    return {"version": held.version, "part": "test", "total": len(indices), **answer}


def _metrics(session: Session, held: Held) -> Metrics:
    labels, names = session.parts.test.labels, session.class_names
    return held.memory.get("metrics", lambda: measure(labels, _rows(session, held), names))


def _rows(session: Session, held: Held) -> Rows:
    return held.memory.get("rows", lambda: all_probabilities(session, held, session.parts.test))


def _best(row: Sequence[float]) -> int:
    return row.index(max(row))


def _most_confused(counts: Sequence[Sequence[int]]) -> list[Answer]:
    """The cells beside the diagonal with the most images."""
    cells = [
        {"true": true, "predicted": predicted, "count": count}
        for true, row in enumerate(counts)
        for predicted, count in enumerate(row)
        if true != predicted and count
    ]
    return sorted(cells, key=lambda cell: -cell["count"])[:CONFUSED]


ROUTES = {
    ("GET", "/api/confusion"): confusion,
    ("GET", "/api/cell"): cell,
    ("GET", "/api/mistakes"): mistakes,
}
