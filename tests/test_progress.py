"""Progress: what is shown, how rarely, and that it never gets in the way."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from verypoorcnn.cli.progress import DownloadProgress, Progress, bytes_text, duration

ROOT = Path(__file__).parent.parent


class Clock:
    """Seconds that pass when told to, and a count of how often one looked."""

    def __init__(self):
        self.now = 1000.0
        self.looks = 0

    def __call__(self):
        self.looks += 1
        return self.now


class Terminal(io.StringIO):
    """A stream that says it is a terminal; how wide it is, it cannot say."""

    def isatty(self):
        return True

    def screen(self):
        """The lines that stand on it, as a terminal shows them."""
        return [_overwritten(line) for line in self.getvalue().split("\n")]


def _overwritten(line):
    shown = ""
    for part in line.split("\r"):
        shown = part + shown[len(part) :]
    return shown.rstrip()


class Broken(Terminal):
    """A pipe that nobody reads any more."""

    def write(self, text):
        raise BrokenPipeError


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def without_rich(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    for name in ("rich", "rich.console", "rich.progress"):
        monkeypatch.setitem(sys.modules, name, None)


def work(progress, clock, seconds, each=0.125, count=10):
    """Report `count` units every `each` seconds (an eighth, since binary fractions add exactly)."""
    for _ in range(round(seconds / each)):
        clock.now += each
        progress.advance(count)


# Numbers for readers.


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.00 s"),
        (-1, "0.00 s"),
        (0.42, "0.42 s"),
        (9.994, "9.99 s"),
        (9.996, "10.0 s"),
        (59.94, "59.9 s"),
        (59.96, "1:00"),
        (118, "1:58"),
        (119.6, "2:00"),
        (3599.6, "1:00:00"),
        (3723, "1:02:03"),
        (100 * 3600, "100:00:00"),
    ],
)
def test_duration(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (999.7, "1.0 kB"),
        (1500, "1.5 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (47_040_016, "47.0 MB"),
        (2.5e9, "2.5 GB"),
        (1234e12, "1,234.0 TB"),
    ],
)
def test_bytes_text(count, text):
    assert bytes_text(count) == text


# In a file or a pipe.


def test_a_pipe_gets_a_line_after_two_seconds_and_then_every_ten(clock):
    stream = io.StringIO()
    with Progress(4000, stream=stream, clock=clock) as progress:
        work(progress, clock, seconds=1.875)
        assert stream.getvalue() == ""
        work(progress, clock, seconds=10)
        assert stream.getvalue() == "training:   4%  160/4,000 images  80/s  0:48 left\n"
        work(progress, clock, seconds=20)
    lines = stream.getvalue().splitlines()
    assert lines[1:] == [
        "training:  24%  960/4,000 images  80/s  0:38 left",
        "training:  44%  1,760/4,000 images  80/s  0:28 left",
    ]


def test_work_of_less_than_two_seconds_is_not_told_of(clock):
    stream = io.StringIO()
    with Progress(100, stream=stream, clock=clock) as progress:
        work(progress, clock, seconds=1.875)
    assert stream.getvalue() == ""


def test_a_note_is_one_full_line_and_puts_the_next_line_off(clock):
    stream = io.StringIO()
    with Progress(10_000, stream=stream, clock=clock) as progress:
        progress.note("epoch 1\nloss [2.3]")
        work(progress, clock, seconds=9.875)
        assert stream.getvalue() == "epoch 1 loss [2.3]\n"
        work(progress, clock, seconds=0.125)
    assert stream.getvalue().splitlines()[1:] == [
        "training:   8%  800/10,000 images  80/s  1:55 left"
    ]


def test_the_speed_is_a_moving_one(clock):
    stream = io.StringIO()
    with Progress(100_000, stream=stream, clock=clock) as progress:
        work(progress, clock, seconds=22.5, each=0.5, count=100)
        work(progress, clock, seconds=30, each=0.5, count=10)
    speeds = [
        float(line.split("  ")[-2].removesuffix("/s"))
        for line in stream.getvalue().split("\n")[:-1]
    ]
    assert speeds[:3] == [200, 200, 200]
    assert speeds[3] > speeds[4] > speeds[5]
    assert 20 <= speeds[5] < 30  # 170 images/s ago, on average, but that is long past


# What is counted.


def last_line(total, done, clock, **options):
    stream = io.StringIO()
    with Progress(total, stream=stream, clock=clock, **options) as progress:
        clock.now += 2
        progress.advance(done)
    return stream.getvalue().rstrip("\n")


def test_without_a_total_there_is_no_share_and_no_time_left(clock):
    assert last_line(0, 5000, clock) == "training: 5,000 images  2,500/s"


def test_more_than_the_total_is_all_of_it(clock):
    assert last_line(100, 120, clock) == "training: 100%  120/100 images  60/s"


def test_what_is_slow_has_a_speed_too(clock):
    line = last_line(500, 1, clock, unit="epochs", what="reproducing")
    assert line == "reproducing:   0%  1/500 epochs  0.5/s  16:38 left"


def test_nothing_done_yet(clock):
    assert last_line(100, 0, clock) == "training:   0%  0/100 images  0/s"


def test_bytes_are_counted_in_megabytes(clock):
    line = last_line(47_040_016, 4_000_000, clock, unit="bytes", what="reading")
    assert line == "reading:   9%  4.0 MB/47.0 MB  2.0 MB/s  0:22 left"


# On a terminal without rich.


@pytest.mark.usefixtures("without_rich")
def test_a_terminal_shows_one_line_which_goes_away(clock):
    stream = Terminal()
    with Progress(1000, stream=stream, clock=clock) as progress:
        work(progress, clock, seconds=0.375)
        assert stream.getvalue() == ""
        work(progress, clock, seconds=2)
        assert stream.screen() == ["training:  19%  190/1,000 images  80/s  0:10 left"]
    assert stream.screen() == [""]


@pytest.mark.usefixtures("without_rich")
def test_notes_stand_above_the_line(clock):
    stream = Terminal()
    with Progress(1000, stream=stream, clock=clock) as progress:
        progress.note("starting")
        work(progress, clock, seconds=1)
        progress.note("epoch 1")
        progress.note("epoch 2, of which there is much more to tell than fits beside the line")
        assert stream.screen()[:2] == ["starting", "epoch 1"]
        assert stream.screen()[3].startswith("training:  ")
        work(progress, clock, seconds=1)
    assert stream.screen() == [
        "starting",
        "epoch 1",
        "epoch 2, of which there is much more to tell than fits beside the line",
        "",
    ]


@pytest.mark.usefixtures("without_rich")
def test_a_shorter_line_leaves_nothing_of_a_longer_one(clock):
    stream = Terminal()
    with Progress(80, stream=stream, clock=clock) as progress:
        work(progress, clock, seconds=0.875)
        assert stream.screen() == ["training:  88%  70/80 images  80/s  0:00 left"]
        work(progress, clock, seconds=0.125)
        assert stream.screen() == ["training: 100%  80/80 images  80/s"]


@pytest.mark.usefixtures("without_rich")
def test_it_is_drawn_at_most_ten_times_a_second(clock):
    stream = Terminal()
    with Progress(10_000, stream=stream, clock=clock) as progress:
        work(progress, clock, seconds=10.5, each=1 / 1024)
    assert 90 <= stream.getvalue().count("\rtraining") <= 101


@pytest.mark.usefixtures("without_rich")
def test_a_line_too_long_for_the_terminal_is_cut(clock):
    stream = Terminal()
    with Progress(1000, what="x" * 100, stream=stream, clock=clock) as progress:
        work(progress, clock, seconds=1)
        assert stream.screen() == ["x" * 79]  # of 80 columns, the last would wrap


def test_a_dumb_terminal_gets_the_plain_line(clock, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    stream = Terminal()
    with Progress(1000, stream=stream, clock=clock) as progress:
        work(progress, clock, seconds=1)
    assert "\x1b" not in stream.getvalue()
    assert "training:" in stream.getvalue()


# It never gets in the way.


def test_an_advance_looks_at_the_clock_once_and_does_nothing_else(clock):
    with Progress(1000, stream=io.StringIO(), clock=clock) as progress:
        before = clock.looks
        for _ in range(100):
            progress.advance(1)
        assert clock.looks - before == 100


def closed():
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.mark.parametrize("make", [Broken, closed])
@pytest.mark.usefixtures("without_rich")
def test_a_stream_that_cannot_be_written_is_no_error(clock, make):
    with Progress(1000, stream=make(), clock=clock) as progress:
        progress.note("before")
        work(progress, clock, seconds=30)
        progress.note("after")
    assert progress.done == 2400


def test_a_program_without_stderr_works_on(clock, monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    with Progress(1000, clock=clock) as progress:
        work(progress, clock, seconds=3)
        progress.note("done")
    assert progress.done == 240


def test_quiet_is_quiet(clock):
    stream = Terminal()
    with Progress(1000, stream=stream, quiet=True, clock=clock) as progress:
        work(progress, clock, seconds=5)
        progress.note("a note")
    assert stream.getvalue() == ""
    assert progress.done == 400


def test_it_goes_to_stderr_and_never_to_stdout(clock, capsys):
    with Progress(1000, clock=clock) as progress:
        work(progress, clock, seconds=3)
        progress.note("epoch 1")
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines() == [
        "training:  16%  160/1,000 images  80/s  0:10 left",
        "epoch 1",
    ]


@pytest.mark.usefixtures("without_rich")
def test_an_error_in_the_work_takes_the_line_away(clock):
    stream = Terminal()
    with suppress(RuntimeError), Progress(1000, stream=stream, clock=clock) as progress:
        work(progress, clock, seconds=1)
        assert stream.screen() != [""]
        raise RuntimeError
    assert stream.screen() == [""]


# Downloads.


@pytest.mark.usefixtures("without_rich")
def test_downloads_are_shown_one_after_another(clock):
    stream = Terminal()
    with DownloadProgress(stream, clock=clock) as progress:
        for done in range(0, 3_000_001, 500_000):
            progress("images", done, 3_000_000)
            if done == 2_000_000:
                assert stream.screen() == [
                    "downloading images:  67%  2.0 MB/3.0 MB  1.0 MB/s  0:01 left"
                ]
            clock.now += 0.5
        assert stream.screen() == [""]  # the file is there
        for done in range(0, 300_001, 100_000):
            progress("labels", done, None)
            clock.now += 1
        assert stream.screen() == ["downloading labels: 300.0 kB  100.0 kB/s"]
    assert stream.screen() == [""]


def test_a_download_can_be_quiet(clock):
    stream = Terminal()
    with DownloadProgress(stream, quiet=True, clock=clock) as progress:
        for done in range(100):
            progress("images", done, 100)
            clock.now += 1
    assert stream.getvalue() == ""


# With rich.

COLOUR = r"\x1b\[[39]\d"  # a terminal's colours are numbered from 30 and from 90


@pytest.fixture
def with_rich(monkeypatch):
    pytest.importorskip("rich", reason="rich, which draws the bar, is not installed")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.mark.usefixtures("with_rich")
def test_rich_draws_a_bar_with_notes_above(clock, capsys):
    stream = Terminal()
    with Progress(1000, what="training [bold]", stream=stream, clock=clock) as progress:
        work(progress, clock, seconds=0.5)
        progress.note("epoch 1  [red]loss[/red] :smile: 2.3" + " and more" * 20)
        print("a result")
        work(progress, clock, seconds=2)
    text = stream.getvalue()
    assert "training [bold]" in text  # as it is, not as rich's markup
    assert "40/1,000 images  80/s  0:12 left" in text
    assert "epoch 1  [red]loss[/red] :smile: 2.3" + " and more" * 20 in text
    assert "━" in text
    assert re.search(COLOUR, text)
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")  # the cursor is back
    assert capsys.readouterr() == ("a result\n", "")


@pytest.mark.usefixtures("with_rich")
def test_rich_honours_no_color(clock, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    with Progress(1000, stream=stream, clock=clock) as progress:
        work(progress, clock, seconds=1)
    assert "━" in stream.getvalue()
    assert not re.search(COLOUR, stream.getvalue())


@pytest.mark.usefixtures("with_rich")
def test_rich_draws_what_has_no_total(clock):
    stream = Terminal()
    with Progress(0, unit="bytes", stream=stream, clock=clock) as progress:
        work(progress, clock, seconds=1, count=10_000)
    assert "80.0 kB  80.0 kB/s" in stream.getvalue()
    assert stream.getvalue().count("━\x1b[0m") > 100  # a wave, each point in its own colour


@pytest.mark.usefixtures("with_rich")
def test_rich_on_a_broken_terminal_is_no_error(clock):
    with Progress(1000, stream=Broken(), clock=clock) as progress:
        work(progress, clock, seconds=1)
        progress.note("a note")
    assert progress.done == 80


def test_rich_is_not_imported_where_nothing_is_drawn():
    pytest.importorskip("rich", reason="rich, which draws the bar, is not installed")
    program = (
        "import sys\n"
        "from verypoorcnn.cli.progress import Progress\n"
        "now = 0.0\n"
        "with Progress(10, clock=lambda: now) as progress:\n"
        "    now = 5.0\n"
        "    progress.advance(1)\n"
        "print('rich' in sys.modules)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert result.stdout == "False\n"
    assert result.stderr.startswith("training:  10%")
