"""Which pixels matter: occlusion and the input gradient, as numbers, text and pictures."""

from __future__ import annotations

import struct
import zlib

import pytest

from tests.engines import NETWORKS, random_images
from verypoorcnn.engines import create_engine
from verypoorcnn.errors import UserError
from verypoorcnn.explain import Explainer, SaliencyMap, input_gradient, occlusion
from verypoorcnn.explain.colours import BLUE, ORANGE, WHITE, diverging
from verypoorcnn.files.tensors import from_nested
from verypoorcnn.network import Dense, Flatten, Network

# Two pixels, two classes; class 0 likes the left pixel, and the right one not.
PAIR = Network((1, 1, 2), (Flatten(), Dense(units=2, use_bias=False)))
WEIGHTS = {"fc1.weight": from_nested([[2.0, -1.0], [0.0, 0.0]])}


def test_input_gradient_of_a_linear_network_is_its_weights():
    explainer = Explainer(PAIR, WEIGHTS, [bytes([255, 0])], [0])
    found = input_gradient(explainer)
    assert found.values == ((2.0, -1.0),)  # of class 0, which is the most probable
    assert found.title == "∂(logit of class 0)/∂pixel, pixels from 0 to 1"
    assert input_gradient(explainer, 1).values == ((0.0, 0.0),)


def test_of_the_loss_its_sign_is_turned():
    explainer = Explainer(PAIR, WEIGHTS, [bytes([255, 0])], [0])
    slope = 1 - explainer.value("probabilities[0]")
    found = input_gradient(explainer, loss=True)
    assert found.values[0] == pytest.approx((2 * slope, -1 * slope))
    gradient = explainer.array("image", "gradient")
    assert found.values == tuple(tuple(-v for v in row) for row in gradient[0])


@pytest.mark.parametrize("compiled", [False, True])
def test_the_gradient_of_a_logit_is_confirmed_by_differences(compiled):
    network = NETWORKS["padded, biased, two convolutions"]
    images, parameters = random_images(network, 2), network.initial_parameters(0)
    pixels = [images.image(0), images.image(1)]
    explainer = Explainer(network, parameters, pixels, [*images.labels], compiled=compiled)
    gradient = explainer.logit_gradient(1, sample=1)
    image = bytearray(pixels[1])
    place = max(range(len(image)), key=lambda k: 20 < image[k] < 230)
    logits = []
    for change in (-1, 1):
        moved = bytearray(image)
        moved[place] += change
        logits.append(Explainer(network, parameters, [bytes(moved)]).value("fc2[1]"))
    c, y, x = place // 42, place % 42 // 6, place % 6
    slope = (logits[1] - logits[0]) / (2 / 255)
    assert gradient[c][y][x] == pytest.approx(slope, rel=1e-6, abs=1e-9)


def test_of_several_channels_the_largest_counts():
    network = Network((2, 1, 2), (Flatten(), Dense(units=2, use_bias=False)))
    weights = {"fc1.weight": from_nested([[1.0, -4.0, -3.0, 2.0], [0.0] * 4])}
    found = input_gradient(Explainer(network, weights, [bytes(4)], [0]), 0)
    assert found.values == ((-3.0, -4.0),)


def test_occlusion_by_hand():
    """Covering a pixel with 0 takes its share of the logit away."""
    engine = create_engine("textbook", PAIR, WEIGHTS).engine
    image = bytes([255, 255])
    found = occlusion(engine, image, 0, patch=1, stride=1, fill=0)
    whole, left, right = (
        Explainer(PAIR, WEIGHTS, [bytes(pixels)]).value("probabilities[0]")
        for pixels in ([255, 255], [0, 255], [255, 0])
    )
    assert found.values == ((whole - left, whole - right),)
    assert found.values[0][0] > 0 > found.values[0][1]
    assert found.title == f"fall of the probability of class 0 ({whole:.3g}) where 1×1 is covered"


