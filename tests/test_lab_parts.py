"""What the lab's trainings are made of: fields, the worker, histories, curves, networks, images."""

from __future__ import annotations

from array import array
from threading import Event

import pytest

from tests.lab_trainings import quick_session, small_images, small_network
from verypoorcnn.errors import UserError
from verypoorcnn.files.tensors import Tensor
from verypoorcnn.lab.training.course import MOST_POINTS, Curve, kernels, spread
from verypoorcnn.lab.training.fields import Choice, Number, limits, read_fields
from verypoorcnn.lab.training.history import History, Moment
from verypoorcnn.lab.training.material import Material
from verypoorcnn.lab.training.paced import Speed
from verypoorcnn.lab.training.variants import filters_of, with_filters, with_initializer
from verypoorcnn.lab.training.worker import Worker
from verypoorcnn.network import Network
from verypoorcnn.network.layers import Conv2D, Dense, Flatten
from verypoorcnn.training.loop import Interrupted

FIELDS = {
    "rate": Number(1e-5, 10.0, whole=False, log=True),
    "count": Number(1, 64),
    "colour": Choice(("red", "blue")),
}


# Fields.


def test_fields_within_their_limits_are_taken_as_they_are():
    given = {"rate": 1, "count": 64, "colour": "blue"}
    read = read_fields(FIELDS, given, "test")
    assert read == {"rate": 1.0, "count": 64, "colour": "blue"}
    assert type(read["rate"]) is float


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"rate": 0}, "rate must be a number from 1e-05 to 10, not 0"),
        ({"rate": float("nan")}, "rate must be a number from 1e-05 to 10, not nan"),
        ({"rate": True}, "rate must be a number from 1e-05 to 10, not True"),
        ({"count": 2.0}, "count must be a whole number from 1 to 64, not 2.0"),
        ({"count": 10**400}, "count must be a whole number from 1 to 64, not 1000"),
        ({"colour": "rad"}, "colour: no 'rad'; did you mean 'red'?"),
        ({"colour": []}, "colour: no []"),
        ({"colur": "red"}, "test: no 'colur'; did you mean 'colour'?"),
        ([1], "test must be a table of settings, not [1]"),
    ],
)
def test_fields_that_do_not_fit_are_refused_in_one_line(given, line):
    with pytest.raises(UserError) as refusal:
        read_fields(FIELDS, given, "test")
    assert str(refusal.value).startswith(line)
    assert "\n" not in str(refusal.value)


def test_the_page_is_told_where_its_sliders_end():
    assert limits(FIELDS)["count"] == {"low": 1, "high": 64, "whole": True, "log": False}
    assert limits(FIELDS)["colour"] == {"names": ["red", "blue"]}


# The worker.


def test_a_worker_drops_what_it_does_for_what_is_new():
    worker, done, began = Worker("test"), [], Event()

    def endless(stop):
        began.set()
        while not stop.asked:
            pass
        done.append("dropped")
        raise Interrupted

    worker.start(endless)
    began.wait()
    worker.start(lambda stop: done.append("new"))
    worker.rest()
    assert done == ["dropped", "new"]
    worker.close()


def test_of_jobs_that_wait_a_worker_does_the_last():
    worker, done, begun, free = Worker("test"), [], Event(), Event()

    def first(stop):
        begun.set()
        free.wait()

    worker.start(first)
    begun.wait()
    for number in range(10):
        worker.start(lambda stop, number=number: done.append(number))
    free.set()
    worker.rest()
    assert done == [9]
    worker.close()


def test_a_cancelled_worker_rests_and_can_be_asked_again():
    worker, done = Worker("test"), []
    worker.cancel()
    worker.start(lambda stop: done.append(1))
    worker.rest()
    worker.cancel()
    assert worker.rest(0)
    worker.start(lambda stop: done.append(2))
    worker.rest()
    assert done == [1, 2]
    worker.close()
    worker.start(lambda stop: done.append(3))  # closed for good
    assert worker.rest(0) or not done[2:]


def test_a_fault_in_a_job_does_not_end_the_worker(capsys):
    worker, done = Worker("test"), []

    def faulty(stop):
        raise KeyError("a fault of ours")

    worker.start(faulty)
    worker.rest()
    worker.start(lambda stop: done.append("on"))
    worker.rest()
    assert done == ["on"]
    assert "a fault of ours" in capsys.readouterr().err
    worker.close()


# Histories.


def moment(epoch: int) -> Moment:
    return Moment(epoch, 1.0, 0.5, {"w": Tensor((4,), array("d", [epoch] * 4))})  # 32 bytes


