"""The loop: batches, records, validation, early stopping, a loss that runs away, interruption."""

from __future__ import annotations

import signal
from array import array
from math import isnan
from pathlib import Path

import pytest

from tests.engines import NETWORKS, random_images, striped_images
from verypoorcnn.engines import ENGINES, BatchResult, textbook
from verypoorcnn.engines.order import shuffled
from verypoorcnn.engines.textbook import TextbookEngine
from verypoorcnn.errors import UserError
from verypoorcnn.training.configuration import load_configuration
from verypoorcnn.training.evaluation import probabilities
from verypoorcnn.training.interrupt import stop_on_interrupt
from verypoorcnn.training.loop import Callback, Diverged, Interrupted, Trainer, epoch_key
from verypoorcnn.training.settings import TrainingSettings

NETWORK = NETWORKS["one dense layer"]
EXAMPLES = Path(__file__).parent.parent / "examples"


def trainer(images, *, network=NETWORK, engine=TextbookEngine, seed=0, callbacks=(), **settings):
    validation = settings.pop("validation", None)
    settings = TrainingSettings(**{"seed": seed, "epochs": 2, "batch_size": 4, **settings})
    first = network.initial_parameters(seed)
    return Trainer(
        engine(network, first), images, settings, validation=validation, callbacks=callbacks
    )


class Diary(Callback):
    """Keeps what it is told."""

    def __init__(self):
        self.batches, self.records, self.measurements = [], [], 0

    def measured(self, trainer, images):
        self.measurements += images

    def batch_done(self, trainer, images):
        self.batches.append(images)

    def epoch_done(self, trainer, record):
        self.records.append(record)


def test_every_image_once_an_epoch_and_the_last_batch_partial():
    diary = Diary()
    one = trainer(random_images(NETWORK, 10), callbacks=[diary], measure_start=False)
    one.run()
    assert diary.batches == [4, 4, 2, 4, 4, 2]
    assert diary.records == one.position.history
    assert [record["epoch"] for record in diary.records] == [1, 2]


def test_the_order_is_shuffled_anew_every_epoch_and_by_every_seed():
    orders = [shuffled(50, epoch_key(*which)) for which in ((0, 0), (0, 1), (1, 0))]
    assert all(sorted(order) == list(range(50)) for order in orders)
    assert len({tuple(order) for order in orders}) == 3
    assert shuffled(50, epoch_key(0, 1)) == orders[1]


def test_running_figures_are_means_over_the_images():
    class Fixed(TextbookEngine):
        def train_batch(self, samples, indices, rate, pause):
            return BatchResult(
                loss=2.0 * len(indices), hits=len(indices) // 2, samples=len(indices)
            )

    one = trainer(random_images(NETWORK, 10), engine=Fixed, epochs=1)
    one.run()
    (record,) = one.position.history
    assert record["loss"] == 2.0  # 20 over 10 images
    assert record["accuracy"] == 0.5  # 2 + 2 + 1 of 10
    assert record["measured"] == "running"


def test_the_start_is_measured_before_the_first_step():
    images, diary = random_images(NETWORK, 10), Diary()
    one = trainer(images, callbacks=[diary], epochs=1)
    untouched = TextbookEngine(NETWORK, NETWORK.initial_parameters(0))
    rows = untouched.probabilities(images, range(10))
    hits = sum(row.index(max(row)) == label for row, label in zip(rows, images.labels, strict=True))
    one.run()
    assert one.position.start["accuracy"] == hits / 10
    assert diary.measurements == 10


@pytest.mark.parametrize(
    ("name", "network", "at_a_time"),
    [
        ("textbook", "lenet", [1] * 70),
        ("textbook", "paper", [35, 35]),
        ("python", "lenet", [7] * 10),
        ("python", "paper", [64, 6]),
        ("native", "lenet", [64, 6]),
    ],
)
def test_a_slow_engine_is_given_few_images_at_a_time(name, network, at_a_time, monkeypatch):
    """So that it is soon left by who is told to stop: 1 image of LeNet-5 is 416,520 multiply-adds.

    The textbook engine does 4 million a second or so, hence 0.1 s of one; 35 of the paper's 11,328.
    """
    kind = ENGINES[name]
    if obstacle := kind.obstacle():
        pytest.skip(obstacle)
    network = load_configuration(EXAMPLES / f"{network}.toml").network.build(10)
    images = random_images(network, 70)
    engine, asked, done = kind(network, network.initial_parameters(0)), [], []

    def ask(samples, indices):
        asked.extend(indices)
        return [[0.1] * 10 for _ in indices]

    monkeypatch.setattr(engine, "probabilities", ask)
    assert len(list(probabilities(engine, images, done.append))) == 70
    assert done == at_a_time
    assert asked == [*range(70)]


