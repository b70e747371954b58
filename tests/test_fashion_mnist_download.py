"""Downloading Fashion-MNIST: all that can go wrong, each in one line and with nothing left behind.

A server on this machine stands in for the real one, small files for the real ones; the address and
the checksums are replaced to match, so nothing here reaches beyond the loopback.
"""

from __future__ import annotations

import gzip
import hashlib
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from verypoorcnn.data import fashion_mnist as fm
from verypoorcnn.errors import UserError

FILES = {name: f"This is {name}. ".encode() * 50 for name in fm.SHA256}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for downloads on a machine for which FILES are Fashion-MNIST."""
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(fm, "URL", "http://127.0.0.1:0/{name}.gz")
    monkeypatch.setattr(fm, "SHA256", {name: sha256(data) for name, data in FILES.items()})
    return tmp_path


class Server(ThreadingHTTPServer):
    """Serves `bodies` by name and writes down what it was asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.bodies = {f"/{name}.gz": gzip.compress(data) for name, data in FILES.items()}
        self.announced: dict[str, int] = {}  # lengths that are lies
        self.asked: list[str] = []


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        body = self.server.bodies.get(self.path)
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        length = self.server.announced.get(self.path, len(body))
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with Server() as server:
        monkeypatch.setattr(fm, "URL", f"http://127.0.0.1:{server.server_port}/{{name}}.gz")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def quiet(_name: str, _done: int, _announced: int | None) -> None:
    pass


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def test_download(machine: Path, server: Server) -> None:
    folder = machine / "new" / "cache"
    assert fm.download(folder, quiet) == folder
    assert content(folder) == FILES


def test_progress_counts_up_to_what_was_announced(machine: Path, server: Server) -> None:
    calls: list[tuple[str, int, int | None]] = []
    fm.download(machine, lambda *call: calls.append(call))
    for name in FILES:
        size = len(server.bodies[f"/{name}.gz"])
        assert [call for call in calls if call[0] == name][-1] == (name, size, size)


def test_progress_in_words_speaks_at_every_quarter() -> None:
    lines: list[str] = []
    progress = fm.in_words(lines.append)
    for done in range(100, 1001, 100):
        progress("file", done, 1000)
    assert lines == [f"downloading file.gz: {n} of 1,000 bytes" for n in (300, 500, 800)] + [
        "downloading file.gz: 1,000 of 1,000 bytes"
    ]


def test_what_is_there_and_right_is_not_fetched_again(machine: Path, server: Server) -> None:
    (machine / fm.TEST_IMAGES).write_bytes(FILES[fm.TEST_IMAGES])
    (machine / fm.TRAIN_IMAGES).write_bytes(FILES[fm.TRAIN_IMAGES][:-5])  # half a file
    (machine / fm.TRAIN_LABELS).write_bytes(b"")
    fm.download(machine, quiet)
    assert content(machine) == FILES
    assert f"/{fm.TEST_IMAGES}.gz" not in server.asked
    assert len(server.asked) == 3


def failure(folder: Path) -> str:
    with pytest.raises(UserError) as error:
        fm.download(folder, quiet)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_what_came_before_a_failure_is_kept_and_helps(machine: Path, server: Server) -> None:
    path = f"/{fm.TRAIN_IMAGES}.gz"
    good, server.bodies[path] = server.bodies[path], b"nonsense"
    failure(machine)
    kept = content(machine)
    assert fm.TRAIN_IMAGES not in kept
    assert all(data == FILES[name] for name, data in kept.items())
    server.bodies[path] = good
    server.asked.clear()
    fm.download(machine, quiet)
    assert content(machine) == FILES
    assert path in server.asked
    assert len(server.asked) == len(FILES) - len(kept)


@pytest.fixture
def one_file(monkeypatch: pytest.MonkeyPatch) -> str:
    """Let the data set be one file, so that after a failure nothing at all must be left."""
    monkeypatch.setattr(fm, "SHA256", {fm.TEST_LABELS: sha256(FILES[fm.TEST_LABELS])})
    return f"/{fm.TEST_LABELS}.gz"


