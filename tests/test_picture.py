"""Images as text, small enough to see at once."""

from __future__ import annotations

from verypoorcnn.data.picture import SHADES, as_text, side_by_side


def test_two_by_two():
    assert as_text(bytes([0, 255, 128, 0]), (1, 2, 2)) == "  @@\n++  "


def test_every_shade_has_its_share_and_brighter_means_more_ink():
    line = as_text(bytes(range(256)), (1, 1, 256))[::2]
    assert line[0] == SHADES[0]
    assert line[255] == SHADES[-1]
    assert [*line] == sorted(line, key=SHADES.index)
    assert all(line.count(shade) in (25, 26) for shade in SHADES)


def test_colours_are_averaged():
    red, green, blue = bytes([255, 0]), bytes([255, 0]), bytes([255, 255])
    assert as_text(red + green + blue, (3, 1, 2)) == "@@--"


def test_lines_and_columns():
    lines = as_text(bytes(3 * 5), (1, 3, 5)).split("\n")
    assert [len(line) for line in lines] == [10, 10, 10]


def test_side_by_side():
    assert side_by_side(["ab\ncd", "1\n2"]) == "ab  1\ncd  2"


def test_side_by_side_of_different_heights_and_widths():
    assert side_by_side(["a", "12\n34", "x\ny\nz"], gap="|") == "a|12|x\n |34|y\n |  |z"


def test_nothing_side_by_side():
    assert side_by_side([]) == ""
    assert side_by_side(["a \nb"]) == "a\nb"
