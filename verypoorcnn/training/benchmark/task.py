"""The work that all sides do: one network, the same images, the same batches."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from random import Random

from verypoorcnn.data.dataset import Dataset
from verypoorcnn.files.tensors import Tensor
from verypoorcnn.network import Network
from verypoorcnn.network.presets import preset

SHAPE = (1, 28, 28)
CLASSES = 10
RATE = 0.008  # the paper's learning rate


@dataclass(frozen=True)
class Task:
    """Training, or asking, a preset's network in batches of one size.

    The images are random bytes: no step is faster or slower for what is on them.
    """

    preset: str = "paper"
    batch_size: int = 16
    samples: int = 1500

    @cached_property
    def network(self) -> Network:
        """The network."""
        return preset(self.preset, SHAPE, CLASSES)

    @cached_property
    def parameters(self) -> dict[str, Tensor]:
        """The values that every side begins with."""
        return self.network.initial_parameters(1)

    @cached_property
    def data(self) -> Dataset:
        """Random images with random labels."""
        random = Random("benchmark")
        pixels = random.randbytes(self.samples * prod(SHAPE))
        labels = bytes(random.randrange(CLASSES) for _ in range(self.samples))
        names = tuple(map(str, range(CLASSES)))
        return Dataset(pixels, labels, SHAPE, names, "random images")

    @cached_property
    def order(self) -> list[int]:
        """All images in some order, as many as fill whole batches."""
        order = list(range(self.samples))
        Random("order").shuffle(order)
        return order[: self.samples // self.batch_size * self.batch_size]

    @property
    def batches(self) -> int:
        """How many batches there are."""
        return len(self.order) // self.batch_size
