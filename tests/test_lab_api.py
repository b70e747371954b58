"""The page is shown the engines' and the explainer's own numbers, of one model at a time."""

from __future__ import annotations

import inspect
import threading
from dataclasses import replace
from math import log

import pytest

from tests.lab import Client, flat, numbers, serving, small_session
from verypoorcnn.data.dataset import Dataset
from verypoorcnn.data.sources import Parts
from verypoorcnn.engines import create_engine
from verypoorcnn.engines.textbook import TextbookEngine
from verypoorcnn.explain import Explainer
from verypoorcnn.files.tensors import Tensor
from verypoorcnn.lab.looking import look, workshop
from verypoorcnn.lab.memory import Memory
from verypoorcnn.lab.session import Session
from verypoorcnn.lab.views.images import duplicates
from verypoorcnn.network import Conv2D, Dense, Flatten, MaxPool2D, Network, ReLU
from verypoorcnn.training.model import Model

SMALL = Network(
    (1, 28, 28),
    (
        Conv2D(filters=3, kernel_size=3, strides=2, padding=1),
        MaxPool2D(pool_size=2),
        ReLU(),
        Conv2D(filters=2, kernel_size=3),
        Flatten(),
        Dense(units=10),
    ),
)
FASTEST = create_engine("auto", SMALL, SMALL.initial_parameters(0)).engine


@pytest.fixture(scope="module")
def lab():
    with serving(small_session(SMALL)) as client:
        yield client


@pytest.fixture(autouse=True)
def nothing_tried_out(lab: Client):
    lab.post("/api/whatif/reset", {})


def explainer(lab: Client, index: int) -> Explainer:
    """An explainer of a test image; the textbook's loops as they stand."""
    session, test = lab.server.session, lab.server.session.parts.test
    return Explainer(session.network, session.parameters, [test.image(index)], [test.labels[index]])


# What there is.


def test_the_session(lab: Client):
    found = lab.get("/api/session")
    assert found["network"]["input_shape"] == [1, 28, 28]
    layers = {layer["name"]: layer for layer in found["network"]["layers"]}
    assert [*layers] == ["conv1", "pool1", "relu1", "conv2", "flatten1", "fc1"]
    assert layers["conv1"]["parameters"] == {"conv1.weight": [3, 1, 3, 3], "conv1.bias": [3]}
    assert layers["conv1"]["output_shape"] == [3, 14, 14]
    assert layers["conv1"]["settings"]["strides"] == 2
    assert found["data"] | {"notes": []} == {
        "origin": "built-in sketches",
        "train": 40,
        "test": 20,
        "shape": [1, 28, 28],
        "notes": [],
    }
    assert found["class_names"] == list(lab.server.session.class_names)
    assert found["engine"]["name"] == FASTEST.name
    assert {choice["name"] for choice in found["engine"]["choices"]} >= {"textbook", "python"}
    assert found["configuration"]["training"]["batch_size"] == 16


def test_the_calls_of_every_layer(lab: Client):
    layers = {layer["name"]: layer for layer in lab.get("/api/session")["network"]["layers"]}
    calls = [(call["function"], call["direction"]) for call in layers["conv2"]["functions"]]
    assert calls == [
        ("conv2d", "forward"),
        ("add_map_biases", "forward"),
        ("conv2d_kernel_gradient", "backward"),
        ("map_bias_gradient", "backward"),
        ("conv2d_image_gradient", "backward"),
        ("sgd_kernels", "update"),
        ("sgd_vector", "update"),
    ]
    assert [call["call"] for call in layers["pool1"]["functions"]] == [0, 1]
    ends = lab.get("/api/session")["network"]["ends"]
    assert [call["function"] for call in ends["image"]] == ["scale_pixels"]
    assert "softmax_cross_entropy_gradient" in [call["function"] for call in ends["loss"]]


def test_images_of_a_part(lab: Client):
    train = lab.server.session.parts.train
    found = lab.get("/api/images?part=train&start=5&count=3")
    assert (found["part"], found["total"]) == ("train", 40)
    assert [image["index"] for image in found["images"]] == [5, 6, 7]
    assert [image["label"] for image in found["images"]] == [*train.labels[5:8]]
    assert found["sprite"]["shape"] == [3, 1, 28, 28]


