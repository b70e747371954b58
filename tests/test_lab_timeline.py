"""Time: epochs of a live training and of a saved model's training done again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from tests.lab import numbers
from tests.lab_trainings import Heard, quick_session, small_images, small_network
from verypoorcnn.engines import choose_engine, create_engine
from verypoorcnn.errors import UserError
from verypoorcnn.lab.training import timeline
from verypoorcnn.lab.training.live import LiveTraining
from verypoorcnn.lab.training.timeline import ROUTES, Timeline
from verypoorcnn.training.evaluation import evaluate
from verypoorcnn.training.loop import Trainer
from verypoorcnn.training.settings import TrainingSettings


def trained(engine: str = "auto", **settings):
    """A trained engine, and the records of its epochs."""
    given = {"epochs": 4, "batch_size": 8, "learning_rate": 0.1, "seed": 0, **settings}
    network = small_network()
    runner = create_engine(engine, network, network.initial_parameters(given["seed"])).engine
    wanted = TrainingSettings(measure_start=False, **given)
    trainer = Trainer(runner, small_images(60, 1), wanted)
    trainer.run()
    return trainer.engine, trainer.position.history


def saved(engine, **more):
    """A session that was opened on what this engine has learned."""
    return quick_session(parameters=engine.parameters(), origin="runs/one", **more)


def repeated(session):
    """The answer when the repetition is over."""
    ROUTES["GET", "/api/epochs"](session, {})
    assert session.service(Timeline).worker.rest(30)
    return ROUTES["GET", "/api/epochs"](session, {})


def test_a_saved_model_is_repeated_to_the_same_bits():
    engine, history = trained()
    session = saved(engine)
    heard = Heard(session)
    answer = repeated(session)
    assert (answer["source"], answer["sources"]) == ("repeat", ["repeat"])
    assert answer["repetition"]["exact"] is True
    assert answer["repetition"]["reason"].endswith("the same bits as the saved model.")
    assert [e["epoch"] for e in answer["epochs"]] == [0, 1, 2, 3, 4]
    assert [e["loss"] for e in answer["epochs"]] == [None, *(r["loss"] for r in history)]
    assert heard.of("epochs")[-1]["finished"]
    session.close()


def test_however_many_ask_at_once_it_is_repeated_once(monkeypatch):
    engine, _ = trained()
    session, begun = saved(engine), []
    once = timeline.repeat
    monkeypatch.setattr(timeline, "repeat", lambda *given: (begun.append(1), once(*given)))
    ask = partial(ROUTES["GET", "/api/epochs"], session, {})
    with ThreadPoolExecutor(8) as pool:
        histories = [*pool.map(lambda _: session.service(Timeline).history("repeat"), range(8))]
    assert all(history is histories[0] for history in histories)
    assert session.service(Timeline).worker.rest(30)
    assert (len(begun), ask()["repetition"]["done"]) == (1, 4)
    session.close()


def test_a_repetition_that_runs_away_says_so():
    session = saved(trained()[0], learning_rate=1e30)
    answer = repeated(session)
    assert answer["error"].endswith("try a learning rate below 1e+30")
    assert answer["repetition"]["finished"] is False
    session.close()


def test_the_seed_that_the_model_names_is_taken():
    engine, _ = trained(seed=5)
    session = saved(engine, details={"seed": 5})
    assert repeated(session)["repetition"]["exact"] is True
    session.close()


@pytest.mark.parametrize(
    ("engine", "more", "words"),
    [
        ("textbook", {}, "it was trained in float64, the repetition in float32"),
        ("auto", {"epochs": 3}, "a model file does not tell how it was trained, and what was"),
        ("auto", {"details": {"data": "cats"}, "epochs": 3}, "was trained on other images: cats"),
    ],
)
def test_a_model_that_came_about_otherwise_differs_and_why_is_said(engine, more, words):
    learned, _ = trained(engine)
    if engine == "textbook" and choose_engine().typecode == "d":
        pytest.skip("no engine here computes in float32")
    session = saved(learned, **more)
    repetition = repeated(session)["repetition"]
    assert repetition["exact"] is False
    assert words in repetition["reason"]
    session.close()


def test_live_epochs_are_there_as_they_are_trained():
    session = quick_session()
    assert ROUTES["GET", "/api/epochs"](session, {})["epochs"] == []
    live = session.service(LiveTraining)
    assert ROUTES["GET", "/api/epochs"](session, {})["epochs"] == [
        {"epoch": 0, "loss": None, "accuracy": None}
    ]
    live.command({"action": "play", "settings": {"pace": 0}})
    assert live.worker.rest(30)
    answer = ROUTES["GET", "/api/epochs"](session, {})
    assert answer["source"] == "live"
    assert [e["loss"] for e in answer["epochs"][1:]] == [r["loss"] for r in trained()[1]]
    session.close()


def test_an_epoch_tells_what_every_layer_made_of_an_image():
    engine, _ = trained()
    session = saved(engine)
    repeated(session)
    query = {"source": "repeat", "number": "4", "image": "test:7"}
    answer = ROUTES["GET", "/api/epoch"](session, query)
    exact = create_engine("python", small_network(), engine.parameters()).engine
    images = session.parts.test
    layers = exact.activations(images, [7])
    assert numbers(answer["layers"]["fc1"]) == layers["fc1"][0]
    assert answer["probabilities"] == exact.probabilities(images, [7])[0]
    assert answer["filters"]["shape"] == [2, 1, 3, 3]
    assert (answer["epoch"], answer["label"]) == (4, images.labels[7])
    assert 0 < answer["loss"] < 3
    before = ROUTES["GET", "/api/epoch"](session, {**query, "number": "0"})
    assert before["probabilities"] != answer["probabilities"]
    session.close()


def test_every_class_has_its_recall_at_every_epoch():
    engine, _ = trained()
    session = saved(engine)
    repeated(session)
    answer = ROUTES["GET", "/api/classes"](session, {})
    assert answer["epochs"] == [0, 1, 2, 3, 4]
    right = [one.recall for one in evaluate(engine, session.parts.test).per_class]
    assert answer["recall"][-1] == right
    assert ROUTES["GET", "/api/classes"](session, {}) == answer  # from memory
    session.close()


def test_an_epoch_can_become_the_model_of_all_views():
    engine, _ = trained()
    session = saved(engine)
    repeated(session)
    answer = ROUTES["POST", "/api/epochs/select"](session, {"source": "repeat", "number": 2})
    assert answer == {"version": session.version}
    assert session.held.origin == "runs/one, epoch 2"
    kept = session.service(Timeline).moment("repeat", 2).parameters
    assert {n: t.values.tolist() for n, t in session.parameters.items()} == {
        n: t.values.tolist() for n, t in kept.items()
    }
    session.close()


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ({"source": "dream", "number": "1", "image": "test:0"}, "there is no source 'dream'"),
        ({"source": "repeat", "number": "1", "image": "test:0"}, "there is no source 'repeat'"),
        ({"number": "99", "image": "test:0"}, "epoch 99 was not kept; choose from 0"),
        ({"number": "-1", "image": "test:0"}, "number is '-1'"),
        ({"number": "0", "image": "test:99"}, "there is no image 'test:99'"),
        ({"number": "0"}, "image is missing"),
    ],
)
def test_moments_that_are_not_there_are_refused(query, line):
    session = quick_session()
    session.service(LiveTraining)
    with pytest.raises(UserError) as refusal:
        ROUTES["GET", "/api/epoch"](session, query)
    assert str(refusal.value).startswith(line)
    session.close()
