"""Every number of a network for some images: what the textbook engine computes, all of it kept.

An engine hands out results; here every array of the program stays, so that each of its numbers can
be asked about.  A call runs when something is asked for that it leads to.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from verypoorcnn.explain.arrays import Arrays, arrays
from verypoorcnn.explain.flow import flow
from verypoorcnn.files.tensors import Tensor
from verypoorcnn.network import Network
from verypoorcnn.network.program import RATE, SAMPLES, Buffer, Call

Change = tuple[Sequence[int], float]  # the index of an element, and its other value


class Values:
    """The arrays of a network's program, as nested lists of floats, by the buffers' names.

    With `compiled`, the python engine's functions run in the place of the textbook's: the same
    bits, ten times as fast, after half a second for the first image.
    """

    def __init__(
        self,
        network: Network,
        parameters: Mapping[str, Tensor],
        images: Sequence[bytes],
        labels: Sequence[int],
        rate: float,
        compiled: bool,
    ) -> None:
        self.samples = len(images)
        self.flow = flow(network, self.samples)
        self.program = self.flow.program
        given = {name: tensor.values.tolist() for name, tensor in parameters.items()} | {
            "pixels": [*images],
            "labels": [*labels],
            SAMPLES.name: self.samples,
            RATE.name: rate,
        }
        self._arrays: Arrays = arrays(self.flow.buffers, given, self.samples, compiled=compiled)
        self._done: set[int] = set()  # calls

    @property
    def buffers(self) -> Collection[Buffer]:
        """All there are, but what only the update needs."""
        return self.flow.buffers.values()

    def of(self, name: str) -> Any:
        """The numbers of a buffer, or a scalar; the sample comes first where there is one."""
        self._run(self.flow.needed(name))
        return self._arrays.of(name)

    def tensor(self, buffer: Buffer, sample: int) -> Tensor:
        """The numbers of a buffer for one sample, as one row."""
        self._run(self.flow.needed(buffer.name))
        return self._arrays.tensor(buffer, sample)

    def relabel(self, labels: Sequence[int]) -> None:
        """Go on with other labels; what has been computed from the images alone stays."""
        for sample, label in enumerate(labels):
            self._arrays.put("labels", [sample], label)
        self._done -= {*self.flow.reached("labels")}

    def writers(self, buffer: Buffer) -> tuple[Call, ...]:
        """The calls that give a buffer its numbers, one after the other."""
        return tuple(self.flow.calls[place] for place in self.flow.writers(buffer.name))

    def mean_loss(self) -> float:
        """Of the images."""
        return self._mean(self.of("losses"))

    def loss_with(self, buffer: Buffer, index: Sequence[int], value: float) -> float:
        """The mean loss of the images if this element of a buffer had another value."""
        return self._mean(self._with("losses", buffer, [(index, value)]))

    def logit_gradient(self, label: int) -> Any:
        """∂(logit of a class)/∂images: the backward pass, begun with 1 for it and 0 for others."""
        first = len(self.flow.calls) - len(self.program.backward)
        (start,) = (self.flow.buffers[name] for name in self.flow.written([first]))
        ones = [
            ((sample, k), float(k == label))
            for sample in range(self.samples)
            for k in range(start.shape[0])
        ]
        return self._with("input.gradient", start, ones)

    def _with(self, wanted: str, buffer: Buffer, changes: Sequence[Change]) -> Any:
        """What the numbers of an array would be if those of another were changed."""
        needed = self.flow.needed(wanted)
        reached = {*self.flow.reached(buffer.name)}
        again = tuple(place for place in needed if place in reached)
        self._run(tuple(place for place in needed if place not in reached))
        changed = self._arrays.apart({buffer.name} | self.flow.written(again))
        for index, value in changes:
            changed.put(buffer.name, index, value)
        for place in again:
            changed.run(self.flow.calls[place])
        return changed.of(wanted)

    def _run(self, places: Sequence[int]) -> None:
        """Let these calls compute, unless they have."""
        for place in places:
            if place not in self._done:
                self._arrays.run(self.flow.calls[place])
                self._done.add(place)

    def _mean(self, losses: Sequence[float]) -> float:
        return float(sum(losses)) / self.samples
