"""A file is written whole or not at all."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from verypoorcnn.errors import UserError
from verypoorcnn.files.atomic import write_atomically, write_together

ROOT = Path(__file__).parent.parent


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a.bin", b"\x00\r\n\xff")
    assert (tmp_path / "a.bin").read_bytes() == b"\x00\r\n\xff"
    assert names(tmp_path) == ["a.bin"]


def test_text_is_written_as_utf8_with_its_line_ends_kept(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a.json", '{"α": 1}\n')
    assert (tmp_path / "a.json").read_bytes() == '{"α": 1}\n'.encode()


def test_an_old_file_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "a.bin"
    file.write_bytes(b"a long old content")
    write_atomically(file, b"new")
    assert file.read_bytes() == b"new"
    assert names(tmp_path) == ["a.bin"]


def test_a_reader_of_the_old_file_keeps_the_old_content(tmp_path: Path) -> None:
    file = tmp_path / "a.bin"
    file.write_bytes(b"old")
    with file.open("rb") as reader:
        write_atomically(file, b"new")
        assert reader.read() == b"old"


def test_a_bare_name_is_written_in_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_atomically(Path("a.bin"), b"here")
    assert names(tmp_path) == ["a.bin"]


def test_a_name_as_long_as_the_file_system_allows(tmp_path: Path) -> None:
    write_atomically(tmp_path / ("n" * 255), b"long")
    assert names(tmp_path) == ["n" * 255]


@pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX has them")
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_permissions_are_those_of_any_new_file(tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        write_atomically(tmp_path / "a.bin", b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.bin").stat().st_mode) == mode


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
@pytest.mark.parametrize("exists", [True, False])
def test_a_link_stays_and_its_file_is_replaced(tmp_path: Path, exists: bool) -> None:
    (tmp_path / "folder").mkdir()
    if exists:
        (tmp_path / "folder/real.bin").write_bytes(b"old")
    (tmp_path / "link.bin").symlink_to("folder/real.bin")
    write_atomically(tmp_path / "link.bin", b"new")
    assert (tmp_path / "link.bin").is_symlink()
    assert (tmp_path / "folder/real.bin").read_bytes() == b"new"
    assert names(tmp_path / "folder") == ["real.bin"]


# Order of the steps: content on the disk, then the name, then the name on the disk.


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is forced onto the disk, and what is renamed, in order."""
    steps: list[str] = []
    fsync, replace = os.fsync, os.replace

    def watched_fsync(handle: int) -> None:
        found = os.fstat(handle)
        steps.append("folder" if stat.S_ISDIR(found.st_mode) else f"{found.st_size} bytes")
        fsync(handle)

    def watched_replace(source: Path, target: Path) -> None:
        assert source.parent == target.parent  # a rename is atomic within one file system only
        steps.append("replace")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(os, "replace", watched_replace)
    return steps


@pytest.mark.skipif(os.name != "posix", reason="folders can be opened on POSIX only")
def test_content_is_forced_to_disk_before_it_takes_the_name(
    tmp_path: Path, steps: list[str]
) -> None:
    write_atomically(tmp_path / "a.bin", b"small")
    assert steps == ["5 bytes", "replace", "folder"]


@pytest.mark.skipif(os.name != "posix", reason="folders can be opened on POSIX only")
def test_several_files_are_on_the_disk_before_the_first_takes_its_name(
    tmp_path: Path, steps: list[str]
) -> None:
    write_together({tmp_path / "a": b"one", tmp_path / "b": "three"})
    assert steps == ["3 bytes", "5 bytes", "replace", "replace", "folder"]
    assert (tmp_path / "a").read_bytes() + (tmp_path / "b").read_bytes() == b"onethree"


def test_what_need_not_last_does_not_wait(tmp_path: Path, steps: list[str]) -> None:
    write_atomically(tmp_path / "a", b"x", lasting=False)
    assert steps == ["replace"]
    assert (tmp_path / "a").read_bytes() == b"x"


