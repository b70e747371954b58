"""The python engine computes the textbook's numbers to the last bit."""

from __future__ import annotations

import pytest

from tests.engines import NETWORKS, every_network, random_images
from verypoorcnn.engines import ENGINES
from verypoorcnn.engines.python import specialised
from verypoorcnn.network import Conv2D, Dense, Flatten, MaxPool2D, Network, ReLU

SMALL = NETWORKS["padded, biased, two convolutions"]


def both(network, seed=0):
    parameters = network.initial_parameters(seed)
    return [ENGINES[name](network, parameters) for name in ("textbook", "python")]


@every_network
def test_the_same_bits_after_several_epochs(network):
    images = random_images(network, 11)
    textbook, python = both(network)
    for epoch in range(2):
        for start in (0, 4, 8):  # the last batch is partial
            indices = [(5 * k + epoch) % 11 for k in range(start, min(start + 4, 11))]
            results = [e.train_batch(images, indices, 0.125) for e in (textbook, python)]
            assert results[0] == results[1]
    assert textbook.parameters() == python.parameters()


@every_network
def test_the_same_bits_wherever_one_looks(network):
    images, indices = random_images(network, 5), [4, 0, 4]
    textbook, python = both(network, 1)
    assert textbook.probabilities(images, indices) == python.probabilities(images, indices)
    assert textbook.activations(images, indices) == python.activations(images, indices)
    assert textbook.gradients(images, indices) == python.gradients(images, indices)


def test_a_look_in_between_changes_nothing():
    images = random_images(SMALL, 6)
    textbook, python = both(SMALL)
    for e in (textbook, python):
        e.train_batch(images, [0, 1, 2], 0.5)
    python.activations(images, [3, 4])
    python.gradients(images, [5])
    for e in (textbook, python):
        e.train_batch(images, [3, 4, 5], 0.5)
    assert textbook.parameters() == python.parameters()


def test_a_network_too_large_to_write_out_is_bounded():
    layers = (Conv2D(filters=8, kernel_size=3, padding=1), ReLU(), MaxPool2D(pool_size=2))
    deep = Network((3, 32, 32), (*layers, *layers, *layers, Flatten(), Dense(units=10)))
    images = random_images(deep, 1)
    textbook, python = both(deep)
    assert textbook.probabilities(images, [0]) == python.probabilities(images, [0])
    ((function, _),) = next(iter(python._steps.values()))
    assert len(function.__code__.co_code) < 2_000_000


def test_what_is_private_is_not_asked_for():
    program = SMALL.program()
    logits = program.outputs["fc2"]
    ((_, names),) = specialised(program.prepare + program.forward, (logits,), 3)
    assert {"pixels", "conv1.weight", logits.name} <= set(names)
    assert "probabilities" not in names
    assert "targets" not in names


def test_a_plain_rolled_form_for_interpreters_that_compile_loops(monkeypatch):
    monkeypatch.setattr("verypoorcnn.compiler.python.sys.implementation.name", "pypy")
    specialised.cache_clear()
    images = random_images(SMALL, 4)
    textbook, python = both(SMALL)
    results = [e.train_batch(images, [0, 1, 2, 3], 0.25) for e in (textbook, python)]
    specialised.cache_clear()
    assert results[0] == results[1]
    assert textbook.parameters() == python.parameters()
    steps = next(iter(python._steps.values()))
    assert len(steps) == len(SMALL.program().training_step)
    assert all(len(function.__code__.co_code) < 10_000 for function, _ in steps)


@pytest.mark.parametrize("samples", [1, 3])
def test_the_text_is_made_once_for_all_engines(samples):
    calls = SMALL.program().forward
    wanted = (SMALL.program().outputs["fc2"],)
    assert specialised(calls, wanted, samples) is specialised(calls, wanted, samples)
