"""One connection: its requests one after another, who may make them, and how they are answered.

Who has the token that was printed with the lab's address is let in, as Jupyter does it.  A request
is looked at in this order, and refused where it fails:

    Host      127.0.0.1:PORT or localhost:PORT, so that no other name can be made to point here
    Origin    our own page's, where one is given; a POST must give it
    token     in the cookie that `/?token=…` sets, or in the header X-Lab-Token
    body      JSON of a stated length within the limit, else it is not even read

Paths are looked up as they stand, undecoded, in the table of endpoints and in that of the page's
files; there is nothing else.  A request must arrive, and an answer be taken, within a time.
"""

from __future__ import annotations

import hmac
import io
import socket
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from verypoorcnn.errors import UserError
from verypoorcnn.lab.session import Session
from verypoorcnn.lab.web.body import read_json
from verypoorcnn.lab.web.complaint import complain
from verypoorcnn.lab.web.events import as_event
from verypoorcnn.lab.web.wire import as_json

if TYPE_CHECKING:
    from verypoorcnn.lab.web.server import LabServer

ARRIVAL = 30.0  # seconds for a request to begin, and as many for all of it
TAKING = 10.0  # seconds that the other side has for taking an answer
BODY = 256 << 10  # bytes
FIELDS = 20  # in a query
EVENTS = "/api/events"
JSON, HTML, STREAM = "application/json", "text/html; charset=utf-8", "text/event-stream"
ALWAYS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
LOCKED = """\
<!doctype html>
<html lang="en"><meta charset="utf-8"><title>The lab is locked</title>
<h1>The lab is locked</h1>
<p>Open the address that <code>verypoorcnn lab</code> has printed: the token at its end is the key.
If this browser has it already, <a href="/">go in</a>.</p>
</html>
"""

Handler = Callable[[Session, dict[str, Any]], dict[str, Any]]  # gets the query or the body
Routes = Mapping[tuple[str, str], Handler]  # by method and path


