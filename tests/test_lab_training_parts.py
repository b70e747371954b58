"""What trainings in the lab are made of: images, settings, engines, a brake, an onlooker."""

from __future__ import annotations

from contextlib import closing
from threading import Event
from threading import enumerate as enumerate_threads

import pytest

from tests.lab_trainings import GO_ON, quick_session, small_images, small_network
from verypoorcnn.data.sources import load
from verypoorcnn.engines import Engine, create_engine
from verypoorcnn.errors import UserError
from verypoorcnn.lab.training import compiled, experiments, live, material
from verypoorcnn.lab.training.compiled import Engines
from verypoorcnn.lab.training.course import Course
from verypoorcnn.lab.training.experiments import Experiments
from verypoorcnn.lab.training.live import LiveTraining
from verypoorcnn.lab.training.material import Material
from verypoorcnn.lab.training.paced import Paced, Speed
from verypoorcnn.lab.training.sweep import Sweeps
from verypoorcnn.lab.training.timeline import Timeline
from verypoorcnn.lab.training.variants import initializer_of, with_filters, with_initializer
from verypoorcnn.lab.training.wanted import live_defaults, live_fields
from verypoorcnn.lab.training.watching import Watch
from verypoorcnn.network import Network
from verypoorcnn.network.layers import Dense, Flatten
from verypoorcnn.training.interrupt import StopWhenAsked
from verypoorcnn.training.loop import Interrupted, Trainer
from verypoorcnn.training.settings import TrainingSettings

FILTERS = {"name": "filters", "values": [2, 4, 5]}


@pytest.fixture
def session():
    with closing(quick_session()) as made:
        yield made


@pytest.fixture
def engines():
    with closing(Engines()) as made:
        yield made


def engine(name: str = "auto") -> Engine:
    network = small_network()
    return create_engine(name, network, network.initial_parameters(0), 8).engine


# Images.


def test_the_lab_knows_from_its_opening_how_many_images_there_are(monkeypatch):
    session = quick_session()
    session.parts = load("sketches", train_samples=30, test_samples=10, say=str)
    monkeypatch.setattr(material, "load", None)  # nothing is read to tell that
    assert Material(session).fields["train_samples"].high == 6_000
    session.close()


def test_all_images_are_read_when_others_are_wanted(tmp_path):
    rows = [f"{k % 3}" + f",{k}" * 36 for k in range(90)]
    (tmp_path / "train.csv").write_text("\n".join(rows))
    (tmp_path / "test.csv").write_text("\n".join(rows[:9]))
    session = quick_session(source=str(tmp_path))
    session.parts = load(str(tmp_path), shape=(1, 6, 6), train_samples=30, say=str)
    own = Material(session)
    assert own.fields["train_samples"].high == 90
    assert own.train(30) is session.parts.train
    assert [image[0] for image in own.train(60).images()] == [*range(60)]
    assert len(own.train(90)) == 90
    (tmp_path / "train.csv").unlink()
    with pytest.raises(UserError, match=r"train\.csv|holds no data|unknown"):
        Material(session).train(60)
    session.close()


def test_the_first_visit_reads_nothing_and_compiles_nothing(session, monkeypatch):
    monkeypatch.setattr(material, "load", None)
    monkeypatch.setattr(compiled, "create_engine", None)
    assert live.ROUTES["GET", "/api/training"](session, {})["phase"] == "paused"
    assert experiments.ROUTES["GET", "/api/experiment"](session, {})["last"] is None


# Settings.


def test_what_the_lab_was_opened_with_is_within_bounds_as_it_is():
    given = {"learning_rate": 20.0, "batch_size": 500, "epochs": 300, "seed": 123_456}
    session = quick_session(network=with_filters(small_network(), 100), **given)
    own = session.service(Material)
    defaults, fields = live_defaults(own), live_fields(own)
    assert {name: defaults[name] for name in given} == given
    assert defaults["filters"] == 100
    assert {name: fields[name].read(name, value) for name, value in defaults.items()} == defaults
    session.close()


def test_weights_are_drawn_as_the_configuration_says_until_told_otherwise():
    network = with_initializer(small_network(), "uniform")
    session = quick_session(network=network)
    training = session.service(LiveTraining)
    assert training.state()["settings"]["initializer"] == "uniform"
    assert training.course.parameters == network.initial_parameters(0)
    session.close()


def test_layers_with_rules_of_their_own_keep_them():
    layers = (Flatten(), Dense(units=4, initializer="uniform"), Dense(units=3, initializer="zeros"))
    network = Network((1, 6, 6), layers)
    assert initializer_of(network) == "auto"
    assert with_initializer(network, "auto") is network
    changed = with_initializer(network, "he_normal")
    assert [layer.settings().get("initializer") for layer in changed.layers] == [
        None,
        "he_normal",
        "he_normal",
    ]


# Engines.


class StopAfter(StopWhenAsked):
    """Is asked to stop when something has happened."""

    def __init__(self, event: Event) -> None:
        self.event = event

    @property
    def asked(self) -> bool:
        return self.event.is_set()


class Slow:
    """Compiles for nobody until it may."""

    def __init__(self, monkeypatch) -> None:
        self.begun, self.may = Event(), Event()
        self.made = 0
        monkeypatch.setattr(compiled, "create_engine", self)

    def __call__(self, *given):
        self.begun.set()
        self.may.wait(30)
        self.made += 1
        return create_engine(*given)


