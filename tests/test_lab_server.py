"""Whoever is not the lab's own page gets an error, and the lab goes on."""

from __future__ import annotations

import json
import os
import socket
import struct
import threading

import pytest

from tests.commands import run
from tests.lab import Client, everything, serving, small_session
from verypoorcnn.lab.routes import PARTS, routes
from verypoorcnn.lab.web import conversation, events, pages
from verypoorcnn.lab.web import server as server_module
from verypoorcnn.lab.web.wire import as_json

ARRIVES = "GET /api/session HTTP/1.1"


@pytest.fixture(scope="module")
def lab():
    with serving(
        small_session(), {("GET", "/api/fault"): fault, ("POST", "/api/echo"): echo}
    ) as client:
        yield client
        assert client.get("/api/session")["title"] == "a test"  # after all that: it goes on


def fault(session, query):
    raise RuntimeError("of ours\nin two lines, with \x1b[2J")


def echo(session, body):
    return body


# Getting in.


def test_the_address_lets_one_in_by_a_cookie(lab: Client):
    path = lab.server.address.removeprefix(f"http://127.0.0.1:{lab.port}")
    answer = lab.ask("GET", path)
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"verypoorcnn-lab-{lab.port}=")
    assert cookie.endswith("; Path=/; HttpOnly; SameSite=Strict")
    name = cookie.partition(";")[0]
    assert lab.ask("GET", "/api/session", headers={"Cookie": f"a=b; {name}; c=d"}).status == 200


def test_every_start_has_another_long_token(lab: Client):
    with serving(small_session()) as other:
        assert other.server.token != lab.server.token
        assert len(lab.server.token) >= 32


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Lab-Token": ""},
        {"X-Lab-Token": "wrong"},
        {"X-Lab-Token": "\xff\xfe"},
        {"Cookie": ""},
        {"Cookie": ";=;;token"},
        {"Cookie": "verypoorcnn-lab-1=x"},
        {"Authorization": "token x"},
    ],
)
@pytest.mark.parametrize("path", ["/api/session", "/static/main.js", "/api/events", "/nowhere"])
def test_nothing_without_the_token(lab: Client, path, headers):
    answer = lab.ask("GET", path, headers=headers)
    assert answer.status == 403
    assert "locked" in answer.error


def test_a_part_of_the_token_is_not_the_token(lab: Client):
    for wrong in (lab.server.token[:-1], f"{lab.server.token}x", lab.server.token.swapcase()):
        assert lab.ask("GET", "/api/session", headers={"X-Lab-Token": wrong}).status == 403


@pytest.mark.parametrize("path", ["/", "/?token=", "/?token=wrong", "/?token=%FF", "/?token"])
def test_people_without_the_token_are_told_where_it_is(lab: Client, path):
    answer = lab.ask("GET", path)
    assert answer.status in (400, 403)
    assert lab.server.token.encode() not in answer.content
    if answer.status == 403:
        assert b"verypoorcnn lab" in answer.content
        assert answer.headers["Content-Type"].startswith("text/html")


def test_a_post_needs_the_token_too(lab: Client):
    headers = {"Origin": f"http://{lab.host}", "Content-Type": "application/json"}
    assert lab.ask("POST", "/api/echo", b"{}", headers).status == 403


# Host and Origin.


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost", "127.0.0.1.evil.example:{}", ""],
)
def test_another_host(lab: Client, host):
    headers = lab.key | {"Host": host.format(lab.port)}
    answer = lab.ask("GET", "/api/session", headers=headers)
    assert answer.status == 403
    assert "host" in answer.error


def test_localhost_is_a_name_of_it(lab: Client):
    headers = lab.key | {"Host": f"localhost:{lab.port}"}
    assert lab.ask("GET", "/api/session", headers=headers).status == 200


