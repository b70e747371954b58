"""What is done to a picture before a network sees it."""

from __future__ import annotations

from random import Random

import pytest

from verypoorcnn.lab.views.retouch import (
    Box,
    Picture,
    cut,
    ink,
    negative,
    occluded,
    resampled,
    rotated,
    shifted,
)


def grey(*rows: list[int]) -> Picture:
    return Picture(len(rows), len(rows[0]), (b"".join(map(bytes, rows)),))


def test_a_picture_must_have_a_byte_for_every_pixel() -> None:
    with pytest.raises(ValueError, match="3 bytes for 2×2 pixels"):
        Picture(2, 2, (bytes(3),))
    with pytest.raises(ValueError, match="a picture of 1×0×5"):
        Picture(0, 5, (b"",))


def test_the_negative_of_black_is_white() -> None:
    assert negative(grey([0, 255, 55])) == grey([255, 0, 200])


def test_the_ink_is_what_is_not_faint() -> None:
    picture = grey([0, 0, 0, 0], [0, 33, 0, 0], [32, 0, 200, 0])
    assert ink(picture) == Box(1, 1, 3, 3)
    assert ink(grey([0, 32], [31, 1])) is None


def test_ink_of_any_colour_counts() -> None:
    red, green = bytes([0, 0, 0, 90]), bytes([0, 90, 0, 0])
    assert ink(Picture(2, 2, (red, green, bytes(4)))) == Box(0, 1, 2, 2)


def test_cutting_beyond_the_edge_gives_ground() -> None:
    picture = grey([1, 2], [3, 4])
    assert cut(picture, Box(-1, 1, 2, 4)) == grey([0, 0, 0], [2, 0, 0], [4, 0, 0])
    assert cut(picture, Box(5, 5, 6, 7)) == grey([0, 0])
    assert cut(picture, Box(0, -3, 1, -1)) == grey([0, 0])


def test_resampling_takes_means() -> None:
    assert resampled(grey([0, 10, 20, 30], [4, 6, 20, 31]), 1, 2) == grey([5, 25])


def test_resampling_to_more_pixels_repeats_them() -> None:
    assert resampled(grey([1, 9]), 2, 4) == grey([1, 1, 9, 9], [1, 1, 9, 9])


def test_resampling_to_the_same_measures_changes_nothing() -> None:
    picture = Picture(5, 7, (Random(1).randbytes(35),))
    assert resampled(picture, 5, 7) == picture


def test_an_even_picture_stays_even_whatever_the_measures() -> None:
    for rows, columns in [(1, 1), (3, 5), (28, 28), (40, 9)]:
        found = resampled(Picture(13, 17, (bytes([77]) * 13 * 17,)), rows, columns)
        assert found.planes == (bytes([77]) * rows * columns,)


def test_shifting_to_the_right_and_down() -> None:
    assert shifted(grey([1, 2], [3, 4]), right=1, down=1) == grey([0, 0], [0, 1])
    assert shifted(grey([1, 2], [3, 4]), right=-1, down=0) == grey([2, 0], [4, 0])


def test_a_quarter_turn_is_clockwise_and_exact() -> None:
    picture = grey([1, 2, 3], [4, 5, 6], [7, 8, 9])
    assert rotated(picture, 90) == grey([7, 4, 1], [8, 5, 2], [9, 6, 3])
    assert rotated(picture, 360) == picture


def test_turning_there_and_back_keeps_the_middle() -> None:
    picture = Picture(9, 9, (bytes([200]) * 81,))
    assert rotated(rotated(picture, 30), -30).planes[0][4 * 9 + 4] == 200


def test_a_square_may_hang_over_the_edge() -> None:
    picture = grey([1, 2, 3], [4, 5, 6])
    assert occluded(picture, 1, 2, 5) == grey([1, 2, 3], [4, 5, 0])
    assert occluded(picture, -1, -1, 2) == grey([0, 2, 3], [4, 5, 6])
    assert occluded(picture, 0, 9, 2) == picture
