"""What the tests of the lab need: a small session, a server that serves it, someone who asks."""

from __future__ import annotations

import http.client
import json
import socket
import struct
from array import array
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from typing import Any

from verypoorcnn import load_data
from verypoorcnn.lab.routes import LIMITS, routes
from verypoorcnn.lab.session import Session
from verypoorcnn.lab.web.server import LabServer
from verypoorcnn.network import Network
from verypoorcnn.network.presets import paper
from verypoorcnn.training.configuration import Configuration

PATIENCE = 60  # seconds after which a test that got no answer fails


def small_session(network: Network | None = None, *, names: tuple[str, ...] = ()) -> Session:
    """The paper's network, untrained, on sixty sketches."""
    network = network or paper()
    parts = load_data(
        "sketches",
        train_samples=40,
        test_samples=20,
        class_names=names or None,
        say=lambda line: None,
    )
    return Session(
        network,
        network.initial_parameters(0),
        origin="untrained",
        parts=parts,
        class_names=parts.train.class_names,
        configuration=Configuration(),
        title="a test",
    )


def visit(page: Any, server: LabServer, state: str) -> Any:
    """The page in a state such as "network&layer=conv1", for somebody who was here before."""
    page.add_init_script("localStorage.setItem('verypoorcnn-lab-visited', '1')")
    page.goto(f"{server.address}#view={state}")
    page.wait_for_selector(f".view-{state.partition('&')[0]} *")
    return page


@contextmanager
def serving(session: Session, extra: Mapping[Any, Any] | None = None) -> Iterator[Client]:
    """The session on a free port, and someone who has the token; closed when that is over."""
    server = LabServer(session, {**routes(), **(extra or {})}, 0, LIMITS)
    server.start()
    try:
        yield Client(server)
    finally:
        server.stop()


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        """The JSON value."""
        assert self.headers["Content-Type"] == "application/json"
        return json.loads(self.content)

    @property
    def error(self) -> str:
        """The one line that says what is wrong."""
        line: str = self.json["error"]
        assert "\n" not in line
        assert "Traceback" not in line
        return line


@dataclass
class Client:
    """Asks a server, each time on a new connection."""

    server: LabServer

    @property
    def port(self) -> int:
        return int(self.server.server_port)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def key(self) -> dict[str, str]:
        """The header that lets one in."""
        return {"X-Lab-Token": self.server.token}

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] = {}
    ) -> Answer:
        """With just these headers, besides Host and Content-Length."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def get(self, path: str) -> Any:
        """The JSON of an endpoint that must work."""
        answer = self.ask("GET", path, headers=self.key)
        assert answer.status == 200, answer.content
        return answer.json

    def post(self, path: str, body: Any) -> Any:
        """The same with a body."""
        answer = self.send(path, json.dumps(body).encode())
        assert answer.status == 200, answer.content
        return answer.json

    def send(self, path: str, body: bytes, **headers: str) -> Answer:
        """A POST as the page makes it, with other bytes or headers."""
        usual = {"Origin": f"http://{self.host}", "Content-Type": "application/json"}
        return self.ask("POST", path, body, self.key | usual | headers)

    def refused(self, path: str, body: Any = None) -> str:
        """The line with which an endpoint refuses a request, as one of status 400."""
        if body is None:
            answer = self.ask("GET", path, headers=self.key)
        else:
            answer = self.send(path, json.dumps(body).encode())
        assert answer.status == 400, answer.content
        return answer.error

    @contextmanager
    def connected(self) -> Iterator[socket.socket]:
        """A bare connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as connection:
            yield connection

    def raw(self, request: bytes) -> bytes:
        """All that comes back for these bytes until the server hangs up."""
        with self.connected() as connection:
            connection.sendall(request)
            return everything(connection)

    def head(self, first: str, *lines: str) -> bytes:
        """The head of a request with the token, as bytes; the body is not there yet."""
        own = f"Host: {self.host}", f"X-Lab-Token: {self.server.token}"
        return "\r\n".join([first, *own, *lines, "\r\n"]).encode("latin-1")


def everything(connection: socket.socket) -> bytes:
    """What comes until the other side hangs up."""
    found = b""
    try:
        while some := connection.recv(65536):
            found += some
    except ConnectionError:
        pass
    return found


def numbers(wire: Mapping[str, Any]) -> list[float]:
    """The numbers of an array, as they travelled: little-endian float64."""
    data = b64decode(wire["data"])
    assert len(data) == 8 * prod(wire["shape"])
    return [*struct.unpack(f"<{len(data) // 8}d", data)]


def flat(lists: Any) -> list[float]:
    """The numbers of nested lists, one after the other."""
    if isinstance(lists, float):
        return [lists]
    return [number for part in lists for number in flat(part)]


def values(tensor: Any) -> array[float]:
    """The numbers of a tensor."""
    return array("d", tensor.values)