def test_a_history_keeps_all_epochs_while_there_is_room():
    history = History(small_network())
    for epoch in range(20):
        history.keep(moment(epoch))
    assert [m.epoch for m in history.moments] == [*range(20)]
    assert history.at(7).parameters["w"].values[0] == 7


def test_a_full_history_lets_every_second_epoch_go():
    history = History(small_network(), limit=8 * 32)
    seen = []
    for epoch in range(40):
        history.keep(moment(epoch))
        seen.append([m.epoch for m in history.moments])
    assert seen[7] == [0, 1, 2, 3, 4, 5, 6, 7]
    assert seen[8] == [0, 2, 4, 6, 8]
    assert seen[9] == [0, 2, 4, 6, 8, 9]
    assert seen[10] == [0, 2, 4, 6, 8, 10]
    assert max(map(len, seen)) == 8
    assert all(epochs[0] == 0 and epochs[-1] == n for n, epochs in enumerate(seen))


def test_an_epoch_that_is_trained_again_takes_the_place_of_all_after_it():
    history = History(small_network())
    for epoch in (0, 1, 2, 3, 2):
        history.keep(moment(epoch))
    assert [m.epoch for m in history.moments] == [0, 1, 2]


def test_an_epoch_that_was_not_kept_is_an_error():
    history = History(small_network())
    with pytest.raises(UserError, match="choose from none: train first"):
        history.at(3)
    for epoch in (0, 1, 2):
        history.keep(moment(epoch))
    with pytest.raises(UserError, match="epoch 3 was not kept; choose from 0, 1, … 2"):
        history.at(3)


# Curves and pictures.


def test_a_long_curve_becomes_coarser_and_keeps_its_ends():
    curve = Curve()
    for step in range(10 * MOST_POINTS):
        curve.add(float(step), 2.0, 0.25)
    assert MOST_POINTS / 2 <= len(curve.epoch) <= MOST_POINTS
    assert curve.epoch == sorted(curve.epoch)
    assert curve.epoch[0] < 20
    assert curve.epoch[-1] > 10 * MOST_POINTS - 20
    assert set(curve.loss) == {2.0}


def test_what_looks_at_the_image_is_shown():
    network = small_network()
    assert kernels(network, network.initial_parameters(0))["shape"] == [2, 1, 3, 3]
    dense = Network((1, 6, 6), (Flatten(), Dense(units=3)))
    assert kernels(dense, dense.initial_parameters(0))["shape"] == [3, 1, 6, 6]


def test_some_images_are_taken_from_everywhere():
    images = small_images(1000, 1)
    some = spread(images, 100)
    assert len(some) == 100
    assert some.image(99) == images.image(990)
    assert spread(images, 5000) is images
    assert len(spread(images, 1)) == 60  # the fewest that tell anything


def test_speed_is_that_of_the_last_moments_and_the_best_is_kept():
    speed = Speed()
    assert (speed.per_second, speed.best) == (None, None)
    for _ in range(10):
        speed.add(100, 0.1)  # 1,000 a second
    assert speed.per_second == pytest.approx(1000)
    for _ in range(40):
        speed.add(10, 0.1)
    assert speed.per_second == pytest.approx(100, rel=0.01)
    assert speed.best == pytest.approx(1000)


# Networks and images.


def test_filters_are_those_of_the_first_convolution():
    network = with_filters(small_network(), 5)
    assert filters_of(network) == 5
    assert network.parameters["conv1.weight"].shape == (5, 1, 3, 3)
    assert network.parameters["fc1.weight"].shape == (3, 80)
    assert with_filters(network, 2) == small_network()
    assert filters_of(Network((1, 6, 6), (Flatten(), Dense(units=3)))) is None


def test_an_initializer_goes_to_every_layer_that_has_one():
    network = with_initializer(small_network(), "uniform")
    weights = [p.initializer for name, p in network.parameters.items() if name.endswith("weight")]
    assert weights == ["uniform", "uniform"]
    conv = network.layers[0]
    assert isinstance(conv, Conv2D)
    assert conv.filters == 2


def test_the_images_of_the_configuration_are_just_those():
    session = quick_session()
    material = Material(session)
    assert material.train(60) is session.parts.train
    assert material.train(10) == session.parts.train.first(10)
    assert material.fields["train_samples"] == Number(10, 60, log=True)
    assert material.defaults == {
        "learning_rate": 0.1,
        "batch_size": 8,
        "filters": 2,
        "train_samples": 60,
        "epochs": 4,
    }