def test_no_host_and_two_hosts(lab: Client):
    own, key = f"Host: {lab.host}\r\n", f"X-Lab-Token: {lab.server.token}\r\n\r\n"
    for hosts in ("", own + own, own + "Host: evil.example\r\n"):
        assert lab.raw(f"{ARRIVES}\r\n{hosts}{key}".encode()).startswith(b"HTTP/1.1 403")


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "http://evil.example",
        "https://127.0.0.1:{}",
        "http://127.0.0.1",
        "http://localhost:{}",
    ],
)
def test_another_origin(lab: Client, origin):
    origin = origin.format(lab.port)
    assert lab.send("/api/echo", b"{}", Origin=origin).status == 403
    headers = lab.key | {"Origin": origin}
    assert lab.ask("GET", "/api/session", headers=headers).status == 403


def test_a_post_without_an_origin(lab: Client):
    headers = lab.key | {"Content-Type": "application/json"}
    answer = lab.ask("POST", "/api/echo", b"{}", headers)
    assert (answer.status, "requests come from" in answer.error) == (403, True)


# Paths.


@pytest.mark.parametrize(
    "path",
    [
        "/static/../server.py",
        "/static/../../../../../../etc/passwd",
        "/static/%2e%2e/server.py",
        "/static/%2e%2e%2fserver.py",
        "/static/..%5cserver.py",
        "/static/..\\server.py",
        "/static/main.js%00.css",
        "/static//main.js",
        "/static/./main.js",
        "//etc/passwd",
        "/etc/passwd",
        "/static/",
        "/static",
        "/STATIC/main.js",
        "/%6dain.js",
        "/api",
        "/api/session/",
        "/api/../api/session",
        "http://evil.example/api/session",
        "*",
        "static/main.js",
        "C:\\Windows\\win.ini",
        "file:///etc/passwd",
    ],
)
def test_nothing_but_what_is_in_the_tables(lab: Client, path):
    answer = lab.raw(lab.head(f"GET {path} HTTP/1.1", "Connection: close"))
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert answer.endswith(b'{"error":"there is no GET of this address"}')


def test_a_path_with_control_characters(lab: Client):
    for path in (b"/static/main.js\0", b"/\xff\xfe", b"/static/\x1b[2J"):
        start = lab.raw(b"GET " + path + b" HTTP/1.1\r\n" + lab.head("", "Connection: close")[2:])
        assert start.startswith((b"HTTP/1.1 404", b"HTTP/1.1 400"))


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "CONNECT", "EVIL"])
def test_other_methods(lab: Client, method):
    answer = lab.ask(method, "/api/session", headers=lab.key)
    assert answer.status == 405
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert (answer.content == b"") == (method == "HEAD")


def test_the_wrong_one_of_both_methods(lab: Client):
    assert lab.ask("GET", "/api/nudge", headers=lab.key).status == 405
    assert lab.send("/api/session", b"{}").status == 405
    assert lab.send("/static/main.js", b"{}").status == 405


@pytest.mark.parametrize(
    "query", ["a=1&a=2", "&".join(f"f{k}=1" for k in range(50)), "image=%FF%FE", "a=%C3%28"]
)
def test_queries_that_cannot_be_read(lab: Client, query):
    answer = lab.ask("GET", f"/api/forward?{query}", headers=lab.key)
    assert (answer.status, bool(answer.error)) == (400, True)


# Bodies.


def test_a_body_arrives(lab: Client):
    given = {"a": [1, 2.5, "ä", None, True], "b": {}}
    assert lab.post("/api/echo", given) == given


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"{} {}", "not JSON"),
        (b"[]", "send a JSON object"),
        (b"null", "send a JSON object"),
        (b'"text"', "send a JSON object"),
        (b'{"a": NaN}', "NaN is no number of JSON"),
        (b'{"a": -Infinity}', "no number of JSON"),
        (b'{"a": 1e999}', "beyond float64"),
        (b'{"a": [[-1e999]]}', "beyond float64"),
        (b'{"a": ' + b"1" * 5000 + b"}", "not JSON"),
        (b'{"a": ' + b"[" * 32 + b"]" * 32 + b"}", "nested more than 32 deep"),
        (b"[" * 200_000, "nested more than 32 deep"),
        (b'{"a":' * 40_000, "nested more than 32 deep"),
    ],
)
def test_a_body_that_is_no_object(lab: Client, body, reason):
    answer = lab.send("/api/echo", body)
    assert answer.status == 400
    assert reason in answer.error
    assert len(answer.error) < 200


