"""Progress, for whoever waits: what is being done, how far it is, how fast, and how long still.

    training:  32%  12,000/37,500 images  812/s  0:31 left

It goes to stderr, never to stdout, and tells only of work that takes a while.  On a terminal it is
a bar of rich's, where that is installed, or else one line that is written over and over; in a file
or a pipe it is a new line every ten seconds.  Drawing is rare: whoever reports every batch pays for
a look at the clock and no more.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from math import exp, inf
from time import perf_counter
from typing import Self, TextIO

from verypoorcnn.cli.painters import Painter, State, Stream, painter

TERMINAL = 0.5, 0.1  # seconds before anything is drawn, and between two drawings
LINES = 2.0, 10.0  # the same in files and pipes
MEMORY = 5.0, 0.1  # the estimated speed remembers so many seconds, or that part of all the time
LONGEST = 1e8  # seconds, three years: more is no estimate of the time left

Clock = Callable[[], float]


def duration(seconds: float) -> str:
    """A time for a reader: "0.42 s", "12.3 s", "1:58", "1:02:03"."""
    for limit, decimals in ((9.995, 2), (59.95, 1)):
        if seconds < limit:
            return f"{max(0.0, seconds):.{decimals}f} s"
    return _minutes(seconds)


def _minutes(seconds: float) -> str:
    """A time to the second, as it is read while it runs down: "0:31", "1:58", "1:02:03"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def bytes_text(count: float) -> str:
    """A size for a reader, in powers of 1000: "999 B", "1.5 kB", "47.0 MB"."""
    if count < 999.5:
        return f"{count:.0f} B"
    for unit in ("kB", "MB", "GB"):
        count /= 1000
        if count < 999.95:
            return f"{count:.1f} {unit}"
    return f"{count / 1000:,.1f} TB"


class Progress:
    """How far one piece of work is; a context manager.

    Args:
        total: how many units there are to do; 0 where nobody knows.
        unit: what is counted; "bytes" are shown as kB and MB.
        what: the work, in a word.
        stream: where to draw; stderr unless given.  Where it breaks, the work goes on in silence.
        quiet: draw nothing and note nothing.
        clock: seconds, from anywhere.
    """

    def __init__(
        self,
        total: int,
        unit: str = "images",
        what: str = "training",
        stream: TextIO | None = None,
        *,
        quiet: bool = False,
        clock: Clock = perf_counter,
    ) -> None:
        self.total, self.unit, self.what = total, unit, what
        self.done = 0
        self._quiet = quiet
        self._clock = clock
        self._stream = Stream(stream or sys.stderr)
        self._painter: Painter | None = None  # until there is something to draw
        self._speed = _Speed(clock())
        first, self._every = TERMINAL if self._stream.isatty() else LINES
        self._due = inf if quiet else clock() + first

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def advance(self, count: int = 1) -> None:
        """So many more units are done."""
        self.done += count
        if self._clock() >= self._due:
            self._draw()

    def note(self, text: str) -> None:
        """A line that stays, above the bar."""
        if self._quiet:
            return
        line = " ".join(text.splitlines())
        if self._painter:
            self._painter.note(line)
        else:
            self._stream.write(f"{line}\n")
        self._due = max(self._due, self._clock() + self._every)

    def close(self) -> None:
        """Take the bar away."""
        if self._painter:
            self._painter.close()
        self._painter, self._due = None, inf

    def _draw(self) -> None:
        now = self._clock()
        self._speed.update(now, self.done)
        self._painter = self._painter or painter(self._stream)
        self._painter.draw(State(self.what, self.done, self.total, self._facts()))
        self._due = now + self._every

    def _facts(self) -> str:
        return "  ".join(fact for fact in (self._amount(), self._rate(), self._left()) if fact)

    def _amount(self) -> str:
        write = bytes_text if self.unit == "bytes" else "{:,}".format
        done, total = write(self.done), f"/{write(self.total)}" if self.total else ""
        return done + total + ("" if self.unit == "bytes" else f" {self.unit}")

    def _rate(self) -> str:
        rate = self._speed.value
        if self.unit == "bytes":
            return f"{bytes_text(rate)}/s"
        return f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.2g}/s"

    def _left(self) -> str:
        rest, rate = self.total - self.done, self._speed.value
        return f"{_minutes(rest / rate)} left" if 0 < rest < rate * LONGEST else ""


class DownloadProgress:
    """Progress of downloads, one after another: call it with name, bytes done, bytes in all.

    The last is None where it was not announced.  Arguments as of `Progress`; a context manager.
    """

    def __init__(
        self, stream: TextIO | None = None, *, quiet: bool = False, clock: Clock = perf_counter
    ) -> None:
        self._stream, self._quiet, self._clock = stream, quiet, clock
        self._bar: Progress | None = None
        self._name = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __call__(self, name: str, done: int, total: int | None) -> None:
        """So many bytes of this file have come."""
        if not self._bar or name != self._name:
            self.close()
            self._bar, self._name = self._begin(name, total), name
        self._bar.advance(done - self._bar.done)
        if done == total:
            self.close()

    def close(self) -> None:
        """Take the bar away."""
        if self._bar:
            self._bar.close()
            self._bar = None

    def _begin(self, name: str, total: int | None) -> Progress:
        what = f"downloading {name}"
        return Progress(
            total or 0, "bytes", what, self._stream, quiet=self._quiet, clock=self._clock
        )


class _Speed:
    """Units per second: an average in which the past counts less the longer ago it is."""

    def __init__(self, now: float) -> None:
        self.value = 0.0
        self._began = self._time = now
        self._done = 0

    def update(self, now: float, done: int) -> None:
        passed = now - self._time
        if passed <= 0:
            return
        latest = max(0, done - self._done) / passed
        seconds, part = MEMORY
        memory = max(seconds, part * (now - self._began))
        past = exp(-passed / memory) if self.value else 0.0
        self.value = past * self.value + (1 - past) * latest
        self._time, self._done = now, done