def test_if_one_of_several_cannot_be_written_none_is(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "b").mkdir()
    with pytest.raises(UserError, match="give the name of a file") as caught:
        write_together({tmp_path / "a": b"new", tmp_path / "b": b"new"})
    assert str(caught.value).startswith(f"{tmp_path / 'b'}: cannot be written")
    assert (tmp_path / "a").read_bytes() == b"old"
    assert names(tmp_path) == ["a", "b"]


def test_a_folder_that_cannot_be_forced_to_disk_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: object, flags: int) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refused)
    write_atomically(tmp_path / "a.bin", b"x")
    assert (tmp_path / "a.bin").read_bytes() == b"x"


# Failures: the old content stays, no temporary file does, and the error is one line.


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize(
    ("number", "reason", "fix"),
    [
        (errno.ENOSPC, "No space left on device", "free some space"),
        (errno.EACCES, "Permission denied", "choose a place where you may write"),
        (errno.EROFS, "Read-only file system", "choose a place where you may write"),
        (errno.EIO, "Input/output error", "choose another place"),
    ],
)
def test_a_failure_keeps_the_old_content(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    number: int,
    reason: str,
    fix: str,
) -> None:
    file = tmp_path / "a.bin"
    file.write_bytes(b"old")

    def failing(*arguments: object) -> None:
        raise OSError(number, reason)

    monkeypatch.setattr(os, step, failing)
    with pytest.raises(UserError) as caught:
        write_atomically(file, b"new")
    assert str(caught.value) == f"{file}: cannot be written ({reason}); {fix}"
    assert file.read_bytes() == b"old"
    assert names(tmp_path) == ["a.bin"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_an_interruption_keeps_the_old_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    file = tmp_path / "a.bin"
    file.write_bytes(b"old")

    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, step, interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(file, b"new")
    assert file.read_bytes() == b"old"
    assert names(tmp_path) == ["a.bin"]


KILLED = """
import os, signal, sys
from pathlib import Path
from verypoorcnn.files.atomic import write_atomically
setattr(os, sys.argv[2], lambda *arguments: os.kill(os.getpid(), signal.SIGKILL))
write_atomically(Path(sys.argv[1]), b"new")
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL here")
@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_killed_program_leaves_the_old_content_and_a_hidden_file(
    tmp_path: Path, step: str
) -> None:
    file = tmp_path / "model.safetensors"
    file.write_bytes(b"old")
    command = [sys.executable, "-c", KILLED, str(file), step]
    assert subprocess.run(command, cwd=ROOT).returncode == -signal.SIGKILL
    assert file.read_bytes() == b"old"
    leftover, name = names(tmp_path)
    assert name == "model.safetensors"
    assert leftover.startswith(".model.safetensors.")
    assert leftover.endswith(".tmp")
    write_atomically(file, b"newer")  # the leftover is in nobody's way
    assert file.read_bytes() == b"newer"


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"x.a\.bin: cannot be written \(.*\); make its folder fir"):
        write_atomically(tmp_path / "x/a.bin", b"")


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"old")
    with pytest.raises(UserError, match=r"x.a\.bin: cannot be written"):
        write_atomically(tmp_path / "x/a.bin", b"")
    assert (tmp_path / "x").read_bytes() == b"old"


def test_a_folder_is_not_written_over(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="it is a folder"):
        write_atomically(tmp_path, b"")
    assert names(tmp_path) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_or_device_is_not_written_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="it is not a regular file"):
        write_atomically(tmp_path / "pipe", b"")
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


@pytest.mark.skipif(
    os.name != "posix" or os.geteuid() == 0, reason="nothing is read-only to this user"
)
def test_a_read_only_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match="choose a place where you may write"):
        write_atomically(tmp_path / "a.bin", b"")
    tmp_path.chmod(0o700)
    assert names(tmp_path) == []
