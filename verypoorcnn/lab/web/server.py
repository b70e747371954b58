"""The lab's server: one thread a connection, on 127.0.0.1 alone, and only so many of them.

What a connection may ask, and how it is answered, stands in conversation.py.
"""

from __future__ import annotations

import secrets
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from http.server import ThreadingHTTPServer
from socketserver import TCPServer
from threading import Lock, Thread, current_thread
from typing import Any

from verypoorcnn.errors import UserError
from verypoorcnn.lab.session import Session
from verypoorcnn.lab.web.complaint import complain
from verypoorcnn.lab.web.conversation import Conversation, Routes
from verypoorcnn.lab.web.pages import pages

HOME = "127.0.0.1"
CONNECTIONS = 64  # at once
PATIENCE = 2.0  # seconds that threads have to end when the server stops


class LabServer(ThreadingHTTPServer):
    """Serves a session to its page.

    Args:
        session: what the lab holds.
        routes: endpoints by method and path.
        port: 0 for any that is free.
        limits: bytes that a body may have, by path, where that is more than usual.

    Raises:
        UserError: the port cannot be had.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = CONNECTIONS

    def __init__(
        self,
        session: Session,
        routes: Routes,
        port: int = 0,
        limits: Mapping[str, int] | None = None,
    ) -> None:
        self.session = session
        self.routes = routes
        self.limits = dict(limits or {})
        self.pages = pages()
        self.token = secrets.token_urlsafe(32)
        self._open: dict[socket.socket, Thread | None] = {}
        self._lock = Lock()
        self._serving: Thread | None = None
        try:
            super().__init__((HOME, port), Conversation)
        except OSError as error:
            raise UserError(
                f"port {port} cannot be had ({error.strerror}); give another with --port"
            ) from None
        names = HOME, "localhost"
        self.hosts = names if port == 80 else tuple(f"{n}:{self.server_port}" for n in names)
        self.cookie = f"verypoorcnn-lab-{self.server_port}"

    @property
    def address(self) -> str:
        """Where the page is, with the key to it."""
        return f"http://{HOME}:{self.server_port}/?token={self.token}"

    def start(self) -> None:
        """Serve in the background, until `stop`."""
        self._serving = Thread(target=self.serve_forever, args=(0.05,), name="lab", daemon=True)
        self._serving.start()

    def stop(self) -> None:
        """Hang up on everyone and let the port go."""
        self.session.close()
        if self._serving:
            self.shutdown()
            self._serving.join()
        self.server_close()
        with self._lock:
            threads = [*filter(None, self._open.values())]
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(PATIENCE)

    # What socketserver asks.

    def server_bind(self) -> None:
        """Without asking a name server what this machine is called, as HTTPServer does."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = HOME, self.server_address[1]

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Whether there is room for one more connection."""
        with self._lock:
            if len(self._open) >= CONNECTIONS:
                return False
            self._open[request] = None
            return True

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """The life of a connection, in its thread."""
        with self._lock:
            self._open[request] = current_thread()
        super().process_request_thread(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """The connection is over."""
        with self._lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """That a connection breaks is no fault of ours; anything else is worth a line."""
        error = sys.exception()
        if not isinstance(error, OSError | ValueError):  # ValueError: of a file that is closed
            complain(error)
