"""Reading only the images that are wanted: the same as reading all, and nothing wrong gets by.

Except one thing, which the last test of each format states: nobody looks at pixels that nobody
asked for.
"""

from __future__ import annotations

import gzip
import struct
import tracemalloc
from pathlib import Path
from random import Random

import pytest

from tests.commands import drawings, write_csv, write_idx
from verypoorcnn.data.csv_file import first_of_csv, read_csv
from verypoorcnn.data.idx import first_of_idx, read_idx
from verypoorcnn.data.reading import unzipped_size
from verypoorcnn.data.sources import load, load_evaluation
from verypoorcnn.data.splits import select, split
from verypoorcnn.errors import UserError

COUNT = 5
PIXELS = bytes(range(6 * COUNT))
IMAGES = struct.pack(">4I", 0x803, COUNT, 2, 3) + PIXELS
LABELS = struct.pack(">2I", 0x801, COUNT) + bytes([1, 0, 2, 1, 0])
NAMES = ("cat", "dog", "cow")


@pytest.fixture(params=[bytes, gzip.compress], ids=["plain", "gzip"])
def packed(request):
    """Bytes as they are, and gzipped."""
    return request.param


@pytest.fixture
def files(tmp_path):
    """Write images, as they shall stand in the file, and the labels."""

    def written(images: bytes) -> tuple[Path, Path]:
        (tmp_path / "images").write_bytes(images)
        (tmp_path / "labels").write_bytes(LABELS)
        return tmp_path / "images", tmp_path / "labels"

    return written


def error(images: Path, labels: Path, limit: int | None) -> str:
    with pytest.raises(UserError) as caught:
        first_of_idx(images, labels, NAMES, None, limit)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# IDX.


@pytest.mark.parametrize("limit", [1, 2, COUNT - 1, COUNT, COUNT + 1, 1000, None])
def test_the_first_images_and_all_labels(files, packed, limit):
    images, labels = files(packed(IMAGES))
    found = first_of_idx(images, labels, NAMES, "by hand", limit)
    assert found.dataset == read_idx(images, labels, NAMES, "by hand").first(limit)
    assert list(found.labels) == [1, 0, 2, 1, 0]


@pytest.mark.parametrize("limit", [1, COUNT, None])
def test_a_file_that_is_cut_short(files, packed, limit):
    images, labels = files(packed(IMAGES[:-1]))
    assert "announces 5 images, but only 4 are present" in error(images, labels, limit)
    images, labels = files(packed(IMAGES)[:-1])
    message = error(images, labels, limit)
    assert "but only 4 are present" in message or "damaged gzip file" in message


@pytest.mark.parametrize("limit", [1, COUNT, None])
def test_a_file_that_goes_on(files, packed, limit):
    images, labels = files(packed(IMAGES + b"\0"))
    assert "announces 5 images, but more bytes follow the last" in error(images, labels, limit)


@pytest.mark.parametrize("limit", [1, COUNT, None])
def test_a_gzip_file_in_several_parts(files, limit):
    images, labels = files(gzip.compress(IMAGES[:20]) + gzip.compress(IMAGES[20:]))
    assert unzipped_size(images) != len(IMAGES)  # its end tells of the last part only
    found = first_of_idx(images, labels, NAMES, None, limit)
    assert found.dataset.pixels == PIXELS[: 6 * limit if limit else None]


def test_a_gzip_file_whose_end_lies(files):
    claims = struct.pack("<I", len(IMAGES))
    images, labels = files(gzip.compress(IMAGES[:25])[:-4] + claims)  # one image, half another
    for limit in (4, None):
        assert "damaged gzip file (Incorrect length" in error(images, labels, limit)


def test_a_gzip_file_that_claims_what_none_can_hold(tmp_path):
    path = tmp_path / "bomb"
    path.write_bytes(gzip.compress(b"")[:-4] + b"\xff\xff\xff\xff")
    assert unzipped_size(path) is None


@pytest.mark.parametrize("limit", [1, None])
def test_labels_of_another_number(files, packed, limit):
    images, labels = files(packed(struct.pack(">4I", 0x803, 4, 2, 3) + PIXELS[:24]))
    message = error(images, labels, limit)
    assert message.startswith(f"{labels}: has 5 labels, but {images} has 4 images")


def test_a_label_behind_the_wanted_images_is_checked(files, packed):
    images, labels = files(packed(IMAGES))
    with pytest.raises(UserError, match="image 2: label 2 is out of range"):
        first_of_idx(images, labels, NAMES[:2], None, 1)


