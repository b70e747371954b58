"""A session of something that is learned in no time, and what it publishes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

from verypoorcnn.data.dataset import Dataset
from verypoorcnn.data.sources import Parts
from verypoorcnn.files.tensors import Tensor
from verypoorcnn.lab.session import Session
from verypoorcnn.network import Network
from verypoorcnn.network.layers import Conv2D, Dense, Flatten, ReLU
from verypoorcnn.training.configuration import Configuration
from verypoorcnn.training.interrupt import StopWhenAsked
from verypoorcnn.training.settings import DataSettings, NetworkSettings, TrainingSettings

NAMES = ("left", "right", "even")
SHAPE = (1, 6, 6)
GO_ON = StopWhenAsked()  # whom nobody asks


def small_network() -> Network:
    """Two filters on images of 6×6."""
    layers = (Conv2D(filters=2, kernel_size=3), ReLU(), Flatten(), Dense(units=3))
    return Network(SHAPE, layers)


def small_images(count: int, seed: int) -> Dataset:
    """Noise that is brighter on the left, on the right, or nowhere: learned in no time."""
    random = Random(seed)
    labels = bytes(random.randrange(3) for _ in range(count))

    def pixel(label: int, column: int) -> int:
        bright = 120 if label == column // 3 else 0
        return bright + random.randrange(100)

    pixels = bytes(pixel(y, column) for y in labels for _ in range(6) for column in range(6))
    return Dataset(pixels, labels, SHAPE, NAMES, f"noise {seed}")


def quick_session(
    *,
    parameters: Mapping[str, Tensor] | None = None,
    origin: str = "untrained, seed 0",
    details: Mapping[str, Any] | None = None,
    network: Network | None = None,
    source: str = "/nowhere/at-all",
    **training: Any,
) -> Session:
    """A session of the small network, or another; with no more images than those it has."""
    network = network or small_network()
    given = {"epochs": 4, "batch_size": 8, "learning_rate": 0.1, **training}
    layers = tuple(layer.settings() for layer in network.layers)
    configuration = replace(
        Configuration(origin="a test"),
        data=DataSettings(source=source),
        network=NetworkSettings(input_shape=SHAPE, layers=layers),
        training=TrainingSettings(**given),
    )
    return Session(
        network,
        parameters or network.initial_parameters(0),
        origin=origin,
        parts=Parts(small_images(60, 1), small_images(30, 2), None, "noise", ()),
        class_names=NAMES,
        configuration=configuration,
        title="a test",
        details=details,
    )


class Heard:
    """Everything that a session publishes."""

    def __init__(self, session: Session) -> None:
        self.events: list[tuple[str, Mapping[str, Any]]] = []
        publish = session.hub.publish

        def hear(kind: str, data: Mapping[str, Any]) -> None:
            self.events.append((kind, data))
            publish(kind, data)

        session.hub.publish = hear  # type: ignore[method-assign]

    def of(self, kind: str) -> list[Mapping[str, Any]]:
        """The events of a kind, oldest first."""
        return [data for name, data in self.events if name == kind]
