"""Long sums as columns say just what a dictionary a term says."""

from __future__ import annotations

import json

import pytest

from tests.engines import random_images
from verypoorcnn.explain import Explainer
from verypoorcnn.explain.columns import SHORTEST, with_columns
from verypoorcnn.explain.target import Target
from verypoorcnn.network import Conv2D, Dense, Flatten, MaxPool2D, Network, ReLU

NETWORK = Network(
    (2, 8, 8),
    (Conv2D(2, 3, padding=1), ReLU(), MaxPool2D(2), Flatten(), Dense(units=3)),
)


@pytest.fixture(scope="module")
def known():
    images = random_images(NETWORK, 1)
    return Explainer(NETWORK, NETWORK.initial_parameters(0), [images.image(0)], [1])


def expanded(columns):
    """A term for each row."""
    for row, value in enumerate(columns["value"]):
        factors = [element(factor, row) for factor in columns["factors"]]
        yield {
            "sign": columns["sign"],
            "value": value,
            "running": columns["running"][row],
            "factors": factors,
        }


def element(factor, row):
    index = [column[row] for column in factor["index"]]
    target = Target(factor["array"], tuple(index), factor["of"], factor["sample"])
    value = factor["value"][row]
    return {"kind": "element", "value": value, "name": str(target), **target.as_dict()}


@pytest.mark.parametrize(
    ("at", "of", "alike", "rest"),
    [
        ("conv1[1][4][4]", "value", 18, 1),  # nine products of two channels, then the bias
        ("fc1[2]", "value", 32, 1),
        ("conv1.weight[0][1][1][1]", "gradient", 64, 0),
        ("conv1.weight[0][1][0][0]", "gradient", 49, 0),
        ("image[0][4][4]", "gradient", 18, 0),
    ],
)
def test_rows_are_the_terms(known, at, of, alike, rest):
    expression = known.arithmetic(at, of).expression
    found = json.loads(json.dumps(with_columns(expression)))
    assert (len(found["columns"]["value"]), len(found["terms"])) == (alike, rest)
    terms = [*expanded(found.pop("columns")), *found["terms"]]
    assert found | {"terms": terms} == json.loads(json.dumps(expression.as_dict()))


@pytest.mark.parametrize("at", ["conv1[0][0][0]", "pool1[0][0][0]", "image[0][0][0]", "loss"])
def test_what_is_short_or_mixed_stays_as_it_is(known, at):
    expression = known.arithmetic(at).expression
    assert len(expression.terms) < SHORTEST
    assert with_columns(expression) == expression.as_dict()


def test_steps_and_columns_do_not_touch_each_other(known):
    found = known.arithmetic("fc1[2]")
    short, whole = found.as_dict(steps=False, columns=True), found.as_dict()
    assert "columns" in short["expression"]
    assert short.keys() == whole.keys() - {"steps"}
    assert found.as_dict(columns=True)["steps"] == whole["steps"]
