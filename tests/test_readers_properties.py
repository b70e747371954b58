"""Random bytes and random damage: a reader gives a whole data set or a UserError of one line."""

from __future__ import annotations

import contextlib
import gzip
import io
import random
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("hypothesis", reason="hypothesis draws the damage")

from hypothesis import given, settings
from hypothesis import strategies as st

from verypoorcnn.data.csv_file import read_csv, read_csv_rows
from verypoorcnn.data.dataset import Dataset
from verypoorcnn.data.folder import read_folder, read_image
from verypoorcnn.data.idx import read_idx, read_idx_images
from verypoorcnn.errors import UserError

SHAPE = (1, 2, 2)
NAMES = ("0", "1", "2")
PIXELS = bytes(range(0, 240, 10))
IMAGES = struct.pack(">4I", 0x803, 6, 2, 2) + PIXELS
LABELS = struct.pack(">2I", 0x801, 6) + bytes([0, 1, 2, 2, 1, 0])
ROWS = "\n".join(
    ",".join(map(str, [LABELS[8 + i], *PIXELS[4 * i : 4 * i + 4]])) for i in range(6)
).encode()

moderate = settings(max_examples=150, deadline=None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("readers")


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """The file after some flips of bits, cuts, insertions and deletions."""
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, max(len(data) - 1, 0)))
        kind = draw(st.sampled_from(["flip", "cut", "insert", "delete"]))
        if kind == "flip" and data:
            data[place] ^= 1 << draw(st.integers(0, 7))
        elif kind == "cut":
            del data[place:]
        elif kind == "insert":
            data[place:place] = draw(st.binary(min_size=1, max_size=8))
        elif kind == "delete":
            del data[place : place + draw(st.integers(1, 8))]
    return bytes(data)


def either(*wholes: bytes) -> st.SearchStrategy[bytes]:
    """Random bytes, or one of these files with damage."""
    return st.one_of(st.binary(max_size=64), *map(damaged, wholes))


@contextlib.contextmanager
def one_line() -> Iterator[None]:
    """Nothing but a UserError may be raised, and its message is one line."""
    message = "one line"
    try:
        yield
    except UserError as error:
        message = str(error)
    assert len(message.splitlines()) == 1


def is_whole(dataset: Dataset) -> None:
    assert len(dataset) >= 1
    assert len(dataset.pixels) == len(dataset.labels) * dataset.image_bytes
    assert max(dataset.labels) < len(dataset.class_names)


def saved(save: Callable[[io.BytesIO], None]) -> bytes:
    file = io.BytesIO()
    save(file)
    return file.getvalue()


@moderate
@given(
    images=either(IMAGES, gzip.compress(IMAGES)),
    labels=st.one_of(st.just(LABELS), either(LABELS, gzip.compress(LABELS))),
    names=st.sampled_from([None, NAMES]),
)
def test_idx(folder, images, labels, names):
    (folder / "images").write_bytes(images)
    (folder / "labels").write_bytes(labels)
    with one_line():
        is_whole(read_idx(folder / "images", folder / "labels", names))
    with one_line():
        (channels, rows, columns), pixels = read_idx_images(folder / "images")
        assert len(pixels) % (channels * rows * columns) == 0


@moderate
@given(header=st.lists(st.integers(0, 2**32 - 1), min_size=5, max_size=5), rest=st.binary())
def test_idx_with_any_sizes(folder, header, rest):
    (folder / "images").write_bytes(struct.pack(">6I", 0x804, *header) + rest)
    with one_line():
        read_idx_images(folder / "images")


@moderate
@given(
    content=either(ROWS, b"label,a,b,c,d\r\n" + ROWS, gzip.compress(ROWS)),
    shape=st.sampled_from([None, SHAPE]),
    names=st.sampled_from([None, NAMES]),
)
def test_csv(folder, content, shape, names):
    path = folder / "train.csv"
    path.write_bytes(content)
    with one_line():
        is_whole(read_csv(path, shape, names))
    with one_line():
        pixels, labels = read_csv_rows(path, SHAPE)
        assert len(pixels) % 4 == 0
        assert labels is None or len(labels) == len(pixels) // 4


@moderate
@given(rows=st.lists(st.text('0123456789,,,, ."-x\r\n\t;'), max_size=6))
def test_csv_of_the_characters_that_matter(folder, rows):
    path = folder / "train.csv"
    path.write_text("\n".join(rows), newline="")
    with one_line():
        is_whole(read_csv(path))


@moderate
@given(
    rows=st.lists(st.lists(st.integers(0, 255), min_size=4, max_size=4), min_size=1), data=st.data()
)
def test_csv_gives_back_what_was_written(folder, rows, data):
    labels = data.draw(st.lists(st.integers(0, 2), min_size=len(rows), max_size=len(rows)))
    form = data.draw(st.sampled_from(["%d", " %d", "%d ", '"%d"', "%04d"]))
    end = data.draw(st.sampled_from(["\n", "\r\n"]))
    table = [[label, *row] for label, row in zip(labels, rows, strict=True)]
    text = end.join(",".join(form % value for value in row) for row in table)
    path = folder / "train.csv"
    path.write_text(text, newline="")
    dataset = read_csv(path, class_names=NAMES)
    assert [*dataset.labels] == labels
    assert [*dataset.pixels] == [pixel for row in rows for pixel in row]


@pytest.fixture(scope="module")
def wholes() -> dict[str, bytes]:
    image = pytest.importorskip("PIL.Image", reason="Pillow reads the image files")
    noise = image.frombytes("L", (12, 9), random.Random(1).randbytes(12 * 9))
    colour = image.merge("RGB", [noise, noise.rotate(180), noise])
    wholes = {
        form: saved(lambda file, form=form: colour.save(file, form))
        for form in ("PNG", "JPEG", "BMP", "GIF", "TIFF", "PPM", "TGA", "ICO", "PCX")
    }
    wholes["alpha"] = saved(lambda file: colour.convert("LA").save(file, "PNG"))
    wholes["16 bits"] = saved(lambda file: noise.convert("I;16").save(file, "PNG"))
    wholes["fractions"] = saved(lambda file: noise.convert("F").save(file, "TIFF"))
    return wholes


@moderate
@given(data=st.data(), shape=st.sampled_from([(1, 4, 4), (3, 2, 5)]))
def test_image_file(folder, wholes, data, shape):
    whole = wholes[data.draw(st.sampled_from([*wholes]))]
    path = folder / "image"
    path.write_bytes(data.draw(either(whole)))
    with one_line():
        assert len(read_image(path, shape)) == shape[0] * shape[1] * shape[2]


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_folder(tmp_path_factory, wholes, data):
    root = tmp_path_factory.mktemp("classes")
    for name in ("cat", "dog"):
        (root / name).mkdir()
        form = data.draw(st.sampled_from([*wholes]))
        (root / name / "1").write_bytes(wholes[form])
        content = data.draw(st.one_of(st.just(wholes[form]), either(wholes[form])))
        (root / name / "2").write_bytes(content)
    with one_line():
        dataset = read_folder(root, SHAPE)
        is_whole(dataset)
        assert len(dataset) == 4
