"""What is worth keeping, made once by whoever asks first, however many ask at the same time."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any, TypeVar

T = TypeVar("T")


class Memory:
    """Results that are made once; with a limit, those go that were not asked for the longest."""

    def __init__(self, limit: int | None = None) -> None:
        self._limit = limit
        self._kept: dict[Any, Any] = {}
        self._making: dict[Any, Lock] = {}
        self._lock = Lock()

    def get(self, key: Any, make: Callable[[], T]) -> T:
        """What was made for this key; made now where nothing was, by one thread alone."""
        with self._lock:
            making = self._making.setdefault(key, Lock())
        with making:
            try:
                with self._lock:
                    known, found = key in self._kept, self._kept.pop(key, None)
                return self._keep(key, found if known else make())
            finally:
                with self._lock:
                    self._making.pop(key, None)

    def _keep(self, key: Any, value: T) -> T:
        """As the one that was asked for last."""
        with self._lock:
            self._kept[key] = value
            while self._limit and len(self._kept) > self._limit:
                del self._kept[next(iter(self._kept))]
        return value
