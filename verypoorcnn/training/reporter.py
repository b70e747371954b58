"""To whom an experiment tells what it is doing."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Bar(Protocol):
    """Progress of one piece of work."""

    def advance(self, count: int) -> object:
        """So many more images are done."""

    def note(self, text: str) -> object:
        """A line to stay above the bar."""


class Reporter(Protocol):
    """Where an experiment tells what it is doing."""

    def say(self, line: str) -> None:
        """One line for the user."""

    def progress(self, what: str, total: int) -> AbstractContextManager[Bar]:
        """A bar for a piece of work on so many images."""


class Silence:
    """A reporter, and a bar, that keep everything to themselves."""

    def say(self, line: str) -> None:
        """Nothing."""

    def progress(self, what: str, total: int) -> AbstractContextManager[Bar]:
        """Nothing."""
        return nullcontext(self)

    def advance(self, count: int) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""
