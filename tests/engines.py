"""What the tests of engines need: the engines, small networks, random images, and a toy layer.

Every engine that is registered runs the whole suite; a new one joins by being registered.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import ClassVar

import pytest

from verypoorcnn.data.dataset import Dataset
from verypoorcnn.engines import ENGINES
from verypoorcnn.network import Conv2D, Dense, Flatten, MaxPool2D, Network, ReLU
from verypoorcnn.network.initializers import Parameter
from verypoorcnn.network.layer import Layer, Ports, Shape
from verypoorcnn.network.presets import paper
from verypoorcnn.network.program import Call

every_engine = pytest.mark.parametrize(
    "engine",
    [kind for kind in ENGINES.values() if kind.obstacle() is None],
    ids=lambda kind: kind.name,
)


# The toy layer: a chapter of three functions, and a class.  Nothing else is needed anywhere.


def scale_maps(images, scales, maps):
    """maps[c] = scales[c] · images[c]"""
    for s in range(len(maps)):
        for c in range(len(maps[s])):
            for i in range(len(maps[s][c])):
                for j in range(len(maps[s][c][i])):
                    maps[s][c][i][j] = scales[c] * images[s][c][i][j]


def scale_gradient(images, map_gradients, scale_gradients):
    """∂L/∂scales[c] = Σ images[c] · ∂L/∂maps[c]"""
    for c in range(len(scale_gradients)):
        total = 0.0
        for s in range(len(images)):
            for i in range(len(images[s][c])):
                for j in range(len(images[s][c][i])):
                    total += images[s][c][i][j] * map_gradients[s][c][i][j]
        scale_gradients[c] = total


@dataclass(frozen=True)
class ToyScale(Layer):
    """Every channel times a number of its own."""

    prefix: ClassVar[str] = "scale"

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def parameters(self, input_shape: Shape) -> dict[str, Parameter]:
        return {"factor": Parameter((input_shape[0],), "ones")}

    def forward(self, at: Ports) -> list[Call]:
        return [Call(scale_maps, (at.input, at.parameters["factor"], at.output))]

    def input_gradient(self, at: Ports) -> list[Call]:
        factors = at.parameters["factor"]
        return [Call(scale_maps, (at.output_gradient, factors, at.input_gradient))]

    def parameter_gradients(self, at: Ports) -> list[Call]:
        arguments = (at.input, at.output_gradient, at.gradients["factor"])
        return [Call(scale_gradient, arguments)]


NETWORKS = {
    "paper": paper(),
    "padded, biased, two convolutions": Network(
        (2, 7, 6),
        (
            Conv2D(filters=3, kernel_size=3, padding=1),
            ReLU(),
            MaxPool2D(pool_size=2, strides=1),
            Conv2D(filters=2, kernel_size=2, strides=2),
            Flatten(),
            Dense(units=5),
            ReLU(),
            Dense(units=3, use_bias=False),
        ),
    ),
    "toy layer": Network(
        (1, 6, 6),
        (
            Conv2D(filters=2, kernel_size=3),
            ToyScale(),
            ReLU(),
            MaxPool2D(pool_size=2),
            Flatten(),
            Dense(units=3),
        ),
    ),
    "colours": Network(
        (3, 8, 8),
        (
            Conv2D(filters=2, kernel_size=3),
            ReLU(),
            MaxPool2D(pool_size=2),
            Flatten(),
            Dense(units=3),
        ),
    ),
    "one dense layer": Network((1, 3, 3), (Flatten(), Dense(units=2))),
}
every_network = pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS.keys())


def random_images(network: Network, count: int, seed: int = 0) -> Dataset:
    """Images and labels at random, as a network takes them."""
    random = Random(seed)
    size = network.input_shape[0] * network.input_shape[1] * network.input_shape[2]
    names = tuple(f"class {k}" for k in range(network.classes))
    labels = bytes(random.randrange(network.classes) for _ in range(count))
    return Dataset(random.randbytes(count * size), labels, network.input_shape, names, "random")


def striped_images(network: Network, count: int, seed: int = 0) -> Dataset:
    """Images that can be learned: the row of their label is bright, the rest is dim noise."""
    random = Random(seed)
    channels, rows, columns = network.input_shape
    labels = bytes(index % network.classes for index in range(count))
    pixels = b"".join(
        bytes(random.randrange(200, 256) if row == label else random.randrange(60)
              for _ in range(channels) for row in range(rows) for _ in range(columns))
        for label in labels
    )  # fmt: skip
    names = tuple(f"row {k}" for k in range(network.classes))
    return Dataset(pixels, labels, network.input_shape, names, "stripes")
