"""Work in the background: a thread that does what it was asked last.

A slider that is dragged asks for something new twenty times a second.  So whatever is new takes the
place of what is under way, which stops at its next look at `stop`, and of what is waiting.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from threading import Condition, Thread

from verypoorcnn.training.interrupt import StopWhenAsked
from verypoorcnn.training.loop import Interrupted

Job = Callable[[StopWhenAsked], None]  # `stop` is a callback for trainers; it raises Interrupted

CLOSING = 0.3  # seconds that the job under way has to end; a slow engine's batch takes more


class Worker:
    """A thread of its own, which begins with the first job.

    Any thread may call.  `_changed` guards all that is here; jobs run without holding it.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._changed = Condition()
        self._waiting: Job | None = None
        self._stop: StopWhenAsked | None = None  # of the job under way
        self._thread: Thread | None = None
        self._closed = False

    def start(self, job: Job) -> None:
        """Do this, instead of anything else."""
        with self._changed:
            if self._closed:
                return
            self._drop()
            self._waiting = job
            if self._thread is None:
                self._thread = Thread(target=self._work, name=self.name, daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def cancel(self) -> None:
        """Do nothing."""
        with self._changed:
            self._drop()

    def rest(self, seconds: float | None = None) -> bool:
        """Wait until nothing is left to do; False if that took longer than so many seconds."""
        with self._changed:
            return self._changed.wait_for(self._idle, seconds)

    def close(self) -> None:
        """Stop for good, and wait for that a moment: a job in a long call ends with the program."""
        with self._changed:
            self._closed = True
            self._drop()
            self._changed.notify_all()
        if self._thread:
            self._thread.join(CLOSING)

    def _idle(self) -> bool:
        return self._waiting is None and self._stop is None

    def _drop(self) -> None:
        self._waiting = None
        if self._stop:
            self._stop.asked = True

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if self._waiting is None:
                    return
                job, self._waiting = self._waiting, None
                stop = self._stop = StopWhenAsked()
            try:
                with suppress(Interrupted):
                    job(stop)
            except Exception:  # a fault of ours must not end what the page works with
                traceback.print_exc(file=sys.stderr)
            with self._changed:
                self._stop = None
                self._changed.notify_all()
