"""What several test files share."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.browser import browser, page, watch  # noqa: F401  (fixtures)

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started in the background of a shell; the tests and their children must hear Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Tests are of what is compiled now; those of the cache bring one of their own.
os.environ["VERYPOORCNN_CACHE"] = "off"

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def fashion_mnist() -> Path:
    """The folder with the four IDX files of Fashion-MNIST."""
    places = [os.environ.get("VERYPOORCNN_DATA", ""), ROOT.parent / "shared/data/fashion-mnist"]
    for place in places:
        if place and (Path(place) / "train-images-idx3-ubyte.gz").exists():
            return Path(place).resolve()  # some tests change the folder
    pytest.skip("Fashion-MNIST is not here: set VERYPOORCNN_DATA to a folder with its IDX files")
