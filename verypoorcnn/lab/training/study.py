"""What experiments and sweeps have in common: trials in the background, one study at a time.

A study is told about as it goes on, every time as a whole: of events a page sees only the newest.
Whoever asks for another one, or turns a slider, gets its number at once; the one under way stops at
the end of the call that the engine is in, and what is being compiled for it is left alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from itertools import count
from threading import Lock
from time import perf_counter
from typing import Any, ClassVar, Generic, TypeVar

from verypoorcnn.errors import UserError
from verypoorcnn.lab.session import Session
from verypoorcnn.lab.training.material import Material
from verypoorcnn.lab.training.trial import Bench
from verypoorcnn.lab.training.worker import Worker
from verypoorcnn.training.interrupt import StopWhenAsked
from verypoorcnn.training.loop import Interrupted

Answer = dict[str, Any]
Tell = Callable[..., None]  # how the study stands; with names, more to be said of it


class Study(ABC):
    """What is asked for, and what it came to so far; the worker's own."""

    def __init__(self, first_seed: int, seeds: int) -> None:
        self.seeds = range(first_seed, first_seed + seeds)
        self.began = perf_counter()

    @abstractmethod
    def train(self, bench: Bench, tell: Tell, stop: StopWhenAsked) -> None:
        """Make its trials, and tell of each.

        Raises:
            UserError: no engine takes the network, or its images can no longer be read.
            Interrupted: `stop` was asked to.
        """

    @abstractmethod
    def as_dict(self) -> Answer:
        """How it stands, for the page."""


S = TypeVar("S", bound=Study)


class Studies(Generic[S]):
    """The study of a kind that is under way, and what was told last.

    Requests call from threads of their own.  `_lock` sees to it that the study that is numbered
    last is the one that stays; `last` is written by the worker, as a whole, and never changes.
    """

    kind: ClassVar[str]  # of the events

    def __init__(self, session: Session) -> None:
        self.session = session
        self.material = session.service(Material)
        self.bench = Bench(self.material)
        self.worker = Worker(self.kind)
        self.last: Answer | None = None
        self._numbers = count(1)
        self._lock = Lock()

    def begin(self, study: S) -> int:
        """Begin a study in the place of any other; its number."""
        with self._lock:
            number = next(self._numbers)
            self.worker.start(partial(self._run, number, study))
        return number

    def cancel(self) -> None:
        """Stop; what is known so far has been told."""
        self.worker.cancel()

    def close(self) -> None:
        """Stop for good."""
        self.worker.close()
        self.bench.close()

    def _run(self, number: int, study: S, stop: StopWhenAsked) -> None:
        tell = partial(self._tell, number, study)
        tell()
        try:
            study.train(self.bench, tell, stop)
        except UserError as error:
            tell(error=str(error))
        except Interrupted:
            tell(cancelled=True)
            raise

    def _tell(self, number: int, study: S, **more: Any) -> None:
        self.last = {"id": number, **study.as_dict(), "note": self.bench.note, **more}
        self.session.hub.publish(self.kind, self.last)


def canceller(studies: type[Studies[Any]]) -> Callable[[Session, Mapping[str, Any]], Answer]:
    """The endpoint that stops what is under way of a kind."""

    def post_cancel(session: Session, body: Mapping[str, Any]) -> Answer:
        """Stop the one under way."""
        session.service(studies).cancel()
        return {}

    return post_cancel
