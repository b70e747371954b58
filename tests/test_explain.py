"""The arithmetic of a network's numbers: first by hand, then for every kind of number."""

from __future__ import annotations

import inspect
import json
from math import exp, log

import pytest

from tests.engines import NETWORKS, random_images
from verypoorcnn.engines.textbook import TextbookEngine
from verypoorcnn.errors import UserError
from verypoorcnn.explain import Explainer, ReceptiveField, explain
from verypoorcnn.files.tensors import from_nested, nested
from verypoorcnn.network import Conv2D, Dense, Flatten, MaxPool2D, Network, ReLU
from verypoorcnn.network.presets import lenet5
from verypoorcnn.textbook.convolution import conv2d
from verypoorcnn.training.model import Model

# A 3×3 image, a 2×2 kernel with a bias, and so 2×2 maps; one maximum of them; two classes.
SMALL = Network(
    (1, 3, 3),
    (Conv2D(filters=1, kernel_size=2), ReLU(), MaxPool2D(pool_size=2), Flatten(), Dense(units=2)),
)
PARAMETERS = {
    "conv1.weight": from_nested([[[[1.0, 0.5], [-1.0, 2.0]]]]),
    "conv1.bias": from_nested([0.25]),
    "fc1.weight": from_nested([[2.0], [-1.0]]),
    "fc1.bias": from_nested([0.0, 0.5]),
}
IMAGE = bytes([0, 51, 102, 153, 204, 255, 0, 51, 102])  # 0.0 0.2 0.4 / 0.6 0.8 1.0 / 0.0 0.2 0.4


@pytest.fixture
def small():
    return Explainer(SMALL, PARAMETERS, [IMAGE], [1])


def factors(term):
    return [factor.name for factor in term.factors]


def test_one_number_of_a_convolution(small):
    """0.6·1 + 0.8·0.5 − 0·1 + 0.2·2 + 0.25"""
    found = small.arithmetic("conv1[0][1][0]")
    assert found.value == pytest.approx(1.65)
    assert found.kind == "sum of products"
    *products, bias = found.expression.terms
    assert [factors(term) for term in products] == [
        ["image[0][1][0]", "conv1.weight[0][0][0][0]"],
        ["image[0][1][1]", "conv1.weight[0][0][0][1]"],
        ["image[0][2][0]", "conv1.weight[0][0][1][0]"],
        ["image[0][2][1]", "conv1.weight[0][0][1][1]"],
    ]
    assert [[f.value for f in term.factors] for term in products] == [
        [0.6, 1.0], [0.8, 0.5], [0.0, -1.0], [0.2, 2.0]
    ]  # fmt: skip
    assert [term.running for term in products] == pytest.approx([0.6, 1.0, 1.0, 1.4])
    assert (bias.expression.name, bias.expression.value) == ("conv1.bias[0]", 0.25)
    assert bias.running == found.value == small.value("conv1[0][1][0]")


def test_the_lines_that_did_it(small):
    found = small.arithmetic("conv1[0][1][0]")
    assert [f.name for f in found.functions] == ["conv2d", "add_map_biases"]
    source = found.functions[0]
    assert source.file == "textbook/convolution.py"
    lines, first = inspect.getsourcelines(conv2d)
    assert (source.first_line, source.text) == (first, "".join(lines))
    assert source.last_line == first + len(lines) - 1
    operations = [moment.operation for moment in found.moments]
    assert operations == ["multiply-add"] * 4 + ["=", "+", "="]
    assert [moment.term for moment in found.moments] == [0, 1, 2, 3, None, 4, None]
    assert "total +=" in lines[found.moments[2].line - first]
    here = found.moments[2].variables
    assert [here[name] for name in "ijmnyx"] == [1, 0, 1, 0, 2, 0]


