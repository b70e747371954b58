"""The textbook engine: CPython runs the textbook's loops as they stand, in float64.

It is the paper's own program, and the reference that every other engine is held against.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from time import perf_counter
from typing import Any, ClassVar

from verypoorcnn.engines.engine import BatchPause, BatchResult, Engine, Samples, go_on, in_turn
from verypoorcnn.files.tensors import Tensor, from_nested, nested, zeros
from verypoorcnn.network import Network
from verypoorcnn.network.program import RATE, SAMPLES, Buffer, Call

PATIENCE = 0.1  # seconds of a batch between two looks at whether it is to be left


class TextbookEngine(Engine):
    """Runs the program's calls one after another over nested lists of Python floats."""

    name: ClassVar[str] = "textbook"
    typecode: ClassVar[str] = "d"
    typical_speed = 4e6

    def __init__(self, network: Network, parameters: Mapping[str, Tensor]) -> None:
        self._program = network.program()
        self._whole: dict[str, Any] = {b.name: _empty(b) for b in self._program.gradients}
        self._per_sample: dict[str, list[Any]] = {}  # as many samples as the largest batch so far
        super().__init__(network, parameters)

    @in_turn
    def set_parameters(self, parameters: Mapping[str, Tensor]) -> None:
        for buffer in self._program.parameters:
            self._whole[buffer.name] = nested(parameters[buffer.name])

    @in_turn
    def parameters(self) -> dict[str, Tensor]:
        return {b.name: from_nested(self._whole[b.name]) for b in self._program.parameters}

    @in_turn
    def train_batch(
        self, samples: Samples, indices: Sequence[int], rate: float, pause: BatchPause = go_on
    ) -> BatchResult:
        values = self._load(samples, indices)
        values[RATE.name] = rate
        program, looked = self._program, perf_counter()
        for call in program.prepare + program.forward + program.loss + program.backward:
            call.run(values)
            if perf_counter() - looked > PATIENCE:
                own, self._per_sample = self._per_sample, {}  # who asks on the way gets others
                pause()
                self._per_sample = own
                looked = perf_counter()
        self._run(program.update, values)
        return BatchResult(sum(values["losses"]), int(sum(values["hits"])), len(indices))

    @in_turn
    def probabilities(self, samples: Samples, indices: Sequence[int]) -> list[list[float]]:
        values = self._load(samples, indices)
        self._run(self._program.prepare + self._program.forward, values)
        rows: list[list[float]] = _copied(values["probabilities"])
        return rows

    @in_turn
    def gradients(self, samples: Samples, indices: Sequence[int]) -> dict[str, Tensor]:
        values = self._load(samples, indices)
        program = self._program
        self._run(program.prepare + program.forward + program.backward, values)
        pairs = zip(program.parameters, program.gradients, strict=True)
        return {value.name: from_nested(self._whole[gradient.name]) for value, gradient in pairs}

    @in_turn
    def activations(self, samples: Samples, indices: Sequence[int]) -> dict[str, Any]:
        values = self._load(samples, indices)
        self._run(self._program.prepare + self._program.forward, values)
        return {name: _copied(values[b.name]) for name, b in self._program.outputs.items()}

    def _load(self, samples: Samples, indices: Sequence[int]) -> dict[str, Any]:
        """The values of all names for a batch: of each per-sample buffer its first samples."""
        self._make_room(len(indices))
        values = {name: rows[: len(indices)] for name, rows in self._per_sample.items()}
        values["pixels"] = [self._rows(samples.pixels, index) for index in indices]
        values["labels"] = [samples.labels[index] for index in indices]
        return values | self._whole | {SAMPLES.name: len(indices)}

    def _make_room(self, samples: int) -> None:
        for buffer in self._program.buffers:
            if buffer.per_sample and buffer.kind == "number":
                rows = self._per_sample.setdefault(buffer.name, [])
                rows.extend(_empty(buffer) for _ in range(samples - len(rows)))

    def _rows(self, pixels: bytes, index: int) -> list[list[bytes]]:
        """One image as [c][y][x]; a row of bytes is as good as a list of whole numbers."""
        channels, rows, columns = self.network.input_shape
        starts = range(index * channels * rows * columns, len(pixels), columns)
        lines = [pixels[start : start + columns] for start in starts[: channels * rows]]
        return [lines[c * rows : (c + 1) * rows] for c in range(channels)]

    @staticmethod
    def _run(calls: Iterable[Call], values: Mapping[str, Any]) -> None:
        for call in calls:
            call.run(values)


def _empty(buffer: Buffer) -> Any:
    return nested(zeros(buffer.shape))


def _copied(lists: Any) -> Any:
    """Nested lists of numbers once more; copy.deepcopy takes ten times as long."""
    return [*map(_copied, lists)] if isinstance(lists[0], list) else lists[:]
