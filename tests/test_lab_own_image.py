"""The user's own image on its way to the network."""

from __future__ import annotations

from typing import Any

import pytest

from verypoorcnn.errors import UserError
from verypoorcnn.lab.views.own_image import Switches, frame, prepare, switches_from, thumbnail
from verypoorcnn.lab.views.retouch import Box, Picture

PLAIN = Switches(centre=False, scale=False)


def spot(rows: int, columns: int, box: Box) -> Picture:
    """Black, with a white box."""
    pixels = bytes(
        255 * (box.top <= row < box.bottom and box.left <= column < box.right)
        for row in range(rows)
        for column in range(columns)
    )
    return Picture(rows, columns, (pixels,))


def test_a_picture_of_the_networks_size_stays_as_it_is() -> None:
    picture = spot(4, 4, Box(1, 1, 2, 3))
    done = prepare(picture, (1, 4, 4), PLAIN)
    assert [step.name for step in done.steps] == ["as it came", "at 4×4"]
    assert done.pixels() == picture.planes[0]


def test_a_spot_in_a_corner_comes_to_the_middle() -> None:
    picture, switches = spot(6, 6, Box(0, 0, 2, 2)), Switches(scale=False)
    assert frame(picture, switches) == Box(-2, -2, 4, 4)
    assert prepare(picture, (1, 6, 6), switches).pixels() == spot(6, 6, Box(2, 2, 4, 4)).planes[0]


def test_a_spot_fills_the_frame_when_scaled() -> None:
    done = prepare(spot(9, 9, Box(1, 5, 4, 8)), (1, 3, 3), Switches())
    assert done.pixels() == bytes([255]) * 9


def test_scaled_without_being_centred_the_ink_is_still_all_there() -> None:
    picture = spot(10, 10, Box(3, 4, 5, 9))
    assert frame(picture, Switches(centre=False)) == Box(1, 1, 9, 9)


def test_the_frame_has_the_proportions_of_the_networks_image() -> None:
    picture = spot(24, 18, Box(8, 7, 12, 9))  # 4 high, 2 wide
    assert frame(picture, Switches(), (12, 9)) == Box(8, 6, 12, 9)
    assert frame(picture, Switches(scale=False), (12, 9)) == Box(-2, -1, 22, 17)
    assert frame(picture, Switches(), (1, 3)) == Box(8, 2, 12, 14)


def test_nothing_drawn_is_no_fault() -> None:
    assert prepare(Picture(3, 5, (bytes(15),)), (1, 2, 2), Switches()).pixels() == bytes(4)


def test_all_steps_in_their_order() -> None:
    switches = Switches(invert=True, shift=(1, 0), rotate=90.0, occlude=(0, 0, 1))
    done = prepare(spot(8, 8, Box(2, 2, 6, 6)), (1, 4, 4), switches)
    assert [step.name for step in done.steps] == [
        "as it came",
        "inverted",
        "centred and scaled",
        "at 4×4",
        "shifted",
        "turned",
        "covered",
    ]
    assert all(step.why for step in done.steps)


@pytest.mark.parametrize("channels", [1, 3])
def test_grey_and_colour_fit_any_network(channels: int) -> None:
    for planes in (1, 3):
        picture = Picture(2, 2, (bytes([9, 9, 9, 9]),) * planes)
        assert prepare(picture, (channels, 2, 2), PLAIN).pixels() == bytes([9]) * 4 * channels


def test_thumbnails_are_small_and_keep_their_proportions() -> None:
    small = thumbnail(Picture(448, 224, (bytes(448 * 224),)))
    assert (small.rows, small.columns) == (56, 28)
    same = Picture(28, 28, (bytes(784),))
    assert thumbnail(same) is same


def test_switches_come_as_the_page_sends_them() -> None:
    body = {"invert": True, "scale": False, "shift": [1, -2], "rotate": 30, "occlude": [1, 2, 3]}
    assert switches_from(body) == Switches(True, True, False, (1, -2), 30.0, (1, 2, 3))
    assert switches_from({}) == Switches()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"invert": 1}, "invert is 1; give true or false"),
        ({"rotate": "a"}, "rotate is 'a'; give degrees"),
        ({"rotate": float("nan")}, "rotate is nan"),
        ({"rotate": True}, "rotate is True"),
        ({"shift": [1]}, "shift is \\[1\\]; give 2 whole numbers"),
        ({"shift": [1, 10**9]}, "give 2 whole numbers up to 640"),
        ({"occlude": [1, 2, True]}, "give 3 whole numbers"),
        ({"occlude": "x"}, "give 3 whole numbers"),
    ],
)
def test_what_is_not_of_its_kind_is_named(body: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        switches_from(body)