class Refused(Exception):
    """A request that is not answered, and whose connection ends."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Conversation(BaseHTTPRequestHandler):
    """The requests of one connection."""

    server: LabServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        """Read through what knows when the time is up."""
        super().setup()
        self._arriving = Arriving(self.connection)
        self.rfile = io.BufferedReader(self._arriving)

    def handle_one_request(self) -> None:
        """Every request has its time, and so has the wait for it."""
        self._arriving.renew()
        super().handle_one_request()

    def do_GET(self) -> None:
        """A file of the page, an endpoint, or the events."""
        self._guarded(self._get)

    def do_POST(self) -> None:
        """An endpoint that changes something or takes much."""
        self._guarded(self._post)

    def _guarded(self, answer: Callable[[str, str], None]) -> None:
        try:
            path, _, query = self.path.partition("?")
            self._check_host()
            self._check_origin()
            answer(path, query)
        except Refused as refusal:
            self.close_connection = True
            self._say(refusal.status, refusal.reason)

    # Who may ask.

    def _check_host(self) -> None:
        if self.headers.get_all("Host", []) not in [[host] for host in self.server.hosts]:
            wanted = " or ".join(self.server.hosts)
            raise Refused(HTTPStatus.FORBIDDEN, f"this host is not the lab's; call it {wanted}")

    def _check_origin(self) -> None:
        own, origins = f"http://{self.headers['Host']}", self.headers.get_all("Origin", [])
        if (origins or self.command == "POST") and origins != [own]:
            raise Refused(HTTPStatus.FORBIDDEN, f"requests come from {own} alone")

    def _check_token(self) -> None:
        given = [self.headers.get("X-Lab-Token", ""), *self._cookies()]
        if not any(map(self._is_token, given)):
            raise Refused(HTTPStatus.FORBIDDEN, "the lab is locked; open the address it printed")

    def _cookies(self) -> list[str]:
        parts = ";".join(self.headers.get_all("Cookie", [])).split(";")
        pairs = (part.strip().partition("=") for part in parts)
        return [value for name, _, value in pairs if name == self.server.cookie]

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self.server.token.encode())

    # What may be asked.

    def _get(self, path: str, query: str) -> None:
        if self.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in self.headers:
            raise Refused(HTTPStatus.BAD_REQUEST, "a GET has no body; send none")
        fields = _fields(query)
        if path == "/" and "token" in fields:
            self._let_in(fields["token"])
            return
        self._check_token()
        if page := self.server.pages.get(path):
            self._answer(HTTPStatus.OK, page.type, page.content)
        elif path == EVENTS:
            self._tell_events()
        else:
            self._call("GET", path, fields)

    def _post(self, path: str, query: str) -> None:
        self._check_token()
        if self.headers.get_content_type() != JSON:
            raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"send {JSON}")
        content = self.rfile.read(self._length(path))
        try:
            self._call("POST", path, read_json(content))
        except UserError as error:
            self._say(HTTPStatus.BAD_REQUEST, str(error))

    def _length(self, path: str) -> int:
        lengths, most = self.headers.get_all("Content-Length"), self.server.limits.get(path, BODY)
        if not lengths or "Transfer-Encoding" in self.headers:
            raise Refused(HTTPStatus.LENGTH_REQUIRED, "say how long the body is")
        given = lengths[0]
        if len(lengths) > 1 or not (given.isascii() and given.isdigit()):
            raise Refused(HTTPStatus.BAD_REQUEST, "Content-Length is not one number")
        if len(given) > 18 or int(given) > most:
            reason = f"the body is longer than {most} bytes; send less"
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, reason)
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return int(given)

    def handle_expect_100(self) -> bool:
        """Only who may send a body is told to go on: see `_length`."""
        return True

    def _call(self, method: str, path: str, given: dict[str, Any]) -> None:
        handler = self.server.routes.get((method, path))
        if handler is None:
            known = [there for _, there in self.server.routes] + [*self.server.pages]
            wrong = HTTPStatus.METHOD_NOT_ALLOWED if path in known else HTTPStatus.NOT_FOUND
            self._say(wrong, f"there is no {method} of this address")
            return
        try:
            content = as_json(handler(self.server.session, given))
        except UserError as error:
            self._say(HTTPStatus.BAD_REQUEST, str(error))
        except Exception as error:
            complain(error)
            self._say(
                HTTPStatus.INTERNAL_SERVER_ERROR, "a fault of the lab; its terminal says more"
            )
        else:
            self._answer(HTTPStatus.OK, JSON, content)

    # How it is answered.

    def _let_in(self, token: str) -> None:
        if not self._is_token(token):
            raise Refused(HTTPStatus.FORBIDDEN, "this is not the token; open the address printed")
        cookie = f"{self.server.cookie}={self.server.token}; Path=/; HttpOnly; SameSite=Strict"
        self._answer(HTTPStatus.SEE_OTHER, HTML, b"", {"Location": "/", "Set-Cookie": cookie})

    def _say(self, status: HTTPStatus, reason: str) -> None:
        """An error: to people who are locked out a page, else a line in JSON."""
        if status == HTTPStatus.FORBIDDEN and self.path.partition("?")[0] == "/":
            self._answer(status, HTML, LOCKED.encode())
        else:
            self._answer(status, JSON, as_json({"error": " ".join(reason.split())}))

    def _answer(
        self, status: HTTPStatus, kind: str, content: bytes, extra: Mapping[str, str] | None = None
    ) -> None:
        size = {"Content-Length": str(len(content))}
        close = {"Connection": "close"} if self.close_connection else {}
        head = self._head(status, {"Content-Type": kind, **size, **close, **(extra or {})})
        self._send(head if self.command == "HEAD" else head + content)

    def _head(self, status: HTTPStatus, headers: Mapping[str, str]) -> bytes:
        lines = [f"HTTP/1.1 {status.value} {status.phrase}"]
        lines += [f"{name}: {value}" for name, value in (ALWAYS | dict(headers)).items()]
        return "\r\n".join([*lines, "\r\n"]).encode("latin-1")

    def _send(self, content: bytes) -> None:
        self.connection.settimeout(TAKING)
        self.wfile.write(content)

    def _tell_events(self) -> None:
        self.close_connection = True
        session = self.server.session
        hub = session.hub
        try:
            listener = hub.listen()
        except UserError as error:
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from None
        try:
            self._send(self._head(HTTPStatus.OK, {"Content-Type": STREAM, "Connection": "close"}))
            self._send(as_event("model", session.standing()))
            for events in listener:
                self._send(events)
        finally:
            hub.leave(listener)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What http.server has to say of a request that it cannot read."""
        self.close_connection = True
        status = HTTPStatus(code)
        if status == HTTPStatus.NOT_IMPLEMENTED:
            status = HTTPStatus.METHOD_NOT_ALLOWED
        self._answer(status, JSON, as_json({"error": status.description or status.phrase}))

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: who looks at the page is not watched."""


class Arriving(io.RawIOBase):
    """What comes from a connection: its time begins anew with the first byte of a request."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.renew()

    def renew(self) -> None:
        """The wait for a request begins."""
        self._end = monotonic() + ARRIVAL
        self._waiting = True

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Some bytes; TimeoutError when the time is up, however many came before."""
        left = self._end - monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        count = self._connection.recv_into(buffer)
        if self._waiting:
            self.renew()
            self._waiting = False
        return count


def _fields(query: str) -> dict[str, Any]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=FIELDS)
    except ValueError:
        raise Refused(HTTPStatus.BAD_REQUEST, "the query cannot be read") from None
    if len(dict(pairs)) < len(pairs):
        raise Refused(HTTPStatus.BAD_REQUEST, "a field stands twice in the query")
    return dict(pairs)
