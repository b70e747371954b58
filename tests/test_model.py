"""`Model`, the class that users type first, and the files it is kept in."""

from __future__ import annotations

import json

import pytest

from tests.engines import NETWORKS, random_images, striped_images
from verypoorcnn import Model, UserError, paper
from verypoorcnn.data.dataset import Dataset
from verypoorcnn.files import safetensors

NETWORK = NETWORKS["padded, biased, two convolutions"]


def test_from_fit_to_load(tmp_path):
    images = striped_images(NETWORK, 24)
    model = Model(NETWORK, seed=3)
    history = model.fit(images, epochs=60, batch_size=6, learning_rate=0.1, callbacks=())
    assert history[-1]["loss"] < history[0]["loss"]
    metrics = model.evaluate(images)
    assert metrics.accuracy == 1.0
    model.save(tmp_path / "model.safetensors")
    loaded = Model.load(tmp_path / "model.safetensors")
    assert loaded.network == NETWORK
    assert loaded.class_names == ("row 0", "row 1", "row 2")
    assert loaded.parameters == model.parameters
    assert loaded.details["data"] == "stripes"
    assert loaded.predict(images) == model.predict(images)


def test_predictions_name_the_most_probable_class():
    model = Model(NETWORK, class_names=("a", "b", "c"))
    images = random_images(NETWORK, 5)
    for prediction in model.predict([images.image(i) for i in range(5)]):
        best = max(prediction.probabilities)
        assert prediction.probability == best == prediction.probabilities[prediction.label]
        assert prediction.name == "abc"[prediction.label]
        assert prediction.top(2)[0] == prediction.label
        assert len(prediction.top(2)) == 2
        assert sum(prediction.probabilities) == pytest.approx(1)


def test_fit_goes_on_from_where_the_model_is():
    images = striped_images(NETWORK, 12)
    model = Model(NETWORK, seed=3)
    first = model.fit(images, epochs=2, callbacks=())
    second = model.fit(images, epochs=2, callbacks=())
    assert second[0]["loss"] < first[0]["loss"]


def test_epochs_are_told_on_stderr_only(capsys):
    Model(NETWORK).fit(striped_images(NETWORK, 6), epochs=2)
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.split()[:2] for line in err.splitlines()] == [["epoch", "1/2"], ["epoch", "2/2"]]


def test_the_summary_of_the_paper():
    lines = Model().summary().splitlines()
    assert lines[3].split() == ["conv1", "Conv2D", "4×8×8", "100", "6,400"]
    assert lines[-1].split() == ["total", "5,070", "11,328"]


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda: Model(NETWORK, class_names=("a", "b")), "2 class names for a network of 3"),
        (lambda: Model(engine="gpu"), "no engine 'gpu'"),
        (lambda: Model(NETWORK, class_names=("a", "b", "a")), "class name 'a' stands twice"),
        (lambda: Model(NETWORK, class_names=("a", "b", "")), "class name '' is not one line of"),
        (lambda: Model().predict([b"123"]), "image 0: 3 bytes, but .* 1×28×28 = 784; scale it"),
        (lambda: Model().predict([bytes(784), bytes(785)]), "image 1: 785 bytes, but"),
        (lambda: overflowing().predict([bytes([255] * 784)]), "probability of '0' is nan, not a n"),
        (lambda: Model().evaluate(random_images(NETWORK, 2)), "images of 2×7×6, but .* 1×28×28"),
        (lambda: Model(NETWORK).fit(too_many_classes(), callbacks=()), "label 3, but .* 3 classes"),
        (lambda: Model.load("nowhere.safetensors"), "nowhere.safetensors"),
    ],
)
def test_what_cannot_be_is_told(use, message):
    with pytest.raises(UserError, match=message):
        use()


def overflowing():
    """A model of finite numbers whose products are not."""
    values = paper().initial_parameters(0)
    for tensor in values.values():
        for index in range(len(tensor.values)):
            tensor.values[index] = 1e300
    return Model(parameters=values, engine="textbook")