def test_relu_and_pooling(small):
    """The maps are 0.25 + (0.1 + 1 · …): the largest of the four is kept."""
    relu = small.arithmetic("relu1[0][0][0]")
    assert (relu.kind, relu.value) == ("maximum", small.value("conv1[0][0][0]"))
    assert [term.expression.name for term in relu.expression.terms] == ["0.0", "conv1[0][0][0]"]
    assert relu.expression.winner == 1
    pool = small.arithmetic("pool1[0][0][0]")
    names = [term.expression.name for term in pool.expression.terms]
    assert names == ["relu1[0][0][0]", "relu1[0][0][1]", "relu1[0][1][0]", "relu1[0][1][1]"]
    values = [term.expression.value for term in pool.expression.terms]
    assert pool.expression.winner == values.index(max(values))
    assert [term.running for term in pool.expression.terms][-1] == pool.value == max(values)


def test_probability_and_loss_name_the_functions_own_numbers(small):
    first, second = small.array("fc1")
    share = exp(second - max(first, second)) / (
        exp(first - max(first, second)) + exp(second - max(first, second))
    )
    found = small.arithmetic("probabilities[1]")
    assert (found.kind, found.value) == ("quotient", share)
    assert [*found.parts] == ["largest", "total"]
    assert found.parts["largest"].value == max(first, second)
    assert found.parts["total"].kind == "sum"
    loss = small.arithmetic("loss")
    assert loss.value == pytest.approx(-log(share))
    assert factors(loss.expression.terms[1])[0] == "targets[1]"


def test_delta_and_step_of_learning(small):
    """∂loss/∂logits = p − y (paper, eq. 5); one step goes against it."""
    found = small.arithmetic("fc1[1]", "gradient")
    assert found.value == (small.value("probabilities[1]") - 1.0) / 1
    step = small.arithmetic("fc1.bias[1]", "update")
    assert step.value == 0.5 - 0.008 * found.value
    signs = [term.sign for term in step.expression.terms]
    assert signs == ["+", "−"]
    assert factors(step.expression.terms[1]) == ["rate", "∂fc1.bias[1]"]
    assert str(step.target) == "new fc1.bias[1]"


def test_a_weights_gradient_is_the_sum_over_positions_of_delta_times_input(small):
    found = small.arithmetic("conv1.weight[0][0][1][0]", "gradient")
    assert [factors(term) for term in found.expression.terms] == [
        [f"∂conv1[0][{i}][{j}]", f"image[0][{i + 1}][{j}]"] for i in range(2) for j in range(2)
    ]


def test_pooling_says_which_window_a_number_won(small):
    won = small.arithmetic("pool1[0][0][0]").expression
    for place, term in enumerate(won.terms):
        name = term.expression.name
        found = small.arithmetic(name, "gradient")
        asked = [c for c in found.conditions if c.left.name == name]
        assert [c.holds for c in asked] == [place == won.winner]
        assert all(c.operator == "==" and c.right.name == "pool1[0][0][0]" for c in asked)
        expected = small.value("pool1[0][0][0]", "gradient") if place == won.winner else 0.0
        assert found.value == expected


def test_what_relu_lets_through(small):
    found = small.arithmetic("conv1[0][0][0]", "gradient")
    assert found.kind == "copy"
    (condition,) = found.conditions
    assert (condition.left.name, condition.operator, condition.holds) == (
        "relu1[0][0][0]",
        ">",
        True,
    )


def test_of_equal_numbers_the_first_wins_and_gets_all_the_gradient():
    black = Explainer(SMALL, PARAMETERS, [bytes(9)], [0])
    assert black.arithmetic("pool1[0][0][0]").expression.winner == 0
    shares = [black.value(f"relu1[0][{i}][{j}]", "gradient") for i in range(2) for j in range(2)]
    assert shares == [black.value("pool1[0][0][0]", "gradient"), 0.0, 0.0, 0.0]
    last = black.arithmetic("relu1[0][1][1]", "gradient")
    assert (last.value, last.conditions[-1].holds) == (0.0, True)  # equal, but too late