def test_who_is_asked_to_stop_leaves_what_is_being_compiled(engines, monkeypatch):
    at_hand = engines.get("auto", small_network(), 8, GO_ON)
    other, slow = with_filters(small_network(), 3), Slow(monkeypatch)
    stop = StopAfter(slow.begun)
    with pytest.raises(Interrupted):
        engines.get("auto", other, 8, stop)
    assert engines.get("auto", small_network(), 8, GO_ON) is at_hand  # at once
    third = with_filters(small_network(), 5)
    with pytest.raises(Interrupted):
        engines.get("auto", third, 8, stop)  # which is never begun
    slow.may.set()
    assert engines.get("auto", other, 8, GO_ON).network == other
    assert slow.made == 1
    assert engines.get("auto", third, 8, GO_ON).network == third
    assert slow.made == 2


def test_an_engine_is_not_used_while_it_is_compiled_for_other_batches(engines, monkeypatch):
    own = engines.get("auto", small_network(), 8, GO_ON)
    begun, may = Event(), Event()

    def prepare(batch_size):
        begun.set()
        may.wait(30)

    monkeypatch.setattr(own, "prepare", prepare)
    stop = StopAfter(begun)
    with pytest.raises(Interrupted):
        engines.get("auto", small_network(), 32, stop)
    with pytest.raises(Interrupted):
        engines.get("auto", small_network(), 8, stop)
    may.set()
    assert engines.get("auto", small_network(), 8, GO_ON) is own


def test_a_network_that_is_refused_is_refused_again_and_others_are_not(engines, monkeypatch):
    def refuse(*given):
        raise UserError("too large")

    monkeypatch.setattr(compiled, "create_engine", refuse)
    for _ in range(2):
        with pytest.raises(UserError, match="too large"):
            engines.get("auto", small_network(), 8, GO_ON)
    monkeypatch.undo()
    assert engines.get("auto", small_network(), 8, GO_ON).network == small_network()


def test_only_so_many_engines_are_kept(engines, monkeypatch):
    monkeypatch.setattr(compiled, "KEPT", 2)
    first, second, _ = (
        engines.get("textbook", with_filters(small_network(), k), 8, GO_ON) for k in (1, 2, 3)
    )
    assert engines.get("textbook", second.network, 8, GO_ON) is second
    assert engines.get("textbook", first.network, 8, GO_ON) is not first


def test_a_new_experiment_begins_while_the_one_before_is_compiled(session, monkeypatch):
    service = session.service(Experiments)
    service.start({"seeds": 1})
    assert service.worker.rest(30)
    slow = Slow(monkeypatch)
    service.start({"filters": 5, "seeds": 1})
    slow.begun.wait(30)
    last = service.start({"learning_rate": 0.2, "seeds": 1})
    assert service.worker.rest(30)
    assert (service.last["id"], service.last["finished"], slow.made) == (last, True, 0)
    slow.may.set()


def test_the_configurations_threads_are_the_trainers():
    session = quick_session(threads=2)
    chosen = {"batch_size": 8, "learning_rate": 0.1}
    assert session.service(Material).settings(chosen, epochs=1, seed=0).threads == 2
    session.close()


def test_no_thread_outlives_the_session():
    before = {*enumerate_threads()}
    session = quick_session(origin="runs/one")
    session.service(Experiments).start({"filters": 3})
    session.service(Sweeps).start({"x": {"name": "epochs", "values": [1, 200]}, "y": FILTERS})
    session.service(LiveTraining).command({"action": "play"})
    session.service(Timeline).history("repeat")
    session.close()
    assert {*enumerate_threads()} <= before


# The brake.


def test_the_trainers_threads_are_those_of_the_engine_behind_the_brake():
    braked = Paced(engine(), lambda: 1e9, lambda: False, Speed())
    Trainer(braked, small_images(60, 1), TrainingSettings(threads=3))
    assert braked.inner.threads == 3
    assert braked.threads == 3


def test_the_brake_is_no_engine_of_its_own():
    inherited = set(vars(Engine)) - set(vars(Paced))
    assert {name for name in inherited if not name.startswith("_")} <= {
        "name",
        "typecode",
        "obstacle",
    }


def test_another_pace_holds_at_once():
    paces = iter([1e-3, 1e-3, 1e9])  # images a second
    looks = []

    def hurry() -> bool:
        looks.append(True)
        return len(looks) > 10

    braked = Paced(engine(), lambda: next(paces), hurry, Speed())
    braked.train_batches(small_images(60, 1), range(8), 8, 0.1)
    assert len(looks) == 2


# The onlooker.


def test_a_test_that_takes_long_is_given_up_by_who_is_asked_to_stop(monkeypatch):
    own, stop = engine(), StopWhenAsked()
    course, images = Course(own.network, own.parameters()), small_images(60, 1)
    asked = []

    def probabilities(samples, indices):
        asked.append(len(indices))
        stop.asked = len(asked) > 4
        sleep_until_next(0.05)
        return [[1.0, 0.0, 0.0] for _ in indices]

    monkeypatch.setattr(own, "probabilities", probabilities)
    watch = Watch(course, own, images, "play", stop, int, int)
    watch.test(Trainer(own, images, TrainingSettings()))
    assert course.confusion is None
    assert len(asked) < 20


def sleep_until_next(seconds: float) -> None:
    Event().wait(seconds)