@pytest.mark.parametrize(("fill", "byte"), [("mean", 110), ("grey", 128), (7, 7)])
def test_what_a_patch_is_covered_with(fill, byte):
    engine = create_engine("textbook", PAIR, WEIGHTS).engine
    found = occlusion(engine, bytes([200, 20]), 0, patch=1, stride=1, fill=fill)
    whole, covered = (
        Explainer(PAIR, WEIGHTS, [bytes([left, 20])]).value("probabilities[0]")
        for left in (200, byte)
    )
    assert found.values[0][0] == whole - covered


def test_a_pixels_number_is_the_mean_over_the_patches_that_cover_it():
    network = Network((1, 2, 3), (Flatten(), Dense(units=2, use_bias=False)))
    weights = {"fc1.weight": from_nested([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [0.0] * 6])}
    engine = create_engine("textbook", network, weights).engine
    (upper, lower) = occlusion(engine, bytes([90] * 6), 0, patch=2, stride=1, fill=0).values
    assert upper == lower
    assert upper[1] == pytest.approx((upper[0] + upper[2]) / 2)
    assert upper[0] < upper[2]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"patch": 2}, "patch 2: give rows of the image, from 1 to 1"),
        ({"patch": 1, "stride": 2}, "stride 2: give pixels from 1 to the patch's 1"),
        (
            {"patch": 1, "stride": 1, "fill": "pink"},
            "fill 'pink': give mean, grey, or a whole number from 0 to 255",
        ),
        (
            {"patch": 1, "stride": 1, "fill": 256},
            "fill 256: give mean, grey, or a whole number from 0 to 255",
        ),
    ],
)
def test_settings_that_make_no_map(options, message):
    engine = create_engine("textbook", PAIR, WEIGHTS).engine
    with pytest.raises(UserError) as error:
        occlusion(engine, bytes(2), **options)
    assert str(error.value) == message


def test_a_class_that_does_not_exist():
    explainer = Explainer(PAIR, WEIGHTS, [bytes(2)], [0])
    with pytest.raises(UserError, match="class 2: they count from 0 to 1"):
        input_gradient(explainer, 2)


# Shown.

MAP = SaliencyMap("a title", ((0.0, 0.9, -0.9), (0.05, -0.45, 0.0)))


def test_text():
    rows = MAP.as_text().splitlines()
    assert rows[:3] == ["  +@-@", "+.-+", "a title"]
    assert rows[3].startswith("+ for, - against")
    assert rows[4] == ".:-=+*#%@ from small to large: . up to 0.1, : up to 0.2, … @ up to 0.9"


def test_a_map_of_nothing_is_blank():
    empty = SaliencyMap("nothing", ((0.0, 0.0),))
    assert empty.as_text().splitlines()[0] == ""
    assert pixels_of(empty.as_png(1)) == [[WHITE, WHITE]]


def test_png():
    assert pixels_of(MAP.as_png(1))[0] == [WHITE, ORANGE, BLUE]
    large = pixels_of(MAP.as_png(2))
    assert (len(large), len(large[0])) == (4, 6)
    assert large[0] == large[1] == [WHITE, WHITE, ORANGE, ORANGE, BLUE, BLUE]


def pixels_of(data):
    """The rows of colours of a PNG file whose rows have no filter."""
    width, height = struct.unpack(">2I", data[16:24])
    start = data.index(b"IDAT") + 4
    (length,) = struct.unpack(">I", data[start - 8 : start - 4])
    raw = zlib.decompress(data[start : start + length])
    size = 1 + 3 * width
    rows = [raw[k * size + 1 : (k + 1) * size] for k in range(height)]
    return [[tuple(row[3 * x : 3 * x + 3]) for x in range(width)] for row in rows]


@pytest.mark.parametrize(
    ("value", "colour"), [(0.0, WHITE), (2.0, ORANGE), (-2.0, BLUE), (5.0, ORANGE), (-5.0, BLUE)]
)
def test_colours(value, colour):
    assert diverging(value, 2.0) == colour


def test_colours_grow_darker_on_both_sides_of_zero():
    def light(value):
        return sum(diverging(value, 1.0))

    assert light(0.0) > light(0.3) > light(0.6) > light(1.0)
    assert light(0.0) > light(-0.3) > light(-0.6) > light(-1.0)
    assert diverging(0.0, 0.0) == WHITE
