"""The suite that every engine passes."""

from __future__ import annotations

import sys
from array import array
from copy import deepcopy
from dataclasses import replace
from functools import partial
from math import exp, isclose, log
from threading import Event, Thread

import pytest

from tests.engines import NETWORKS, every_engine, every_network, random_images, striped_images
from verypoorcnn.data.dataset import Dataset
from verypoorcnn.engines import ENGINES, choose_engine, create_engine
from verypoorcnn.errors import UserError
from verypoorcnn.files.tensors import Tensor
from verypoorcnn.network import Dense, Flatten, Network

SMALL = NETWORKS["padded, biased, two convolutions"]
TOLERANCE = {"d": 1e-12, "f": 2e-5}  # relative, by the precision of an engine

TINY = Network((1, 1, 2), (Flatten(), Dense(units=2)))
TINY_PARAMETERS = {
    "fc1.weight": Tensor((2, 2), array("d", [1.0, 2.0, 3.0, 4.0])),
    "fc1.bias": Tensor((2,), array("d", [0.5, 0.0])),
}
TINY_IMAGES = Dataset(bytes([255, 0, 0, 255]), bytes([0, 1]), (1, 1, 2), ("a", "b"), "by hand")


def close(engine, found, expected):
    tolerance = TOLERANCE[engine.typecode]
    return isclose(found, expected, rel_tol=tolerance, abs_tol=tolerance)


@every_engine
def test_probabilities_by_hand(engine):
    # image 0 is (1, 0): logits 1·1 + 2·0 + 0.5 = 1.5 and 3·1 + 4·0 = 3.0
    # image 1 is (0, 1): logits 2.5 and 4.0, again 1.5 apart
    rows = engine(TINY, TINY_PARAMETERS).probabilities(TINY_IMAGES, [0, 1])
    for row in rows:
        assert close(engine, row[0], 1 / (1 + exp(1.5)))
        assert close(engine, row[1], 1 / (1 + exp(-1.5)))


@every_engine
def test_a_step_by_hand(engine):
    one = engine(TINY, TINY_PARAMETERS)
    p = 1 / (1 + exp(1.5))  # of class 0, for both images
    result = one.train_batch(TINY_IMAGES, [0, 1], 0.1)
    assert close(engine, result.loss, -log(p) - log(1 - p))
    assert (result.hits, result.samples) == (1, 2)
    # p − y is (p − 1, 1 − p) for image 0 and (p, −p) for image 1, each over 2 samples
    new = one.parameters()
    expected = [1 - 0.1 * (p - 1) / 2, 2 - 0.1 * p / 2, 3 - 0.1 * (1 - p) / 2, 4 + 0.1 * p / 2]
    assert all(map(close, [engine] * 4, new["fc1.weight"].values, expected))
    assert close(engine, new["fc1.bias"].values[0], 0.5 - 0.1 * (2 * p - 1) / 2)


@every_engine
def test_activations_by_hand(engine):
    found = engine(TINY, TINY_PARAMETERS).activations(TINY_IMAGES, [1])
    assert [*found] == ["flatten1", "fc1"]
    assert found["flatten1"] == [[0.0, 1.0]]
    assert all(close(engine, a, b) for a, b in zip(found["fc1"][0], [2.5, 4.0], strict=True))


@every_engine
@every_network
def test_parameters_go_in_and_come_out(engine, network):
    given = network.initial_parameters(3)
    one = engine(network, given)
    found = one.parameters()
    assert [*found] == [*given]
    for name, tensor in found.items():
        assert tensor.shape == given[name].shape
        assert tensor.values == array(engine.typecode, given[name].values)
    one.set_parameters(network.initial_parameters(4))
    assert one.parameters() != found


@every_engine
@every_network
def test_what_is_handed_out_is_a_copy(engine, network):
    one = engine(network, network.initial_parameters(0))
    images = random_images(network, 4)
    taken = one.parameters(), one.probabilities(images, [0, 1]), one.activations(images, [0, 1])
    kept = repr(taken)
    one.train_batch(images, [2, 3], 0.5)
    assert repr(taken) == kept


@every_engine
@every_network
def test_an_image_does_not_depend_on_its_batch(engine, network):
    one = engine(network, network.initial_parameters(1))
    images = random_images(network, 21)
    together = one.probabilities(images, range(21))
    alone = [row for index in range(21) for row in one.probabilities(images, [index])]
    for a, b in zip(together, alone, strict=True):
        assert all(close(engine, x, y) for x, y in zip(a, b, strict=True))
        assert isclose(sum(a), 1, rel_tol=1e-6)


