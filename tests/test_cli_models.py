"""`evaluate`, `predict` and `summary`: what they print, for people and as JSON."""

from __future__ import annotations

import pytest

from tests.commands import drawings, run, small_run, write_csv, write_idx
from verypoorcnn import Model
from verypoorcnn.data.picture import as_text
from verypoorcnn.engines import choose_engine

SHORT = ("--limit-test", 20)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a run."""
    return small_run(tmp_path_factory.mktemp("cli") / "run")


@pytest.fixture
def model(trained):
    """The same as a file that lies alone."""
    return trained / "model.safetensors"


# evaluate


def test_evaluate_a_run_or_a_file_is_the_same(capsys, trained, model):
    own = ("--data", "sketches", *SHORT)
    results = [run(capsys, "evaluate", it, *own, "--json").json for it in (trained, model)]
    assert results[0] == results[1]
    result = results[0]
    assert result["samples"] == 20
    assert result.keys() >= {"loss", "accuracy", "precision", "recall", "f1", "confusion"}
    assert result["data"] == "built-in sketches, test part"
    assert result["engine"] == choose_engine().name
    expected = Model.load(model).evaluate(drawings(20))
    assert result["loss"] == expected.loss
    assert result["confusion"] == expected.confusion


def test_evaluate_for_people(capsys, trained):
    ran = run(capsys, "evaluate", trained, "--data", "sketches", *SHORT)
    lines = ran.out.splitlines()
    assert lines[0] == "built-in sketches, test part: 20 images to test with"
    assert lines[2].startswith("accuracy ")
    assert any(line.startswith("true \\ predicted") for line in lines)
    assert "most confused: " in ran.out
    assert max(map(len, lines)) <= 80


def test_evaluate_other_data(capsys, trained, tmp_path):
    path = write_csv(tmp_path / "own.csv", drawings(20))
    ran = run(capsys, "evaluate", trained, "--data", path, "--json")
    assert (
        ran.json["confusion"]
        == Model.load(trained / "model.safetensors").evaluate(drawings(20)).confusion
    )
    assert "no test part, so all is taken" in ran.err


def test_evaluate_real_images(capsys, trained, fashion_mnist):
    result = run(capsys, "evaluate", trained, "--data", fashion_mnist, *SHORT, "--json").json
    assert result["data"] == f"Fashion-MNIST from {fashion_mnist}, test part"
    assert [row["name"] for row in result["per_class"]][:2] == ["T-shirt/top", "Trouser"]


# predict


def expected(model, images, top):
    """What --json must print of predictions, but for the files' names."""
    loaded = Model.load(model)
    for index, prediction in enumerate(loaded.predict(images)):
        best = [
            {
                "label": label,
                "name": loaded.class_names[label],
                "probability": prediction.probabilities[label],
            }
            for label in sorted(range(10), key=lambda k: -prediction.probabilities[k])[:top]
        ]
        yield {"index": index, **best[0], "top": best}


@pytest.mark.parametrize("labelled", [True, False])
def test_predict_rows(capsys, model, tmp_path, labelled):
    path = write_csv(tmp_path / "rows.csv", drawings(), labelled=labelled)
    result = run(capsys, "predict", model, path, "--top", 2, "--json").json
    assert result == [{"file": str(path), **it} for it in expected(model, drawings(), 2)]
    assert [len(it["top"]) for it in result] == [2, 2, 2, 2]


def test_predict_idx_and_more_than_one_file(capsys, trained, model, tmp_path):
    folder = write_idx(tmp_path, drawings())
    images, rows = folder / "t10k-images-idx3-ubyte", write_csv(folder / "a.csv", drawings(2))
    result = run(capsys, "predict", trained, images, rows, "--top", "all", "--json").json
    assert [it["file"] for it in result] == [str(images)] * 4 + [str(rows)] * 2
    assert result[:4] == [{"file": str(images), **it} for it in expected(model, drawings(), 10)]
    assert result[4]["top"] == result[0]["top"]


def test_predict_an_image_file(capsys, model, tmp_path):
    image = pytest.importorskip("PIL.Image", reason="Pillow reads and writes image files")
    path = tmp_path / "boot.png"
    image.frombytes("L", (28, 28), drawings(1).pixels).save(path)
    (result,) = run(capsys, "predict", model, path, "--json").json
    assert result == {"file": str(path), **next(expected(model, drawings(1), 3))}
    image.frombytes("L", (28, 28), bytes(255 - p for p in drawings(1).pixels)).save(path)
    (inverted,) = run(capsys, "predict", model, path, "--invert", "--json").json
    assert inverted == result


def test_predict_shows_what_the_network_sees(capsys, model, tmp_path):
    path = write_csv(tmp_path / "rows.csv", drawings(2))
    ran = run(capsys, "predict", model, path, "--top", 2)
    for index in range(2):
        assert as_text(drawings(2).image(index), (1, 28, 28)) in ran.out
    first = next(line for line in ran.out.splitlines() if line.startswith(f"{path}, image "))
    best = next(expected(model, drawings(1), 2))["top"]
    words = [f"{it['name']} {100 * it['probability']:.1f} %" for it in best]
    assert first == f"{path}, image 0: {', '.join(words)}"


def test_predict_many_in_a_line_each(capsys, model, tmp_path):
    path = write_csv(tmp_path / "rows.csv", drawings(70))
    ran = run(capsys, "predict", model, path)
    assert len(ran.out.splitlines()) == 70
    assert all(line.startswith(f"{path}, image ") for line in ran.out.splitlines())


# summary


def test_summary_of_the_paper(capsys):
    lines = run(capsys, "summary").out.splitlines()
    assert lines[3].split() == ["conv1", "Conv2D", "4×8×8", "100", "6,400"]
    assert lines[-1].split() == ["total", "5,070", "11,328"]


def test_summary_of_a_configuration(capsys, tmp_path):
    (tmp_path / "a.toml").write_text('[network]\npreset = "lenet5"\n')
    lines = run(capsys, "summary", tmp_path / "a.toml").out.splitlines()
    assert lines[-1].split() == ["total", "61,706", "416,520"]


def test_summary_of_a_model(capsys, trained, model):
    ran = run(capsys, "summary", trained)
    assert ran == run(capsys, "summary", model)
    assert "classes: T-shirt/top, Trouser, Pullover," in ran.out
    assert "data: built-in sketches\nseed: 0\ntest: loss " in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80
    calls = run(capsys, "summary", model, "--calls").out.removeprefix(ran.out)
    assert "conv2d(images, conv1.weight, conv1.output, 3, 0)" in calls


def test_summary_as_json(capsys, trained):
    result = run(capsys, "summary", "--json").json
    assert result["input"] == [1, 28, 28]
    assert result["layers"][0] == {
        "name": "conv1",
        "type": "Conv2D",
        "output": [4, 8, 8],
        "parameters": 100,
        "multiply_adds": 6400,
    }
    assert (result["parameters"], result["multiply_adds"]) == (5070, 11328)
    assert result["program"]["loss"][0] == "cross_entropy(fc2.output, targets, losses)"
    assert (result["classes"], result["details"]) == (None, None)
    result = run(capsys, "summary", trained, "--json").json
    assert result["classes"][:2] == ["T-shirt/top", "Trouser"]
    assert result["details"]["data"] == "built-in sketches"
