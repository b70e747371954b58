"""A run is a folder.  Everything in it can be read without this program.

config.json              the configuration, with every default filled in
metrics.jsonl            one line an epoch, written when the epoch is over
checkpoint.safetensors   where the training stands, to resume from
model.safetensors        the model, when the training is over or was interrupted
result.json              what `train --json` prints
report.html              all of it as a page, see docs/report.md
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from time import monotonic

from verypoorcnn.errors import UserError
from verypoorcnn.files.atomic import write_atomically
from verypoorcnn.files.json_text import from_json, to_json
from verypoorcnn.training.checkpoint import save_checkpoint
from verypoorcnn.training.configuration import (
    Configuration,
    configuration_from_dict,
    with_overrides,
)
from verypoorcnn.training.loop import Callback, Record, Trainer

# What a resumed run may be given anew; data may have moved, and are checked to be the same.
MAY_CHANGE = (
    "training.epochs",
    "training.learning_rate",
    "training.patience",
    "training.threads",
    "data.source",
)
BETWEEN_EPOCHS = 2.0  # seconds: a checkpoint costs milliseconds, an epoch may cost less
WITHIN_EPOCH = 30.0  # seconds of work that a crash may cost


class Run:
    """The folder of one run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "config.json"
        self.metrics = folder / "metrics.jsonl"
        self.checkpoint = folder / "checkpoint.safetensors"
        self.model = folder / "model.safetensors"
        self.result = folder / "result.json"
        self.report = folder / "report.html"

    @classmethod
    def create(cls, folder: Path | None, configuration: Configuration, data: str) -> Run:
        """Begin a run in a new folder; without a name, in one named for the time and the data."""
        seed = configuration.training.seed
        run = cls(_new_folder(data, seed) if folder is None else _empty_folder(folder))
        run.write_configuration(configuration)
        return run

    @classmethod
    def open(cls, folder: Path) -> Run:
        """A run that was begun before; UserError if there is none in this folder."""
        run = cls(folder)
        if not run.config.is_file():
            raise UserError(f"{folder}: no run here (config.json is missing); give a run's folder")
        return run

    @classmethod
    def check_free(cls, folder: Path) -> None:
        """Raise UserError if a run was begun in this folder before, or none can be."""
        if cls(folder).config.exists():
            raise UserError(
                f"{folder}: there is a run in this folder already; go on with it by "
                f"--resume {folder}, or give another --out"
            )
        there = next(path for path in (folder, *folder.parents) if path.exists())
        if not there.is_dir():
            raise _unwritable(folder, f"{there} is a file")
        if not os.access(there, os.W_OK):
            raise _unwritable(folder, f"no permission to write in {there}")

    def configuration(self) -> Configuration:
        """The configuration it began with."""
        where = str(self.config)
        return configuration_from_dict(from_json(_read(self.config), where), where)

    def changed_configuration(self, overrides: Sequence[str]) -> Configuration:
        """The same with overrides of what may change on the way: see `MAY_CHANGE`."""
        began = self.configuration()
        changed = with_overrides(began, overrides)
        before, after = began.as_dict(), changed.as_dict()
        for section, settings in after.items():
            for key, value in settings.items():
                name = f"{section}.{key}"
                if before[section].get(key) != value and name not in MAY_CHANGE:
                    raise UserError(
                        f"{self.folder}: {name} cannot change on the way; a run that is resumed "
                        f"can only be given another {' or '.join(MAY_CHANGE)}"
                    )
        return changed

    def write_configuration(self, configuration: Configuration) -> None:
        """Keep what it runs with."""
        write_atomically(self.config, to_json(configuration.as_dict(), indent=2) + "\n")

    def write_history(self, history: Sequence[Record]) -> None:
        """Make metrics.jsonl hold just these epochs; they stand in the checkpoint, too."""
        lines = "".join(to_json(record) + "\n" for record in history)
        write_atomically(self.metrics, lines, lasting=False)


class Recorder(Callback):
    """Writes the epochs' records and, now and then, a checkpoint."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._saved = monotonic()

    def batch_done(self, trainer: Trainer, images: int) -> None:
        """Save if much work would be lost."""
        self._save_after(WITHIN_EPOCH, trainer)

    def epoch_done(self, trainer: Trainer, record: Record) -> None:
        """Append the record; save unless that was just done."""
        with self.run.metrics.open("a", encoding="utf-8") as lines:
            lines.write(to_json(record) + "\n")
        self._save_after(BETWEEN_EPOCHS, trainer)

    def save(self, trainer: Trainer) -> None:
        """Save where the training stands."""
        save_checkpoint(self.run.checkpoint, trainer)
        self._saved = monotonic()

    def _save_after(self, seconds: float, trainer: Trainer) -> None:
        if monotonic() - self._saved > seconds:
            self.save(trainer)


def _new_folder(data: str, seed: int) -> Path:
    words = re.findall(r"[^\W_]+", Path(data.partition(" from ")[0].lower()).stem)
    name = f"{datetime.now():%Y-%m-%d-%H%M%S}-{'-'.join(words) or 'data'}-seed{seed}"
    for number in range(1000):  # runs that begin in the same second
        folder = Path("runs") / (f"{name}-{number + 1}" if number else name)
        try:
            folder.mkdir(parents=True)
            return folder
        except FileExistsError:
            continue
        except OSError as error:
            raise _unwritable(folder, error.strerror or str(error)) from None
    raise UserError("runs: a thousand runs began in this second; name a folder with --out")


def _empty_folder(folder: Path) -> Path:
    Run.check_free(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error.strerror or str(error)) from None
    return folder


def _unwritable(folder: Path, reason: str) -> UserError:
    return UserError(f"{folder}: no run can be kept here ({reason}); give another --out")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