@every_engine
@every_network
def test_gradients_are_slopes_of_the_loss(engine, network):
    """For the exact engine; the others are held against it in the next test."""
    if engine.typecode != "d":
        pytest.skip("a difference of float32 losses says little")
    images, indices = random_images(network, 5), [4, 0, 2]
    parameters = network.initial_parameters(2)
    one = engine(network, parameters)
    gradients = one.gradients(images, indices)

    def loss(shift):
        moved = {**parameters, name: Tensor(values.shape, array("d", values.values))}
        moved[name].values[place] += shift
        one.set_parameters(moved)
        rows = one.probabilities(images, indices)
        pairs = zip(rows, indices, strict=True)
        return sum(-log(row[images.labels[i]]) for row, i in pairs) / len(indices)

    for name, values in parameters.items():
        for place in (0, len(values.values) // 2, len(values.values) - 1):
            slope = (loss(1e-5) - loss(-1e-5)) / 2e-5
            assert isclose(gradients[name].values[place], slope, rel_tol=1e-4, abs_tol=1e-7)


@every_engine
@every_network
@pytest.mark.parametrize("count", [1, 3, 16, 17])
def test_agrees_with_the_textbook(engine, network, count):
    images = random_images(network, 20, seed=count)
    indices = [(7 * k) % 20 for k in range(count)]
    parameters = network.initial_parameters(5)
    one, textbook = engine(network, parameters), ENGINES["textbook"](network, parameters)
    ours, theirs = one.gradients(images, indices), textbook.gradients(images, indices)
    for name, tensor in ours.items():
        assert tensor.shape == theirs[name].shape
        scale = max(map(abs, theirs[name].values))
        for a, b in zip(tensor.values, theirs[name].values, strict=True):
            assert abs(a - b) <= TOLERANCE[engine.typecode] * scale
    results = [e.train_batch(images, indices, 0.05) for e in (one, textbook)]
    assert close(engine, results[0].loss, results[1].loss)
    assert results[0][1:] == results[1][1:]


@every_engine
@every_network
def test_a_step_goes_down_the_gradient(engine, network):
    images, indices = random_images(network, 8), range(8)
    one = engine(network, network.initial_parameters(6))
    before, gradients = one.parameters(), one.gradients(images, indices)
    one.train_batch(images, indices, 0.25)
    for name, tensor in one.parameters().items():
        rows = zip(tensor.values, before[name].values, gradients[name].values, strict=True)
        assert all(close(engine, new, old - 0.25 * slope) for new, old, slope in rows)


@every_engine
def test_the_same_again_gives_the_same_bits(engine):
    network = NETWORKS["padded, biased, two convolutions"]
    images = random_images(network, 30)

    def trained():
        one = engine(network, network.initial_parameters(0))
        for start in range(0, 30, 7):  # the last batch is partial
            one.train_batch(images, range(start, min(start + 7, 30)), 0.1)
        return one.parameters()

    assert trained() == trained()


@every_engine
@pytest.mark.parametrize("name", ["padded, biased, two convolutions", "toy layer"])
def test_it_learns(engine, name):
    network = NETWORKS[name]
    images = striped_images(network, 24)
    one = engine(network, network.initial_parameters(3))
    first = one.train_batch(images, range(24), 0.1)
    for _ in range(200):
        last = one.train_batch(images, range(24), 0.1)
    assert last.loss < first.loss / 4
    assert last.hits == 24


def at_once(*works):
    """Several threads, which take turns as often as they can."""
    threads = [Thread(target=work) for work in works]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)


@every_engine
def test_several_threads_ask_one_engine(engine):
    found = engine(SMALL, SMALL.initial_parameters(0))
    parts = [random_images(SMALL, count, seed=seed) for seed, count in enumerate((20, 20, 40))]
    expected = [found.probabilities(part, range(len(part))) for part in parts]
    wrong = []

    def work(part, right):
        for _ in range(20 if engine.name == "textbook" else 300):
            fresh = replace(part, pixels=bytes(bytearray(part.pixels)))
            wrong.extend([0] * (found.probabilities(fresh, range(len(part))) != right))

    at_once(*(partial(work, *each) for each in zip(parts, expected, strict=True)))
    assert wrong == []


@every_engine
def test_one_thread_asks_while_another_trains(engine):
    images, others = random_images(SMALL, 40), random_images(SMALL, 12, seed=1)
    alone, shared = (engine(SMALL, SMALL.initial_parameters(0)) for _ in range(2))
    order = [*range(40)] * {"textbook": 1, "native": 300}.get(engine.name, 3)
    trained = Event()

    def train(found):
        found.train_batches(images, order, 8, 0.01)
        trained.set()

    def ask():
        while not trained.is_set():
            shared.gradients(others, range(12))

    train(alone)
    shared.gradients(others, range(12))  # what compiles, does it now
    trained.clear()
    at_once(partial(train, shared), ask)
    assert shared.parameters() == alone.parameters()


