"""What every engine does with an epoch: its order, its batches, threads, and how it is cut up."""

from __future__ import annotations

from array import array
from collections import Counter
from math import isnan
from threading import Thread

import pytest

from tests.engines import NETWORKS, every_engine, every_network, random_images
from verypoorcnn.engines.engine import NOTHING
from verypoorcnn.engines.order import mixed, shuffled
from verypoorcnn.files.tensors import Tensor

NETWORK = NETWORKS["one dense layer"]  # of 3×3 pixels, two classes


@every_engine
@pytest.mark.parametrize("batch_size", [4, 16, 20, 32])
@pytest.mark.parametrize("stretch", [1, 2, 100])
def test_an_epoch_is_the_same_bits_however_it_is_cut_into_calls(engine, batch_size, stretch):
    network = NETWORKS["padded, biased, two convolutions"]
    images = random_images(network, 50)
    order = [(13 * k) % 50 for k in range(50)]
    at_once, one_by_one = (engine(network, network.initial_parameters(2)) for _ in range(2))
    found = NOTHING
    for start in range(0, 50, stretch * batch_size):
        some = order[start : start + stretch * batch_size]
        found = at_once.train_batches(images, some, batch_size, 0.05, found)
    loss, hits = 0.0, 0
    for start in range(0, 50, batch_size):
        result = one_by_one.train_batch(images, order[start : start + batch_size], 0.05)
        loss, hits = loss + result.loss, hits + result.hits
    assert found == (loss, hits, 50)
    assert at_once.parameters() == one_by_one.parameters()


MANY = random_images(NETWORK, 300)  # 19 groups, the last of 12, in 4 shards


@every_engine
@pytest.mark.parametrize("threads", [2, 3, 4, 100])
def test_the_number_of_threads_changes_no_bit(engine, threads):
    network, order = NETWORK, [(7 * k) % 300 for k in range(300)]

    def trained(threads):
        one = engine(network, network.initial_parameters(1))
        one.threads = threads
        found = [one.train_batches(MANY, order, size, 0.5) for size in (300, 140, 16)]
        return found, one.gradients(MANY, order), one.parameters()

    assert trained(threads) == trained(1)


def test_numbers_are_mixed_as_splitmix64_does_it():
    # the first three numbers that its authors' program gives for the seed 1234567
    step = 0x9E3779B97F4A7C15
    found = [mixed((1234567 + k * step) % 2**64) for k in (1, 2, 3)]
    assert found == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_every_order_of_three_is_as_likely_as_any_other():
    orders = Counter(tuple(shuffled(3, mixed(key))) for key in range(6000))
    assert len(orders) == 6
    assert all(900 < times < 1100 for times in orders.values())  # 1000 ± 29, by chance


@every_engine
@pytest.mark.parametrize("key", [0, 1, 2**63, 2**64 - 1, 0x9E3779B97F4A7C15])
def test_the_order_of_an_epoch_is_the_same_for_every_engine(engine, key):
    one = engine(NETWORK, NETWORK.initial_parameters(0))
    for count in (1, 2, 3, 50, 1000):
        order = one.shuffled(count, key)
        assert [*order] == [*shuffled(count, key)]
        assert sorted(order) == [*range(count)]


@every_engine
def test_an_engine_may_go_on_in_another_thread(engine):
    network = NETWORK
    here, there = (engine(network, network.initial_parameters(1)) for _ in range(2))
    there.train_batches(MANY, range(50), 16, 0.5)
    found = []

    def go_on():
        found.append(there.train_batches(MANY, range(50, 300), 128, 0.5))
        found.append(there.probability_array(MANY, range(20)))

    thread = Thread(target=go_on)
    thread.start()
    thread.join()
    here.train_batches(MANY, range(50), 16, 0.5)
    assert found[0] == here.train_batches(MANY, range(50, 300), 128, 0.5)
    assert found[1] == here.probability_array(MANY, range(20))
    assert there.parameters() == here.parameters()


@every_engine
@every_network
@pytest.mark.parametrize("count", [1, 16, 37])
def test_probabilities_are_the_same_in_one_array(engine, network, count):
    one = engine(network, network.initial_parameters(1))
    images, order = random_images(network, 20), [(7 * k) % 20 for k in range(count)]
    rows = one.probability_array(images, order)
    assert rows.typecode == engine.typecode
    assert rows.tolist() == [number for row in one.probabilities(images, order) for number in row]


@every_engine
def test_no_batch_is_begun_after_a_loss_that_is_not_finite(engine):
    bias = Tensor((2,), array("d", [float("nan"), 0.0]))
    broken = {**NETWORK.initial_parameters(0), "fc1.bias": bias}
    result = engine(NETWORK, broken).train_batches(MANY, range(8), 3, 0.1)
    assert isnan(result.loss)
    assert result.samples == 3
