"""Live training: what is the trainer's stays the trainer's, whatever is turned on the way."""

from __future__ import annotations

import json
from threading import Event

import pytest

from tests.lab_trainings import Heard, quick_session, small_images, small_network
from verypoorcnn.engines import ENGINES, choose_engine, create_engine, textbook
from verypoorcnn.engines.textbook import TextbookEngine
from verypoorcnn.errors import UserError
from verypoorcnn.lab.training.experiments import Experiments
from verypoorcnn.lab.training.live import ROUTES, LiveTraining
from verypoorcnn.lab.training.variants import with_filters
from verypoorcnn.lab.training.watching import Watch
from verypoorcnn.training.loop import Trainer
from verypoorcnn.training.settings import TrainingSettings

FAST = choose_engine().name
works_here = pytest.mark.parametrize(
    "engine", [name for name, kind in ENGINES.items() if kind.obstacle() is None]
)


@pytest.fixture
def live():
    session = quick_session()
    training = session.service(LiveTraining)
    training.command({"settings": {"pace": 0}})  # full speed
    training.worker.rest()
    yield training
    session.close()


def act(live: LiveTraining, action: str | None = None, **settings):
    """Do it, wait until nothing moves, and give the state."""
    live.command({"action": action, "settings": settings} if action else {"settings": settings})
    assert live.worker.rest(30)
    return live.state()


def trained(engine: str, epochs: int, network=None, **settings):
    """What the project's trainer makes of the same."""
    network = network or small_network()
    given = {"batch_size": 8, "learning_rate": 0.1, "seed": 0, **settings}
    runner = create_engine(engine, network, network.initial_parameters(given["seed"])).engine
    wanted = TrainingSettings(epochs=epochs, measure_start=False, **given)
    trainer = Trainer(runner, small_images(60, 1), wanted)
    trainer.run()
    return trainer


def same(live: LiveTraining, trainer: Trainer) -> bool:
    found, right = live.course.parameters, trainer.engine.parameters()
    return all(found[name].values.tolist() == right[name].values.tolist() for name in right)


@works_here
def test_playing_to_the_end_is_what_train_does(live, engine):
    state = act(live, "play", engine=engine)
    trainer = trained(engine, 4)
    assert (state["epoch"], state["running"], state["phase"]) == (4, False, "paused")
    assert same(live, trainer)
    kept = [moment.loss for moment in live.course.kept.moments]
    assert kept == [None, *(record["loss"] for record in trainer.position.history)]
    assert state["train"]["loss"][-1] < state["train"]["loss"][0]
    assert state["samples_per_second"] > 0


@works_here
def test_steps_and_epochs_come_to_the_same(live, engine):
    act(live, engine=engine)
    for batch in (1, 2, 3):
        assert act(live, "step")["batch"] == batch
    assert [act(live, "epoch")["epoch"] for _ in range(2)] == [1, 2]
    assert same(live, trained(engine, 2))


def test_the_last_step_of_an_epoch_closes_it(live):
    states = [act(live, "step") for _ in range(8)]  # 60 images in batches of 8
    assert [(state["epoch"], state["batch"]) for state in states[-2:]] == [(0, 7), (1, 0)]
    assert states[-1]["batches"] == 8


def test_whoever_plays_on_at_the_end_trains_as_many_epochs_again(live):
    act(live, "play")
    assert act(live, "play")["epoch"] == 8
    assert same(live, trained(FAST, 8))


def test_an_engine_switch_keeps_the_parameters(live):
    if FAST == "textbook":
        pytest.skip("there is no other engine here")
    act(live, "epoch")
    before = {n: t.values.tolist() for n, t in live.course.parameters.items()}
    state = act(live, engine="textbook")
    assert {n: t.values.tolist() for n, t in live.course.parameters.items()} == before
    assert state["epoch"] == 1
    state = act(live, "epoch")
    right = trained(FAST, 2)
    assert live.course.kept.at(2).loss == pytest.approx(right.position.history[1]["loss"], rel=1e-5)
    measured = {rung["engine"]: rung["samples_per_second"] for rung in state["ladder"]}
    assert measured.keys() == ENGINES.keys()


def test_a_learning_rate_changed_on_the_way_is_that_of_the_next_batch(live):
    act(live, "epoch")
    act(live, "epoch", learning_rate=0.02)
    trainer = trained(FAST, 1)
    settings = TrainingSettings(epochs=2, batch_size=8, learning_rate=0.02, measure_start=False)
    again = Trainer(trainer.engine, trainer.train, settings, position=trainer.position)
    again.run()
    assert same(live, again)