def test_pixels_and_labels(small):
    pixel = small.arithmetic("image[0][1][2]")
    assert (pixel.kind, pixel.value) == ("quotient", 1.0)
    assert [t.expression.name for t in pixel.expression.terms] == ["pixels[0][1][2]", "255.0"]
    target = small.arithmetic("targets[1]")
    assert (target.kind, target.value, target.conditions[0].left.name) == ("constant", 1.0, "label")


def test_a_parameter_is_given(small):
    found = small.arithmetic("fc1.weight[1][0]")
    assert (found.kind, found.value, found.functions, found.moments) == ("given", -1.0, (), ())


@pytest.mark.parametrize("at", ["conv1.weight[0][0][1][1]", "conv1[0][1][1]", "image[0][1][1]"])
def test_a_gradient_is_confirmed_by_differences_of_the_loss(small, at):
    found = small.difference(at)
    assert found.gradient == small.value(at, "gradient") != 0.0
    assert found.error < 1e-8
    assert not found.corner


def test_a_corner_is_told_and_not_taken_for_an_error():
    """A black pixel before a ReLU at exactly 0: the slopes left and right differ."""
    parameters = PARAMETERS | {"conv1.bias": from_nested([0.0])}
    found = Explainer(SMALL, parameters, [bytes(9)], [0]).difference("image[0][0][0]")
    assert found.corner
    assert found.left == 0.0
    assert found.right != 0.0


def test_a_nudge(small):
    assert small.loss_with("fc1.bias[1]", 0.5) == small.value("loss")
    assert (
        small.loss_with("fc1.bias[1]", 5.0)
        < small.value("loss")
        < small.loss_with("fc1.bias[1]", -5.0)
    )
    assert small.value("fc1.bias[1]") == 0.5  # nothing was changed


def test_of_several_images_the_loss_is_the_mean():
    images = random_images(SMALL, 3)
    pixels = [images.image(k) for k in range(3)]
    explainer = Explainer(SMALL, PARAMETERS, pixels, [*images.labels])
    found = explainer.arithmetic("fc1.weight[0][0]", "gradient")
    singles = [
        Explainer(SMALL, PARAMETERS, [image], [label]).value("fc1.weight[0][0]", "gradient")
        for image, label in zip(pixels, images.labels, strict=True)
    ]
    assert found.value == pytest.approx(sum(singles) / 3)
    assert [f.name for term in found.expression.terms for f in term.factors] == [
        "∂fc1[0]", "flatten1[0]", "∂fc1[0] of image 1", "flatten1[0] of image 1",
        "∂fc1[0] of image 2", "flatten1[0] of image 2",
    ]  # fmt: skip
    assert explainer.difference("fc1.weight[0][0]").error < 1e-8
    assert explainer.value("fc1[0]", sample=2) == Explainer(SMALL, PARAMETERS, pixels[2:]).value(
        "fc1[0]"
    )
    with pytest.raises(UserError, match="image 3; they count from 0 to 2"):
        explainer.arithmetic("fc1[0]", sample=3)


def test_without_a_label_the_most_probable_class_stands_in(small):
    unlabelled = Explainer(SMALL, PARAMETERS, [IMAGE])
    best = unlabelled.predicted()[0]
    assert unlabelled.labels == (best,)
    assert (unlabelled.label_given, small.label_given) == (False, True)
    assert unlabelled.value(f"targets[{best}]") == 1.0
    assert unlabelled.value("loss") == pytest.approx(
        -log(unlabelled.value(f"probabilities[{best}]"))
    )


def test_the_values_are_the_textbook_engines():
    network = NETWORKS["padded, biased, two convolutions"]
    images, parameters = random_images(network, 1), network.initial_parameters(0)
    explainer = Explainer(network, parameters, [images.image(0)], [*images.labels])
    engine = TextbookEngine(network, parameters)
    for name, maps in engine.activations(images, [0]).items():
        assert explainer.array(name) == maps[0]
    assert [explainer.array("probabilities")] == engine.probabilities(images, [0])
    for name, gradient in engine.gradients(images, [0]).items():
        assert from_nested(explainer.array(name, "gradient")) == gradient