def too_many_classes():
    return Dataset(bytes(2 * 84), bytes([0, 3]), (2, 7, 6), ("a", "b", "c", "d"), "four")


# Model files.


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "model.safetensors"
    Model(NETWORK, class_names=("a", "b", "c")).save(path)
    return path


def test_a_model_file_says_all_that_prediction_needs(saved):
    tensors, metadata = safetensors.read(saved)
    assert [*tensors] == sorted(NETWORK.parameters)
    assert json.loads(metadata["network"]) == NETWORK.settings()
    assert json.loads(metadata["class_names"])["names"] == ["a", "b", "c"]
    assert json.loads(metadata["preprocessing"]) == {"pixels": "byte / 255"}
    assert metadata["version"]


def test_a_file_without_a_word_is_known_by_its_shapes(tmp_path):
    path = tmp_path / "bare.safetensors"
    safetensors.write(path, paper().initial_parameters(0), {})
    assert Model.load(path).network == paper()
    safetensors.write(path, NETWORK.initial_parameters(0), {"format": "pt"})
    with pytest.raises(UserError, match=r"those of no preset .*--config"):
        Model.load(path)
    assert Model.load(path, network=NETWORK).network == NETWORK


def test_a_network_that_the_file_contradicts(saved):
    assert Model.load(saved, network=NETWORK).network == NETWORK
    with pytest.raises(UserError, match="that is not the one that is given; leave the con"):
        Model.load(saved, network=paper())


def deep():
    return '{"a":' * 5000 + "1" + "}" * 5000


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("network", "", "network: not JSON"),
        ("network", "[]", "network: not a JSON object"),
        ("network", deep(), "too deeply nested"),
        ("network", '{"input_shape": [1, 28, 28], "layers": []}', "end with Flatten"),
        ("network", json.dumps(paper().settings()), "tensor '.*' .* another"),
        ("class_names", '{"names": ["a", "b"]}', "2 class names for a network of 3"),
        ("class_names", '{"names": [1, 2, 3]}', "class_names is no list of names"),
        (
            "class_names",
            '{"names": ["a", "b", "a"]}',
            "class name 'a' stands twice; save the model",
        ),
        ("class_names", '{"names": ["a", "b", ""]}', "class name '' is not one line of text"),
        (
            "class_names",
            r'{"names": ["a", "b", "c\u001b[31m"]}',
            r"class name 'c\\x1b\[31m' is not",
        ),
        ("class_names", r'{"names": ["a", "b", "c\nd"]}', r"class name 'c\\nd' is not one line"),
        (
            "class_names",
            r'{"names": ["a", "b", "\udcff"]}',
            r"class name '\\udcff' is not one line",
        ),
        ("preprocessing", '{"pixels": "byte / 127"}', "does not know its preprocessing"),
        ("details", "NaN", "details: not JSON"),
    ],
)
def test_a_model_file_that_lies_is_told(saved, key, value, message):
    tensors, metadata = safetensors.read(saved)
    safetensors.write(saved, tensors, {**metadata, key: value})
    with pytest.raises(UserError, match=message) as error:
        Model.load(saved)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.pop("fc1.bias"), "tensor 'fc1.bias' is missing"),
        (lambda t: t.update(more=t["fc1.bias"]), "tensor 'more' is not the network's"),
        (lambda t: t.update({"fc1.bias": t["fc1.weight"]}), r"'fc1.bias' has the shape \[5, 12\]"),
        (lambda t: t["fc1.bias"].values.__setitem__(1, float("inf")), "not finite"),
    ],
)
def test_tensors_that_do_not_fit_are_told(saved, change, message):
    tensors, metadata = safetensors.read(saved)
    change(tensors)
    safetensors.write(saved, tensors, metadata)
    with pytest.raises(UserError, match=message):
        Model.load(saved)