def test_a_learning_rate_changed_while_it_runs_does_not_stop_it(live):
    live.command({"action": "play", "settings": {"pace": 100, "epochs": 200}})
    while live._trainer is None or live.state()["epoch"] < 1:  # until it is well under way
        pass
    trainer = live._trainer
    state = live.command({"settings": {"learning_rate": 0.011}})
    assert state["running"]
    assert live._trainer is trainer
    assert trainer.settings.learning_rate == 0.011
    act(live, "pause")
    assert not live.state()["running"]


def test_a_training_whose_learning_rate_was_changed_on_the_way_ends_like_any_other(live):
    live.command({"action": "play", "settings": {"pace": 100, "epochs": 40}})
    while live._trainer is None:  # until it is under way
        pass
    live.command({"settings": {"learning_rate": 0.011, "pace": 0}})
    assert live.worker.rest(30)
    state = live.state()
    assert (state["running"], state["phase"], state["epoch"]) == (False, "paused", 40)


def test_a_knob_that_is_turned_while_the_last_test_is_made_begins_no_other_round(live, monkeypatch):
    testing, may = Event(), Event()

    def test(watch, trainer):
        if live._trainer is None:  # the one at the end
            testing.set()
            may.wait(30)

    monkeypatch.setattr(Watch, "test", test)
    live.command({"action": "epoch"})
    testing.wait(30)
    live.command({"settings": {"batch_size": 16}})
    may.set()
    assert live.worker.rest(30)
    assert (live.state()["epoch"], live.state()["running"]) == (1, False)


def test_filters_that_were_changed_while_a_model_was_adopted_are_those_wanted(live):
    live._wanted = live._wanted.asked(None, {"filters": 9})
    live._take_over(4, {**live._wanted.settings, "filters": 2})
    assert live.state()["settings"]["filters"] == 9


def test_another_batch_size_goes_on_at_the_nearest_whole_batch(live):
    for _ in range(5):
        act(live, "step")  # 40 images are done
    state = act(live, batch_size=16)
    assert (state["epoch"], state["batch"], state["batches"]) == (0, 2, 4)  # 32 of 60
    assert act(live, "epoch")["epoch"] == 1
    assert 0 < live.course.kept.at(1).accuracy <= 1


def test_other_images_begin_the_epoch_again_with_the_same_parameters(live):
    act(live, "epoch")
    act(live, "step")
    before = live.course.parameters
    state = act(live, train_samples=20)
    assert (state["epoch"], state["batch"], state["batches"]) == (1, 0, 3)
    assert live.course.parameters is before


@pytest.mark.parametrize(
    ("name", "value"), [("seed", 3), ("filters", 5), ("initializer", "uniform")]
)
def test_what_draws_first_parameters_begins_anew(live, name, value):
    act(live, "epoch")
    state = act(live, **{name: value})
    assert (state["epoch"], state["train"]["loss"]) == (0, [])
    assert [moment.epoch for moment in live.course.kept.moments] == [0]
    if name != "initializer":
        act(live, "epoch")
        network = with_filters(small_network(), value) if name == "filters" else None
        assert same(live, trained(FAST, 1, network, seed=value if name == "seed" else 0))


def test_reset_goes_back_to_the_first_parameters(live):
    act(live, "play")
    state = act(live, "reset")
    first = small_network().initial_parameters(0)
    assert state["epoch"] == 0
    assert live.course.parameters == first


def test_adopt_goes_on_from_the_model_that_is_shown(live):
    network = with_filters(small_network(), 7)
    shown = network.initial_parameters(5)
    live.session.replace(network, shown, origin="elsewhere")
    state = act(live, "adopt")
    assert state["settings"]["filters"] == 7
    assert live.course.parameters == shown
    assert act(live, "step")["batch"] == 1


def test_a_loss_that_runs_away_is_shown_and_ends_nothing(live):
    act(live, "epoch")
    broken = {n: t._replace(values=t.values[:]) for n, t in live.course.parameters.items()}
    broken["fc1.bias"].values[0] = float("inf")
    live.course.parameters = broken
    state = act(live, "play")
    assert state["message"].startswith("epoch 2, batch 1: the loss is nan")
    assert state["message"].endswith("try a learning rate below 0.1")
    assert (state["running"], state["epoch"], state["batch"]) == (False, 1, 0)
    json.dumps(state, allow_nan=False)
    state = act(live, "reset")
    assert state["message"] is None
    assert act(live, "play")["epoch"] == 4


def test_the_other_views_get_the_model(live):
    version = live.session.version
    act(live, "epoch")
    assert live.session.version > version
    assert live.session.held.origin == "live training, epoch 1"
    shown, trained_here = live.session.parameters, live.course.parameters
    assert all(shown[name].values.tolist() == t.values.tolist() for name, t in trained_here.items())