@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize("name", ["padded, biased, two convolutions", "toy layer"])
def test_compiled_functions_give_the_same_bits(name, samples):
    network = NETWORKS[name]
    images, parameters = random_images(network, samples), network.initial_parameters(0)
    pixels = [images.image(k) for k in range(samples)]
    plain, fast = (
        Explainer(network, parameters, pixels, [*images.labels], compiled=compiled)
        for compiled in (False, True)
    )
    for of in ("value", "gradient"):
        for array in plain.arrays(of):
            assert repr(fast.array(array, of)) == repr(plain.array(array, of)), (array, of)
            row = fast.tensor(array, of, samples - 1)
            assert row == plain.tensor(array, of, samples - 1)
            assert nested(row) == plain.array(array, of, samples - 1)
    at = next(iter(network.parameters)) + "[0]" * len(
        network.parameters[next(iter(network.parameters))].shape
    )
    assert fast.loss_with(at, 0.3) == plain.loss_with(at, 0.3)


def test_another_engine_beside():
    model = Model(SMALL, parameters=PARAMETERS, engine="auto")
    found = Explainer.of(model, [IMAGE], [1]).arithmetic("conv1[0][1][0]")
    if model.engine.typecode == "d":
        assert found.engine is None
    else:
        assert found.engine.name == model.engine.name
        assert found.engine.value == pytest.approx(found.value, rel=1e-6)
    textbook = Model(SMALL, parameters=PARAMETERS, engine="textbook")
    assert explain(textbook, IMAGE, 1, "conv1[0][1][0]").engine is None
    assert explain(textbook, IMAGE, 1, "fc1.bias[0]", gradient=True).value == found_gradient()


def found_gradient():
    return Explainer(SMALL, PARAMETERS, [IMAGE], [1]).value("fc1.bias[0]", "gradient")


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        ([], None, "there is no image to explain"),
        ([bytes(8)], None, "image 0: 8 bytes, but the network takes 9 (1×3×3); scale it"),
        ([bytes(9)], [0, 1], "2 labels for 1 images; give one for each"),
        ([bytes(9)], [2], "label 2: classes count from 0 to 1"),
    ],
)
def test_what_cannot_be_explained(images, labels, message):
    with pytest.raises(UserError) as error:
        Explainer(SMALL, PARAMETERS, images, labels)
    assert str(error.value).startswith(message)


# Receptive fields.


@pytest.mark.parametrize(
    ("at", "rows", "columns"),
    [
        ("conv1[0][0][1]", (0, 2), (0, 3)),  # a window of 5 with a border of 2
        ("pool1[0][2][3]", (2, 7), (4, 9)),
        ("conv2[0][1][2]", (0, 13), (2, 15)),
        ("fc3[0]", (0, 27), (0, 27)),
    ],
)
def test_receptive_fields_of_lenet(at, rows, columns):
    network = lenet5()
    explainer = Explainer(network, network.initial_parameters(0), [bytes(784)], [0])
    assert explainer.receptive_field(at) == ReceptiveField((0, 0), rows, columns)


def test_what_is_no_layers_output_has_no_receptive_field(small):
    assert small.receptive_field("conv1.weight[0][0][0][0]") is None
    assert small.receptive_field(small.target("conv1[0][0][0]", "gradient")) is None


