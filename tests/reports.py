"""What the tests of reports need: runs to report on, and a strict reader of pages."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.commands import write_csv
from verypoorcnn.cli import main
from verypoorcnn.data.dataset import Dataset
from verypoorcnn.report.markup import VOID
from verypoorcnn.training.loop import Record, Trainer
from verypoorcnn.training.run import Recorder

SMALL = ("--data", "sketches", "--limit-train", "60", "--limit-test", "50", "--epochs", "3")
HOSTILE = "</script><img src=x onerror=alert(1)>"
CLASSES = 100  # of noise
CLASS_NAMES = tuple(f"class number {k}" for k in range(CLASSES))


def trained(folder: Path, *words: str) -> Path:
    """The folder of a small run on sketches."""
    assert main(["train", *SMALL, "--out", str(folder), "--json", *words]) == 0
    return folder


def noise(count: int, shape: tuple[int, int, int] = (1, 28, 28)) -> Dataset:
    """Images that no format makes smaller, of all hundred classes in turn."""
    channels, rows, columns = shape
    pixels = Random(1).randbytes(count * channels * rows * columns)
    labels = bytes(k % CLASSES for k in range(count))
    return Dataset(pixels, labels, shape, CLASS_NAMES, "noise")


def trained_on_noise(folder: Path, train: int, test: int) -> Path:
    """The folder of an epoch on so many images of a hundred classes."""
    source = write_csv(folder / "noise.csv", noise(train + test))
    limits = ["--limit-train", str(train), "--limit-test", str(test)]
    names = f"--set=data.class_names={json.dumps(CLASS_NAMES)}"
    return trained(folder / "run", "--data", str(source), *limits, names, "--epochs", "1")


class Killed(BaseException):
    """Ends a run as SIGKILL does: nothing is saved any more."""


def stopped(folder: Path, error: BaseException, after: int, *words: str) -> Path:
    """The folder of such a run that was stopped after so many epochs."""
    patch = pytest.MonkeyPatch()
    done = Recorder.epoch_done

    def epoch_done(self: Recorder, trainer: Trainer, record: Record) -> None:
        done(self, trainer, record)
        if record["epoch"] == after:
            raise error

    patch.setattr(Recorder, "epoch_done", epoch_done)
    try:
        again = ["--resume", str(folder)] if folder.exists() else [*SMALL, "--out", str(folder)]
        assert main(["train", *again, *words]) == 130
    except Killed:
        pass
    finally:
        patch.undo()
    return folder


def resumed(folder: Path, *words: str) -> Path:
    """The same folder, when the run is over."""
    assert main(["train", "--resume", str(folder), "--json", "--no-report", *words]) == 0
    return folder


class Page(HTMLParser):
    """Reads a page and complains about what a browser would mend in silence."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.ids: list[str] = []
        self.texts: list[str] = []  # outside of style and script
        self.scripts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"<{tag}> says something twice"
        found = dict(attrs)
        self.elements.append((tag, found))
        if found.get("id"):
            self.ids.append(str(found["id"]))
        if tag not in (*VOID, "link"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> ends nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        place = self.open[-1] if self.open else ""
        if place == "script":
            self.scripts.append(data)
        elif place != "style":
            self.texts.append(data)

    @property
    def text(self) -> str:
        """All that is read."""
        return " ".join(" ".join(self.texts).split())

    @property
    def content(self) -> Any:
        """The data that the page's scripts draw from."""
        return json.loads(self.scripts[0])

    def all(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        """The attributes of all such elements."""
        wanted = attributes.items()
        return [a for name, a in self.elements if name == tag and wanted <= a.items()]
