"""How progress is drawn: as lines, as one line that is written over, or as a bar of rich's.

A painter is made when there is something to draw and not before: rich takes a while to import.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import NamedTuple, Protocol, TextIO, cast

GONE = (AttributeError, OSError, ValueError)  # of a stream: None, a broken pipe, closed


class State(NamedTuple):
    """What is to be drawn."""

    what: str  # "training"
    done: int
    total: int  # 0 where nobody knows
    facts: str  # "12,000/37,500 images  812/s  0:31 left"

    def __str__(self) -> str:
        share = f"{min(1.0, self.done / self.total):4.0%}  " if self.total else ""
        return f"{self.what}: {share}{self.facts}"


class Stream:
    """A stream to which writing never fails; where it is broken, nothing happens."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = cast(TextIO, stream)
        self.encoding = getattr(stream, "encoding", None) or "utf-8"

    def write(self, text: str) -> int:
        """Write and flush."""
        with suppress(*GONE):
            self._stream.write(text)
            self._stream.flush()
        return len(text)

    def flush(self) -> None:
        """Nothing: what is written has been flushed."""

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        with suppress(*GONE):
            return self._stream.isatty()
        return False

    def columns(self) -> int:
        """A terminal's width."""
        with suppress(*GONE):
            return os.get_terminal_size(self._stream.fileno()).columns or 80
        return 80


class Painter(Protocol):
    """A way of drawing."""

    def draw(self, state: State) -> None:
        """Show this instead of what is shown."""

    def note(self, line: str) -> None:
        """Write a line that stays."""

    def close(self) -> None:
        """Take away what does not stay."""


def painter(stream: Stream) -> Painter:
    """The best one for this stream."""
    if not stream.isatty():
        return Lines(stream)
    if os.environ.get("TERM") in ("dumb", "unknown"):
        return OverwrittenLine(stream)
    try:
        return RichBar(stream)
    except ImportError:
        return OverwrittenLine(stream)


class Lines:
    """For files and pipes: line after line."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def draw(self, state: State) -> None:
        """One more line."""
        self.note(str(state))

    def note(self, line: str) -> None:
        """One more line."""
        self._stream.write(f"{line}\n")

    def close(self) -> None:
        """Nothing: lines stay."""


class OverwrittenLine:
    """For any terminal: one line that is written over."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._drawn = ""

    def draw(self, state: State) -> None:
        """Write over the line; one too long for the terminal could not be, so it is cut."""
        text = str(state)[: self._stream.columns() - 1]
        self._stream.write("\r" + text.ljust(len(self._drawn)))
        self._drawn = text

    def note(self, line: str) -> None:
        """Write over the line and put it beneath again."""
        self._stream.write("\r" + line.ljust(len(self._drawn)) + "\n" + self._drawn)

    def close(self) -> None:
        """Write blanks over the line."""
        self._stream.write("\r" + " " * len(self._drawn) + "\r")


class RichBar:
    """For terminals where rich is installed; it honours NO_COLOR by itself.

    Raises:
        ImportError: rich is not installed.
    """

    def __init__(self, stream: Stream) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[facts]}", markup=False),
            console=Console(file=cast(TextIO, stream), force_terminal=True),
            auto_refresh=False,  # our own clock says when
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._bar.add_task("", total=None, facts="")

    def draw(self, state: State) -> None:
        """Move the bar; without a total it only shows that something moves."""
        self._bar.update(
            self._task,
            description=state.what,
            completed=state.done,
            total=state.total or None,
            facts=state.facts,
        )
        self._bar.start()  # nothing the second time
        self._bar.refresh()

    def note(self, line: str) -> None:
        """Write it above the bar, as it is."""
        self._bar.console.print(line, markup=False, highlight=False, emoji=False, soft_wrap=True)

    def close(self) -> None:
        """Take the bar away."""
        self._bar.stop()
