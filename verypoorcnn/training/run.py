"""A run is a folder.  Everything in it can be read without this program.

config.json              the configuration, with every default filled in
metrics.jsonl            one line an epoch, written when the epoch is over
stretches.jsonl          one line each time it was begun or resumed: with what, from where, to where
checkpoint.safetensors   where the training stands, to resume from
model.safetensors        the model, when the training is over or was interrupted
result.json              what `train --json` prints
report.html              all of it as a page, see docs/report.md
.lock                    which process trains, or did so last, see lock.py
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any

from verypoorcnn.data.sources import Parts
from verypoorcnn.engines import Engine
from verypoorcnn.errors import UserError
from verypoorcnn.files.atomic import write_atomically, writing
from verypoorcnn.files.json_text import from_json, to_json
from verypoorcnn.training import process
from verypoorcnn.training.checkpoint import read_position, save_checkpoint
from verypoorcnn.training.configuration import (
    Configuration,
    configuration_from_dict,
    with_overrides,
)
from verypoorcnn.training.lock import Lock
from verypoorcnn.training.loop import Callback, Position, Record, Trainer, is_over

# What a resumed run may be given anew; data may have moved, and are checked to be the same.
MAY_CHANGE = (
    "training.epochs",
    "training.learning_rate",
    "training.patience",
    "training.threads",
    "data.source",
)
# What the lines of the files must hold, and of which kind it is.
Kinds = Mapping[str, type | tuple[type, ...]]
EPOCH: Kinds = {"epoch": int, **dict.fromkeys(("loss", "accuracy", "seconds"), (int, float))}
STRETCH: Kinds = {  # a time the run was begun or resumed
    **dict.fromkeys(("epoch", "batch"), int),  # so many were finished when it began
    **dict.fromkeys(("time", "engine", "code", "data"), str),
    **dict.fromkeys(("train_samples", "test_samples"), int),
    "classes": list,
    "settings": dict,  # those of `MAY_CHANGE`
}
ENDED: Kinds = {  # the stretch's "ended", which is missing while it goes on, or if it was killed
    **dict.fromkeys(("epoch", "batch"), int),
    **dict.fromkeys(("time", "how", "why"), str),
}

FIRST = 0.5  # seconds until the first checkpoint; each takes twice as long as the one before, …
BETWEEN_EPOCHS = 2.0  # … up to this: a checkpoint costs milliseconds, an epoch may cost less
WITHIN_EPOCH = 30.0  # seconds of work that a crash may cost


class Run:
    """The folder of one run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "config.json"
        self.metrics = folder / "metrics.jsonl"
        self.stretches = folder / "stretches.jsonl"
        self.checkpoint = folder / "checkpoint.safetensors"
        self.model = folder / "model.safetensors"
        self.result = folder / "result.json"
        self.report = folder / "report.html"
        self.lock = Lock(folder / ".lock")

    @classmethod
    def create(cls, folder: Path | None, configuration: Configuration, data: str) -> Run:
        """Begin a run in a new folder; without a name, in one named for the time and the data.

        Its lock is taken, so that no other process begins here, too.
        """
        seed = configuration.training.seed
        run = cls(_new_folder(data, seed) if folder is None else _empty_folder(folder))
        run.lock.take()
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

    def is_finished(self, configuration: Configuration) -> bool:
        """Whether it was trained and tested, and has no epoch left with these settings."""
        stretches = self.read_stretches()
        how = stretches[-1].get("ended", {}).get("how") if stretches else None
        if how != "finished" or not self.result.is_file() or not self.checkpoint.is_file():
            return False
        return is_over(read_position(self.checkpoint), configuration.training)

    def write_configuration(self, configuration: Configuration) -> None:
        """Keep what it runs with."""
        text = to_json(configuration.as_dict(), indent=2) + "\n"
        if not self.config.exists() or _read(self.config) != text.encode():
            write_atomically(self.config, text)

    def write_history(self, history: Sequence[Record]) -> None:
        """Make metrics.jsonl hold just these epochs; they stand in the checkpoint, too."""
        lines = "".join(to_json(record) + "\n" for record in history)
        write_atomically(self.metrics, lines, lasting=False)

    def read_history(self) -> list[Record]:
        """The epochs in metrics.jsonl; the last few may be later than the checkpoint."""
        return _records(self.metrics, EPOCH)

    def read_stretches(self) -> list[Record]:
        """Each time it was begun or resumed; of a run that was made before they were kept, none."""
        stretches = _records(self.stretches, STRETCH)
        for number, stretch in enumerate(stretches, 1):
            if "ended" in stretch:
                check_kinds(stretch["ended"], ENDED, f"{self.stretches}, line {number}: ended")
        return stretches


def check_kinds(record: Any, kinds: Kinds, where: str) -> None:
    """Raise UserError unless the record is an object that holds all of these."""
    for key, kind in kinds.items():
        if not isinstance(record, dict) or not isinstance(record.get(key), kind):
            raise UserError(f"{where}: {key!r} is missing or wrong; run it again")


class Stretch:
    """One time that a run is begun or resumed: the last line of stretches.jsonl."""

    def __init__(
        self, run: Run, configuration: Configuration, parts: Parts, engine: Engine, at: Position
    ) -> None:
        tables = configuration.as_dict()
        settings = {name: name.split(".") for name in MAY_CHANGE}
        self.path = run.stretches
        self._earlier = _read(self.path) if self.path.exists() else b""
        self._record: Record = {
            "epoch": at.epoch,
            "batch": at.batch,
            "engine": engine.name,
            "code": engine.about().removeprefix(", "),
            **process.surroundings(),
            "settings": {name: tables[table][key] for name, (table, key) in settings.items()},
            "data": parts.origin,
            "classes": list(parts.train.class_names),
            "train_samples": len(parts.train),
            "test_samples": len(parts.test),
        }

    def begin(self) -> None:
        """Keep that it has begun; if it is killed, that is all that is known of it."""
        write_atomically(self.path, self._file(), lasting=False)

    def ended(self, how: str, at: Position, why: str = "") -> bytes:
        """The file, now that it has ended: "finished", "interrupted", "diverged" or "failed"."""
        place = {"epoch": at.epoch, "batch": at.batch, "time": process.now()}
        self._record["ended"] = {"how": how, "why": why, **place}
        return self._file()

    def _file(self) -> bytes:
        return self._earlier + f"{to_json(self._record)}\n".encode()


class Recorder(Callback):
    """Writes the epochs' records and, now and then, a checkpoint."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._saved = monotonic()
        self._pause = FIRST

    def batch_done(self, trainer: Trainer, images: int) -> None:
        """Save if much work would be lost."""
        self._save_after(WITHIN_EPOCH, trainer)

    def epoch_done(self, trainer: Trainer, record: Record) -> None:
        """Append the record; save unless that was just done."""
        with writing(self.run.metrics), self.run.metrics.open("a", encoding="utf-8") as lines:
            lines.write(to_json(record) + "\n")
        self._save_after(min(self._pause, BETWEEN_EPOCHS), trainer)

    def save(self, trainer: Trainer) -> None:
        """Save where the training stands."""
        save_checkpoint(self.run.checkpoint, trainer)
        self._saved = monotonic()
        self._pause *= 2

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


def _records(path: Path, kinds: Kinds) -> list[Record]:
    """One a line; without the file none, and a line that is not whole yet does not count."""
    if not path.is_file():
        return []
    records = []
    for number, line in enumerate(_read(path).split(b"\n")[:-1], 1):
        where = f"{path}, line {number}"
        records.append(from_json(line, where))
        check_kinds(records[-1], kinds, where)
    return records


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
