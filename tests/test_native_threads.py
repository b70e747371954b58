"""Batches of the native engine: how they are cut, who works on them, and what goes wrong."""

from __future__ import annotations

import os

import pytest

from tests.engines import NETWORKS, random_images
from verypoorcnn.engines import ENGINES
from verypoorcnn.engines.native_batches import (
    cores,
    give_way,
    rounds_of,
    shards_of,
    threads_that_gain,
)
from verypoorcnn.training.loop import Callback, Interrupted, Trainer
from verypoorcnn.training.settings import TrainingSettings

NETWORK = NETWORKS["padded, biased, two convolutions"]
IMAGES = random_images(NETWORK, 600)
needs_native = pytest.mark.skipif(
    ENGINES["native"].obstacle() is not None, reason="machine code cannot run here"
)


def native(threads=1):
    engine = ENGINES["native"](NETWORK, NETWORK.initial_parameters(0))
    engine.threads = threads
    return engine


@pytest.mark.parametrize(
    ("images", "shards"),
    [(1, 1), (112, 1), (113, 2), (128, 2), (255, 4), (256, 4), (512, 8), (1024, 16), (60_000, 16)],
)
def test_a_batch_is_cut_into_shards_by_its_size(images, shards):
    parts = shards_of(images)
    assert len(parts) == shards
    assert [first for first, _ in parts] == [sum(n for _, n in parts[:k]) for k in range(shards)]
    assert sum(count for _, count in parts) == images
    assert all(count % 16 == 0 for _, count in parts[:-1])


def test_shards_by_hand():
    # 18 groups in 4 shards: 4, 5, 4, 5, and the last group has 3 images
    assert shards_of(17 * 16 + 3) == [(0, 64), (64, 80), (144, 64), (208, 67)]


@pytest.mark.parametrize("groups", [1, 3, 4, 8, 100])
def test_a_long_batch_takes_several_calls_and_leaves_nothing_out(groups):
    parts = shards_of(17 * 16 + 3)
    rounds = rounds_of(parts, groups)
    for shard, (first, count) in enumerate(parts):
        pieces = [one_round[shard] for one_round in rounds]
        assert pieces[0][0] == first
        assert [start + n for start, n in pieces[:-1]] == [start for start, _ in pieces[1:]]
        assert sum(n for _, n in pieces) == count
        assert all(n > 0 for _, n in pieces)
    assert len(rounds) == {1: 4, 3: 4, 4: 4, 8: 2, 100: 1}[groups]


def test_cores_are_those_that_this_process_may_use():
    assert 1 <= cores() <= (os.cpu_count() or 1)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="asks for the affinity")
@pytest.mark.parametrize(
    ("content", "expected"),
    [("max 100000", 8), ("250000 100000", 2), ("50000 100000", 1), ("", 8), (None, 8)],
)
def test_a_container_may_have_less(monkeypatch, tmp_path, content, expected):
    quota = tmp_path / "cpu.max"
    if content is not None:
        quota.write_text(content)
    monkeypatch.setattr("verypoorcnn.engines.native_batches.QUOTA", quota)
    monkeypatch.setattr("os.sched_getaffinity", lambda process: set(range(8)))
    assert cores() == expected


@pytest.mark.parametrize(
    ("images", "batches", "multiply_adds", "expected"),
    [
        (16, 100, 10**9, 1),  # one group, one shard
        (128, 100, 10**6, 2),
        (1024, 100, 10**6, 5),  # all there are
        (1024, 100, 1000, 2),  # a million in a batch
        (1024, 100, 100, 1),
        (1024, 20, 1000, 2),  # twenty million in the call
        (1024, 10, 1000, 1),
    ],
)
def test_as_many_threads_as_gain(monkeypatch, images, batches, multiply_adds, expected):
    monkeypatch.setattr("verypoorcnn.engines.native_batches.cores", lambda: 5)
    assert threads_that_gain(images, batches, multiply_adds) == expected


@needs_native
@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("size", [40, 300, 600])
def test_a_batch_in_several_calls_is_the_same_bits(monkeypatch, threads, size):
    at_once, in_parts = native(threads), native(threads)
    paused = []
    expected = [at_once.train_batches(IMAGES, range(600), size, 0.1) for _ in range(2)]
    monkeypatch.setattr("verypoorcnn.engines.native.LONGEST_CALL", 1)
    calls = [
        in_parts.train_batches(IMAGES, range(600), size, 0.1, pause=paused.append) for _ in range(2)
    ]
    assert calls == expected
    assert in_parts.parameters() == at_once.parameters()
    assert {result.samples for result in paused} == set(range(0, 600, size))


