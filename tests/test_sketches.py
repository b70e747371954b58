"""The built-in drawings: the same for everybody, no two alike, ten things to tell apart."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from itertools import pairwise
from random import Random

import pytest

from verypoorcnn.data.dataset import Dataset
from verypoorcnn.data.fashion_mnist import CLASS_NAMES
from verypoorcnn.data.sketches import pose, sketches, wardrobe
from verypoorcnn.data.sketches.canvas import (
    SIDE,
    UNIT,
    Canvas,
    Outline,
    both_sides,
    curve,
    mirrored,
    stroke,
)
from verypoorcnn.data.sketches.cloth import FULL, cloth, dotted, leather, stripes
from verypoorcnn.data.sketches.garments import GARMENTS, LOOK_ALIKES
from verypoorcnn.errors import UserError

DRAWINGS = [draw for draw, _ in GARMENTS] + sorted({draw for _, draw in LOOK_ALIKES}, key=str)


def images(data: Dataset) -> list[bytes]:
    return [data.image(index) for index in range(len(data))]


def area(outline: Outline) -> float:
    """Positive if the outline runs clockwise as seen, y down (the shoelace formula)."""
    following = outline[1:] + outline[:1]
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(outline, following, strict=True)) / 2


# The canvas


def painted(corners: Outline, shade: int = 8) -> dict[tuple[int, int], float]:
    """Row, column and shade of each pixel that is not black."""
    canvas = Canvas()
    canvas.fill(corners, shade)
    shades = enumerate(canvas.shades())
    return {divmod(at, SIDE): total / UNIT for at, total in shades if total}


def test_a_rectangle_covers_whole_and_half_pixels_by_hand() -> None:
    # From x = 2 to 4.5 and y = 1 to 2: two whole pixels and half of a third.
    rectangle = [(2, 1), (4.5, 1), (4.5, 2), (2, 2)]
    assert painted(rectangle) == {(1, 2): 8, (1, 3): 8, (1, 4): 4}


def test_a_rectangle_may_end_between_rows() -> None:
    # From y = 0.5 to 1.25: two and one of the four scan lines of the rows 0 and 1.
    assert painted([(5, 0.5), (6, 0.5), (6, 1.25), (5, 1.25)]) == {(0, 5): 4, (1, 5): 2}


def test_a_triangle_is_cut_along_its_diagonal() -> None:
    # A right angle at the top left: the diagonal halves the pixels (0, 1) and (1, 0).
    assert painted([(0, 0), (2, 0), (0, 2)]) == {(0, 0): 8, (0, 1): 4, (1, 0): 4}


def test_the_whole_canvas_can_be_filled() -> None:
    shades = painted([(0, 0), (SIDE, 0), (SIDE, SIDE), (0, SIDE)])
    assert len(shades) == SIDE * SIDE
    assert set(shades.values()) == {8}


def test_shades_add_up_and_a_negative_one_takes_away() -> None:
    canvas = Canvas()
    canvas.fill([(0, 0), (3, 0), (3, 1), (0, 1)], 10)
    canvas.fill([(1, 0), (2, 0), (2, 1), (1, 1)], -4)
    assert [total / UNIT for total in canvas.shades()[:4]] == [10, 6, 10, 0]


def test_outlines_by_hand() -> None:
    half: Outline = [(0, 0), (2, 0), (1, 3)]
    assert both_sides(half) == [(0, 0), (2, 0), (1, 3), (-1, 3), (-2, 0), (0, 0)]
    assert mirrored(half) == [(-1, 3), (-2, 0), (0, 0)]
    assert stroke(0, 0, 4, 0, 2) == [(0, -1), (4, -1), (4, 1), (0, 1)]
    cut = [(1, 0), (3, 0), (4, 1), (4, 3)]
    assert curve([(0, 0), (4, 0), (4, 4)]) == [(0, 0), *cut, (4, 4)]


# Cloth and garments


def test_stripes_are_one_to_three_pixels_wide() -> None:
    lowest, highest = stripes(lambda low, high: low), stripes(lambda low, high: high - 1e-9)
    assert len(set(lowest)) == len(set(highest)) == 2
    assert all(a != b for a, b in pairwise(lowest))
    changes = [i for i in range(1, SIDE) if highest[i] != highest[i - 1]]
    assert {b - a for a, b in pairwise(changes)} == {3}


def test_dots_stand_alone() -> None:
    factors = dotted(Random(1).uniform)
    dark = [divmod(at, SIDE) for at, factor in enumerate(factors) if factor < FULL]
    assert 25 <= len(dark) <= 100
    assert all((i, j + 1) not in dark and (i + 1, j) not in dark for i, j in dark)


@pytest.mark.parametrize("material", [cloth, leather])
def test_a_material_never_makes_lighter_nor_black(material) -> None:
    rng = Random(2)
    for _ in range(50):
        factors = material(rng.uniform)
        assert len(factors) == SIDE * SIDE
        assert FULL / 3 < min(factors) <= max(factors) <= FULL


@pytest.mark.parametrize("draw", DRAWINGS, ids=lambda draw: draw.__name__)
def test_polygons_run_clockwise_inside_their_square(draw) -> None:
    rng = Random(3)
    for _ in range(200):
        for outline, _ in draw(rng.uniform):
            assert area(outline) > 0
            assert all(-0.5 <= x <= 0.5 and 0 <= y <= 1 for x, y in outline)


def test_no_pose_leaves_the_canvas() -> None:
    rng = Random(4)
    for _ in range(500):
        place = pose(rng.uniform)
        for x, y in place([(-0.5, 0), (0.5, 0), (0.5, 1), (-0.5, 1)]):
            assert -1e-9 < x < SIDE + 1e-9
            assert -1e-9 < y < SIDE + 1e-9


def test_every_fourth_ten_holds_one_look_alike() -> None:
    plain = list(GARMENTS)
    strangers = [
        [label for label in range(10) if wardrobe(ten)[label] != plain[label]] for ten in range(32)
    ]
    assert strangers[::4] == [[7], [9], [7], [6], [9], [7], [9], [7]]
    assert not any(strangers[ten] for ten in range(32) if ten % 4)


# The data set


@pytest.fixture(scope="module")
def five_hundred() -> Dataset:
    return sketches(500)


def test_the_same_bytes_everywhere() -> None:
    # Whoever changes the drawings on purpose puts the new digests here.
    def digest(data: Dataset) -> str:
        return sha256(data.labels + data.pixels).hexdigest()[:16]

    assert digest(sketches(100)) == "d1ee84d993f83e79"
    assert digest(sketches(100, part="test")) == "a3ecff986a2a7474"
    assert digest(sketches(100, seed=1)) == "88529cd35300e200"


def test_a_shorter_set_is_the_beginning_of_a_longer_one() -> None:
    long = sketches(47)
    for count in (1, 9, 10, 23, 40):
        short = sketches(count)
        assert len(short) == count
        assert short.pixels == long.first(count).pixels
        assert short.labels == long.first(count).labels


def test_training_and_test_parts_and_seeds_share_no_image() -> None:
    sets = [sketches(100), sketches(100, part="test"), sketches(100, seed=1)]
    assert len({image for data in sets for image in images(data)}) == 300


def test_every_ten_images_hold_every_class_in_another_order(five_hundred: Dataset) -> None:
    tens = [bytes(five_hundred.labels[i : i + 10]) for i in range(0, 500, 10)]
    assert all(sorted(ten) == list(range(10)) for ten in tens)
    assert len(set(tens)) > 40
    assert set(five_hundred.counts().values()) == {50}


def test_no_two_drawings_are_alike(five_hundred: Dataset) -> None:
    assert len(set(images(five_hundred))) == 500


def test_every_class_covers_a_sensible_part_of_the_image(five_hundred: Dataset) -> None:
    for label, image in zip(five_hundred.labels, images(five_hundred), strict=True):
        share = sum(pixel > 20 for pixel in image) / len(image)
        assert 0.08 < share < 0.65, CLASS_NAMES[label]
        assert max(image) > 90, CLASS_NAMES[label]


def test_the_background_is_black(five_hundred: Dataset) -> None:
    corners = Counter(image[at] for image in images(five_hundred) for at in (0, 27))
    assert corners[0] > 990


def test_classes_have_shapes_of_their_own(five_hundred: Dataset) -> None:
    # A drawing is nearest to the mean of its own class three times out of four at least.
    def mean(label: int) -> list[float]:
        own = [
            x for y, x in zip(five_hundred.labels, images(five_hundred), strict=True) if y == label
        ]
        return [sum(column) / len(own) for column in zip(*own, strict=True)]

    means = [mean(label) for label in range(10)]
    unseen = sketches(100, part="test")
    right = 0
    for label, image in zip(unseen.labels, images(unseen), strict=True):
        distances = [sum((a - b) ** 2 for a, b in zip(image, m, strict=True)) for m in means]
        right += distances.index(min(distances)) == label
    assert right >= 75


def test_it_says_what_it_is() -> None:
    train, test = sketches(10), sketches(10, part="test")
    assert train.source == "built-in sketches, training part"
    assert test.source == "built-in sketches, test part"
    assert train.shape == (1, 28, 28)
    assert train.class_names == CLASS_NAMES


@pytest.mark.parametrize("count", [0, -5])
def test_no_image_is_an_error(count: int) -> None:
    with pytest.raises(UserError, match=f"sketches: {count} images asked for; ask for at least 1"):
        sketches(count)


def test_an_unknown_part_is_an_error() -> None:
    with pytest.raises(UserError, match="no part 'validation'; choose train or test"):
        sketches(10, part="validation")
