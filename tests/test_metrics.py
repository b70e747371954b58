"""Six pictures of three animals, measured by hand."""

from __future__ import annotations

import json
from math import inf, log, nan

import pytest

from verypoorcnn.errors import UserError
from verypoorcnn.training.metrics import ClassMetrics, Confusion, Metrics, measure
from verypoorcnn.training.tables import confusion_table, confusions_line, metrics_table

ANIMALS = ["cat", "dog", "owl"]
LABELS = [0, 0, 1, 1, 2, 2]
PROBABILITIES = [
    [0.5, 0.25, 0.25],  # a cat, taken for a cat
    [0.25, 0.5, 0.25],  # a cat, taken for a dog
    [0.25, 0.5, 0.25],  # a dog, taken for a dog
    [0.25, 0.5, 0.25],  # a dog, taken for a dog
    [0.25, 0.25, 0.5],  # an owl, taken for an owl
    [0.5, 0.25, 0.25],  # an owl, taken for a cat
]


@pytest.fixture
def metrics() -> Metrics:
    return measure(LABELS, PROBABILITIES, ANIMALS)


def test_rows_are_true_and_columns_predicted(metrics: Metrics) -> None:
    assert metrics.confusion == [
        [1, 1, 0],
        [0, 2, 0],
        [1, 0, 1],
    ]


def test_accuracy_is_four_of_six(metrics: Metrics) -> None:
    assert metrics.samples == 6
    assert metrics.accuracy == pytest.approx(4 / 6)


def test_each_class(metrics: Metrics) -> None:
    assert metrics.per_class == [
        ClassMetrics("cat", precision=1 / 2, recall=1 / 2, f1=1 / 2, support=2),
        ClassMetrics("dog", precision=2 / 3, recall=2 / 2, f1=4 / 5, support=2),
        ClassMetrics("owl", precision=1 / 1, recall=1 / 2, f1=2 / 3, support=2),
    ]
    assert metrics.undefined == []


def test_macro_averages_are_means_over_classes(metrics: Metrics) -> None:
    assert metrics.precision == pytest.approx((1 / 2 + 2 / 3 + 1) / 3)
    assert metrics.recall == pytest.approx((1 / 2 + 1 + 1 / 2) / 3)
    assert metrics.f1 == pytest.approx((1 / 2 + 4 / 5 + 2 / 3) / 3)  # not the F1 of the means


def test_loss_is_the_mean_surprise_at_the_true_class(metrics: Metrics) -> None:
    assert metrics.loss == pytest.approx((4 * log(2) + 2 * log(4)) / 6)


def test_confusions_are_counted_both_ways() -> None:
    metrics = measure(
        [0, 0, 1, 2, 2, 2, 1],
        [[0, 1, 0], [0, 1, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0], [1, 0, 0], [0, 1, 0]],
        ANIMALS,
    )
    assert metrics.most_confused() == [
        Confusion("cat", "dog", total=3, first_as_second=2, second_as_first=1),
        Confusion("dog", "owl", total=2, first_as_second=0, second_as_first=2),
        Confusion("cat", "owl", total=1, first_as_second=0, second_as_first=1),
    ]
    assert metrics.most_confused(1) == metrics.most_confused()[:1]


