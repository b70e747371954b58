"""An engine with a brake and a stopwatch, so that one can watch a training that takes no time.

The native engine trains the paper's epoch in a millisecond or two.  `Paced` makes any engine take
as long as it is told; the trainer then makes its calls short by itself, as it does with every slow
engine.  What is measured is the engine's own time, without the waiting.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from time import perf_counter, sleep
from typing import Any

from verypoorcnn.engines import BatchResult, Engine, Samples
from verypoorcnn.engines.engine import NOTHING, BatchPause, Pause, go_on
from verypoorcnn.files.tensors import Tensor

LOOK = 0.02  # seconds between two looks at whether to go on waiting
MEMORY = 0.1  # seconds of work that the speed is measured over, or a little more


class Speed:
    """Images a second: of the last tenth of a second of work, and the best that was seen.

    Only the thread that trains writes and reads it.
    """

    def __init__(self) -> None:
        self.images, self.seconds = 0.0, 0.0
        self.best: float | None = None

    def add(self, images: int, seconds: float) -> None:
        """So many images took so long."""
        if self.seconds > MEMORY:
            self.images, self.seconds = self.images / 2, self.seconds / 2
        self.images += images
        self.seconds += seconds
        if self.seconds > MEMORY / 10:
            self.best = max(self.best or 0.0, self.images / self.seconds)

    @property
    def per_second(self) -> float | None:
        """None before anything was measured."""
        return self.images / self.seconds if self.seconds else None


class Paced(Engine):
    """Another engine, with a brake; of all the rest it is that engine.

    Args:
        engine: does the work.
        limit: images a second, at most; looked at again while it waits.
        hurry: whether to wait no longer.
        speed: what the work is measured with.
    """

    longest_call = 1 << 16  # cut short by the trainer, since calls take their time

    def __init__(
        self,
        engine: Engine,
        limit: Callable[[], float],
        hurry: Callable[[], bool],
        speed: Speed,
    ) -> None:
        self.inner, self.limit, self.hurry, self.speed = engine, limit, hurry, speed
        self.network, self.typical_speed = engine.network, engine.typical_speed

    @property
    def threads(self) -> int:
        """Those of the engine, to which the trainer's word is handed on."""
        return self.inner.threads

    @threads.setter
    def threads(self, count: int) -> None:
        self.inner.threads = count

    def about(self) -> str:
        return self.inner.about()

    def prepare(self, batch_size: int | None) -> None:
        self.inner.prepare(batch_size)

    def set_parameters(self, parameters: Any) -> None:
        self.inner.set_parameters(parameters)

    def parameters(self) -> dict[str, Tensor]:
        return self.inner.parameters()

    def shuffled(self, count: int, key: int) -> Sequence[int]:
        return self.inner.shuffled(count, key)

    def train_batch(
        self, samples: Samples, indices: Sequence[int], rate: float, pause: BatchPause = go_on
    ) -> BatchResult:
        return self.inner.train_batch(samples, indices, rate, pause)

    def train_batches(
        self,
        samples: Samples,
        order: Sequence[int],
        batch_size: int,
        rate: float,
        so_far: BatchResult = NOTHING,
        pause: Pause = go_on,
    ) -> BatchResult:
        began = perf_counter()
        result = self.inner.train_batches(samples, order, batch_size, rate, so_far, pause)
        self.speed.add(result.samples - so_far.samples, perf_counter() - began)
        self._wait(began, len(order))
        return result

    def probabilities(self, samples: Samples, indices: Sequence[int]) -> list[list[float]]:
        return self.inner.probabilities(samples, indices)

    def probability_array(self, samples: Samples, indices: Sequence[int]) -> array[float]:
        return self.inner.probability_array(samples, indices)

    def gradients(self, samples: Samples, indices: Sequence[int]) -> dict[str, Tensor]:
        return self.inner.gradients(samples, indices)

    def activations(self, samples: Samples, indices: Sequence[int]) -> dict[str, Any]:
        return self.inner.activations(samples, indices)

    def _wait(self, began: float, images: int) -> None:
        """Until so many images may be done."""
        while (left := began + images / self.limit() - perf_counter()) > 0 and not self.hurry():
            sleep(min(left, LOOK))