def test_images_of_a_class(lab: Client):
    found = lab.get("/api/images?label=3&count=200")
    assert {image["label"] for image in found["images"]} == {3}
    assert found["total"] == lab.server.session.parts.test.labels.count(3)


def test_images_behind_the_last(lab: Client):
    assert lab.get("/api/images?start=20")["images"] == []


def test_test_images_that_were_trained_on():
    session = small_session(SMALL)
    train, test = session.parts.train, session.parts.test
    both = replace(test, pixels=train.image(7) + test.pixels[784:])
    session.parts = Parts(train, both, None, "", ())
    assert duplicates(session) == {0: 7}


def test_the_known_twins_in_fashion_mnist(fashion_mnist):
    from verypoorcnn import load_data

    session = small_session(SMALL)
    session.parts = load_data(str(fashion_mnist), say=lambda line: None)
    found = duplicates(session)
    assert len(found) == 10
    assert found[4998] == 13360


# Numbers.


@pytest.mark.parametrize("warm", [False, True])
def test_forward_is_the_textbook_engine_to_the_last_bit(lab: Client, warm):
    session = small_session(SMALL)
    if warm:
        wait_for(lambda: workshop(session, session.held).warm)
    with serving(session) as lab:
        found = lab.get("/api/forward?image=test:3")
    test = session.parts.test
    engine = TextbookEngine(SMALL, session.parameters)
    expected = engine.activations(test, [3])
    assert {name: numbers(array) for name, array in found["layers"].items()} == {
        name: flat(samples[0]) for name, samples in expected.items()
    }
    assert found["layers"]["conv1"]["shape"] == [3, 14, 14]
    assert found["probabilities"] == engine.probabilities(test, [3])[0]
    assert found["label"] == test.labels[3]
    assert found["loss"] == pytest.approx(-log(found["probabilities"][test.labels[3]]), rel=1e-12)


def wait_for(holds) -> None:
    """Until it holds."""
    while not holds():
        threading.Event().wait(0.01)


def test_backward_is_the_textbook_engine_to_the_last_bit(lab: Client):
    found, test = lab.get("/api/backward?image=test:4"), lab.server.session.parts.test
    engine = TextbookEngine(SMALL, lab.server.session.parameters)
    assert {name: numbers(array) for name, array in found["gradients"].items()} == {
        name: [*tensor.values] for name, tensor in engine.gradients(test, [4]).items()
    }
    row, label = engine.probabilities(test, [4])[0], test.labels[4]
    assert found["logits_gradient"] == [p - (k == label) for k, p in enumerate(row)]
    assert found["logits_gradient"] == numbers(found["deltas"]["fc1"])
    assert [*found["deltas"]] == ["conv1", "pool1", "relu1", "conv2", "flatten1", "fc1"]
    known = explainer(lab, 4)
    for name, array in found["deltas"].items():
        assert numbers(array) == flat(known.array(name, "gradient"))
    assert numbers(found["input"]) == flat(known.array("image", "gradient"))
    assert found["update"] == {"learning_rate": 0.008}


def test_backward_gives_the_gradients_of_one_layer_alone(lab: Client):
    every = lab.get("/api/backward?image=test:6")["gradients"]
    one = lab.get("/api/backward?image=test:7&layer=conv2")
    known = explainer(lab, 7)
    assert [*one["gradients"]] == [name for name in every if name.startswith("conv2.")]
    for name, array in one["gradients"].items():
        assert numbers(array) == flat(known.array(name, "gradient"))
    assert one["loss"] == known.array("loss")
    for layer in ("image", "pool1"):
        assert lab.get(f"/api/backward?image=test:7&layer={layer}")["gradients"] == {}
    assert "layer: there is no 'conv9'" in lab.refused("/api/backward?image=test:7&layer=conv9")