def test_just_deep_enough(lab: Client):
    deep = b'{"a": ' + b"[" * 31 + b"]" * 31 + b"}"
    assert lab.send("/api/echo", deep).status == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_of_another_type(lab: Client, kind):
    answer = lab.send("/api/echo", b"{}", **{"Content-Type": kind})
    assert (answer.status, answer.error) == (415, "send application/json")


def post_head(lab: Client, path: str, *lines: str) -> bytes:
    """A POST of which only the head is sent."""
    origin = f"Origin: http://{lab.host}", "Content-Type: application/json"
    return lab.head(f"POST {path} HTTP/1.1", *origin, *lines)


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("Content-Length: 104857600", 413),
        ("Content-Length: 262145", 413),
        (f"Content-Length: {'9' * 4000}", 413),
        ("Transfer-Encoding: chunked", 411),
        ("X-Nothing: 0", 411),
        ("Content-Length: 2\r\nTransfer-Encoding: chunked", 411),
        ("Content-Length: -1", 400),
        ("Content-Length: +2", 400),
        ("Content-Length: 1e3", 400),
        ("Content-Length: ²", 400),
        ("Content-Length: 2\r\nContent-Length: 3", 400),
    ],
)
def test_a_body_is_refused_before_it_comes(lab: Client, line, status):
    """The answer is there and the connection over, though nothing of the body was sent."""
    answer = lab.raw(post_head(lab, "/api/echo", line))
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"\r\nConnection: close\r\n" in answer


def test_a_hundred_megabytes_are_not_read(lab: Client):
    piece, sent = bytes(1 << 20), 0
    with lab.connected() as connection:
        connection.sendall(post_head(lab, "/api/echo", "Content-Length: 104857600"))
        try:
            while sent < 100:
                connection.sendall(piece)
                sent += 1
        except ConnectionError:  # it has hung up
            pass
    assert sent < 100


def test_nobody_is_told_to_go_on_before_being_let_in(lab: Client):
    expecting = "Content-Length: 2", "Expect: 100-continue", "Connection: close"
    head = post_head(lab, "/api/echo", *expecting)
    with lab.connected() as connection:
        connection.sendall(head)
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{}")
        assert everything(connection).startswith(b"HTTP/1.1 200 OK")
    wrong = head.replace(lab.server.token.encode(), b"wrong")
    assert lab.raw(wrong).startswith(b"HTTP/1.1 403")


def test_an_own_image_may_be_larger(lab: Client):
    body = json.dumps({"grey": "A" * (300 << 10)}).encode()
    assert lab.send("/api/own", body).status != 413
    assert lab.send("/api/echo", body).status == 413


def test_a_get_has_no_body(lab: Client):
    for line in ("Content-Length: 5", "Transfer-Encoding: chunked"):
        assert lab.raw(lab.head(ARRIVES, line)).startswith(b"HTTP/1.1 400")


# What is no HTTP.


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"\r\n", b"HTTP/1.1 400"),
        (b"GET\r\n\r\n", b"HTTP/1.1 400"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"HTTP/1.1 400"),  # TLS
        (b"GET / HTTP/9.9\r\n\r\n", b"HTTP/1.1 505"),
        (b"GET / HTTP/x\r\n\r\n", b"HTTP/1.1 400"),
        (b"GET /" + b"a" * 70_000, b"HTTP/1.1 414"),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n", b"HTTP/1.1 431"),
        (b"GET / HTTP/1.1\r\nX: " + b"y" * 70_000, b"HTTP/1.1 431"),
        (b"GET /\r\n\r\n", b"HTTP/1.1 403"),
    ],
)
def test_bytes_that_are_no_request(lab: Client, request_, status):
    with lab.connected() as connection:
        connection.sendall(request_)
        connection.shutdown(socket.SHUT_WR)
        answer = everything(connection)
    assert answer.startswith(status) or answer == b""
    assert b"Traceback" not in answer


