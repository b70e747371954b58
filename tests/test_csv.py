"""CSV files: two images by hand, all tolerated ways of writing, all errors with row and column."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from verypoorcnn.data import csv_file
from verypoorcnn.data.csv_file import read_csv, read_csv_rows
from verypoorcnn.errors import UserError

ROWS = b"1,0,10,20,255\n0,1,2,3,4\n"
HEADER = b"label,pixel1,pixel2,pixel3,pixel4\n"
PIXELS = bytes([0, 10, 20, 255, 1, 2, 3, 4])
NAMES = ("cat", "dog")


@pytest.fixture
def write(tmp_path: Path) -> Callable[[bytes], Path]:
    def write(content: bytes) -> Path:
        path = tmp_path / "train.csv"
        path.write_bytes(content)
        return path

    return write


def error(path: Path, **options: object) -> str:
    """What the user is told, after the name of the file."""
    with pytest.raises(UserError) as caught:
        read_csv(path, **{"class_names": NAMES, **options})
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(path))
    return message.removeprefix(str(path))


def test_two_images_of_two_by_two(write):
    dataset = read_csv(write(ROWS), class_names=NAMES, source="by hand")
    assert dataset.shape == (1, 2, 2)
    assert dataset.image(0) == bytes([0, 10, 20, 255])
    assert dataset.image(1) == bytes([1, 2, 3, 4])
    assert list(dataset.labels) == [1, 0]
    assert dataset.class_names == NAMES
    assert dataset.source == "by hand"


def test_the_source_is_the_path_if_no_other_is_given(write):
    path = write(ROWS)
    assert read_csv(path, class_names=NAMES).source == str(path)


def test_a_given_shape(write):
    assert read_csv(write(ROWS), (2, 1, 2), NAMES).shape == (2, 1, 2)


@pytest.mark.parametrize(
    "content",
    [
        HEADER + ROWS,
        b'"label","1x1","1x2","2x1","2x2"\n' + ROWS,
        b",0,1,2,3\n" + ROWS,
        gzip.compress(HEADER + ROWS, mtime=0),
        b"\xef\xbb\xbf" + ROWS,
        b"\xef\xbb\xbf" + HEADER + ROWS,
        ROWS.replace(b"\n", b"\r\n"),
        ROWS.rstrip(b"\n"),
        ROWS + b"\n\r\n  \n",
        ROWS.replace(b",", b", "),
        ROWS.replace(b",", b" ,\t "),
        b'"1","0","10","20","255"\n"0","1","2","3","4"\n',
        b' "1" ," 0",10,20,255\n0,1,2,3,4',
        b"01,000,010,20,255\n0,1,2,003,4\n",
    ],
)
def test_ways_of_writing_the_same(write, content):
    dataset = read_csv(write(content), class_names=NAMES)
    assert dataset.pixels == PIXELS
    assert list(dataset.labels) == [1, 0]


def test_every_byte_in_every_common_writing(write):
    for form in ("%d", " %d", '"%d"', "%03d "):
        rows = "\n".join(f"0,{form % value}" for value in range(256))
        assert read_csv(write(rows.encode()), class_names=["only"]).pixels == bytes(range(256))


@pytest.mark.parametrize(
    ("pixel", "written"),
    [
        (b"256", "'256'"),
        (b"-1", "'-1'"),
        (b"x", "'x'"),
        (b"", "''"),
        (b" ", "' '"),
        (b"12.0", "'12.0'"),
        (b"1e2", "'1e2'"),
        (b"+5", "'+5'"),
        (b"1 2", "'1 2'"),
        (b'"5', "'\"5'"),
        (b'""', "'\"\"'"),
        (b'"', "'\"'"),
        (b"0\r1", "'0\\r1'"),
        (b"\xff", "'\\xff'"),
        ("٣".encode(), "'\\xd9\\xa3'"),  # a digit, but not one of ours
        (b"9" * 5000, "'99999999999999999999'…"),
    ],
)
def test_a_pixel_that_is_none(write, pixel, written):
    path = write(HEADER + ROWS + b"1,7," + pixel + b",9,9\n")
    expected = f", row 4, column 3: pixel {written} is not a whole number from 0 to 255"
    assert error(path) == expected


@pytest.mark.parametrize(("label", "written"), [(b"x", "'x'"), (b"-1", "'-1'"), (b"300", "'300'")])
def test_a_label_that_is_none(write, label, written):
    path = write(ROWS + label + b",1,2,3,4\n")
    expected = f", row 3, column 1: label {written} is not a whole number from 0 to 255"
    assert error(path) == expected


def test_a_label_without_a_name(write):
    assert error(write(ROWS + b"2,1,2,3,4\n")).startswith(", row 3: label 2 is out of range")
    assert error(write(HEADER + ROWS + b"2,1,2,3,4\n")) == (
        ", row 4: label 2 is out of range: there are 2 classes, so labels run from 0 to 1"
    )


def test_a_stray_label_where_no_names_are_given(write):
    digits = b"".join(b"%d,1,2,3,4\n" % (i % 10) for i in range(20))
    assert error(write(HEADER + digits[:50] + b"77,1,2,3,4\n" + digits[50:]), class_names=None) == (
        ", row 7: label 77 is out of range: the labels below it run from 0 to 9; "
        "name the classes with data.class_names if this is meant"
    )


def test_names_that_are_numbers(write):
    assert read_csv(write(ROWS * 2)).class_names == ("0", "1")


def test_fashion_mnist_is_known_by_the_name_of_the_file(tmp_path):
    path = tmp_path / "Fashion-MNIST_test.csv"
    path.write_bytes(b"9,5\n0,6\n")
    assert read_csv(path).class_names[9] == "Ankle boot"
    assert read_csv(path, class_names=tuple("abcdefghij")).class_names[9] == "j"


def test_a_row_with_too_few_or_too_many_values(write):
    assert error(write(HEADER + ROWS + b"1,2,3,4\n")) == (
        ", row 4: found 4 values, expected 5: a label and 4 pixels"
    )
    assert ", row 3: found 6 values, expected 5" in error(write(ROWS + b"1,2,3,4,5,6\n"))
    assert ", row 1: found 5 values, expected 4: a label and 3 pixels" in error(
        write(ROWS), shape=(1, 1, 3)
    )


def test_images_that_are_no_square_need_a_shape(write):
    assert error(write(b"0" + b",1" * 783)).startswith(
        ", row 1: a label and 783 pixels, which make no square image"
    )
    assert ", row 2: a label and 0 pixels" in error(write(b"label\n1\n"))


@pytest.mark.parametrize(("mark", "name"), [(b";", "semicolons"), (b"\t", "tabs")])
@pytest.mark.parametrize("content", [b"label,a,b\n1,2,3\n", b"1,2,3,4,5\n0,1,2,3,4\n", b"1,2"])
def test_values_that_no_comma_separates(write, mark, name, content):
    assert error(write(content.replace(b",", mark))) == (
        f", row 1: {name} stand between the values; save the file with commas"
    )


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", HEADER, HEADER + b"\n", gzip.compress(b"", mtime=0)]
)
def test_no_rows(write, content):
    assert error(write(content)) == ": there is no row of values; give a file with images"


def test_a_blank_row_between_others(write):
    assert error(write(ROWS + b"\n" + ROWS)).startswith(", row 3: blank, but values follow")
    assert error(write(ROWS + b"\n\n" + ROWS)).startswith(", row 3: blank, but values follow")
    assert error(write(b"\n" + ROWS)).startswith(", row 1: blank, but values follow")


@pytest.mark.parametrize(
    "content", [b"\x89PNG\r\n\x1a\n", "label,é\n".encode("utf-16"), b"\xe9,1\n"]
)
def test_bytes_that_are_no_text(write, content):
    assert error(write(content)) == (
        f", row 1: byte 0x{content[0]:02x} is no UTF-8 text; is this a CSV file?"
    )


@pytest.mark.parametrize("cut", [2, 12, -9, -1])
def test_truncated_gzip(write, cut):
    assert error(write(gzip.compress(HEADER + ROWS)[:cut])).startswith(": damaged gzip file (")


def test_a_gzip_bomb_without_line_ends(write, monkeypatch):
    monkeypatch.setattr(csv_file, "MAX_ROW", 1000)
    assert error(write(gzip.compress(b"0," * 10_000))).startswith(", row 1: longer than 1000 bytes")


def test_a_gzip_bomb_of_many_rows(write, monkeypatch):
    monkeypatch.setattr(csv_file, "MAX_BYTES", 1000)
    assert "of images; split it" in error(write(gzip.compress(ROWS * 200)))


def test_files_that_cannot_be_read(tmp_path):
    assert ": there is no such file" in error(tmp_path / "nowhere.csv")
    assert error(tmp_path) == ": this is a folder; give a file"


class TestRowsToPredict:
    def test_without_labels(self, write):
        path = write(b"0,10,20,255\n1,2,3,4\n")
        assert read_csv_rows(path, (1, 2, 2)) == (PIXELS, None)
        assert read_csv_rows(path, (1, 2, 2), labelled=False) == (PIXELS, None)

    def test_with_labels(self, write):
        path = write(HEADER + ROWS)
        assert read_csv_rows(path, (1, 2, 2)) == (PIXELS, bytes([1, 0]))
        assert read_csv_rows(path, (1, 2, 2), labelled=True) == (PIXELS, bytes([1, 0]))

    def message(self, path: Path, labelled: bool | None = None) -> str:
        with pytest.raises(UserError) as caught:
            read_csv_rows(path, (1, 2, 2), labelled)
        return str(caught.value).removeprefix(str(path))

    def test_neither(self, write):
        assert self.message(write(b"1,2,3\n")) == (
            ", row 1: found 3 values, expected 4 pixels, or one more with a label first"
        )

    def test_other_than_said(self, write):
        assert "found 5 values, expected 4: 4 pixels" in self.message(write(ROWS), labelled=False)
        path = write(b"1,2,3,4\n")
        assert "found 4 values, expected 5: a label and 4" in self.message(path, labelled=True)

    def test_first_row_decides(self, write):
        assert self.message(write(b"1,2,3,4\n0,1,2,3,4\n")).startswith(", row 2: found 5 values")

    def test_first_column_is_a_pixel_where_there_is_no_label(self, write):
        assert ", row 1, column 1: pixel '256'" in self.message(write(b"256,2,3,4\n"))


def test_agrees_with_the_bytes_it_was_written_from(write):
    draw = random.Random(1)
    pixels = draw.randbytes(50 * 784)
    labels = bytes(i % 10 for i in range(50))
    rows = [
        f"{labels[i]}," + ",".join(map(str, pixels[i * 784 : (i + 1) * 784])) for i in range(50)
    ]
    dataset = read_csv(write("\n".join(rows).encode()))
    assert dataset.pixels == pixels
    assert dataset.labels == labels
    assert dataset.shape == (1, 28, 28)
