"""What the tests of sources need: reading one as it is, and a machine that has none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from verypoorcnn.data import fashion_mnist
from verypoorcnn.data.sources import Parts, load
from verypoorcnn.errors import UserError

Rows = list[tuple[int, int]]
SHAPE = (1, 1, 2)
TRAIN: Rows = [(i, i % 3) for i in range(30)]  # (number of the image, label)
TEST: Rows = [(100 + i, i % 3) for i in range(12)]


def silent(_line: str) -> None:
    """Say nothing."""


def read(source: str | Path | None, **options: Any) -> Parts:
    """`load` with everything taken as it is, unless an option says otherwise."""
    usual: dict[str, Any] = {"shape": SHAPE, "train_samples": None, "test_samples": None}
    return load(None if source is None else str(source), **(usual | {"say": silent} | options))


def failure(call: Callable[[], object]) -> str:
    """The one line with which it fails."""
    with pytest.raises(UserError) as error:
        call()
    assert "\n" not in str(error.value)
    return str(error.value)


def numbers(pixels: bytes) -> list[int]:
    """The numbers of images whose two pixels are their number."""
    return list(pixels[::2])


def forget_data(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that keeps no data anywhere and has no network, with this home."""
    for name in ("VERYPOORCNN_DATA", "XDG_CACHE_HOME", "KERAS_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(fashion_mnist, "URL", "http://127.0.0.1:0/{name}.gz")  # answers nobody