@pytest.mark.skipif(FASTEST.typecode == "d", reason="the fastest engine here is one of float64")
def test_the_fastest_engines_numbers_stand_beside(lab: Client):
    test = lab.server.session.parts.test
    found = [f"/api/explain?image=test:5&target=probabilities[{k}]" for k in range(SMALL.classes)]
    beside = [lab.get(path)["native"] for path in found]
    assert beside == FASTEST.probabilities(test, [5])[0]
    one = lab.get("/api/explain?image=test:5&target=conv2[1][2][3]")["native"]
    assert one == FASTEST.activations(test, [5])["conv2"][0][1][2][3]
    one = lab.get("/api/explain?image=test:5&target=conv2.bias[1]&gradient=1")["native"]
    assert one == FASTEST.gradients(test, [5])["conv2.bias"].values[1]
    assert lab.get("/api/explain?image=test:5&target=loss")["native"] is None
    assert lab.get("/api/explain?image=test:5&target=conv2.bias[1]&of=update")["native"] is None


@pytest.mark.parametrize(
    ("target", "of", "query"),
    [
        ("conv1[2][3][4]", "value", ""),
        ("pool1[0][6][6]", "value", ""),
        ("fc1[9]", "value", ""),
        ("probabilities[0]", "value", ""),
        ("loss", "value", ""),
        ("conv1.weight[2][0][1][1]", "gradient", "&gradient=1"),
        ("relu1[1][2][3]", "gradient", "&of=gradient"),
        ("fc1.bias[3]", "update", "&of=update"),
    ],
)
def test_the_arithmetic_is_the_explainers(lab: Client, target, of, query):
    found = lab.get(f"/api/explain?image=test:6&target={target}{query}")
    expected = explainer(lab, 6).arithmetic(target, of).as_dict()
    assert found["value"] == expected["value"]
    assert found["expression"] == as_json(expected["expression"])
    assert found["steps"] == as_json(expected["steps"])


def test_long_sums_come_as_columns_if_wanted(lab: Client):
    where = "/api/explain?image=test:6&target=fc1[9]"
    plain, short = lab.get(where)["expression"], lab.get(f"{where}&columns=1")["expression"]
    products = [term["value"] for term in plain["terms"] if len(term["factors"]) == 2]
    assert short["columns"]["value"] == products


def as_json(value):
    """As it comes out of JSON."""
    import json

    return json.loads(json.dumps(value))


def test_the_receptive_field(lab: Client):
    def field(target):
        return lab.get(f"/api/explain?image=test:6&target={target}")["receptive"]

    assert field("conv1[0][3][4]") == {"channels": [0, 0], "rows": [5, 7], "columns": [7, 9]}
    assert field("conv1[0][0][0]") == {"channels": [0, 0], "rows": [0, 1], "columns": [0, 1]}
    assert field("fc1[3]") == field("fc1[7]")
    assert field("fc1[3]")["rows"][0] == 0
    assert field("loss") is None


def test_the_gradient_is_checked_by_differences(lab: Client):
    found = lab.get("/api/explain?image=test:6&target=conv2.weight[1][2][0][1]&gradient=1&check=1")
    assert found["check"]["gradient"] == found["value"]
    assert found["check"]["error"] < 1e-5
    one = lab.get("/api/explain?image=test:6&target=conv1[0][3][4]&check=1")
    assert one["check"]["gradient"] == explainer(lab, 6).value("conv1[0][3][4]", "gradient")
    assert "no gradient" in lab.refused("/api/explain?image=test:6&target=loss&check=1")


def test_another_label_has_another_loss(lab: Client):
    row = lab.get("/api/forward?image=test:6")["probabilities"]
    for label in (0, 9):
        found = lab.get(f"/api/forward?image=test:6&label={label}")
        assert found["loss"] == pytest.approx(-log(row[label]), rel=1e-12)


def test_an_own_image_has_no_label(lab: Client):
    session = lab.server.session
    address = session.keep_own(session.parts.test.image(6))
    found, same = lab.get(f"/api/forward?image={address}"), lab.get("/api/forward?image=test:6")
    assert (found["label"], found["loss"]) == (None, None)
    assert found["probabilities"] == same["probabilities"]
    best = max(range(10), key=found["probabilities"].__getitem__)
    assert lab.get(f"/api/backward?image={address}")["label"] == best
    assert lab.get(f"/api/backward?image={address}&label=3")["label"] == 3


def test_old_own_images_go(lab: Client):
    session = lab.server.session
    first = session.keep_own(bytes(784))
    for _ in range(40):
        last = session.keep_own(bytes(784))
    assert "no longer here" in lab.refused(f"/api/forward?image={first}")
    assert lab.get(f"/api/forward?image={last}")


