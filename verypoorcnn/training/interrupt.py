"""Ctrl-C while training: finish the batch, save, and only then stop.

So it is with SIGTERM, by which a system ends a program, and SIGHUP, by which it does when the
terminal is gone.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from verypoorcnn.training.loop import CTRL_C, Callback, Interrupted, Trainer

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP
SIGNALS = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
HEARD = "finishing the batch; Ctrl-C again stops at once"


class StopWhenAsked(Callback):
    """Stops the training between two batches once `asked` is set."""

    asked = False
    signal = CTRL_C  # by which it was asked

    def measured(self, trainer: Trainer, images: int) -> None:
        """Stop here if asked to."""
        self._stop_if_asked()

    def batch_done(self, trainer: Trainer, images: int) -> None:
        """Stop here if asked to."""
        self._stop_if_asked()

    def _stop_if_asked(self) -> None:
        if self.asked:
            raise Interrupted(self.signal)


@contextmanager
def stop_on_interrupt(say: Callable[[str], object] = str) -> Iterator[StopWhenAsked]:
    """A callback that signals ask to stop, which is said at once.

    A second Ctrl-C stops at once, as it always does.  The other signals may come twice when a
    terminal is closed; that changes nothing.  A signal that the program was started to ignore, by
    nohup or behind a shell's `&`, stays ignored.  Signals reach the main thread only; elsewhere
    nothing is changed.
    """
    stop = StopWhenAsked()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    found = {number: signal.getsignal(number) for number in SIGNALS}
    before = {n: handler for n, handler in found.items() if handler not in (signal.SIG_IGN, None)}

    def ask(number: int, frame: FrameType | None) -> None:
        if not stop.asked:
            stop.asked, stop.signal = True, number
            if signal.SIGINT in before:
                signal.signal(signal.SIGINT, before[signal.SIGINT])
            with suppress(RuntimeError):  # the stream was just being written to
                say(HEARD)

    for number in before:
        signal.signal(number, ask)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
