"""Experiments and sweeps: each trial is what `train` does; the newest is the one that is done."""

from __future__ import annotations

import json
from contextlib import closing
from functools import partial
from statistics import mean, stdev
from threading import Event
from time import sleep

import pytest

from tests.lab_trainings import GO_ON, Heard, quick_session, small_images, small_network
from verypoorcnn.engines import create_engine
from verypoorcnn.errors import UserError
from verypoorcnn.lab.training import experiments, sweep
from verypoorcnn.lab.training.experiments import Experiments
from verypoorcnn.lab.training.material import Material
from verypoorcnn.lab.training.sweep import Sweeps
from verypoorcnn.lab.training.trial import Bench, accuracies, confusion, curves
from verypoorcnn.training.evaluation import evaluate
from verypoorcnn.training.loop import Trainer
from verypoorcnn.training.settings import TrainingSettings


@pytest.fixture
def session():
    with closing(quick_session()) as made:
        yield made


@pytest.fixture
def bench(session):
    with closing(Bench(Material(session))) as made:
        yield made


def by_hand(seed: int, **settings):
    """History and test accuracy of a training with the project's own trainer."""
    network = small_network()
    engine = create_engine("auto", network, network.initial_parameters(seed)).engine
    given = {"epochs": 4, "batch_size": 8, "learning_rate": 0.1, **settings}
    wanted = TrainingSettings(seed=seed, measure_start=False, **given)
    trainer = Trainer(engine, small_images(60, 1), wanted)
    trainer.run()
    return trainer.position.history, evaluate(engine, small_images(30, 2))


def run(session, **given):
    """An experiment to its end, and what was told of it."""
    heard = Heard(session)
    service = session.service(Experiments)
    number = experiments.ROUTES["POST", "/api/experiment"](session, given)["id"]
    assert service.worker.rest(30)
    return [told for told in heard.of("experiment") if told["id"] == number]


def test_every_seed_is_what_train_does(session):
    told = run(session, seeds=3)
    last = told[-1]
    right = [by_hand(seed) for seed in range(3)]
    assert (last["done"], last["of"], last["finished"]) == (3, 3, True)
    assert last["accuracy"]["each"] == [metrics.accuracy for _, metrics in right]
    assert last["accuracy"]["mean"] == mean(last["accuracy"]["each"])
    assert last["accuracy"]["sd"] == stdev(last["accuracy"]["each"])
    losses = [[record["loss"] for record in history] for history, _ in right]
    assert last["curves"]["loss"]["low"] == [min(epoch) for epoch in zip(*losses, strict=True)]
    assert last["curves"]["loss"]["high"] == [max(epoch) for epoch in zip(*losses, strict=True)]
    assert last["curves"]["loss"]["mean"] == [mean(epoch) for epoch in zip(*losses, strict=True)]
    assert sum(map(sum, last["confusion"])) == 90
    assert last["confusion"][1][1] == sum(metrics.confusion[1][1] for _, metrics in right)


def test_it_is_told_seed_after_seed(session):
    told = run(session, seeds=3)
    assert [state["done"] for state in told if "under_way" not in state] == [0, 1, 2, 3]
    assert told[0]["accuracy"] == {"mean": None, "sd": None, "each": []}
    assert told[1]["accuracy"]["sd"] is None  # of one seed there is none
    for state in told:
        json.dumps(state, allow_nan=False)


def test_settings_that_are_not_given_are_as_the_lab_was_opened(session):
    (*_, last) = run(session, learning_rate=0.05, seeds=1)
    assert last["settings"] == {
        "learning_rate": 0.05,
        "batch_size": 8,
        "filters": 2,
        "train_samples": 60,
        "epochs": 4,
        "seeds": 1,
    }
    assert last["accuracy"]["each"] == [by_hand(0, learning_rate=0.05)[1].accuracy]


def test_a_kept_engine_gives_the_same_as_a_new_one(bench):
    for rate in (0.1, 0.2):
        for filters in (2, 3):
            bench.trial(bench.setup({"learning_rate": rate, "filters": filters}), 0, GO_ON)
    again = bench.trial(bench.setup({}), 0, GO_ON)
    assert again.history[-1]["loss"] == by_hand(0)[0][-1]["loss"]


def test_a_new_experiment_takes_the_place_of_the_one_under_way(session):
    heard = Heard(session)
    service = session.service(Experiments)
    begun = Event()
    trial = service.bench.trial

    def watched(*given):
        begun.set()
        return trial(*given)

    service.bench.trial = watched
    first = service.start({"epochs": 200, "seeds": 30})
    begun.wait()
    second = service.start({"seeds": 2})
    assert service.worker.rest(30)
    told = heard.of("experiment")
    assert second == first + 1
    assert not any(state["finished"] for state in told if state["id"] == first)
    assert told[-1]["id"] == second
    assert told[-1]["finished"]


def test_a_cancelled_experiment_stays_as_it_is(session):
    service = session.service(Experiments)
    service.start({"epochs": 200, "seeds": 30})
    experiments.ROUTES["POST", "/api/experiment/cancel"](session, {})
    assert service.worker.rest(30)
    assert service.last is None or not service.last["finished"]


def test_seeds_that_run_away_are_named_and_left_out(bench):
    good = bench.trial(bench.setup({}), 0, GO_ON)
    setup = bench.setup({})
    object.__setattr__(setup, "learning_rate", 1e300)
    bad = bench.trial(setup, 1, GO_ON)
    assert bad.test is None
    assert bad.fault.endswith("try a learning rate below 1e+300")
    found = accuracies([good, bad])
    assert found == {"mean": good.test.accuracy, "sd": None, "each": [good.test.accuracy, None]}
    assert confusion([good, bad]) == good.test.confusion
    assert curves([good, bad])["loss"]["mean"] == [r["loss"] for r in good.history]
    assert confusion([bad]) is None
    assert curves([bad])["loss"] == {"mean": [], "low": [], "high": []}