@every_engine
def test_a_pause_may_ask_the_engine_that_trains(engine, monkeypatch):
    monkeypatch.setattr("verypoorcnn.engines.native.LONGEST_CALL", 0)
    monkeypatch.setattr("verypoorcnn.engines.textbook.PATIENCE", 0.0)
    images, others = random_images(SMALL, 100), random_images(SMALL, 5, seed=1)
    left, asked = (engine(SMALL, SMALL.initial_parameters(0)) for _ in range(2))
    pauses = []

    def ask(so_far):
        pauses.append(so_far)
        asked.parameters()
        asked.probabilities(others, range(5))
        asked.activations(others, range(3))

    results = [
        left.train_batches(images, range(100), 50, 0.1),
        asked.train_batches(images, range(100), 50, 0.1, pause=ask),
    ]
    assert results[0] == results[1]
    assert asked.parameters() == left.parameters()
    assert bool(pauses) == (engine.name != "python")  # a batch of its is never long


@every_engine
def test_a_batch_that_is_left_has_not_begun(engine, monkeypatch):
    if engine.name == "python":
        pytest.skip("a batch of its is never long")
    monkeypatch.setattr("verypoorcnn.engines.native.LONGEST_CALL", 0)
    monkeypatch.setattr("verypoorcnn.engines.textbook.PATIENCE", 0.0)
    images = random_images(SMALL, 100)
    left, untouched = (engine(SMALL, SMALL.initial_parameters(0)) for _ in range(2))

    def leave():
        raise TimeoutError

    with pytest.raises(TimeoutError):
        left.train_batch(images, range(100), 0.1, leave)
    assert left.parameters() == untouched.parameters()
    results = [one.train_batch(images, range(100), 0.1) for one in (left, untouched)]
    assert results[0] == results[1]
    assert left.parameters() == untouched.parameters()


@every_engine
def test_a_copy_goes_its_own_way(engine):
    images = random_images(SMALL, 8)
    found = engine(SMALL, SMALL.initial_parameters(0))
    found.train_batch(images, range(8), 0.1)
    found.threads = 2
    copied = deepcopy(found)
    before = copied.parameters()
    assert (before, copied.threads) == (found.parameters(), 2)
    assert copied.probabilities(images, range(8)) == found.probabilities(images, range(8))
    found.train_batch(images, range(8), 0.1)
    assert copied.parameters() == before != found.parameters()


def test_the_fastest_is_chosen_and_a_wrong_name_is_told():
    assert choose_engine("auto") in ENGINES.values()
    assert choose_engine("textbook") is ENGINES["textbook"]
    with pytest.raises(UserError, match="no engine 'textbok'; did you mean 'textbook'"):
        choose_engine("textbok")


def test_the_native_engine_checks_what_machine_code_would_not():
    if obstacle := ENGINES["native"].obstacle():
        pytest.skip(obstacle)
    network = NETWORKS["one dense layer"]
    images = random_images(network, 4)
    one = ENGINES["native"](network, network.initial_parameters(0))
    for indices in ([0, 4], [-1, 0]):
        with pytest.raises(IndexError, match="beyond the 4 images"):
            one.train_batches(images, indices, 2, 0.1)
        with pytest.raises(IndexError, match="beyond the 4 images"):
            one.probabilities(images, indices)
        with pytest.raises(IndexError, match="beyond the 4 images"):
            one.train_batches(images, [0] * 50 + indices, 2, 0.1)
    wrong = Dataset(bytes(9), bytes([2]), (1, 3, 3), ("a", "b", "c"), "a label too many")
    with pytest.raises(IndexError, match="a label of 2: 2 classes"):
        one.train_batch(wrong, [0], 0.1)


def test_where_machine_code_is_forbidden_auto_takes_python_and_says_so(monkeypatch):
    monkeypatch.setenv("VERYPOORCNN_ISA", "none")
    engine, reason = create_engine("auto", TINY, TINY_PARAMETERS)
    assert engine.name == "python"
    assert "not native: VERYPOORCNN_ISA=none forbids machine code" in reason
    with pytest.raises(UserError, match="native does not work here"):
        choose_engine("native")


def test_a_network_that_machine_code_refuses_falls_back(monkeypatch):
    def refuse(self, batch_size):
        raise UserError("samples are mixed")

    monkeypatch.setattr(ENGINES["native"], "prepare", refuse)
    engine, reason = create_engine("auto", TINY, TINY_PARAMETERS, batch_size=16)
    assert engine.name == "python"
    if ENGINES["native"].obstacle() is None:
        assert "not native: samples are mixed" in reason