def test_a_receptive_field_holds_exactly_the_pixels_that_move_the_number():
    network = NETWORKS["padded, biased, two convolutions"]
    parameters = network.initial_parameters(0)
    grey = bytearray([128] * 84)
    still = Explainer(network, parameters, [bytes(grey)], [0])
    at = "conv1[1][3][0]"
    moved = []
    for pixel in range(84):
        changed = bytearray(grey)
        changed[pixel] = 200
        other = Explainer(network, parameters, [bytes(changed)], [0])
        if other.value(at) != still.value(at):
            moved.append((pixel // 42, pixel % 42 // 6, pixel % 6))
    ends = tuple((min(axis), max(axis)) for axis in zip(*moved, strict=True))
    assert still.receptive_field(at) == ReceptiveField(*ends)


# Names.


@pytest.mark.parametrize(
    ("at", "of", "message"),
    [
        ("cnv1[0][0][0]", "value", "cnv1[0][0][0]: there is no 'cnv1'; did you mean 'conv1'?"),
        ("conv1[0][0]", "value", "conv1[0][0]: conv1 is 1×2×2; give 3 indices, as conv1[0][1][1]"),
        ("conv1[0][2][0]", "value", "conv1[0][2][0]: index 2 is '2'; it runs from 0 to 1"),
        ("conv1[0][-1][0]", "value", "conv1[0][-1][0]: index 2 is '-1'; it runs from 0 to 1"),
        ("conv1[0][][0]", "value", "conv1[0][][0]: index 2 is ''; it runs from 0 to 1"),
        ("fc1[0][0]", "value", "fc1[0][0]: fc1 is 2; give 1 index, as fc1[1]"),
        ("loss[0]", "value", "loss[0]: loss is a single number; write loss"),
        ("conv1(0)", "value", "'conv1(0)' names no number; write a name and its indices: "
                              "conv1[2][3][4]"),
        ("conv1[0][0][0]", "update", "conv1[0][0][0]: no parameter is called 'conv1'; did you mean "
                                     "'conv1.bias'?"),
        ("conv1[0][0][0]", "slope", "of is 'slope'; choose from gradient, update, value"),
    ],
)  # fmt: skip
def test_what_names_no_number_is_told_in_one_line(small, at, of, message):
    with pytest.raises(UserError) as error:
        small.arithmetic(at, of)
    assert str(error.value) == message


def test_the_loss_of_probabilities_has_no_gradient_array(small):
    with pytest.raises(UserError, match="no gradient is computed of 'probabilities'"):
        small.arithmetic("probabilities[0]", "gradient")


def test_spaces_do_not_matter(small):
    assert small.target(" conv1 [0][ 1 ][0] ") == small.target("conv1[0][1][0]")


# JSON.

NUMBER = {"kind", "value"}
KINDS = {"sum", "product", "quotient", "maximum", "minimum", "exp", "log", "sqrt", "negative"}


def check_expression(found):
    assert found.keys() >= NUMBER
    match found["kind"]:
        case "element":
            assert found.keys() == NUMBER | {"name", "array", "index", "of", "sample"}
        case "constant" | "part":
            assert found.keys() == NUMBER | {"name"}
        case kind:
            assert kind in KINDS
            assert found.keys() - {"winner"} == NUMBER | {"terms"}
            assert ("winner" in found) == (kind in ("maximum", "minimum"))
            for term in found["terms"]:
                assert term.keys() == {"sign", "value", "running", "factors"}
                for factor in term["factors"]:
                    check_expression(factor)


def test_everything_goes_through_json(small):
    for of in ("value", "gradient", "update"):
        for name, shape in small.arrays(of).items():
            arithmetic = small.arithmetic(name + "[0]" * len(shape), of)
            found = json.loads(json.dumps(arithmetic.as_dict(), allow_nan=False))
            assert found["target"] == str(arithmetic.target)
            assert (found["name"], found["index"]) == (name, [0] * len(shape))
            assert found["value"] == found["expression"]["value"] == arithmetic.value
            check_expression(found["expression"])
            for part in found["parts"].values():
                check_expression(part)
            for condition in found["conditions"]:
                check_expression(condition["left"])
                check_expression(condition["right"])
            names = found["steps"]["variables"]
            for function, line, _, value, term, variables in found["steps"]["rows"]:
                source = found["functions"][function]
                assert source["first_line"] < line <= source["last_line"]
                assert isinstance(value, float | int)
                assert term is None or term < len(found["expression"]["terms"])
                assert len(variables) == len(names)
    assert "steps" not in arithmetic.as_dict(steps=False)