def test_three_confusions_are_named_where_no_number_is_asked_for() -> None:
    rows = [[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [1, 0, 0, 0]]
    metrics = measure([0, 1, 2, 3], rows, [*ANIMALS, "bat"])
    assert len(metrics.most_confused()) == len(metrics.as_dict()["confused"]) == 3
    assert len(metrics.most_confused(10)) == 4
    assert confusions_line(metrics).count(" and ") == 3


def test_equally_frequent_confusions_stand_in_the_order_of_the_classes(metrics: Metrics) -> None:
    assert [pair[:3] for pair in metrics.most_confused()] == [("cat", "dog", 1), ("cat", "owl", 1)]


def test_of_equal_probabilities_the_first_counts() -> None:
    metrics = measure([0, 1], [[0.5, 0.5], [0.5, 0.5]], ["cat", "dog"])
    assert metrics.confusion == [[1, 0], [1, 0]]


def test_undefined_figures_are_zero_and_named() -> None:
    names = ["cat", "dog", "owl", "bat"]  # a dog only predicted, an owl only there, no bat at all
    metrics = measure([0, 2], [[1, 0, 0, 0], [0, 1, 0, 0]], names)
    assert metrics.undefined == ["dog", "owl", "bat"]
    assert metrics.per_class == [
        ClassMetrics("cat", 1.0, 1.0, 1.0, 1),
        ClassMetrics("dog", 0.0, 0.0, 0.0, 0),
        ClassMetrics("owl", 0.0, 0.0, 0.0, 1),
        ClassMetrics("bat", 0.0, 0.0, 0.0, 0),
    ]
    assert metrics.recall == pytest.approx(1 / 3)  # the bat is left out


def test_a_certain_mistake_costs_36_and_certainty_nothing() -> None:
    assert measure([1], [[1, 0]], ["cat", "dog"]).loss == pytest.approx(52 * log(2))
    assert measure([0], [[1, 0]], ["cat", "dog"]).loss == pytest.approx(2**-52, rel=1e-9, abs=0)


def test_probabilities_may_be_off_by_what_float32_rounds() -> None:
    assert measure([0], [[1.000001, -0.000001]], ["cat", "dog"]).loss == pytest.approx(
        2**-52, rel=1e-9, abs=0
    )


def test_labels_may_be_bytes() -> None:
    assert measure(bytes(LABELS), PROBABILITIES, ANIMALS) == measure(LABELS, PROBABILITIES, ANIMALS)


def test_the_dict_is_json(metrics: Metrics) -> None:
    content = metrics.as_dict()
    assert json.loads(json.dumps(content)) == content
    assert list(content) == [
        "samples",
        "loss",
        "accuracy",
        "precision",
        "recall",
        "f1",
        "confusion",
        "per_class",
        "confused",
    ]
    assert content["per_class"][1] == {
        "name": "dog",
        "precision": 2 / 3,
        "recall": 1.0,
        "f1": 4 / 5,
        "support": 2,
    }
    assert content["confused"][0] == {
        "first": "cat",
        "second": "dog",
        "total": 1,
        "first_as_second": 1,
        "second_as_first": 0,
    }


@pytest.mark.parametrize(
    ("labels", "probabilities", "message"),
    [
        ([], [], "there is no sample to measure"),
        ([0, 1], [[1, 0]], "2 labels but 1 rows of probabilities"),
        ([0, 2], [[1, 0], [1, 0]], "sample 1: label 2 is not from 0 to 1"),
        ([-1], [[1, 0]], "sample 0: label -1 is not from 0 to 1"),
        ([0], [[1, 0, 0]], "sample 0: 3 probabilities for 2 classes"),
        (
            [0, 0],
            [[1, 0], [0.5, nan]],
            "sample 1: the probability of 'dog' is nan, not a number fr",
        ),
        ([0], [[nan, 1]], "sample 0: the probability of 'cat' is nan"),
        ([0], [[inf, 0]], "the probability of 'cat' is inf"),
        ([0], [[0, -inf]], "the probability of 'dog' is -inf"),
        ([0], [[1.001, 0]], "the probability of 'cat' is 1.001, not a number from 0 to 1"),
        ([0], [[1, -0.001]], "the probability of 'dog' is -0.001, not a number from 0 to 1"),
    ],
)
def test_what_cannot_be_measured(
    labels: list[int], probabilities: list[list[float]], message: str
) -> None:
    with pytest.raises(UserError) as caught:
        measure(labels, probabilities, ["cat", "dog"])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


# As text.


def test_the_table_of_metrics(metrics: Metrics) -> None:
    assert metrics_table(metrics).splitlines() == [
        "accuracy 66.7 %, precision 72.2 %, recall 66.7 %, F1 65.6 %, loss 0.9242 on 6 samples",
        "",
        "     precision    recall        F1   samples",
        "cat     50.0 %    50.0 %    50.0 %         2",
        "dog     66.7 %   100.0 %    80.0 %         2",
        "owl    100.0 %    50.0 %    66.7 %         2",
    ]


def test_the_table_of_metrics_names_what_is_undefined() -> None:
    metrics = measure([0, 0], [[1, 0, 0], [0, 1, 0]], ANIMALS)
    assert metrics_table(metrics).splitlines()[-1].endswith(": dog, owl")


def test_the_confusion_table(metrics: Metrics) -> None:
    assert confusion_table(metrics).splitlines() == [
        "true \\ predicted cat dog owl",
        "cat                1   1   .",
        "dog                .   2   .",
        "owl                1   .   1",
    ]


def test_headings_are_abbreviated_and_numbered_where_that_makes_them_alike() -> None:
    rows = [[1, 0], [0, 1]]
    short = confusion_table(measure([0, 1], rows, ["Ankle boot", "Pullover"])).splitlines()
    assert short[0] == "true \\ predicted Ankle Pullo"
    assert short[1] == "Ankle boot           1     ."
    numbered = confusion_table(measure([0, 1], rows, ["Pullover red", "Pullover blue"]))
    assert numbered.splitlines() == [
        "true \\ predicted 0 1",
        "0 Pullover red   1 .",
        "1 Pullover blue  . 1",
    ]


def test_ten_classes_are_readable_in_100_columns() -> None:
    names = [f"{'abcdefghij'[i]} class with a very long name" for i in range(10)]
    identity = [[float(i == j) for j in range(10)] for i in range(10)]
    metrics = measure([i % 10 for i in range(10_000)], identity * 1000, names)
    matrix = confusion_table(metrics).splitlines()
    assert all(len(line) <= 100 for line in [*metrics_table(metrics).splitlines(), *matrix])
    assert len({len(line) for line in matrix}) == 1
    assert matrix[1].startswith("a class with a very lon… ")


def test_the_matrix_of_many_classes_is_left_to_the_report() -> None:
    names = [f"class {i}" for i in range(21)]
    rows = [[float(i == j) for j in range(21)] for i in range(21)]
    assert confusion_table(measure(range(21), rows, names)) == (
        "the confusion matrix of 21 classes is in the report, and in --json"
    )
    fewer = measure(range(20), [row[:20] for row in rows[:20]], names[:20])
    assert len(confusion_table(fewer).splitlines()) == 21


def test_the_line_of_confusions(metrics: Metrics) -> None:
    assert confusions_line(metrics) == "most confused: cat and dog 1 (1 + 0), cat and owl 1 (0 + 1)"
    assert confusions_line(metrics, 1) == "most confused: cat and dog 1 (1 + 0)"


def test_the_line_of_confusions_when_there_are_none() -> None:
    assert (
        confusions_line(measure([0], [[1, 0]], ["cat", "dog"])) == "no class was taken for another"
    )
