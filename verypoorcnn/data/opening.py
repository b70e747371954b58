"""Finding out what a source is and how its parts are read, without reading an image yet.

A source is a name, a folder or a file; `SOURCES` lists all.  Opening one gives a reader for the
training part and, where there is one, a reader for the test part.  A reader takes the names of the
classes if they are settled already (by the user, by the training part, by a model) and otherwise
finds them itself; and it takes how many images are wanted, the first ones, or None for all.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from verypoorcnn.data import fashion_mnist as fm
from verypoorcnn.data.dataset import Dataset, Found, Shape
from verypoorcnn.errors import UserError

SOURCES = (
    "fashion-mnist, sketches, a CSV file, an IDX file of images beside its labels, or a folder "
    "(of four IDX files; of train.csv and test.csv; of train/ and test/ with a folder per class; "
    "of a folder per class)"
)
IMAGE: Shape = (1, 28, 28)  # what image files are brought to where no shape is asked for
SKETCHES_ORIGIN = "built-in sketches"
SKETCHES = 6_000, 1_000  # training and test images, where no number is asked for

Say = Callable[[str], None]
Names = Sequence[str] | None
Reader = Callable[[Names, int | None], Found]


@dataclass(frozen=True)
class Opened:
    """A source whose parts can be read; without a test part, `train` reads all there is.

    `in_order` tells whether its first images are a fair sample; folders stand class by class.
    `usual` is how many training images it has where no number is asked for, if it draws them.
    """

    origin: str  # "Fashion-MNIST from data/fashion-mnist"
    train: Reader
    test: Reader | None = None
    in_order: bool = True
    usual: int = 0


def open_source(
    source: str | None,
    shape: Shape | None,
    sketches: tuple[int | None, int | None],
    note: Say,
    say: Say,
) -> Opened:
    """What a source holds.

    Args:
        source: one of `SOURCES`; None is Fashion-MNIST, found or downloaded.  Where that fails,
            the sketches take its place.  Names come before paths: a folder that is called
            sketches is `./sketches`.
        shape: channels, rows, columns; what folders of images are brought to.  None takes what
            there is, CSV rows as grey squares and image files as grey 28×28.
        sketches: how many training and test images to draw, None for as many as is usual.
        note: takes the loud line that the sketches have taken Fashion-MNIST's place.
        say: takes the lines of a download.

    Raises:
        UserError: no such source.
    """
    source = source or "fashion-mnist"
    if source.lower() == "sketches":
        return _sketches(*sketches)
    if source.lower() == "fashion-mnist":
        return _fashion_mnist(note, say) or _sketches(*sketches)
    from verypoorcnn.data.reading import reading

    path = Path(os.path.expanduser(source))  # noqa: PTH111  (Path's raises for an unknown ~name)
    with reading(path):
        opened = _folder(path, shape) if path.is_dir() else _file(path, shape)
        if opened is None:
            what = "holds no data" if path.is_dir() else "is no data" if path.exists() else ""
            raise UserError(f"data source {source!r} {what or 'is unknown'}; give {SOURCES}")
    return opened


def _sketches(train_count: int | None, test_count: int | None) -> Opened:
    """The same drawings whatever the seed of the run: they are a data set like any other."""
    from verypoorcnn.data.sketches import sketches

    def reader(count: int, part: str) -> Reader:
        return lambda names, _: _all_of(_named(sketches(count, part=part), names))

    train, test = (
        reader(train_count or SKETCHES[0], "train"),
        reader(test_count or SKETCHES[1], "test"),
    )
    return Opened(SKETCHES_ORIGIN, train, test, usual=SKETCHES[0])


def _all_of(dataset: Dataset) -> Found:
    return Found(dataset, dataset.labels)


def _named(dataset: Dataset, names: Names) -> Dataset:
    return replace(dataset, class_names=tuple(names)) if names else dataset


def _fashion_mnist(note: Say, say: Say) -> Opened | None:
    """Fashion-MNIST from this machine or else from the network; None, with a loud line, if not."""
    folder = fm.find()
    if folder is None:
        try:
            folder = download_fashion_mnist(say)
        except UserError as error:
            note(
                f"WARNING: Fashion-MNIST can neither be found nor downloaded ({error}): going on "
                f"with the built-in SKETCHES; results are not Fashion-MNIST's"
            )
            return None
    return _idx_folder(folder)


def download_fashion_mnist(say: Say) -> Path:
    """Bring it onto this machine and give its folder; UserError where that fails."""
    folder = fm.cache_folder()
    say(f"Fashion-MNIST is not on this machine: downloading it (31 MB) to {folder}")
    fm.download(folder, fm.in_words(say))
    return folder


def _folder(folder: Path, shape: Shape | None) -> Opened | None:
    here = _idx_folder(folder) or _csv_folder(folder, shape)
    if here is None and (inside := fm.locate(folder)):
        return _idx_folder(inside)
    return here or _class_folders(folder, shape)


def _idx_folder(folder: Path) -> Opened | None:
    """Four IDX files, known to be Fashion-MNIST by their labels."""
    files = fm.idx_files(folder)
    if not files:
        return None
    if missing := [name for name in fm.SHA256 if name not in files]:
        raise UserError(f"{folder}: {', '.join(missing)} missing; all four IDX files are needed")
    known = fm.recognise(files[fm.TEST_LABELS])
    origin = f"Fashion-MNIST from {folder}" if known else str(folder)
    names = fm.CLASS_NAMES if known else None
    return Opened(
        origin,
        _idx(files[fm.TRAIN_IMAGES], files[fm.TRAIN_LABELS], names, f"{origin}, training part"),
        _idx(files[fm.TEST_IMAGES], files[fm.TEST_LABELS], names, f"{origin}, test part"),
    )


def _idx(images: Path, labels: Path, own_names: Names, source: str) -> Reader:
    from verypoorcnn.data.idx import first_of_idx

    return lambda names, limit: first_of_idx(images, labels, names or own_names, source, limit)


def _csv_folder(folder: Path, shape: Shape | None) -> Opened | None:
    """`train.csv` and `test.csv`, or the like of `fashion-mnist_train.csv.gz`."""
    found = [re.fullmatch(r"(|.*[-_])train\.csv(\.gz)?", path.name) for path in folder.iterdir()]
    prefixes = sorted({match[1] for match in found if match})
    if not prefixes:
        return None
    if len(prefixes) > 1:
        choice = ", ".join(f"{prefix}train.csv" for prefix in prefixes)
        raise UserError(f"{folder}: there are several training files, {choice}; keep or give one")
    train, test = (_plain_or_gz(folder / f"{prefixes[0]}{part}.csv") for part in ("train", "test"))
    return Opened(str(folder), _csv(train, shape), _csv(test, shape) if test.exists() else None)


def _plain_or_gz(path: Path) -> Path:
    packed = path.with_name(f"{path.name}.gz")
    return packed if packed.exists() and not path.exists() else path


def _csv(path: Path, shape: Shape | None) -> Reader:
    from verypoorcnn.data.csv_file import first_of_csv

    return lambda names, limit: first_of_csv(path, shape, names, None, limit)


def _class_folders(folder: Path, shape: Shape | None) -> Opened | None:
    """`train/` and `test/` that hold a folder per class, or just a folder per class."""
    if not _has_folders(folder):
        return None
    if not _has_folders(folder / "train"):
        return Opened(str(folder), _images(folder, shape), in_order=False)
    test = _images(folder / "test", shape) if (folder / "test").is_dir() else None
    return Opened(str(folder), _images(folder / "train", shape), test, in_order=False)


def _has_folders(folder: Path) -> bool:
    return folder.is_dir() and any(path.is_dir() for path in folder.glob("[!.]*"))


def _images(folder: Path, shape: Shape | None) -> Reader:
    from verypoorcnn.data.folder import read_folder

    return lambda names, _: _all_of(read_folder(folder, shape or IMAGE, names))


def _file(path: Path, shape: Shape | None) -> Opened | None:
    """A CSV file, or IDX images whose labels stand beside them."""
    if not path.exists():
        return None
    if path.name.lower().endswith((".csv", ".csv.gz")):
        return Opened(str(path), _csv(path, shape))
    match = re.fullmatch(r"(.*)images(.)idx[34](.*?)(\.gz)?", path.name)
    if match is None:
        return None
    labels = _plain_or_gz(path.with_name(f"{match[1]}labels{match[2]}idx1{match[3]}"))
    known = fm.recognise(labels)
    origin = f"Fashion-MNIST from {path}" if known else str(path)
    return Opened(origin, _idx(path, labels, fm.CLASS_NAMES if known else None, origin))
