"""Finding Fashion-MNIST on a machine.

Small files stand in for the real ones, with the checksums replaced to match.
"""

from __future__ import annotations

import gzip
import hashlib
import struct
from pathlib import Path

import pytest

from tests.sources import forget_data
from verypoorcnn.data import fashion_mnist as fm
from verypoorcnn.errors import UserError


def idx(values: bytes, *sizes: int) -> bytes:
    return struct.pack(f">{1 + len(sizes)}I", 0x800 + len(sizes), *sizes) + values


FILES = {  # six training and three test images of 2×2
    fm.TRAIN_IMAGES: idx(bytes(range(24)), 6, 2, 2),
    fm.TRAIN_LABELS: idx(bytes([0, 1, 2, 0, 1, 2]), 6),
    fm.TEST_IMAGES: idx(bytes(range(100, 112)), 3, 2, 2),
    fm.TEST_LABELS: idx(bytes([2, 1, 0]), 3),
}


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing on it, for which FILES are Fashion-MNIST; its current folder."""
    forget_data(tmp_path / "home", monkeypatch)
    monkeypatch.setattr(fm, "SHA256", {name: sha256(data) for name, data in FILES.items()})
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def put(folder: Path, packed: bool = False) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in FILES.items():
        if packed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(data))
        else:
            (folder / name).write_bytes(data)
    return folder


def put_another_data_set(folder: Path) -> None:
    """What MNIST looks like: the same names and sizes, other labels."""
    put(folder)
    (folder / fm.TEST_LABELS).write_bytes(idx(bytes([7, 2, 1]), 3))


# Finding.


def test_nothing_is_found_on_an_empty_machine() -> None:
    assert fm.find() is None


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    "place",
    [
        "data",
        "data/fashion-mnist",
        "data/FashionMNIST/raw",  # torchvision, told root="data"
        "fashion-mnist",
        "FashionMNIST/raw",  # torchvision, told root="."
        "../home/.keras/datasets/fashion-mnist",
        "../home/.cache/verypoorcnn/fashion-mnist",
    ],
)
def test_found_where_it_usually_lies(machine: Path, place: str, packed: bool) -> None:
    put(machine / place, packed)
    found = fm.find()
    assert found is not None
    assert found.resolve() == (machine / place).resolve()


def test_found_in_the_folders_that_the_environment_names(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(machine / "cache"))
    cached = put(machine / "cache/verypoorcnn/fashion-mnist")
    assert fm.find() == cached == fm.cache_folder()
    monkeypatch.setenv("KERAS_HOME", str(machine / "keras"))
    keras = put(machine / "keras/datasets/fashion-mnist")
    assert fm.find() == keras


@pytest.mark.parametrize("place", ["own", "own/fashion-mnist", "own/FashionMNIST/raw"])
def test_found_in_the_folder_that_the_user_names(
    machine: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    put(machine / "data")  # would be found otherwise
    named = put(machine / place)
    monkeypatch.setenv("VERYPOORCNN_DATA", str(machine / "own"))
    assert fm.find() == named


def test_the_nearest_place_comes_first(machine: Path) -> None:
    put(machine / "../home/.keras/datasets/fashion-mnist")
    near = put(machine / "data")
    found = fm.find()
    assert found is not None
    assert found.resolve() == near.resolve()


@pytest.mark.parametrize("name", FILES)
def test_three_of_four_files_are_not_enough(machine: Path, name: str) -> None:
    folder = put(machine / "data")
    (folder / name).unlink()
    assert fm.find() is None


def test_files_may_be_packed_or_not_each_for_itself(machine: Path) -> None:
    folder = put(machine / "data")
    (folder / fm.TRAIN_IMAGES).unlink()
    (folder / f"{fm.TRAIN_IMAGES}.gz").write_bytes(gzip.compress(FILES[fm.TRAIN_IMAGES]))
    assert fm.find() == Path("data")
    assert fm.idx_files(folder)[fm.TRAIN_IMAGES].name == "train-images-idx3-ubyte.gz"
    assert fm.idx_files(folder)[fm.TEST_IMAGES].name == "t10k-images-idx3-ubyte"


def test_another_data_set_under_the_same_names_is_passed_over(machine: Path) -> None:
    put_another_data_set(machine / "data")
    assert fm.find() is None
    keras = put(machine / "../home/.keras/datasets/fashion-mnist")
    found = fm.find()
    assert found is not None
    assert found.resolve() == keras.resolve()


def test_damaged_labels_are_nobodys(machine: Path) -> None:
    folder = put(machine / "data", packed=True)
    packed = (folder / f"{fm.TEST_LABELS}.gz").read_bytes()
    (folder / f"{fm.TEST_LABELS}.gz").write_bytes(packed[:-9])
    assert not fm.recognise(folder / f"{fm.TEST_LABELS}.gz")
    assert not fm.recognise(folder / "missing")
    assert fm.find() is None


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (None, "is not a folder"),
        ("empty", "does not hold train-images-idx3-ubyte, train-labels-idx1-ubyte"),
        ("other", "holds another data set under the same file names"),
    ],
)
def test_a_folder_named_but_without_the_files_is_an_error(
    machine: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, fault: str
) -> None:
    put(machine / "data")  # would be found otherwise
    if content == "empty":
        (machine / "named").mkdir()
    if content == "other":
        put_another_data_set(machine / "named")
    monkeypatch.setenv("VERYPOORCNN_DATA", "named")
    with pytest.raises(UserError) as error:
        fm.find()
    assert str(error.value).startswith(f"VERYPOORCNN_DATA: 'named' {fault}")
    assert "\n" not in str(error.value)


def test_an_empty_variable_counts_as_unset(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERYPOORCNN_DATA", "")
    put(machine / "data")
    assert fm.find() == Path("data")