@pytest.mark.parametrize("kind", ["gradient", "occlusion"])
def test_saliency(lab: Client, kind):
    found = lab.get(f"/api/saliency?image=test:6&kind={kind}")
    assert found["shape"] == [28, 28]
    assert max(map(abs, numbers(found))) == found["largest"] > 0


# What if.


def test_a_weight_of_another_value(lab: Client):
    session, before = lab.server.session, lab.get("/api/forward?image=test:2")
    edit = {"parameter": "conv1.weight", "index": [2, 0, 1, 1], "value": 0.75}
    version = lab.post("/api/whatif", {"edits": [edit]})["version"]
    after, known = lab.get("/api/forward?image=test:2"), lab.get("/api/parameters")
    assert after["version"] == known["version"] == version > before["version"]
    learned = session.held.untouched.parameters["conv1.weight"].values
    assert known["edited"] == [edit | {"was": learned[2 * 9 + 4]}]
    changed = dict(session.held.untouched.parameters)
    changed["conv1.weight"] = Tensor(
        (3, 1, 3, 3), learned[:22] + type(learned)("d", [0.75]) + learned[23:]
    )
    engine = TextbookEngine(SMALL, changed)
    assert after["probabilities"] == engine.probabilities(session.parts.test, [2])[0]
    assert after["probabilities"] != before["probabilities"]
    lab.post("/api/whatif/reset", {})
    assert lab.get("/api/forward?image=test:2")["probabilities"] == before["probabilities"]
    assert lab.get("/api/parameters")["edited"] == []


def test_a_trial_is_answered_with_its_consequences(lab: Client):
    edits = [{"parameter": "fc1.bias", "index": [1], "value": 2.0}]
    silence = [{"layer": "conv1", "filter": 1}]
    given = {"edits": edits, "silence": silence, "image": "test:2"}
    answer = lab.post("/api/whatif", given)
    assert answer["forward"] == lab.get("/api/forward?image=test:2")
    whole, learned = lab.get("/api/parameters"), lab.get("/api/parameters?original=1")
    changed = answer["parameters"]
    assert changed == lab.get("/api/parameters?changed=1")
    assert [*changed["values"]] == ["conv1.weight", "conv1.bias", "fc1.bias"]
    assert whole["values"] == learned["values"] | changed["values"]
    assert changed["edited"] == whole["edited"] != []
    assert learned["edited"] == learned["silenced"] == []
    assert numbers(learned["values"]["fc1.bias"])[1] == changed["edited"][0]["was"] != 2.0
    assert whole["version"] == answer["version"] > learned["version"] == answer["learned"]


def test_a_trial_of_an_image_that_there_is_not_changes_nothing(lab: Client):
    before = lab.get("/api/session")["version"]
    refused = lab.refused("/api/whatif", {"edits": [], "image": "test:99999"})
    assert "no image" in refused
    assert lab.get("/api/session")["version"] == before


def test_a_silent_filter_gives_zero_everywhere(lab: Client):
    lab.post("/api/whatif", {"silence": [{"layer": "conv1", "filter": 1}]})
    found = lab.get("/api/forward?image=test:2")
    maps = numbers(found["layers"]["conv1"])
    assert maps[196:392] == [0.0] * 196
    assert any(maps[:196])
    assert any(maps[392:])
    assert lab.get("/api/parameters")["silenced"] == [{"layer": "conv1", "filter": 1}]


def test_a_silent_unit(lab: Client):
    lab.post("/api/whatif", {"silence": [{"layer": "fc1", "filter": 4}]})
    assert numbers(lab.get("/api/forward?image=test:2")["layers"]["fc1"])[4] == 0.0


def test_the_whole_set_is_replaced(lab: Client):
    one = {"parameter": "fc1.bias", "index": [1], "value": 1.0}
    lab.post("/api/whatif", {"edits": [one], "silence": [{"layer": "conv1", "filter": 1}]})
    lab.post("/api/whatif", {"edits": [one | {"index": [2]}]})
    known = lab.get("/api/parameters")
    assert [edit["index"] for edit in known["edited"]] == [[2]]
    assert known["silenced"] == []


