"""Ctrl-C while training: finish the batch, save, and only then stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from verypoorcnn.training.loop import Callback, Interrupted, Trainer


class StopWhenAsked(Callback):
    """Stops the training between two batches once `asked` is set."""

    asked = False

    def measured(self, trainer: Trainer, images: int) -> None:
        """Stop here if asked to."""
        self._stop_if_asked()

    def batch_done(self, trainer: Trainer, images: int) -> None:
        """Stop here if asked to."""
        self._stop_if_asked()

    def _stop_if_asked(self) -> None:
        if self.asked:
            raise Interrupted


@contextmanager
def stop_on_interrupt() -> Iterator[StopWhenAsked]:
    """A callback that Ctrl-C asks to stop; a second Ctrl-C stops at once, as it always does.

    Signals reach the main thread only; elsewhere nothing is changed.
    """
    stop = StopWhenAsked()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def ask(number: int, frame: FrameType | None) -> None:
        stop.asked = True
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
