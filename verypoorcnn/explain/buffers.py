"""What people call a program's arrays: "conv1" is the buffer "conv1.output"."""

from __future__ import annotations

from collections.abc import Iterable

from verypoorcnn.explain.target import Of, Target
from verypoorcnn.network import Network
from verypoorcnn.network.program import Buffer
from verypoorcnn.numbers.traced import Traced


class Buffers:
    """The program's buffers by the names that people use, and the other way round."""

    def __init__(self, network: Network, buffers: Iterable[Buffer]) -> None:
        known = {buffer.name: buffer for buffer in buffers}
        layers = {stage.name: f"{stage.name}.output" for stage in network.stages}
        parameters = {name: name for name in network.parameters}
        ends = {"probabilities": "probabilities", "targets": "targets", "loss": "losses"}
        inner = layers | parameters
        names: dict[Of, dict[str, str]] = {
            "value": {"image": "images", **layers, **ends, **parameters},
            "gradient": {"image": "input.gradient"}
            | {n: f"{b}.gradient" for n, b in inner.items()},
            "update": parameters,
        }
        self.of = {of: {n: known[b] for n, b in each.items()} for of, each in names.items()}
        self._per_sample = {name for name, buffer in known.items() if buffer.per_sample}
        self._names: dict[str, tuple[str, Of]] = {"labels": ("label", "value")}
        for of in ("value", "gradient"):
            self._names |= {b: (n, of) for n, b in names[of].items()}

    def named(self, element: Traced) -> Target:
        """What an element of a buffer is called."""
        name, of = self._names.get(element.array, (element.array, "value"))
        if element.array in self._per_sample:
            return Target(name, element.index[1:], of, element.index[0])
        return Target(name, element.index, of)
