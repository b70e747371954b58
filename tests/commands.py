"""What the tests of the command line need: running a command, a small run, files of images."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from verypoorcnn import sketches
from verypoorcnn.cli import main
from verypoorcnn.data.dataset import Dataset

ROOT = Path(__file__).parent.parent
TINY = ("--limit-train", "40", "--limit-test", "20", "--epochs", "1")
SKETCHES = ("--data", "sketches", *TINY)


@dataclass(frozen=True)
class Ran:
    """What came of a command."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON value on stdout; nothing else may stand there."""
        assert self.status == 0, self.err
        return json.loads(self.out)


def run(capsys, *words) -> Ran:
    """Run a command within this process."""
    status = main([str(word) for word in words])
    captured = capsys.readouterr()
    return Ran(status, captured.out, captured.err)


def small_run(folder: Path) -> Path:
    """The folder of a run of two epochs on 40 sketches."""
    words = ["--data", "sketches", "--limit-train", "40", "--limit-test", "20", "--epochs", "2"]
    assert main(["train", *words, "--out", str(folder)]) == 0
    return folder


def drawings(count: int = 4) -> Dataset:
    """Sketches, as everything that the files below hold."""
    return sketches(count, part="test")


def write_csv(path: Path, images: Dataset, *, labelled: bool = True) -> Path:
    """A row an image."""
    rows = [
        [*([images.labels[i]] if labelled else []), *images.image(i)] for i in range(len(images))
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(",".join(map(str, row)) + "\n" for row in rows))
    return path


def write_idx(folder: Path, images: Dataset) -> Path:
    """Four IDX files, the training part being the test part."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in ("train", "t10k"):
        header = struct.pack(">4I", 0x803, len(images), *images.shape[1:])
        (folder / f"{part}-images-idx3-ubyte").write_bytes(header + images.pixels)
        header = struct.pack(">2I", 0x801, len(images))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(header + images.labels)
    return folder
