"""What stands around all commands: help, the terminal and its streams, interruptions."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tests.commands import ROOT, SKETCHES, run
from verypoorcnn import __version__
from verypoorcnn.cli import COMMANDS
from verypoorcnn.cli.common import print_json
from verypoorcnn.engines import ENGINES
from verypoorcnn.errors import UserError


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"], ["help"]])
def test_the_overview(capsys, words):
    ran = run(capsys, *words)
    assert ran.status == 0
    assert all(f"  {command} " in ran.out for command in COMMANDS)
    assert max(map(len, ran.out.splitlines())) <= 80


def test_the_version(capsys):
    assert run(capsys, "--version").out == f"verypoorcnn {__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_help_begins_with_examples(capsys, monkeypatch, command):
    monkeypatch.setenv("COLUMNS", "80")
    ran = run(capsys, command, "--help")
    assert (ran.status, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == "examples:"
    assert lines[1].strip().startswith(f"python3 -m verypoorcnn {command}")
    assert f"usage: python3 -m verypoorcnn {command}" in ran.out
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("command", COMMANDS)
def test_ctrl_c_in_any_command(capsys, monkeypatch, command):
    def interrupt(_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(import_module(f"verypoorcnn.cli.{command}"), "run", interrupt)
    needed = {"evaluate": "m", "explain": "m", "predict": "mf", "report": "r"}.get(command, "")
    ran = run(capsys, command, *needed)
    assert (ran.status, ran.out) == (130, "")
    assert ran.err == "\nverypoorcnn: interrupted\n"


@pytest.mark.parametrize("number", [float("inf"), float("nan")])
def test_a_number_that_json_cannot_say(capsys, number):
    with pytest.raises(UserError, match="not finite, which JSON cannot say; leave --json away"):
        print_json({"value": [1.0, number]})
    assert capsys.readouterr().out == ""


# As a process.

POSIX = pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")


def process(words, *, shell="", **environment):
    """Run `verypoorcnn words`; `shell` stands behind it and redirects streams."""
    program = f"{sys.executable} -m verypoorcnn {words}{shell}"
    return subprocess.run(
        ["sh", "-c", program],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


@POSIX
def test_results_on_stdout_and_progress_on_stderr(tmp_path):
    whole = process(f"train {' '.join(SKETCHES)} --out {tmp_path}/a", NO_COLOR="1")
    assert whole.returncode == 0
    assert "epoch 1/1" in whole.stderr
    assert "most confused" in whole.stdout
    assert "\x1b" not in whole.stdout + whole.stderr


@POSIX
def test_the_exit_status_of_a_mistake():
    ran = process("train --data nowhere.csv")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("verypoorcnn: data source 'nowhere.csv' is unknown;")


@POSIX
@pytest.mark.parametrize("words", ["summary --calls", "train --help", "", "gradcheck --json"])
def test_a_reader_that_goes_away(words):
    command = [sys.executable, "-m", "verypoorcnn", *words.split()]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, **streams) as running:
        running.stdout.close()  # as head does when it has seen enough, only sooner
        assert running.stderr.read() == b""
    assert running.returncode == 1


@POSIX
def test_closed_streams():
    assert process("summary", shell=" >&-").returncode == 0
    assert process("summary", shell=" >&-").stderr == ""
    ran = process("train --bogus", shell=" 2>&-")
    assert (ran.returncode, ran.stdout) == (2, "")


@POSIX
def test_json_stays_alone_where_stderr_is_closed(tmp_path):
    ran = process(f"train {' '.join(SKETCHES)} --json --out {tmp_path}/a", shell=" 2>&-")
    assert ran.returncode == 0
    assert ran.stdout.startswith("{")
    assert ran.stdout.count("\n") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is always full")
def test_a_full_disk():
    ran = process("summary", shell=" >/dev/full", PYTHONUNBUFFERED="")
    assert ran.returncode == 2
    assert ran.stderr == (
        "verypoorcnn: the output cannot be written (No space left on device); send it elsewhere\n"
    )


@POSIX
def test_a_terminal_without_unicode():
    ran = process("summary", PYTHONIOENCODING="ascii")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "1?28?28" in ran.stdout


@POSIX
def test_the_c_locale():
    ran = process("summary", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "1?28?28" in ran.stdout


def test_a_full_disk_that_is_not_that_of_the_output(capsys, monkeypatch):
    def fail(_options):
        print("so far, so good")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # as a file's write does

    monkeypatch.setattr("verypoorcnn.cli.summary.run", fail)
    ran = run(capsys, "summary")
    assert (ran.status, ran.out) == (2, "so far, so good\n")
    assert ran.err == (
        "verypoorcnn: a file or the output cannot be written (No space left on device); "
        "mend that and try again\n"
    )


def test_the_help_names_all_engines(capsys):
    text = " ".join(run(capsys, "train", "--help").out.split())
    assert f"who computes: {', '.join([*ENGINES][:-1])} or {[*ENGINES][-1]}; auto takes" in text


@POSIX
def test_help_imports_next_to_nothing():
    ran = process("predict --help", PYTHONPROFILEIMPORTTIME="1")
    loaded = {line.rpartition("|")[2].strip() for line in ran.stderr.splitlines()}
    assert "verypoorcnn.cli.common" in loaded
    assert not loaded & {"verypoorcnn.network", "verypoorcnn.data", "verypoorcnn.training.model"}
    assert not loaded & {"PIL", "rich", "urllib.request", "gzip", "difflib", "hashlib", "tomllib"}