def test_seeds_whose_last_step_ruins_them_are_faults_and_no_end_of_all(bench):
    setup = bench.setup({"epochs": 1, "batch_size": 60})
    object.__setattr__(setup, "learning_rate", 1e30)  # one step, whose loss is still well
    bad = bench.trial(setup, 0, GO_ON)
    assert bad.test is None
    assert bad.fault.endswith("try a learning rate below 1e+30")


def test_what_was_told_never_changes(session, monkeypatch):
    told = []
    monkeypatch.setattr(experiments, "BETWEEN", 0.0)
    monkeypatch.setattr(session.hub, "publish", lambda kind, data: told.append((data, str(data))))
    run(session, seeds=2)
    assert any("under_way" in data for data, _ in told)
    assert all(str(data) == before for data, before in told)


def test_without_machine_code_less_is_trained_and_that_is_said(bench, monkeypatch):
    monkeypatch.setattr(bench.engines, "get", partial(_python_alone, bench.engines.get))
    setup = bench.feasible(bench.setup({"epochs": 100}), GO_ON)
    assert bench.note.startswith("There is no machine code for this network here, so the python")
    assert (setup.epochs, setup.train_samples) == (8, 60)


def _python_alone(get, name, *given):
    return get("python", *given)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"seeds": 0}, "experiment: seeds must be a whole number from 1 to 30, not 0"),
        ({"epochs": "all"}, "epochs must be a whole number from 1 to 200, not 'all'"),
        ({"rate": 1}, "experiment: no 'rate'"),
        ({"filters": 65}, "filters must be a whole number from 1 to 64, not 65"),
    ],
)
def test_experiments_that_cannot_be_are_refused(session, given, line):
    with pytest.raises(UserError) as refusal:
        experiments.ROUTES["POST", "/api/experiment"](session, given)
    assert str(refusal.value).startswith(line)


def test_the_page_learns_what_can_be_set(session):
    state = experiments.ROUTES["GET", "/api/experiment"](session, {})
    assert state["limits"].keys() == state["defaults"].keys()
    assert state["last"] is None
    run(session, seeds=1)
    state = experiments.ROUTES["GET", "/api/experiment"](session, {})
    assert state["last"]["finished"]


# Sweeps.

AXES = {
    "x": {"name": "learning_rate", "values": [0.01, 0.1, 0.3]},
    "y": {"name": "batch_size", "values": [8, 16]},
}


def test_every_cell_of_a_sweep_is_an_experiment(session):
    heard = Heard(session)
    body = {**AXES, "seeds": 2, "base": {"epochs": 3}}
    number = sweep.ROUTES["POST", "/api/sweep"](session, body)["id"]
    assert session.service(Sweeps).worker.rest(30)
    told = heard.of("sweep")
    last = told[-1]
    assert (last["id"], last["done"], last["of"], last["finished"]) == (number, 12, 12, True)
    assert [state["done"] for state in told] == [*range(13)]
    cells = {(cell["i"], cell["j"]): cell for cell in last["cells"]}
    assert len(cells) == 6
    for (i, j), cell in cells.items():
        settings = {"learning_rate": AXES["x"]["values"][i], "batch_size": AXES["y"]["values"][j]}
        each = [by_hand(seed, epochs=3, **settings)[1].accuracy for seed in range(2)]
        assert (cell["accuracy"], cell["sd"]) == (mean(each), stdev(each))
    json.dumps(last, allow_nan=False)


def test_the_whole_map_is_seen_before_a_second_seed_begins(session):
    heard = Heard(session)
    session.service(Sweeps).start({**AXES, "seeds": 2})
    assert session.service(Sweeps).worker.rest(30)
    half = heard.of("sweep")[6]
    assert len(half["cells"]) == 6
    assert {cell["seeds"] for cell in half["cells"]} == {1}


def test_a_cancelled_sweep_stays_as_it_is(session):
    service = session.service(Sweeps)
    service.start({**AXES, "seeds": 10, "base": {"epochs": 200}})
    while service.last is None:
        sleep(0.01)
    sweep.ROUTES["POST", "/api/sweep/cancel"](session, {})
    assert service.worker.rest(30)
    assert (service.last["finished"], service.last["cancelled"]) == (False, True)


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ({"x": AXES["x"]}, "sweep: y must be a table, not None"),
        ({**AXES, "y": AXES["x"]}, "sweep: x and y are both learning_rate; give two settings"),
        ({**AXES, "x": {"name": "seed", "values": [1]}}, "sweep: x: no 'seed'"),
        ({**AXES, "x": {"name": "epochs", "values": [0]}}, "epochs must be a whole number from 1"),
        ({**AXES, "x": {"name": "epochs", "values": []}}, "sweep: x: values must be a list of 1"),
        ({**AXES, "x": {"name": "epochs", "values": [*range(1, 18)]}}, "sweep: x: values must be"),
        ({**AXES, "z": 1}, "sweep: no 'z'"),
        ({**AXES, "seeds": 11}, "sweep: seeds must be a whole number from 1 to 10, not 11"),
    ],
)
def test_sweeps_that_cannot_be_are_refused(session, body, line):
    with pytest.raises(UserError) as refusal:
        sweep.ROUTES["POST", "/api/sweep"](session, body)
    assert str(refusal.value).startswith(line)
