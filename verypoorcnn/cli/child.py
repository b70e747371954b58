"""A training in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from verypoorcnn.errors import UserError

Result = dict[str, Any]  # what `train --json` prints


class Child:
    """The process that trains with one seed; what it came to is read from its run's folder.

    `command` is `train` with everything but the folder; `messages` is the file for its stderr.
    """

    def __init__(self, seed: int, folder: Path, messages: Path, command: Sequence[str]) -> None:
        self.seed = seed
        self.folder = folder
        self.messages = messages
        self.command = [*command, "--out", str(folder)]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Run it, with the package that this file belongs to."""
        path = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
        with self.messages.open("wb") as messages:
            self.process = subprocess.Popen(
                self.command,
                stdout=subprocess.DEVNULL,
                stderr=messages,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
            )

    def finished(self) -> bool:
        """Whether it is over; UserError if it has failed."""
        status = self.process and self.process.poll()
        if status:
            raise UserError(f"seed {self.seed}: {self._reason(status)}")
        return status == 0

    def stop(self) -> None:
        """End it, if it was started."""
        if self.process:
            self.process.terminate()  # does nothing if it is over
            self.process.wait()

    def epochs(self) -> int:
        """How many epochs are done."""
        path = self.folder / "metrics.jsonl"
        return path.read_bytes().count(b"\n") if path.exists() else 0

    def result(self) -> Result:
        """What it came to."""
        result: Result = json.loads((self.folder / "result.json").read_bytes())
        return result

    def _reason(self, status: int) -> str:
        """The last of its messages, or what ended it."""
        if status < 0:
            return f"its process was ended by signal {-status}; start again"
        lines = self.messages.read_text(encoding="utf-8", errors="replace").strip().split("\n")
        return lines[-1].removeprefix("verypoorcnn: ") or f"failed with status {status}"
