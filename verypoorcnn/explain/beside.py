"""What another engine has in the place of a number: float32, say, beside the textbook's float64."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from verypoorcnn.engines import Engine
from verypoorcnn.explain.arithmetic import EngineValue
from verypoorcnn.explain.target import Target
from verypoorcnn.files.tensors import nested


@dataclass(frozen=True)
class _Images:
    """Images as an engine takes them."""

    pixels: bytes
    labels: bytes


class Beside:
    """An engine's numbers for some images, computed when they are first asked for."""

    def __init__(self, engine: Engine, images: Sequence[bytes], labels: Sequence[int]) -> None:
        self.engine = engine
        self._samples = _Images(b"".join(images), bytes(labels)), range(len(images))

    def value(self, target: Target) -> EngineValue | None:
        """The engine's number; None where it hands none out, or computes in float64 too."""
        numbers = None if self.engine.typecode == "d" else self._numbers(target)
        if numbers is None:
            return None
        for position in target.index:
            numbers = numbers[position]
        return EngineValue(self.engine.name, float(numbers))

    def _numbers(self, target: Target) -> Any:
        if target.of == "value" and target.name == "probabilities":
            return self._probabilities[target.sample]
        if target.of == "value" and target.name in self._layers:
            return self._activations[target.name][target.sample]
        if target.of == "gradient" and target.name in self.engine.network.parameters:
            return self._gradients[target.name]
        return None

    @cached_property
    def _layers(self) -> set[str]:
        return {stage.name for stage in self.engine.network.stages}

    @cached_property
    def _activations(self) -> dict[str, Any]:
        return self.engine.activations(*self._samples)

    @cached_property
    def _probabilities(self) -> list[list[float]]:
        return self.engine.probabilities(*self._samples)

    @cached_property
    def _gradients(self) -> dict[str, Any]:
        gradients = self.engine.gradients(*self._samples)
        return {name: nested(tensor) for name, tensor in gradients.items()}