def test_what_is_published_is_what_is_asked_for_and_json():
    session = quick_session()
    heard = Heard(session)
    live = session.service(LiveTraining)
    act(live, "play", pace=0)
    told = heard.of("training")
    asked = ROUTES["GET", "/api/training"](session, {})
    assert {**told[-1], "serial": asked["serial"]} == asked
    assert [state["serial"] for state in told] == sorted(state["serial"] for state in told)
    for state in told:
        json.dumps(state, allow_nan=False)
    last = told[-1]
    assert last["confusion"]["images"] == last["confusion"]["of"] == 30
    assert sum(map(sum, last["confusion"]["counts"])) == 30
    assert last["filters"]["shape"] == [2, 1, 3, 3]
    assert {state["phase"] for state in told} >= {"compiling", "training", "paused"}
    session.close()


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ({"action": "jump"}, "training: action: no 'jump'"),
        ({"action": 3}, "training: action: no 3"),
        ({"acton": "play"}, "training: no 'acton'; did you mean 'action'?"),
        ({"settings": {"learning_rate": -1}}, "learning_rate must be a number from 1e-05 to 10"),
        ({"settings": {"engine": "gpu"}}, "engine: no 'gpu'"),
        ({"settings": {"train_samples": 61}}, "train_samples must be a whole number from 10 to 60"),
        ({"settings": 7}, "training must be a table of settings, not 7"),
    ],
)
def test_what_cannot_be_asked_changes_nothing(live, body, line):
    before = {**live.state(), "serial": None}
    with pytest.raises(UserError) as refusal:
        ROUTES["POST", "/api/training"](live.session, body)
    assert str(refusal.value).startswith(line)
    assert {**live.state(), "serial": None} == before


def test_closing_ends_a_training_that_runs():
    session = quick_session()
    live = session.service(LiveTraining)
    live.command({"action": "play", "settings": {"pace": 1, "epochs": 200}})
    session.close()
    live.worker._thread.join(30)
    assert not live.worker._thread.is_alive()


@pytest.fixture
def long_batch(monkeypatch):
    """Two events: a batch of the textbook engine has begun, and it may end."""
    begun, may_end = Event(), Event()
    step = TextbookEngine.train_batch

    def slow(self, samples, indices, rate, pause):
        begun.set()
        may_end.wait(30)
        return step(self, samples, indices, rate, pause)

    monkeypatch.setattr(TextbookEngine, "train_batch", slow)
    yield begun, may_end
    may_end.set()


def test_a_pause_in_a_long_batch_is_answered_at_once(live, long_batch):
    begun, may_end = long_batch
    live.command({"action": "play", "settings": {"engine": "textbook"}})
    assert begun.wait(30)
    assert live.state()["phase"] == "training"
    state = live.command({"action": "pause"})
    assert (state["phase"], state["running"]) == ("pausing", False)
    may_end.set()
    assert live.worker.rest(30)
    assert live.state()["phase"] == "paused"


def test_closing_does_not_wait_for_a_long_batch(live, long_batch):
    begun, may_end = long_batch
    live.command({"action": "play", "settings": {"engine": "textbook"}})
    assert begun.wait(30)
    live.session.close()
    assert not may_end.is_set()
    assert live.worker._thread.is_alive()
    assert live.worker._thread.daemon  # it ends with the program
    may_end.set()
    live.worker._thread.join(30)


def test_an_engine_switch_leaves_a_long_batch(live, monkeypatch):
    if FAST == "textbook":
        pytest.skip("there is no other engine here")
    monkeypatch.setattr(textbook, "PATIENCE", -1.0)  # every batch takes long
    looks = []
    done = Watch.batch_done

    def switching(self, trainer, images):
        looks.append(images)
        if len(looks) == 1:
            live.command({"settings": {"engine": FAST}})
        done(self, trainer, images)

    monkeypatch.setattr(Watch, "batch_done", switching)
    state = act(live, "epoch", engine="textbook")
    assert looks[0] == 0  # on the way through the first batch, which was left
    assert looks[1] > 0
    assert (state["epoch"], state["settings"]["engine"]) == (1, FAST)
    assert same(live, trained(FAST, 1))


def test_a_lab_that_has_closed_makes_nothing_new():
    session = quick_session()
    live = session.service(LiveTraining)
    session.close()
    assert session.service(LiveTraining) is live
    with pytest.raises(UserError, match="the lab is closed; start it again"):
        session.service(Experiments)


def test_what_was_being_made_when_the_lab_closed_is_closed_too():
    session, closed = quick_session(), []

    class Slow:
        def __init__(self, session):
            session.close()

        def close(self):
            closed.append(self)

    assert closed == [session.service(Slow)]