def test_random_bytes(lab: Client):
    for _ in range(20):
        with lab.connected() as connection:
            connection.sendall(os.urandom(300) + b"\r\n\r\n")
            connection.shutdown(socket.SHUT_WR)
            everything(connection)


def test_requests_in_one_connection_and_in_one_packet(lab: Client):
    one = lab.head("GET /api/events-not-there HTTP/1.1")
    last = lab.head("GET /nowhere HTTP/1.1", "Connection: close")
    assert lab.raw(one + one + last).count(b"HTTP/1.1 404 Not Found") == 3


def test_who_hangs_up_in_the_middle(lab: Client, capfd):
    for request in (lab.head(ARRIVES), post_head(lab, "/api/echo", "Content-Length: 1000") + b"{"):
        with lab.connected() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.sendall(request)
    lab.get("/api/session")
    assert "Traceback" not in capfd.readouterr().err


# Too slow, too many.


def test_who_sends_a_byte_now_and_then(monkeypatch):
    monkeypatch.setattr(conversation, "ARRIVAL", 0.3)
    with serving(small_session()) as lab, lab.connected() as connection:
        connection.settimeout(0.05)
        answer = None
        for byte in lab.head(ARRIVES, *["X-Slow: yes"] * 50):
            try:
                connection.send(bytes([byte]))
                answer = connection.recv(1)  # b"": the server has hung up
            except TimeoutError:
                continue
            except ConnectionError:
                answer = b""
            break
        assert answer == b""
        assert lab.get("/api/session")


def test_a_connection_on_which_nothing_happens(monkeypatch):
    monkeypatch.setattr(conversation, "ARRIVAL", 0.1)
    with serving(small_session()) as lab, lab.connected() as connection:
        assert everything(connection) == b""


def test_a_body_that_does_not_come(monkeypatch):
    monkeypatch.setattr(conversation, "ARRIVAL", 0.1)
    with serving(small_session()) as lab:
        assert lab.raw(post_head(lab, "/api/whatif", "Content-Length: 10")) == b""


def test_too_many_connections(monkeypatch):
    monkeypatch.setattr(server_module, "CONNECTIONS", 2)
    with serving(small_session()) as lab:
        with lab.connected() as one, lab.connected() as two:
            for connection in (one, two):  # both are known to be served
                connection.sendall(lab.head("GET /nowhere HTTP/1.1"))
                assert connection.recv(100).startswith(b"HTTP/1.1 404")
            with lab.connected() as three:
                assert everything(three) == b""
        assert eventually(lambda: lab.ask("GET", "/", headers={}).status == 403)


def eventually(holds) -> bool:
    """Whether it holds within many tries; a connection may take a moment to be over."""
    for _ in range(1000):
        try:
            if holds():
                return True
        except ConnectionError:
            pass
        threading.Event().wait(0.01)
    return False


# Events.


def listening(lab: Client) -> socket.socket:
    """A page that listens; the answer's head and the first event have come."""
    connection = socket.create_connection(("127.0.0.1", lab.port), timeout=60)
    connection.sendall(lab.head("GET /api/events HTTP/1.1"))
    received = b""
    while b"event: model" not in received:
        if not (some := connection.recv(4096)):
            connection.close()
            raise ConnectionError(received)
        received += some
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"Content-Type: text/event-stream" in received
    return connection


def test_a_page_hears_of_another_model(lab: Client):
    with listening(lab) as page:
        lab.post("/api/whatif/reset", {})
        known = lab.get("/api/session")
        heard = b""
        while not heard.endswith(b"\n\n"):
            heard += page.recv(4096)
    assert heard.startswith(b"event: model\ndata: ")
    told = json.loads(heard.removeprefix(b"event: model\ndata: "))
    assert told == {name: known[name] for name in ("version", "learned", "origin")}


