"""The cache on disk: what goes in comes out, and whatever is damaged or in doubt does not."""

from __future__ import annotations

import multiprocessing
import os
import sys
from pathlib import Path

import pytest

from verypoorcnn.errors import UserError
from verypoorcnn.files import cache as module
from verypoorcnn.files.cache import Cache, Entry, users_cache
from verypoorcnn.files.places import cache_folder

KEY, OTHER = "ab" * 32, "cd" * 32
ENTRY = Entry({"entry": 64, "names": ["a", "ü"]}, bytes(range(256)))

needs_modes = pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="nothing is forbidden to this user"
)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "home" / "cache")


def file_of(cache: Cache) -> Path:
    (path,) = cache.folder.iterdir()
    return path


def test_what_goes_in_comes_out(cache):
    cache.put(KEY, ENTRY)
    assert cache.get(KEY) == ENTRY
    assert Cache(cache.folder).get(KEY) == ENTRY
    cache.put(KEY, Entry({}, b""))
    assert cache.get(KEY) == Entry({}, b"")


def test_what_did_not_go_in(cache):
    assert cache.get(KEY) is None
    assert not cache.folder.exists()
    cache.put(KEY, ENTRY)
    assert cache.get(OTHER) is None


def test_nothing_but_entries_is_left_in_the_folder(cache):
    cache.put(KEY, ENTRY)
    cache.put(OTHER, ENTRY)
    assert sorted(path.name for path in cache.folder.iterdir()) == [f"{KEY}.kept", f"{OTHER}.kept"]


@pytest.mark.parametrize("position", [*range(0, 120, 7), -1])
@pytest.mark.parametrize("bit", [0, 7])
def test_a_changed_bit_anywhere(cache, position, bit):
    cache.put(KEY, ENTRY)
    content = bytearray(file_of(cache).read_bytes())
    content[position] ^= 1 << bit
    file_of(cache).write_bytes(content)
    assert cache.get(KEY) is None
    cache.put(KEY, ENTRY)  # it is made again, and replaces what was damaged
    assert cache.get(KEY) == ENTRY


@pytest.mark.parametrize("length", [0, 1, 31, 32, 35, 36, 40, 100, -1])
def test_a_file_that_is_cut_short(cache, length):
    cache.put(KEY, ENTRY)
    file_of(cache).write_bytes(file_of(cache).read_bytes()[:length])
    assert cache.get(KEY) is None


def test_a_file_that_goes_on(cache):
    cache.put(KEY, ENTRY)
    with file_of(cache).open("ab") as file:
        file.write(b"\0")
    assert cache.get(KEY) is None


def test_the_entry_of_another_key(cache):
    cache.put(KEY, ENTRY)
    file_of(cache).rename(cache.folder / f"{OTHER}.kept")
    assert cache.get(OTHER) is None


def sealed(rest: bytes) -> bytes:
    """With the checksum that belongs to it: whoever does this on purpose gets no further."""
    return module.sha256(rest).digest() + rest


@pytest.mark.parametrize(
    "rest",
    [
        b"",
        b"\xff\xff\xff\xff" + b"{}",
        b"\2\0\0\0{}",
        b"\2\0\0\0[]",
        b"\4\0\0\0null",
        b'\7\0\0\0{"key":',
        b"\x00\x00\x01\x00" + b"[" * 65536,
        b"\2\0\0\0\xff\xfe",
    ],
)
def test_nonsense_under_the_right_name(cache, rest):
    cache.put(KEY, ENTRY)
    file_of(cache).write_bytes(sealed(rest))
    assert cache.get(KEY) is None


def test_a_file_too_large_to_be_an_entry_is_not_read(cache, monkeypatch):
    cache.put(KEY, ENTRY)
    monkeypatch.setattr(module, "LARGEST", file_of(cache).stat().st_size - 1)
    assert cache.get(KEY) is None


def test_what_is_too_large_is_not_kept(cache, monkeypatch):
    monkeypatch.setattr(module, "LARGEST", 100)
    cache.put(KEY, ENTRY)
    assert [*cache.folder.iterdir()] == []


def test_a_folder_under_the_name_of_an_entry(cache):
    cache.put(OTHER, ENTRY)
    (cache.folder / f"{KEY}.kept").mkdir()
    assert cache.get(KEY) is None
    cache.put(KEY, ENTRY)  # cannot be done, and nothing is said
    assert cache.get(KEY) is None


