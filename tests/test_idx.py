"""IDX files: two images by hand, then every kind of damage, then the real ones."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from verypoorcnn.data import idx
from verypoorcnn.data.idx import read_idx, read_idx_images
from verypoorcnn.data.reading import check_labels
from verypoorcnn.errors import UserError

IMAGES = struct.pack(">4I", 0x803, 2, 2, 3) + bytes(range(12))
LABELS = struct.pack(">2I", 0x801, 2) + bytes([1, 0])
NAMES = ("cat", "dog")


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., tuple[Path, Path]]:
    def write(images: bytes = IMAGES, labels: bytes = LABELS) -> tuple[Path, Path]:
        paths = tmp_path / "images", tmp_path / "labels"
        for path, data in zip(paths, (images, labels), strict=True):
            path.write_bytes(data)
        return paths

    return write


def error(images: Path, labels: Path, names: tuple[str, ...] | None = NAMES) -> str:
    with pytest.raises(UserError) as caught:
        read_idx(images, labels, names)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_two_images_of_two_rows_and_three_columns(write):
    dataset = read_idx(*write(), NAMES, source="by hand")
    assert dataset.shape == (1, 2, 3)
    assert dataset.image(0) == bytes([0, 1, 2, 3, 4, 5])
    assert dataset.image(1) == bytes([6, 7, 8, 9, 10, 11])
    assert list(dataset.labels) == [1, 0]
    assert dataset.class_names == NAMES
    assert dataset.source == "by hand"


def test_the_source_is_the_path_if_no_other_is_given(write):
    images, labels = write()
    assert read_idx(images, labels, NAMES).source == str(images)


def test_images_with_channels(write):
    images, labels = write(struct.pack(">5I", 0x804, 2, 3, 1, 2) + bytes(range(12)))
    assert read_idx(images, labels, NAMES).shape == (3, 1, 2)
    assert read_idx_images(images) == ((3, 1, 2), bytes(range(12)))


def test_gzip_is_known_by_its_first_bytes_and_not_by_its_name(write):
    plain = read_idx(*write(), NAMES)
    assert read_idx(*write(gzip.compress(IMAGES), gzip.compress(LABELS)), NAMES) == plain


def test_images_without_labels(write):
    assert read_idx_images(write()[0]) == ((1, 2, 3), bytes(range(12)))


@pytest.mark.parametrize("cut", [2, 11, 25, -1])
def test_truncated_gzip(write, cut):
    images, labels = write(gzip.compress(IMAGES)[:cut])
    assert error(images, labels).startswith(f"{images}: damaged gzip file (")


def test_gzip_with_a_wrong_checksum(write):
    packed = bytearray(gzip.compress(IMAGES))
    packed[-6] ^= 1  # within the CRC, which stands before the length
    assert "damaged gzip file (CRC check failed" in error(*write(bytes(packed)))


def test_gzip_followed_by_something_else(write):
    assert "damaged gzip file (Not a gzipped file" in error(*write(gzip.compress(IMAGES) + b"x"))


def test_images_and_labels_exchanged(write):
    images, labels = write()
    assert error(labels, images) == (
        f"{labels}: found magic number 0x00000801 (labels), expected 0x00000803 (images) "
        "or 0x00000804 (images with channels); give such a file"
    )


def test_no_idx_file_at_all(write):
    images, labels = write(b"\x89PNG\r\n\x1a\n")
    assert "found magic number 0x89504e47, expected 0x00000803" in error(images, labels)
    images, labels = write(labels=b"\x89PNG\r\n\x1a\n")
    assert error(images, labels) == (
        f"{labels}: found magic number 0x89504e47, expected 0x00000801 (labels); give such a file"
    )


def test_empty_file_and_file_that_ends_in_its_header(write):
    assert "ends within its header, 4 bytes too early" in error(*write(b""))
    assert "ends within its header, 2 bytes too early" in error(*write(IMAGES[:14]))
    assert "ends within its header, 4 bytes too early" in error(*write(labels=LABELS[:4]))


def test_more_announced_than_present(write):
    images, labels = write(IMAGES[:-1])
    assert f"{images}: announces 2 images, but only 1 are present" in error(images, labels)
    images, labels = write(labels=LABELS[:-1])
    assert f"{labels}: announces 2 labels, but only 1 are present" in error(images, labels)


def test_more_present_than_announced(write):
    images, labels = write(IMAGES + b"\0")
    assert f"{images}: announces 2 images, but more bytes follow" in error(images, labels)
    images, labels = write(labels=gzip.compress(LABELS + b"\0"))
    assert f"{labels}: announces 2 labels, but more bytes follow" in error(images, labels)


def test_different_numbers_of_images_and_labels(write):
    images, labels = write(labels=struct.pack(">2I", 0x801, 3) + bytes(3))
    assert error(images, labels) == (
        f"{labels}: has 3 labels, but {images} has 2 images; give two files that belong together"
    )


def test_no_images(write):
    nothing = struct.pack(">4I", 0x803, 0, 2, 3), struct.pack(">2I", 0x801, 0)
    assert "there is no image" in error(*write(*nothing))
    assert "there is no image" in error(*write(*nothing), names=None)


def test_images_without_pixels(write):
    images, labels = write(struct.pack(">4I", 0x803, 2, 0, 3))
    assert error(images, labels).startswith(f"{images}: announces images of 0 × 3 pixels")


@pytest.mark.parametrize("sizes", [(2**32 - 1, 2**32 - 1, 2**32 - 1), (2**22 + 1, 32, 32)])
def test_absurd_sizes_are_refused_before_anything_is_read(write, sizes):
    images, labels = write(struct.pack(">4I", 0x803, *sizes))
    assert "more than the 4 GiB that one file may hold" in error(images, labels)


def test_large_announcements_reserve_no_memory(write, tmp_path):
    import tracemalloc

    images, _ = write(struct.pack(">4I", 0x803, 2**22, 32, 32))  # 4 GiB
    tracemalloc.start()
    with pytest.raises(UserError, match="announces 4194304 images, but only 0 are present"):
        read_idx_images(images)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20


def test_of_a_gzip_bomb_no_more_is_unzipped_than_announced(write):
    import tracemalloc

    bomb = gzip.compress(IMAGES + bytes(64 << 20), compresslevel=1)
    images, _ = write(bomb)
    tracemalloc.start()
    with pytest.raises(UserError, match="more bytes follow"):
        read_idx_images(images)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20


def test_label_without_a_name(write):
    images, labels = write(labels=struct.pack(">2I", 0x801, 2) + bytes([1, 2]))
    assert error(images, labels) == (
        f"{labels}, image 1: label 2 is out of range: "
        "there are 2 classes, so labels run from 0 to 1"
    )


def test_files_that_cannot_be_read(write, tmp_path, monkeypatch):
    images, labels = write()
    nowhere = tmp_path / "nowhere"
    assert error(nowhere, labels) == f"{nowhere}: there is no such file or folder; check the name"
    assert error(images, tmp_path) == f"{tmp_path}: this is a folder; give a file"
    assert error(images / "x", labels) == f"{images / 'x'}: this is a file; give a folder"

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert error(images, labels).startswith(f"{images}: no permission to read it")


def test_a_disk_that_fails_and_memory_that_runs_out(write, monkeypatch):
    images, labels = write()

    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(idx, "_magic", fail)
    assert error(images, labels) == f"{images}: cannot be read: Input/output error"

    def run_out(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(idx, "_magic", run_out)
    assert error(images, labels) == f"{images}: does not fit into memory; give a smaller file"


class TestNamesOfClasses:
    def place(self, index: int) -> str:
        return f"file, image {index}"

    def message(self, labels: list[int], names: tuple[str, ...] | None = None) -> str:
        with pytest.raises(UserError) as caught:
            check_labels(bytes(labels), names, self.place)
        return str(caught.value)

    def test_given_names_are_kept(self):
        assert check_labels(bytes([0, 2]), ["a", "b", "c"], self.place) == ("a", "b", "c")

    def test_without_names_the_numbers_are_the_names(self):
        assert check_labels(bytes([1, 0, 2, 0, 2, 1]), None, self.place) == ("0", "1", "2")

    def test_all_256_classes(self):
        names = check_labels(bytes(range(256)) * 2, None, self.place)
        assert names[255] == "255"
        assert len(names) == 256

    def test_a_label_far_above_the_others(self):
        assert self.message([0, 1, 0, 77, 1]) == (
            "file, image 3: label 77 is out of range: the labels below it run from 0 to 1; "
            "name the classes with data.class_names if this is meant"
        )

    def test_so_it_stays_if_it_comes_twice(self):
        assert self.message([0, 1, 0, 77, 1, 77]).startswith("file, image 3: label 77 is out of")

    def test_a_label_of_one_image(self):
        message = self.message([0, 1, 0, 2, 1])
        assert message.startswith("file, image 3: label 2 stands at one image only")

    def test_labels_that_do_not_begin_at_zero(self):
        assert "image 0: label 1 is out of range: labels count from 0" in self.message([1, 2, 1, 2])

    def test_a_single_class(self):
        assert "all labels are 0" in self.message([0, 0, 0])

    def test_a_label_without_a_name(self):
        assert "image 2: label 3 is out of range: there are 3 classes" in self.message(
            [0, 1, 3, 4], ("a", "b", "c")
        )


def test_fashion_mnist(fashion_mnist):
    names = tuple("abcdefghij")
    test = read_idx(
        fashion_mnist / "t10k-images-idx3-ubyte.gz",
        fashion_mnist / "t10k-labels-idx1-ubyte.gz",
        names,
    )
    assert test.shape == (1, 28, 28)
    assert test.counts() == dict.fromkeys(names, 1000)
    assert list(test.labels[:5]) == [9, 2, 1, 1, 6]
