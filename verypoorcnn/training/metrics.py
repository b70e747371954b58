"""How good a classifier is, in the figures that everyone uses, as scikit-learn defines them.

Everything but the loss is counted from the confusion matrix: row t, column p holds how many samples
of class t were taken for class p.  With hits on its diagonal,

    precision of a class  =  its hit / all that were taken for it      (sum of its column)
    recall of a class     =  its hit / all that are of it              (sum of its row)
    F1 of a class         =  2 · hit / (column + row), the harmonic mean of both
    accuracy              =  all hits / all samples

Precision of a class that was never predicted, and recall of one that never occurs, are 0/0.  They
count as 0, and the class is named in `undefined`.  Macro averages are means over the classes that
occur or were predicted; a class that did neither is left out of them.  The loss is the mean of
−ln(probability of the true class), probabilities kept within [ε, 1 − ε], ε = 2⁻⁵², so that one
confident mistake costs 36 and not infinitely much.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import fsum, log
from typing import Any, NamedTuple

from verypoorcnn.errors import UserError

EPSILON = 2.0**-52  # spacing of float64 at 1
SLACK = 1e-5  # how far rounding in float32 may carry a probability out of [0, 1]


class ClassMetrics(NamedTuple):
    """How well one class is recognised."""

    name: str
    precision: float
    recall: float
    f1: float
    support: int  # samples that are of this class


class Confusion(NamedTuple):
    """Two classes that are taken for each other."""

    first: str
    second: str
    total: int  # both ways together
    first_as_second: int
    second_as_first: int


@dataclass(frozen=True)
class Metrics:
    """What `measure` found; precision, recall and F1 are macro averages."""

    samples: int
    loss: float
    accuracy: float
    precision: float
    recall: float
    f1: float
    per_class: list[ClassMetrics]
    confusion: list[list[int]]  # rows true, columns predicted
    undefined: list[str]  # classes whose precision or recall is 0/0 and given as 0

    def most_confused(self, count: int = 3) -> list[Confusion]:
        """The pairs of classes most often taken for each other, most frequent first.

        Pairs never confused are left out; pairs equally frequent stand in the order of the classes.
        """
        pairs = []
        for i, j in combinations(range(len(self.per_class)), 2):
            there, back = self.confusion[i][j], self.confusion[j][i]
            first, second = self.per_class[i].name, self.per_class[j].name
            pairs.append(Confusion(first, second, there + back, there, back))
        pairs.sort(key=lambda pair: -pair.total)
        return [pair for pair in pairs[:count] if pair.total > 0]

    def as_dict(self) -> dict[str, Any]:
        """All of it in plain lists, dicts, numbers and strings, as JSON has them."""
        return {
            "samples": self.samples,
            "loss": self.loss,
            "accuracy": self.accuracy,
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "confusion": [list(row) for row in self.confusion],
            "per_class": [metrics._asdict() for metrics in self.per_class],
            "confused": [pair._asdict() for pair in self.most_confused()],
        }


def measure(
    labels: Sequence[int], probabilities: Sequence[Sequence[float]], class_names: Sequence[str]
) -> Metrics:
    """Compare true classes (0, 1, …) with predicted probabilities, samples × classes.

    Predicted is the class of the highest probability, the first one if several are equally high.

    Raises:
        UserError: no samples, unequal numbers of them, a label without a class, a row that has not
            one probability a class, or a probability that is not a number from 0 to 1.
    """
    _check(labels, probabilities, class_names)
    confusion = _confusion_matrix(labels, probabilities, len(class_names))
    predicted = [sum(column) for column in zip(*confusion, strict=True)]
    per_class = [
        _of_class(name, confusion[c][c], sum(confusion[c]), predicted[c])
        for c, name in enumerate(class_names)
    ]
    both = list(zip(per_class, predicted, strict=True))
    averaged = [m for m, taken in both if m.support or taken]
    undefined = [m.name for m, taken in both if not (m.support and taken)]
    return Metrics(
        samples=len(labels),
        loss=_log_loss(labels, probabilities),
        accuracy=sum(confusion[c][c] for c in range(len(class_names))) / len(labels),
        precision=_mean(m.precision for m in averaged),
        recall=_mean(m.recall for m in averaged),
        f1=_mean(m.f1 for m in averaged),
        per_class=per_class,
        confusion=confusion,
        undefined=undefined,
    )


def _confusion_matrix(
    labels: Sequence[int], probabilities: Sequence[Sequence[float]], classes: int
) -> list[list[int]]:
    counts = [[0] * classes for _ in range(classes)]
    for label, row in zip(labels, probabilities, strict=True):
        counts[label][row.index(max(row))] += 1
    return counts


def _of_class(name: str, hits: int, support: int, predicted: int) -> ClassMetrics:
    return ClassMetrics(
        name,
        precision=_ratio(hits, predicted),
        recall=_ratio(hits, support),
        f1=_ratio(2 * hits, support + predicted),
        support=support,
    )


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return fsum(listed) / len(listed)


def _log_loss(labels: Sequence[int], probabilities: Sequence[Sequence[float]]) -> float:
    return _mean(
        -log(min(max(row[label], EPSILON), 1 - EPSILON))
        for label, row in zip(labels, probabilities, strict=True)
    )


def _check(
    labels: Sequence[int], probabilities: Sequence[Sequence[float]], class_names: Sequence[str]
) -> None:
    if len(labels) == 0:
        raise UserError("metrics: there is no sample to measure; give at least one")
    if len(labels) != len(probabilities):
        raise UserError(
            f"metrics: {len(labels)} labels but {len(probabilities)} rows of probabilities; "
            "give one row a sample"
        )
    for sample, (label, row) in enumerate(zip(labels, probabilities, strict=True)):
        _check_sample(f"metrics, sample {sample}", label, row, class_names)


def _check_sample(where: str, label: int, row: Sequence[float], class_names: Sequence[str]) -> None:
    if not 0 <= label < len(class_names):
        raise UserError(f"{where}: label {label} is not from 0 to {len(class_names) - 1}")
    check_probabilities(where, row, class_names)


def check_probabilities(where: str, row: Sequence[float], class_names: Sequence[str]) -> None:
    """Raise UserError unless a sample has a probability for each class, all from 0 to 1."""
    if len(row) != len(class_names):
        raise UserError(
            f"{where}: {len(row)} probabilities for {len(class_names)} classes; give one a class"
        )
    for name, probability in zip(class_names, row, strict=True):
        if not -SLACK <= probability <= 1 + SLACK:  # nor is nan
            raise UserError(
                f"{where}: the probability of {name!r} is {probability}, not a number from 0 to 1; "
                "if training ran away, train with a lower learning rate"
            )