def test_of_each_kind_only_the_newest_waits():
    hub = events.Hub()
    listener = hub.listen()
    for number in range(1000):
        hub.publish("model", {"version": number})
    hub.publish("training", {"epoch": 1})
    waiting = next(iter(listener))
    assert waiting.count(b"event: ") == 2
    assert b'"version": 999' in waiting
    hub.close()
    assert [*listener] == []


def test_silence_is_broken(monkeypatch):
    monkeypatch.setattr(events, "HEARTBEAT", 0.01)
    assert next(iter(events.Hub().listen())) == b": still here\n\n"


def test_too_many_pages(monkeypatch):
    monkeypatch.setattr(events, "LISTENERS", 1)
    with serving(small_session()) as lab:
        with listening(lab):
            answer = lab.ask("GET", "/api/events", headers=lab.key)
            assert answer.status == 503
            assert "close one" in answer.error
        lab.server.session.hub.publish("model", {})  # it is noticed that the page is gone


def test_pages_that_have_gone_make_room(monkeypatch):
    monkeypatch.setattr(events, "LISTENERS", 1)
    monkeypatch.setattr(events, "HEARTBEAT", 0.01)
    with serving(small_session()) as lab:
        listening(lab).close()
        assert eventually(lambda: not listening(lab).close())


def test_the_server_stops_though_pages_listen():
    before = {*threading.enumerate()}
    with serving(small_session()) as lab:
        page = listening(lab)
    assert b"event" not in everything(page)
    page.close()
    assert eventually(lambda: {*threading.enumerate()} <= before)


# Answers.


def test_every_answer_says_what_the_browser_may_not_do(lab: Client):
    for path, headers in [("/api/session", lab.key), ("/", {}), ("/nowhere", lab.key)]:
        answer = lab.ask("GET", path, headers=headers)
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'self';")
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Server" not in answer.headers


def test_a_fault_of_ours_is_told_in_the_terminal_alone(lab: Client, capfd):
    answer = lab.ask("GET", "/api/fault", headers=lab.key)
    assert (answer.status, answer.error) == (500, "a fault of the lab; its terminal says more")
    told = capfd.readouterr().err
    assert told.startswith("lab: RuntimeError: of ours?in two lines, with ?[2J (")
    assert told.endswith(")\n")


def test_numbers_that_json_has_not():
    assert as_json({"a": [1.5, float("nan"), (float("inf"),)]}) == b'{"a":[1.5,null,[null]]}'


def test_the_page_and_its_files(lab: Client):
    for path, page in lab.server.pages.items():
        answer = lab.ask("GET", path, headers=lab.key)
        assert (answer.status, answer.content) == (200, page.content)
        assert answer.headers["Content-Type"] == page.type
    assert lab.server.pages["/"] == lab.server.pages["/static/index.html"]
    assert lab.server.pages["/static/main.js"].type.startswith("text/javascript")


def test_only_files_of_known_types_are_served():
    kinds = {path.rpartition(".")[2] for path in pages.pages() if path != "/"}
    assert {"html", "js", "css"} <= kinds <= {*pages.TYPES}


def test_no_two_parts_have_the_same_endpoint():
    assert len(routes()) == sum(len(part.ROUTES) for part in PARTS)
    assert all(path.startswith("/api/") for _, path in routes())


# The command.


def test_a_port_that_is_taken(lab: Client, capsys):
    ran = run(capsys, "lab", "--data", "sketches", "--no-open", "--port", lab.port)
    assert ran.status == 2
    assert f"port {lab.port} cannot be had" in ran.err


@pytest.mark.parametrize("port", ["65536", "-1", "http", "80.5"])
def test_what_is_no_port(capsys, port):
    ran = run(capsys, "lab", f"--port={port}")
    assert (ran.status, ran.out) == (2, "")
