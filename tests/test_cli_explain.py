"""`verypoorcnn explain`, on a small trained model."""

from __future__ import annotations

import pytest

from tests.commands import drawings, run, small_run, write_csv
from verypoorcnn import Model
from verypoorcnn.explain import Explainer


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A CSV file of four labelled images."""
    return write_csv(tmp_path_factory.mktemp("data") / "own.csv", drawings())


@pytest.fixture
def of(data):
    """What asks about its last image."""
    return "--data", str(data), "--index", "3"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a run."""
    return small_run(tmp_path_factory.mktemp("cli") / "run")


@pytest.fixture
def explainer(trained):
    images = drawings(4)
    model = Model.load(trained / "model.safetensors")
    return Explainer.of(model, [images.image(3)], [images.labels[3]])


def test_an_image_through_the_network(capsys, trained, of, explainer):
    ran = run(capsys, "explain", trained, *of)
    best = explainer.predicted()[0]
    share = explainer.value(f"probabilities[{best}]")
    assert f"image 3: {drawings().class_names[best]} {100 * share:.1f} %; it is" in ran.out
    assert "conv1          4×8×8 " in ran.out
    assert f"probabilities[{best}] = {share!r}" in ran.out
    assert "total = exp(fc2[0] − largest) + … + exp(fc2[9] − largest)" in ran.out
    assert "--at 'conv1[2][4][4]', or --at 'conv1.weight[2][0][2][2]' --gradient" in ran.out


def test_one_number(capsys, trained, of, explainer):
    out = run(capsys, "explain", trained, *of, "--at", "conv1[2][3][4]").out
    found = explainer.arithmetic("conv1[2][3][4]")
    assert out.startswith(f"conv1[2][3][4] = {found.value!r}\nsum of products, by conv2d (")
    rows = [line.split() for line in out.splitlines() if line.startswith("  [")]
    assert len(rows) == 25
    for row, term in zip(rows, found.expression.terms, strict=True):
        pixel, weight = term.factors
        assert pixel.name == f"image{row[0]}"
        assert weight.name == f"conv1.weight{row[3]}"
        numbers = [pixel.value, weight.value, term.expression.value, term.running]
        assert [row[1], row[4], row[6], row[7]] == [repr(number) for number in numbers]
    assert "pixels that can change it: rows 9 to 13, columns 12 to 16" in out


def test_long_sums_are_shortened_unless_all_is_asked_for(capsys, trained, of):
    at = ("explain", trained, *of, "--at", "fc1[4]")
    short, long = run(capsys, *at).out, run(capsys, *at, "--all").out
    assert "… 130 more, which --all shows" in short
    assert "more, which" not in long
    assert sum(line.startswith("  [") for line in long.splitlines()) == 144
    last = [next(x for x in text.splitlines() if "fc1.bias[4]" in x[:14]) for text in (short, long)]
    assert last[0].split() == last[1].split()  # the end of the sum is the same


def test_a_gradient_and_its_check(capsys, trained, of, explainer):
    at = "conv1.weight[2][0][1][4]"
    out = run(capsys, "explain", trained, *of, "--at", at, "--gradient").out
    value = explainer.value(at, "gradient")
    assert out.startswith(f"∂{at} = {value!r}")
    assert f"  gradient          {value!r}" in out
    assert f"  difference        {explainer.difference(at).difference!r}" in out
    assert "label" not in out  # the data have one


def test_a_step_of_learning(capsys, trained, of, explainer):
    words = ("explain", trained, *of, "--at", "fc2.bias[1]", "--update", "--rate", "0.5")
    found = run(capsys, *words, "--json").json
    value, gradient = explainer.value("fc2.bias[1]"), explainer.value("fc2.bias[1]", "gradient")
    assert found["value"] == value - 0.5 * gradient
    assert f"= {value!r} − 0.5 × {gradient!r}" in run(capsys, *words).out


def test_json(capsys, trained, of, explainer):
    found = run(capsys, "explain", trained, *of, "--at", "fc1[3]", "--gradient", "--json").json
    assert found["target"] == "∂fc1[3]"
    assert found["value"] == explainer.value("fc1[3]", "gradient")
    assert found["difference"]["difference"] == explainer.difference("fc1[3]").difference
    assert (found["label"], found["label_given"]) == (6, True)
    whole = run(capsys, "explain", trained, *of, "--json").json
    assert [layer["name"] for layer in whole["layers"]][:3] == ["image", "conv1", "relu1"]
    assert whole["probabilities"] == explainer.array("probabilities")


def test_a_file(capsys, trained, tmp_path, explainer):
    path = write_csv(tmp_path / "own.csv", drawings(), labelled=False)
    words = ("explain", trained, path, "--index", 3, "--at", "fc1.bias[3]", "--gradient")
    ran = run(capsys, *words)
    best = explainer.predicted()[0]
    assert f"label {best}, the most probable class; --label gives another" in ran.out
    named = run(capsys, *words, "--label", "Shirt", "--json").json
    assert named["value"] == explainer.value("fc1.bias[3]", "gradient")
    assert run(capsys, *words, "--label", "6", "--json").json["value"] == named["value"]


@pytest.mark.parametrize("kind", ["saliency", "occlusion"])
def test_maps(capsys, trained, of, tmp_path, kind):
    picture = tmp_path / "map.png"
    words = ("explain", trained, *of, f"--{kind}", "--label", "Bag")
    ran = run(capsys, *words, "--out", picture)
    assert "class 8" in ran.out
    assert "from small to large" in ran.out
    assert picture.read_bytes().startswith(b"\x89PNG")
    found = run(capsys, *words, "--json").json[kind]
    assert (len(found["values"]), len(found["values"][0])) == (28, 28)
    assert found["largest"] == max(abs(v) for row in found["values"] for v in row) > 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--at", "cnv1[0][0][0]"], "cnv1[0][0][0]: there is no 'cnv1'; did you mean 'conv1'?"),
        (["--at", "conv1[4][0][0]"], "conv1[4][0][0]: index 1 is '4'; it runs from 0 to 3"),
        (["--gradient"], "--gradient of what? add --at, as --at 'conv1.weight[0][0][2][2]'"),
        (["--at", "fc1[0]", "--occlusion"], "--at explains one number and --occlusion draws a map"),
        (["--out", "x.png"], "--out takes one map; add --saliency or --occlusion, one of them"),
        (["--label", "Shrt"], "--label: no class 'Shrt'; did you mean 'Shirt'?"),
        (["--label", "10"], "or a number up to 9"),
        (["--index", "4"], "has 4 images, from 0 to 3"),
        (["--occlusion", "--patch", "29"], "patch 29: give rows of the image, from 1 to 28"),
        (["--occlusion", "--stride", "5"], "stride 5: give pixels from 1 to the patch's 4"),
        (["--occlusion", "--fill", "red"], "fill 'red': give mean, grey, or a whole number"),
        (["boot.png"], "IMAGE and --data both say what to look at; give one of them"),
    ],
)  # fmt: skip
def test_what_cannot_be_explained_is_told_in_one_line(capsys, trained, data, words, message):
    ran = run(capsys, "explain", trained, *words, "--data", data)
    assert (ran.status, ran.out) == (2, "")
    assert message in ran.err.splitlines()[-1]


def test_help(capsys):
    ran = run(capsys, "explain", "--help")
    assert ran.out.startswith("examples:")
    assert "--at 'conv1[2][3][4]'" in ran.out