def test_another_model_takes_them_away(lab: Client):
    session = lab.server.session
    lab.post("/api/whatif", {"silence": [{"layer": "conv1", "filter": 1}]})
    learned = session.held.untouched.parameters
    session.replace(SMALL, SMALL.initial_parameters(5), origin="another")
    assert lab.get("/api/parameters")["silenced"] == []
    assert lab.get("/api/session")["origin"] == "another"
    session.replace(SMALL, learned, origin="untrained")


def test_a_nudge(lab: Client):
    body = {"image": "test:1", "parameter": "conv2.weight", "index": [1, 2, 0, 1], "by": 0.001}
    found, known = lab.post("/api/nudge", body), explainer(lab, 1)
    at = "conv2.weight[1][2][0][1]"
    assert found["loss"] == known.array("loss")
    assert found["gradient"] == known.value(at, "gradient")
    assert found["after"] == known.loss_with(at, known.value(at) + 0.001)
    assert found["predicted"] == found["loss"] + 0.001 * found["gradient"]
    assert found["difference"] == found["after"] - found["predicted"]
    assert abs(found["difference"]) < 1e-4 * abs(found["after"] - found["loss"]) + 1e-9


def test_numbers_beyond_all_bounds_are_no_fault(lab: Client):
    lab.post(
        "/api/whatif", {"edits": [{"parameter": "fc1.weight", "index": [0, 0], "value": 1e308}]}
    )
    lab.post("/api/whatif", {"edits": [{"parameter": "fc1.bias", "index": [0], "value": 1e308}]})
    assert lab.get("/api/forward?image=test:1")["version"]
    assert lab.get("/api/backward?image=test:1")["version"]


# Mistakes.


def test_the_confusion_matrix_is_the_models(lab: Client):
    session = lab.server.session
    found = lab.get("/api/confusion")
    model = Model(
        SMALL, class_names=session.class_names, parameters=session.parameters, engine=FASTEST.name
    )
    expected = model.evaluate(session.parts.test)
    assert found["counts"] == expected.confusion
    assert (found["accuracy"], found["loss"]) == (expected.accuracy, expected.loss)
    assert [row["f1"] for row in found["per_class"]] == [row.f1 for row in expected.per_class]
    worst = found["most_confused"][0]
    assert worst["count"] == max(
        n for i, row in enumerate(expected.confusion) for j, n in enumerate(row) if i != j
    )


def test_the_cells_hold_all_images(lab: Client):
    counts, found = lab.get("/api/confusion")["counts"], []
    for true in range(10):
        for predicted in range(10):
            cell = lab.get(f"/api/cell?true={true}&predicted={predicted}&count=200")
            assert cell["total"] == len(cell["images"]) == counts[true][predicted]
            for image in cell["images"]:
                assert (image["label"], image["predicted"]) == (true, predicted)
                assert image["probabilities"][predicted] == max(image["probabilities"])
                found.append(image["index"])
    assert sorted(found) == [*range(20)]


def test_the_surest_mistakes_come_first(lab: Client):
    found, counts = lab.get("/api/mistakes?count=200"), lab.get("/api/confusion")["counts"]
    assert found["total"] == 20 - sum(counts[k][k] for k in range(10))
    sureness = [max(image["probabilities"]) for image in found["images"]]
    assert sureness == sorted(sureness, reverse=True)
    assert all(image["label"] != image["predicted"] for image in found["images"])
    assert lab.get("/api/mistakes?start=2&count=1")["images"] == found["images"][2:3]


# Code.


def test_every_function_at_every_level(lab: Client):
    for layer in lab.get("/api/session")["network"]["layers"]:
        for call in layer["functions"]:
            for level in ("textbook", "loops", "schedule", "python", "assembly"):
                where = f"/api/code?layer={layer['name']}&call={call['call']}&level={level}"
                found = lab.get(where)
                assert found["function"] == call["function"]
                assert call["function"] in found["text"] or level == "schedule"
                assert len(found["lines"]) == found["text"].count("\n") + 1


