"""The proof that anyone can run passes where gradients are right, and fails where one is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import inf, nan

import pytest

from tests.engines import ToyScale
from verypoorcnn.network import Conv2D, Dense, Flatten, MaxPool2D, Network, ReLU
from verypoorcnn.network.gradcheck import FEW, TOLERANCE, Check, gradcheck
from verypoorcnn.network.layer import Layer
from verypoorcnn.network.presets import paper
from verypoorcnn.network.program import Call
from verypoorcnn.textbook import loss

LENET_LIKE = Network(
    (2, 10, 9),
    (
        Conv2D(filters=3, kernel_size=3, padding=1),
        ReLU(),
        MaxPool2D(pool_size=2),
        Conv2D(filters=2, kernel_size=2, strides=2, use_bias=False),
        ReLU(),
        Flatten(),
        Dense(units=5),
        ReLU(),
        Dense(units=5),
        ReLU(),
        Dense(units=3, use_bias=False),
    ),
)


@pytest.fixture(autouse=True)
def _no_layer_stays() -> Iterator[None]:
    """A layer is known by its class's name as soon as it is defined; the wrong ones must not be."""
    known = dict(Layer.kinds)
    yield
    Layer.kinds.clear()
    Layer.kinds.update(known)


def small(*layers: Layer) -> Network:
    """A network of these layers for images of one channel and 4×4 pixels, and three classes."""
    return Network((1, 4, 4), (*layers, Flatten(), Dense(units=3)))


def refuted(network: Network) -> set[tuple[str, str]]:
    return {(check.layer, check.of) for check in gradcheck(network) if not check.ok}


# What is right.


def test_the_paper_is_proved():
    checks = gradcheck(paper())
    assert [(check.layer, check.of, check.values) for check in checks] == [
        ("conv1", "input", 2 * 784),
        ("conv1", "weight", 100),
        ("relu1", "input", 2 * 256),
        ("pool1", "input", 2 * 256),
        ("flatten1", "input", 2 * 144),
        ("fc1", "input", 2 * 144),
        ("fc1", "weight", 4608),
        ("fc1", "bias", 32),
        ("relu2", "input", 2 * 32),
        ("fc2", "input", 2 * 32),
        ("fc2", "weight", 320),
        ("fc2", "bias", 10),
        ("loss", "logits", 2 * 10),
        ("network", "parameters", 5070),
    ]
    assert all(check.ok for check in checks)


def test_a_network_like_lenet_is_proved_and_equal_layers_once():
    checks = gradcheck(LENET_LIKE)
    assert all(check.ok for check in checks)
    layers = list(dict.fromkeys(check.layer for check in checks))
    # relu4 is relu3 again: the same layer on the same shape.  fc2 sees another shape than fc1.
    assert layers == [
        *("conv1", "relu1", "pool1", "conv2", "relu2", "flatten1", "fc1", "relu3", "fc2", "fc3"),
        *("loss", "network"),
    ]


@pytest.mark.parametrize("seed", range(5))
def test_any_seed_proves_it(seed):
    assert refuted(small(Conv2D(filters=2, kernel_size=3, padding=1), ReLU())) == set()


def test_the_seed_decides():
    network = small(Conv2D(filters=2, kernel_size=3))
    assert gradcheck(network, seed=3) == gradcheck(network, seed=3)
    assert gradcheck(network, seed=3) != gradcheck(network, seed=4)


def test_a_new_layer_is_proved_without_one_more_line():
    checks = gradcheck(small(ToyScale()))
    assert {(c.layer, c.of) for c in checks} > {("scale1", "input"), ("scale1", "factor")}
    assert all(check.ok for check in checks)


# What is wrong.


def pass_everything(maps, map_gradients, image_gradients):
    """A ReLU's gradient that forgets to ask."""
    for s in range(len(maps)):
        for c in range(len(maps[s])):
            for i in range(len(maps[s][c])):
                for j in range(len(maps[s][c][i])):
                    image_gradients[s][c][i][j] = map_gradients[s][c][i][j]


def pass_at_zero(maps, map_gradients, image_gradients):
    """A ReLU's gradient with slope 1 at 0, where ours is 0."""
    for s in range(len(maps)):
        for c in range(len(maps[s])):
            for i in range(len(maps[s][c])):
                for j in range(len(maps[s][c][i])):
                    image_gradients[s][c][i][j] = 0.0
                    if maps[s][c][i][j] >= 0.0:
                        image_gradients[s][c][i][j] = map_gradients[s][c][i][j]


def do_nothing(maps, map_gradients, image_gradients):
    """A gradient that nobody wrote."""


@pytest.mark.parametrize("wrong", [pass_everything, pass_at_zero, do_nothing])
def test_a_wrong_input_gradient_is_refuted(wrong):
    class WrongReLU(ReLU):
        def input_gradient(self, at):
            return [Call(wrong, (at.output, at.output_gradient, at.input_gradient))]

    assert refuted(small(WrongReLU())) == {("relu1", "input")}


def spoil(gradients, addend):
    gradients[2][40] += addend


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("addend", [1e-6, nan, inf])
def test_one_wrong_number_among_many_is_refuted(seed, addend):
    class WrongDense(Dense):
        def parameter_gradients(self, at):
            spoiling = Call(spoil, (at.gradients["weight"], addend))
            return [*super().parameter_gradients(at), spoiling]

    network = Network((1, 10, 10), (Flatten(), WrongDense(units=3)))
    checks = {(c.layer, c.of): c for c in gradcheck(network, seed) if not c.ok}
    assert checks.keys() == {("fc1", "weight"), ("network", "parameters")}
    assert checks["fc1", "weight"].values == 300 > FEW


def test_a_gradient_of_the_sum_instead_of_the_mean_is_refuted(monkeypatch):
    def summed(probabilities, targets, logit_gradients, samples):
        loss_gradient(probabilities, targets, logit_gradients, 1)

    loss_gradient = loss.softmax_cross_entropy_gradient
    monkeypatch.setattr(loss, "softmax_cross_entropy_gradient", summed)
    assert refuted(small()) == {("loss", "logits"), ("network", "parameters")}


@pytest.mark.parametrize(
    "spoiled",
    [
        lambda backward: backward[:-1],  # a layer is left out
        lambda backward: backward[::-1],  # forward order
    ],
)
def test_layers_in_the_wrong_places_are_refuted(monkeypatch, spoiled):
    def program(network):
        right = assemble(network)
        return replace(right, backward=spoiled(right.backward))

    assemble = Network.program
    monkeypatch.setattr(Network, "program", program)
    network = small(Conv2D(filters=1, kernel_size=2), ReLU())
    assert refuted(network) == {("network", "parameters")}


def test_a_check_is_ok_up_to_the_tolerance():
    assert Check("conv1", "weight", 100, TOLERANCE).ok
    assert not Check("conv1", "weight", 100, 2 * TOLERANCE).ok
    assert not Check("conv1", "weight", 100, inf).ok
