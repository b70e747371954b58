"""scikit-learn judges the metrics."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import pytest

pytest.importorskip("hypothesis", reason="hypothesis draws the predictions")

from hypothesis import example, given, settings
from hypothesis import strategies as st

from verypoorcnn.training.metrics import Metrics, measure

judge = pytest.importorskip("sklearn.metrics", reason="scikit-learn is the judge of metrics")


@dataclass(frozen=True)
class Case:
    """True labels and predicted probabilities; few classes occur when there are few samples."""

    labels: list[int]
    probabilities: list[list[float]]

    @property
    def classes(self) -> list[int]:
        return list(range(len(self.probabilities[0])))

    @property
    def predicted(self) -> list[int]:
        """The first maximum, found in another way than ours."""
        return [max(self.classes, key=lambda c: (row[c], -c)) for row in self.probabilities]

    def measured(self) -> Metrics:
        return measure(self.labels, self.probabilities, [f"class {c}" for c in self.classes])


@st.composite
def cases(draw: st.DrawFn) -> Case:
    classes = draw(st.integers(2, 6))
    samples = draw(st.integers(1, 25))
    weight = st.integers(0, 3) | st.floats(0, 1)  # whole numbers make ties, zeros and ones
    row = st.lists(weight, min_size=classes, max_size=classes).filter(lambda r: sum(r) > 0.01)
    weights = draw(st.lists(row, min_size=samples, max_size=samples))
    labels = st.lists(st.integers(0, classes - 1), min_size=samples, max_size=samples)
    return Case(draw(labels), [[w / sum(ws) for w in ws] for ws in weights])


def judged(test: Callable[[Case], None]) -> Callable[[], None]:
    """Random cases, and always: one sample; certain mistakes; a class that is nowhere; ties."""
    for case in (
        Case([1], [[0.25, 0.75]]),
        Case([0, 1], [[0.0, 1.0], [1.0, 0.0]]),
        Case([0, 2], [[0.5, 0.0, 0.5, 0.0], [0.2, 0.0, 0.8, 0.0]]),
        Case([0, 1, 2], [[1 / 3, 1 / 3, 1 / 3]] * 3),
    ):
        test = example(case)(test)
    decorated: Callable[[], None] = settings(deadline=None, max_examples=60)(given(cases())(test))
    return decorated


def close(value: object) -> object:
    return pytest.approx(value, rel=1e-12, abs=1e-12)


@judged
def test_accuracy(case: Case) -> None:
    assert case.measured().accuracy == close(judge.accuracy_score(case.labels, case.predicted))


@judged
def test_confusion_matrix(case: Case) -> None:
    matrix = judge.confusion_matrix(case.labels, case.predicted, labels=case.classes)
    assert case.measured().confusion == matrix.tolist()


@judged
def test_each_class(case: Case) -> None:
    columns = judge.precision_recall_fscore_support(
        case.labels, case.predicted, labels=case.classes, zero_division=0
    )
    for figures, *expected in zip(case.measured().per_class, *columns, strict=True):
        assert list(figures[1:]) == close([float(figure) for figure in expected])


@judged
def test_macro_averages(case: Case) -> None:
    ours = case.measured()
    expected = judge.precision_recall_fscore_support(
        case.labels, case.predicted, average="macro", zero_division=0
    )
    assert [ours.precision, ours.recall, ours.f1] == close([float(x) for x in expected[:3]])


@judged
def test_log_loss(case: Case) -> None:
    expected = judge.log_loss(case.labels, case.probabilities, labels=case.classes)
    assert case.measured().loss == close(float(expected))


@judged
def test_a_warning_of_scikit_learn_is_a_class_of_ours(case: Case) -> None:
    """It warns where a class that occurs or is predicted has a figure that is 0/0."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        judge.precision_recall_fscore_support(case.labels, case.predicted, average="macro")
    nowhere = {f"class {c}" for c in case.classes} - {
        f"class {c}" for c in [*case.labels, *case.predicted]
    }
    assert bool(caught) == bool(set(case.measured().undefined) - nowhere)
    assert nowhere <= set(case.measured().undefined)


@judged
def test_pairs_hold_all_that_is_not_on_the_diagonal(case: Case) -> None:
    ours = case.measured()
    pairs = ours.most_confused(count=100)
    wrong = sum(label != taken for label, taken in zip(case.labels, case.predicted, strict=True))
    assert sum(pair.total for pair in pairs) == wrong
    assert all(pair.total == pair.first_as_second + pair.second_as_first > 0 for pair in pairs)
    assert sorted(pairs, key=lambda pair: -pair.total) == pairs