def test_a_signal_leaves_an_evaluation_after_one_call_of_the_engine():
    images = random_images(NETWORK, 10)

    class Slow(TextbookEngine):
        typical_speed = 35 * NETWORK.multiply_adds  # 3.5 images in 0.1 s
        asked = 0

        def probabilities(self, samples, indices):
            self.asked += len(indices)
            if self.asked == 6:
                signal.raise_signal(signal.SIGTERM)
            return super().probabilities(samples, indices)

    with stop_on_interrupt() as stop:
        one = trainer(images, engine=Slow, callbacks=[stop], measure_start=True)
        with pytest.raises(Interrupted) as asked:
            one.run()
    assert asked.value.signal == signal.SIGTERM
    assert one.engine.asked == 6


def test_validation_is_evaluated_at_the_end_of_the_epoch():
    images, others = striped_images(NETWORK, 12), striped_images(NETWORK, 6, seed=1)
    one = trainer(images, validation=others, epochs=30, learning_rate=0.5)
    one.run()
    validations = [record["validation"] for record in one.position.history]
    assert validations[-1]["loss"] < validations[0]["loss"]
    assert validations[-1]["accuracy"] == 1.0


def test_early_stopping_keeps_the_best_epoch():
    """Labels of the validation images are wrong, so the better it learns the worse they are."""
    images = striped_images(NETWORK, 12)
    wrong = images.take(range(12))
    object.__setattr__(wrong, "labels", bytes(1 - label for label in images.labels))
    one = trainer(images, validation=wrong, epochs=50, learning_rate=0.5, patience=3)
    one.run()
    losses = [record["validation"]["loss"] for record in one.position.history]
    assert one.position.best_epoch == losses.index(min(losses)) + 1
    assert len(losses) == one.position.best_epoch + 3
    again = trainer(images, epochs=one.position.best_epoch, learning_rate=0.5)
    again.run()
    assert one.engine.parameters() == again.engine.parameters()


def test_patience_without_validation_is_refused():
    with pytest.raises(UserError, match=r"patience is 3.*set data\.validation_samples"):
        trainer(random_images(NETWORK, 4), patience=3)


def test_a_loss_that_runs_away_names_epoch_and_batch_and_goes_back():
    class Runaway(TextbookEngine):
        steps = 0

        def train_batch(self, samples, indices, rate, pause):
            self.steps += 1
            result = super().train_batch(samples, indices, rate, pause)
            return result._replace(loss=float("nan")) if self.steps == 5 else result

    one = trainer(random_images(NETWORK, 10), engine=Runaway)
    with pytest.raises(Diverged, match=r"epoch 2, batch 2: the loss is nan.*below 0\.008"):
        one.run()
    first_epoch = trainer(random_images(NETWORK, 10), epochs=1)
    first_epoch.run()
    assert one.engine.parameters() == first_epoch.engine.parameters()
    assert (one.position.epoch, one.position.batch, len(one.position.history)) == (1, 0, 1)


def test_a_real_loss_runs_away_with_an_absurd_learning_rate():
    network = NETWORKS["padded, biased, two convolutions"]
    one = trainer(random_images(network, 12), network=network, learning_rate=1e200, epochs=5)
    with pytest.raises(Diverged, match=r"epoch 1, batch"):
        one.run()
    assert not any(isnan(v) for t in one.engine.parameters().values() for v in t.values)


