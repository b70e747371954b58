"""What the page is told without asking: Server-Sent Events.

Whoever has news publishes them under a kind ("model", "training"); every open page listens.  Of
each kind only the newest waits for a page that is slow to read, so that nobody ever waits for it
and nothing piles up; an event therefore has to say how things stand, not what has changed.
https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from threading import Condition, Lock
from typing import Any

from verypoorcnn.errors import UserError

LISTENERS = 16  # pages that may be open at once
HEARTBEAT = 5.0  # seconds after which silence is broken: a page that has gone is noticed so
STILL_HERE = b": still here\n\n"  # a comment, which pages pass over


class Listener:
    """One open page: of each kind the newest event that was not sent yet."""

    def __init__(self) -> None:
        self._waiting: dict[str, bytes] = {}
        self._changed = Condition()
        self._closed = False

    def give(self, kind: str, event: bytes) -> None:
        """Let an event wait, in the place of an older one of its kind."""
        with self._changed:
            self._waiting[kind] = event
            self._changed.notify()

    def close(self) -> None:
        """Nothing more will come."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def __iter__(self) -> Iterator[bytes]:
        """Events as they are sent, and heartbeats between them, until closed."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed, HEARTBEAT)
                events, self._waiting = [*self._waiting.values()], {}
                if self._closed:
                    return
            yield b"".join(events) or STILL_HERE


class Hub:
    """Hands events on to all who listen.  Any thread may publish."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []
        self._lock = Lock()
        self._closed = False

    def publish(self, kind: str, data: Mapping[str, Any]) -> None:
        """Tell everyone; `data` is what JSON can say."""
        event = as_event(kind, data)
        with self._lock:
            listeners = [*self._listeners]
        for listener in listeners:
            listener.give(kind, event)

    def listen(self) -> Listener:
        """A new listener; `leave` when it is done.

        Raises:
            UserError: there are too many already.
        """
        with self._lock:
            if len(self._listeners) >= LISTENERS or self._closed:
                raise UserError(f"{LISTENERS} pages listen already; close one of them")
            listener = Listener()
            self._listeners.append(listener)
            return listener

    def leave(self, listener: Listener) -> None:
        """Tell it nothing more."""
        with self._lock:
            if listener in self._listeners:
                self._listeners.remove(listener)

    def close(self) -> None:
        """End all listening for good."""
        with self._lock:
            self._closed = True
            listeners, self._listeners = self._listeners, []
        for listener in listeners:
            listener.close()


def as_event(kind: str, data: Mapping[str, Any]) -> bytes:
    """`event: kind`, `data: JSON`; JSON has no line breaks, so one line holds it."""
    return f"event: {kind}\ndata: {json.dumps(data, allow_nan=False)}\n\n".encode()