def test_wrong_checksum(machine: Path, server: Server, one_file: str) -> None:
    server.bodies[one_file] = gzip.compress(FILES[fm.TEST_LABELS] + b"!")
    assert "what came is not Fashion-MNIST's file (SHA-256 " in failure(machine)
    assert content(machine) == {}


def test_not_gzip_at_all(machine: Path, server: Server, one_file: str) -> None:
    server.bodies[one_file] = b"<html>Welcome to the hotel's network</html>"
    assert "what came is not a whole gzip file (Not a gzipped file" in failure(machine)
    assert content(machine) == {}


@pytest.mark.parametrize("kept", [0, 1, 9, 20, -1])
def test_truncated_gzip(machine: Path, server: Server, one_file: str, kept: int) -> None:
    server.bodies[one_file] = server.bodies[one_file][:kept]
    assert "what came is not" in failure(machine)
    assert content(machine) == {}


def test_connection_that_ends_early(machine: Path, server: Server, one_file: str) -> None:
    size = len(server.bodies[one_file])
    server.announced[one_file] = size + 1000
    assert f"the download ended after {size} of {size + 1000} bytes" in failure(machine)
    assert content(machine) == {}


def test_more_than_the_largest_file_is_not_believed(
    machine: Path, server: Server, one_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fm, "LARGEST", 1000)
    server.bodies[one_file] = gzip.compress(bytes(10_000_000))  # ten thousand to one
    sizes: list[int] = []

    def measure(data: bytes) -> str:
        sizes.append(len(data))
        return "0" * 64

    monkeypatch.setattr(fm, "_checksum", measure)
    assert "what came is not" in failure(machine)
    assert max(sizes) <= 1001


def test_a_stream_without_end_is_not_read_to_its_end(
    machine: Path, server: Server, one_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fm, "LARGEST", 1000)
    monkeypatch.setattr(fm, "CHUNK", 100)
    server.bodies[one_file] = bytes(10_000)
    done: list[int] = []
    with pytest.raises(UserError, match="1100 of 10000 bytes"):
        fm.download(machine, lambda _name, size, _announced: done.append(size))
    assert done[-1] == 1100
    assert content(machine) == {}


def test_missing_on_the_server(machine: Path, server: Server, one_file: str) -> None:
    del server.bodies[one_file]
    assert "cannot be downloaded (HTTP Error 404: Not Found)" in failure(machine)
    assert content(machine) == {}


def test_connection_refused(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))  # ours, but nobody listens
        port = unheard.getsockname()[1]
        monkeypatch.setattr(fm, "URL", f"http://127.0.0.1:{port}/{{name}}.gz")
        message = failure(machine)
    assert "cannot be downloaded ([" in message
    assert "<urlopen" not in message
    assert content(machine) == {}


def test_server_that_never_answers(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fm, "TIMEOUT", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(fm, "URL", f"http://127.0.0.1:{silent.getsockname()[1]}/{{name}}.gz")
        assert "cannot be downloaded (timed out)" in failure(machine)
    assert content(machine) == {}


def test_server_that_speaks_something_else(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as odd:
        monkeypatch.setattr(fm, "URL", f"http://127.0.0.1:{odd.getsockname()[1]}/{{name}}.gz")

        def answer() -> None:
            connection, _ = odd.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"220 mail server ready\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        assert "cannot be downloaded (220 mail server ready" in failure(machine)
        thread.join()
    assert content(machine) == {}


def test_folder_that_cannot_be_made(machine: Path, server: Server) -> None:
    (machine / "file").write_text("in the way")
    message = failure(machine / "file" / "cache")
    assert message.startswith(str(machine / "file" / "cache"))
    assert content(machine) == {"file": b"in the way"}


def test_file_that_cannot_be_written(machine: Path, server: Server, one_file: str) -> None:
    (machine / fm.TEST_LABELS).mkdir()
    assert failure(machine).startswith(f"{machine / fm.TEST_LABELS}: cannot be written")
    assert list((machine / fm.TEST_LABELS).iterdir()) == []