def test_an_infinite_parameter_is_noticed_at_the_end_of_the_epoch():
    class Poisoned(TextbookEngine):
        def parameters(self):
            found = super().parameters()
            if self.poisoned:
                found["fc1.bias"] = found["fc1.bias"]._replace(values=array("d", [1, float("inf")]))
            return found

        poisoned = False

        def train_batch(self, samples, indices, rate, pause):
            self.poisoned = len(indices) == 2  # the last batch
            return super().train_batch(samples, indices, rate, pause)

    one = trainer(random_images(NETWORK, 10), engine=Poisoned)
    with pytest.raises(Diverged, match=r"epoch 1, batch 3: .*parameter"):
        one.run()


def test_ctrl_c_finishes_the_batch():
    class PressAtFive(Diary):
        def batch_done(self, trainer, images):
            super().batch_done(trainer, images)
            if len(self.batches) == 5:
                signal.raise_signal(signal.SIGINT)

    with stop_on_interrupt() as stop:
        diary = PressAtFive()
        one = trainer(random_images(NETWORK, 10), callbacks=[diary, stop])
        with pytest.raises(Interrupted):
            one.run()
    assert (one.position.epoch, one.position.batch) == (1, 2)
    assert len(diary.batches) == 5


def test_a_second_ctrl_c_stops_at_once():
    with stop_on_interrupt() as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop.asked
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_signals_ask_to_stop_and_that_is_said_at_once(name):
    if not hasattr(signal, name):
        pytest.skip(f"no {name} here")
    number, said = getattr(signal, name), []
    before = signal.getsignal(number)
    with stop_on_interrupt(said.append) as stop:
        signal.raise_signal(number)
        assert said == ["finishing the batch; Ctrl-C again stops at once"]
        with pytest.raises(Interrupted) as asked:
            stop.batch_done(None, 1)
        assert asked.value.signal == number
    assert signal.getsignal(number) is before


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no SIGHUP")
def test_a_terminal_that_hangs_up_twice_ends_nothing_at_once():
    with stop_on_interrupt() as stop:
        signal.raise_signal(signal.SIGHUP)
        signal.raise_signal(signal.SIGHUP)  # which would end the tests
        assert stop.asked


def test_an_ignored_signal_stays_ignored(monkeypatch):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stop_on_interrupt() as stop:
            signal.raise_signal(signal.SIGINT)
            assert not stop.asked
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_long_batch_is_left_on_the_way_as_if_it_had_not_begun(monkeypatch):
    class LeaveTheFifth(Diary):
        def batch_done(self, trainer, images):
            super().batch_done(trainer, images)
            if images == 0 and len([*filter(None, self.batches)]) == 4:
                raise Interrupted

    images = random_images(NETWORK, 10)
    whole = trainer(images, epochs=3)
    whole.run()
    monkeypatch.setattr(textbook, "PATIENCE", -1.0)  # every batch takes long
    first = trainer(images, epochs=3, callbacks=[LeaveTheFifth()])
    with pytest.raises(Interrupted):
        first.run()
    assert (first.position.epoch, first.position.batch) == (1, 1)
    engine = TextbookEngine(NETWORK, first.engine.parameters())
    second = Trainer(engine, images, first.settings, position=first.position)
    second.run()
    assert engine.parameters() == whole.engine.parameters()
    figures = [[(r["loss"], r["accuracy"]) for r in t.position.history] for t in (second, whole)]
    assert figures[0] == figures[1]


def test_going_on_from_a_position_gives_the_same_bits():
    images = random_images(NETWORK, 10)
    whole = trainer(images, epochs=3)
    whole.run()

    class StopAtSix(Diary):
        def batch_done(self, trainer, images):
            super().batch_done(trainer, images)
            if len(self.batches) == 6 - 2:
                raise Interrupted

    first = trainer(images, epochs=3, callbacks=[StopAtSix()])
    with pytest.raises(Interrupted):
        first.run()
    second = Trainer(
        TextbookEngine(NETWORK, first.engine.parameters()),
        images,
        first.settings,
        position=first.position,
    )
    second.run()
    assert second.engine.parameters() == whole.engine.parameters()
    figures = [[(r["loss"], r["accuracy"]) for r in t.position.history] for t in (second, whole)]
    assert figures[0] == figures[1]