def test_the_oldest_make_room(tmp_path):
    cache = Cache(tmp_path / "cache", room=1000)
    keys = [f"{number:064x}" for number in range(4)]
    for age, key in enumerate(keys):
        cache.put(key, Entry({}, bytes(200)))
        os.utime(cache.folder / f"{key}.kept", (age, age))
    assert [key for key in keys if cache.get(key)] == keys[1:]
    assert sum(path.stat().st_size for path in cache.folder.iterdir()) <= 1000


# Who may write in the folder.


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777, 0o1777])
def test_a_folder_that_others_may_write_in(cache, mode):
    cache.put(KEY, ENTRY)
    assert cache.folder.stat().st_mode & 0o777 == 0o700
    cache.folder.chmod(mode)
    assert cache.get(KEY) is None
    file = file_of(cache)
    file.unlink()
    cache.put(KEY, ENTRY)
    assert not file.exists()


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="the system has no users' numbers")
def test_a_folder_of_somebody_else(cache, monkeypatch):
    cache.put(KEY, ENTRY)
    here = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: here + 1)
    assert cache.get(KEY) is None
    cache.put(OTHER, ENTRY)
    assert len([*cache.folder.iterdir()]) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="links need a permission there")
def test_a_link_in_the_place_of_the_folder(cache, tmp_path):
    elsewhere = Cache(tmp_path / "elsewhere")
    elsewhere.put(KEY, ENTRY)
    cache.folder.parent.mkdir()
    cache.folder.symlink_to(elsewhere.folder)
    assert cache.get(KEY) is None


@needs_modes
def test_a_folder_that_cannot_be_written(cache):
    cache.put(KEY, ENTRY)
    cache.folder.chmod(0o500)
    cache.put(OTHER, ENTRY)
    assert cache.get(KEY) == ENTRY
    assert cache.get(OTHER) is None
    cache.folder.chmod(0o700)


def test_a_file_where_the_folder_should_be(tmp_path):
    (tmp_path / "cache").write_text("mine")
    cache = Cache(tmp_path / "cache")
    cache.put(KEY, ENTRY)
    assert cache.get(KEY) is None
    assert (tmp_path / "cache").read_text() == "mine"


def test_a_full_disk(cache, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise UserError("cannot be written (No space left on device); free some space")

    monkeypatch.setattr(module, "write_atomically", full)
    cache.put(KEY, ENTRY)
    assert cache.get(KEY) is None


# Two at once.


def put_often(folder: str, number: int) -> None:
    cache = Cache(Path(folder))
    for _ in range(60):
        cache.put(KEY, Entry({"number": number}, bytes([number]) * 50_000))


def test_two_processes_that_write_the_same_entry(cache):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=put_often, args=(str(cache.folder), n)) for n in (1, 2)]
    for writer in writers:
        writer.start()
    seen = set()
    while any(writer.is_alive() for writer in writers):
        if entry := cache.get(KEY):
            assert entry.data == bytes([entry.facts["number"]]) * 50_000
            seen.add(entry.facts["number"])
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    assert cache.get(KEY) is not None
    assert len([*cache.folder.iterdir()]) == 1


# Where the user's cache is.


def test_the_users_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    found = users_cache("code", {})
    assert found is not None
    assert found.folder == tmp_path / "verypoorcnn" / "code" == cache_folder() / "code"


@pytest.mark.parametrize(("platform", "usual"), [("linux", ".cache"), ("darwin", "Library/Caches")])
def test_where_caches_usually_are(monkeypatch, tmp_path, platform, usual):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert cache_folder() == tmp_path / usual / "verypoorcnn"


def test_where_caches_are_on_windows(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "Local"))
    assert cache_folder() == tmp_path / "Local" / "verypoorcnn"


def test_a_user_without_a_home(monkeypatch):
    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.setattr(Path, "home", nowhere)
    assert users_cache("code", {}) is None


def test_it_can_be_switched_off():
    assert users_cache("code", {"VERYPOORCNN_CACHE": "off"}) is None
    assert users_cache("code", {"VERYPOORCNN_CACHE": "on"}) is not None
    with pytest.raises(UserError, match=r"^VERYPOORCNN_CACHE: 'no' is no choice; give on or off"):
        users_cache("code", {"VERYPOORCNN_CACHE": "no"})