def test_only_what_is_wanted_takes_memory(files, packed):
    many = 20_000
    images, labels = files(packed(struct.pack(">4I", 0x803, many, 28, 28) + bytes(784 * many)))
    labels.write_bytes(struct.pack(">2I", 0x801, many) + bytes([0, 1]) * (many // 2))
    tracemalloc.start()
    found = first_of_idx(images, labels, NAMES, None, 100)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found.dataset) == 100
    assert peak < 1 << 20


def test_all_of_it_is_in_memory_once(files, packed):
    many = 4_000
    size = 784 * many
    content = struct.pack(">4I", 0x803, many, 28, 28) + Random(1).randbytes(size)
    images, labels = files(packed(content))
    labels.write_bytes(struct.pack(">2I", 0x801, many) + bytes([0, 1]) * (many // 2))
    tracemalloc.start()
    read_idx(images, labels, NAMES)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.2 * size


def test_damage_behind_the_wanted_images_shows_when_all_are_read(files):
    content = bytearray(gzip.compress(IMAGES, compresslevel=0))  # stored as it is
    content[content.index(PIXELS) + 29] ^= 1  # the last pixel
    images, labels = files(bytes(content))
    assert first_of_idx(images, labels, NAMES, None, 4).dataset.pixels == PIXELS[:24]
    assert "damaged gzip file (CRC check failed" in error(images, labels, None)
    assert "damaged gzip file (CRC check failed" in error(images, labels, COUNT)


# CSV.

ROWS = b"label,a,b,c,d\n1,0,10,20,255\n0,1,2,3,4\n2,5,6,7,8\n"


@pytest.fixture
def table(tmp_path):
    def written(content: bytes) -> Path:
        (tmp_path / "train.csv").write_bytes(content)
        return tmp_path / "train.csv"

    return written


@pytest.mark.parametrize("limit", [1, 2, 3, 4, None])
def test_the_first_rows_and_all_labels(table, packed, limit):
    path = table(packed(ROWS))
    found = first_of_csv(path, None, NAMES, None, limit)
    assert found.dataset == read_csv(path, class_names=NAMES).first(limit)
    assert list(found.labels) == [1, 0, 2]


@pytest.mark.parametrize(
    ("behind", "fault"),
    [
        (b"2,5,6,7\n", "row 4: found 4 values, expected 5: a label and 4 pixels"),
        (b"2,5,6,7,8,9\n", "row 4: found 6 values, expected 5"),
        (b"x,5,6,7,8\n", "row 4, column 1: label 'x' is not a whole number from 0 to 255"),
        (b"3,5,6,7,8\n", "row 3: label 3 is out of range"),
        (b"\n2,5,6,7,8\n", "row 4: blank, but values follow"),
        (b"2", "row 4: found 1 values, expected 5"),
    ],
)
def test_what_is_wrong_behind_the_wanted_rows(table, behind, fault):
    path = table(ROWS[: ROWS.index(b"2,5")] + behind)
    with pytest.raises(UserError) as caught:
        first_of_csv(path, None, NAMES, None, 1)
    assert fault.replace("row 3: label", "row 4: label") in str(caught.value)


@pytest.mark.parametrize("label", [b'"2"', b" 2 ", b"002", b'" 2"'])
def test_labels_behind_may_be_written_in_all_the_usual_ways(table, label):
    found = first_of_csv(table(ROWS.replace(b"2,5", label + b",5")), None, NAMES, None, 1)
    assert list(found.labels) == [1, 0, 2]


def test_pixels_behind_the_wanted_rows_are_not_looked_at(table):
    path = table(ROWS.replace(b"8", b"800"))
    assert len(first_of_csv(path, None, NAMES, None, 2).dataset) == 2
    with pytest.raises(UserError, match="row 4, column 5: pixel '800' is not a whole number"):
        first_of_csv(path, None, NAMES, None, 3)


# Whole sources.


def quiet(line: str) -> None:
    """Nobody listens."""


@pytest.fixture(params=["idx", "csv"])
def source(request, tmp_path) -> str:
    """A folder of data with a training part and a test part."""
    images = drawings(40)
    if request.param == "idx":
        return str(write_idx(tmp_path / "idx", images))
    for part in ("train", "test"):
        write_csv(tmp_path / f"csv/{part}.csv", images)
    return str(tmp_path / "csv")


@pytest.mark.parametrize("validation", [0, 5])
@pytest.mark.parametrize("selection", ["first", "stratified"])
def test_parts_are_the_same_as_of_all(source, selection, validation):
    options = {"selection": selection, "validation_samples": validation, "say": quiet}
    parts = load(source, train_samples=20, test_samples=10, **options)
    everything = load(source, say=quiet)
    assert parts.test == select(everything.test, 10, selection, 0)
    train = select(everything.train, 20 + validation, selection, 0)
    if validation:
        train, cut_off = split(train, validation, selection, 0)
        assert parts.validation is not None
        assert parts.validation.pixels == cut_off.pixels
    assert parts.train == train


def test_how_many_there_are_is_told_without_reading_them(source):
    lines: list[str] = []
    load(source, train_samples=20, validation_samples=5, test_samples=10, say=lines.append)
    assert any("20 images for training, 5 for validation, of 40; 10 for test, of 40" in line
               for line in lines)  # fmt: skip


def test_an_evaluation_of_the_first(source):
    lines: list[str] = []
    names = load(source, say=quiet).train.class_names
    options = {"shape": (1, 28, 28), "class_names": names, "say": lines.append}
    found = load_evaluation(source, samples=7, **options)
    assert found == load_evaluation(source, **options).first(7)
    assert "7 images, of 40" in lines[0]


def test_the_papers_experiment_takes_the_memory_of_its_images(fashion_mnist):
    tracemalloc.start()
    parts = load(str(fashion_mnist), train_samples=1500, test_samples=600, say=quiet)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    size = len(parts.train.pixels) + len(parts.test.pixels)
    assert size == 2100 * 784
    assert peak < 3 * size