def test_the_textbooks_lines(lab: Client):
    from verypoorcnn.textbook.convolution import conv2d

    found = lab.get("/api/code?layer=conv1&call=0&level=textbook")
    rows, first = inspect.getsourcelines(conv2d)
    assert found["file"] == "textbook/convolution.py"
    assert found["first_line"] == first
    assert found["text"].split("\n") == [row.rstrip("\n") for row in rows]
    assert found["lines"]["1"] == first


@pytest.mark.parametrize("level", ["loops", "schedule", "python", "vector", "assembly"])
def test_the_lines_that_others_come_from(lab: Client, level):
    from verypoorcnn.textbook.convolution import conv2d

    found = lab.get(f"/api/code?layer=conv1&call=0&level={level}")
    source, first = inspect.getsourcelines(conv2d)
    rows = found["text"].split("\n")
    hot = {
        rows[int(n) - 1]
        for n, line in found["lines"].items()
        if line and "+=" in source[line - first]
    }
    shown = {"python": " * kernels_", "vector": " = fma ", "assembly": "fmadd"}
    assert any(shown.get(level, "total + ") in row for row in hot)
    head = "for s in" if level == "python" else "for i in"  # Python's is written out
    assert any(line and head in source[line - first] for line in found["lines"].values())


# What is refused, with a line that says why.


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/api/forward", "image is missing"),
        ("/api/forward?image=", "image is ''"),
        ("/api/forward?image=test:20", "give test:0 to test:19"),
        ("/api/forward?image=test:-1", "give test:0"),
        ("/api/forward?image=test:1e1", "give test:0"),
        ("/api/forward?image=test:%C2%B2", "give test:0"),
        ("/api/forward?image=test:99999999999999999999", "give test:0"),
        ("/api/forward?image=../../etc/passwd", "there is no part"),
        ("/api/forward?image=own:1", "no longer here"),
        ("/api/forward?image=test:1&label=10", "label is 10; give a whole number from 0 to 9"),
        ("/api/forward?image=test:1&label=-1", "from 0 to 9"),
        ("/api/images?part=validation", "there is no part"),
        ("/api/images?count=201", "from 1 to 200"),
        ("/api/images?count=0", "from 1 to 200"),
        ("/api/images?start=-1", "start is '-1'"),
        ("/api/images?label=ten", "label is 'ten'"),
        ("/api/explain?image=test:1", "target is missing"),
        ("/api/explain?image=test:1&target=conv9[0]", "conv9"),
        ("/api/explain?image=test:1&target=conv1[0][0]", "conv1"),
        ("/api/explain?image=test:1&target=conv1[0][0][99]", "it runs from 0 to 13"),
        ("/api/explain?image=test:1&target=__import__('os')", "names no number"),
        ("/api/explain?image=test:1&target=loss&of=everything", "of: there is no 'everything'"),
        ("/api/explain?image=test:1&target=loss&gradient=yes", "gradient is 'yes'; give 0 or 1"),
        ("/api/saliency?image=test:1&kind=magic", "gradient"),
        ("/api/code", "layer is missing"),
        ("/api/code?layer=conv9", "conv9"),
        ("/api/code?layer=conv1&call=99", "from 0 to"),
        ("/api/code?layer=conv1&level=python3", "python"),
        ("/api/cell?true=1", "predicted is missing"),
        ("/api/cell?true=10&predicted=0", "from 0 to 9"),
        (f"/api/cell?true=1&predicted={'9' * 3000}", "predicted is"),
    ],
)
def test_questions_that_make_no_sense(lab: Client, path, reason):
    line = lab.refused(path)
    assert reason in line
    assert len(line) < 400


