"""Over random networks: what is explained are the textbook engine's bits, and they add up."""

from __future__ import annotations

from unittest.mock import patch

import pytest

pytest.importorskip("hypothesis", reason="hypothesis, which draws the networks, is not installed")

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines import ToyScale
from verypoorcnn.explain import Explainer
from verypoorcnn.explain.narrowing import Narrowing
from verypoorcnn.network import Conv2D, Dense, Flatten, MaxPool2D, Network, ReLU

SIZES = st.integers(1, 3)
PIXELS = st.sampled_from((0, 0, 51, 255))  # so few that windows have ties


@st.composite
def networks(draw):
    """A network of any of the layers, over images of up to 7×7."""
    shape = draw(st.integers(1, 2)), draw(st.integers(4, 7)), draw(st.integers(4, 7))
    kernel = draw(SIZES)
    layers = [
        Conv2D(
            draw(SIZES), kernel, draw(SIZES), draw(st.integers(0, kernel - 1)), draw(st.booleans())
        )
    ]
    layers += draw(st.sampled_from([[], [ReLU()], [ToyScale(), ReLU()]]))
    side = min(layers[0].output_shape(shape)[1:])
    layers += [MaxPool2D(draw(st.integers(1, side)), draw(SIZES))]
    layers += [Flatten(), *draw(st.sampled_from([[], [Dense(3), ReLU()]])), Dense(2)]
    return Network(shape, tuple(layers))


@st.composite
def explainers(draw):
    """An explainer of one or two images; whether they are compiled must make no difference."""
    network = draw(networks())
    channels, rows, columns = network.input_shape
    size, count = channels * rows * columns, draw(st.integers(1, 2))
    images = [bytes(draw(st.lists(PIXELS, min_size=size, max_size=size))) for _ in range(count)]
    labels = draw(st.lists(st.integers(0, 1), min_size=count, max_size=count))
    return Explainer(network, network.initial_parameters(draw(st.integers(0, 99))), images, labels)


def targets(explainer, data):
    """One number of every array."""
    for of in ("value", "gradient", "update"):
        for name, shape in explainer.arrays(of).items():
            index = "".join(f"[{data.draw(st.integers(0, size - 1))}]" for size in shape)
            yield explainer.target(name + index, of, len(explainer.images) - 1)


@settings(max_examples=25, deadline=None)
@given(explainers(), st.data())
def test_narrowed_and_full_runs_give_the_engines_bits(explainer, data):
    for target in targets(explainer, data):
        narrowed = explainer.arithmetic(target)
        with patch.object(Narrowing, "range_for", lambda plan, element: range):
            full = explainer.arithmetic(target)
        assert repr(narrowed.value) == repr(full.value), str(target)
        assert narrowed.expression == full.expression, str(target)
        if target.of != "update":
            assert repr(narrowed.value) == repr(explainer.value(target)), str(target)


def total(expression):
    """A sum of products, added up by the reader."""
    result = None
    for term in expression.terms:
        product = term.factors[0].value
        for factor in term.factors[1:]:
            product *= factor.value
        if term.expression.kind == "product":
            assert product == term.expression.value
        signed = product if term.sign == "+" else -product
        result = signed if result is None else result + signed
        assert result == term.running
    return result


@settings(max_examples=25, deadline=None)
@given(explainers(), st.data())
def test_what_is_shown_adds_up(explainer, data):
    for target in targets(explainer, data):
        expression = explainer.arithmetic(target).expression
        values = [term.expression.value for term in expression.terms]
        if expression.kind == "sum":
            assert total(expression) == expression.value
        elif expression.kind == "maximum":
            assert values[expression.winner] == max(values) == expression.value
            assert values.index(max(values)) == expression.winner


def leaves(expression):
    """The elements of lists that a number was made of, with their values."""
    if expression.element:
        yield expression.element, expression.value
    for term in expression.terms:
        yield from leaves(term.expression)


@settings(max_examples=25, deadline=None)
@given(explainers(), st.data())
def test_every_factor_is_the_number_that_it_is_called_by(explainer, data):
    for target in targets(explainer, data):
        for element, value in leaves(explainer.arithmetic(target).expression):
            if element.name in explainer.arrays(element.of):  # not so pixels, label, rate, samples
                assert repr(explainer.value(element)) == repr(value), (str(target), str(element))
