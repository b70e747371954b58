"""The proof that anyone can run passes for what is right, and fails for what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

import pytest

from verypoorcnn.network import Conv2D, Dense, Flatten, MaxPool2D, Network, ReLU, program
from verypoorcnn.network import network as assembly
from verypoorcnn.network.gradcheck import Check, gradcheck
from verypoorcnn.network.initializers import Parameter
from verypoorcnn.network.layer import Layer, Ports, Shape
from verypoorcnn.network.presets import paper
from verypoorcnn.network.program import Call
from verypoorcnn.textbook import loss


@pytest.fixture(autouse=True)
def _forget_toy_layers() -> Iterator[None]:
    """A layer class is known by its name once it is defined; those of this file are not, after."""
    known = dict(Layer.kinds)
    yield
    Layer.kinds.clear()
    Layer.kinds.update(known)