def assert_goes_on_as_if_never_stopped(stopped: Trainer) -> None:
    """To the same bits as a training in one piece."""
    whole = Trainer(native(), IMAGES, stopped.settings)
    for trainer in (stopped, whole):
        trainer.callbacks = []
        trainer.run()
    assert stopped.engine.parameters() == whole.engine.parameters()
    assert stopped.position.history[0]["loss"] == whole.position.history[0]["loss"]


@needs_native
def test_who_stops_in_the_middle_of_a_batch_finds_it_not_begun(monkeypatch):
    monkeypatch.setattr("verypoorcnn.engines.native.LONGEST_CALL", 1)

    class StopAtThirdPause(Callback):
        pauses = 0

        def batch_done(self, trainer, images):
            self.pauses += images == 0
            if self.pauses == 3:
                raise Interrupted

    settings = TrainingSettings(epochs=1, batch_size=300, measure_start=False, threads=2)
    one = Trainer(native(), IMAGES, settings, callbacks=[StopAtThirdPause()])
    with pytest.raises(Interrupted):
        one.run()
    assert one.position.batch == 0
    assert one.engine.parameters() == native().parameters()
    assert_goes_on_as_if_never_stopped(one)


@needs_native
def test_a_training_may_go_on_with_other_threads():
    def trained(*stretches):
        one, position = native(), None
        for epochs, threads in stretches:
            settings = TrainingSettings(epochs=epochs, batch_size=270, threads=threads)
            trainer = Trainer(one, IMAGES, settings, position=position)
            trainer.run()
            position = trainer.position
        losses = [record["loss"] for record in position.history]
        return losses, one.parameters()

    assert trained((2, 1), (3, 3), (4, 2)) == trained((4, 1))


@needs_native
def test_where_one_stops_between_long_batches_the_first_ones_count(monkeypatch):
    monkeypatch.setattr("verypoorcnn.engines.native.LONGEST_CALL", 1)

    class StopInThirdBatch(Callback):
        def batch_done(self, trainer, images):
            if trainer.position.batch == 2:
                raise Interrupted

    settings = TrainingSettings(epochs=1, batch_size=150, measure_start=False, threads=2)
    one = Trainer(native(), IMAGES, settings, callbacks=[StopInThirdBatch()])
    one._stretch = 4  # all in one call
    with pytest.raises(Interrupted):
        one.run()
    assert one.position.batch == 2
    assert_goes_on_as_if_never_stopped(one)


@needs_native
def test_a_batch_has_images():
    engine = native()
    with pytest.raises(ValueError, match="a batch of 0 images; give at least one"):
        engine.gradients(IMAGES, [])
    assert engine.train_batches(IMAGES, [], 16, 0.1) == (0.0, 0, 0)
    assert engine.probabilities(IMAGES, []) == []


class Broken(Exception):
    """What a thread fails with."""


@needs_native
@pytest.mark.parametrize("broken", [0, 1, 2])
def test_an_error_in_any_thread_reaches_the_caller_and_nobody_waits_for_ever(broken):
    engine = native(3)
    engine.train_batch(IMAGES, range(300), 0.1)
    (crew,) = engine._crews.values()
    works, drive = [address_of(work) for work in crew._works], crew._drive

    def drive_or_fail(address):
        if address == works[broken]:
            raise Broken
        drive(address)

    crew._drive = drive_or_fail
    with pytest.raises(Broken):
        engine.train_batch(IMAGES, range(300), 0.1)
    crew._drive = drive
    engine.train_batch(IMAGES, range(300), 0.1)


def address_of(work):
    import ctypes

    return ctypes.addressof(work)


@needs_native
def test_without_a_way_to_give_way_threads_wait_all_the_same(monkeypatch):
    monkeypatch.setattr("verypoorcnn.engines.native_batches.give_way", lambda: 0)
    one, two = native(), native(2)
    assert one.train_batch(IMAGES, range(256), 0.1) == two.train_batch(IMAGES, range(256), 0.1)


def test_the_system_has_a_function_that_gives_way():
    assert give_way() > 0