EDIT = {"parameter": "conv1.weight", "index": [0, 0, 0, 0], "value": 1.0}
NUDGE = {"image": "test:0", "parameter": "fc1.bias", "index": [0], "by": 0.1}


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        ("/api/whatif", {"edits": 5}, "edits is 5; give a list"),
        ("/api/whatif", {"edits": [5]}, "give a list of objects"),
        ("/api/whatif", {"edits": [{}]}, "parameter is missing"),
        ("/api/whatif", {"edits": [EDIT | {"parameter": "conv1.wight"}]}, "no parameter"),
        ("/api/whatif", {"edits": [EDIT | {"parameter": 5}]}, "parameter is 5"),
        ("/api/whatif", {"edits": [EDIT | {"index": [0, 0, 0]}]}, "its shape is"),
        ("/api/whatif", {"edits": [EDIT | {"index": [3, 0, 0, 0]}]}, "its shape is"),
        ("/api/whatif", {"edits": [EDIT | {"index": [-1, 0, 0, 0]}]}, "whole numbers from 0"),
        ("/api/whatif", {"edits": [EDIT | {"index": [0.0, 0, 0, 0]}]}, "whole numbers from 0"),
        ("/api/whatif", {"edits": [EDIT | {"index": [True, 0, 0, 0]}]}, "whole numbers from 0"),
        ("/api/whatif", {"edits": [EDIT | {"value": "1"}]}, "value is '1'; give a finite number"),
        ("/api/whatif", {"edits": [EDIT | {"value": True}]}, "give a finite number"),
        ("/api/whatif", {"edits": [EDIT | {"value": 10**400}]}, "give a finite number"),
        ("/api/whatif", {"silence": [{"layer": "relu1", "filter": 0}]}, "no filters"),
        ("/api/whatif", {"silence": [{"layer": "conv1", "filter": 3}]}, "they are 0 to 2"),
        ("/api/whatif", {"silence": [{"layer": "conv1"}]}, "filter is missing"),
        ("/api/nudge", {}, "image is missing"),
        ("/api/nudge", NUDGE | {"by": None}, "by is missing"),
        ("/api/nudge", NUDGE | {"index": [10]}, "its shape is [10]"),
        ("/api/nudge", NUDGE | {"index": list(range(10**4))}, "its shape is [10]"),
        ("/api/nudge", NUDGE | {"image": ["test:0"]}, "give a text"),
    ],
)
def test_requests_that_make_no_sense(lab: Client, path, body, reason):
    before = lab.get("/api/session")["version"]
    line = lab.refused(path, body)
    assert reason in line
    assert len(line) < 400
    assert lab.get("/api/session")["version"] == before


# Many at once.


def test_nobody_ever_sees_half_of_two_models():
    """Parameters are replaced as fast as can be, while several look: each sees one whole model."""
    session = small_session(SMALL)
    models = {seed: SMALL.initial_parameters(seed) for seed in range(4)}
    expected = {
        f"seed {seed}": TextbookEngine(SMALL, values).probabilities(session.parts.test, [0])[0]
        for seed, values in models.items()
    }
    origins, seen, over = {}, [], threading.Event()

    def train():
        while not over.is_set():
            for seed, values in models.items():
                origin = f"seed {seed}"
                origins[session.replace(SMALL, values, origin=origin)] = origin

    def watch():
        for _ in range(15):
            held = session.held
            found = look(session, held, session.image("test:0"))
            with found.lock:
                seen.append((held.version, held.origin, found.explainer.array("probabilities")))

    trainer = threading.Thread(target=train)
    watchers = [threading.Thread(target=watch) for _ in range(4)]
    trainer.start()
    for thread in watchers:
        thread.start()
    for thread in watchers:
        thread.join()
    over.set()
    trainer.join()
    assert len(seen) == 60
    for version, origin, probabilities in seen:
        if version > 1:
            assert origins[version] == origin
            assert probabilities == expected[origin]


def test_what_is_asked_for_twice_at_once_is_made_once():
    memory, made, both = Memory(), [], threading.Barrier(2)

    def make():
        made.append(1)
        threading.Event().wait(0.05)
        return len(made)

    def ask():
        both.wait()
        assert memory.get("key", make) == 1

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [1]


def test_what_was_not_asked_for_the_longest_goes():
    memory = Memory(2)
    for key in ("a", "b", "a", "c"):
        memory.get(key, lambda key=key: key)
    assert memory.get("a", lambda: "made anew") == "a"
    assert memory.get("b", lambda: "made anew") == "made anew"


def test_what_fails_is_tried_again():
    memory = Memory()
    with pytest.raises(ZeroDivisionError):
        memory.get("key", lambda: 1 // 0)
    assert memory.get("key", lambda: 5) == 5


def test_datasets_and_sessions_are_typed():
    assert isinstance(small_session().part("test"), Dataset)
    assert isinstance(small_session(), Session)
