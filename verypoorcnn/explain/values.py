"""Every number of a network for some images: what the textbook engine computes, all of it kept.

An engine hands out results; here every array of the program stays, so that each of its numbers can
be asked about.  Phases run when they are first needed: forward for a value, backward for a
gradient.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from verypoorcnn.compiler.loops import Array, Block, Function, If, Loop, Scalar, Store
from verypoorcnn.compiler.source import read
from verypoorcnn.engines.python import array_of, specialised
from verypoorcnn.files.tensors import Tensor, nested, zeros
from verypoorcnn.network import Network
from verypoorcnn.network.program import RATE, SAMPLES, Buffer, Call, distinct_buffers
from verypoorcnn.network.program import Scalar as Given

PHASES = ("prepare", "forward", "loss", "backward")


class Values:
    """The arrays of a network's program, as nested lists of floats, by the buffers' names.

    With `compiled`, the python engine's functions run in the place of the textbook's: the same
    bits, seven times as fast, after half a second for the first image.
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
        self.program = network.program(input_gradient=True)
        self.samples = len(images)
        self._run: Callable[[Call, dict[str, Any]], None] = run_compiled if compiled else Call.run
        self._given: dict[str, Any] = {n: nested(tensor) for n, tensor in parameters.items()} | {
            "pixels": [_rows(image, network.input_shape) for image in images],
            "labels": list(labels),
            SAMPLES.name: self.samples,
            RATE.name: rate,
        }
        self._lists = {b.name: _empty(b, self.samples) for b in self.buffers} | self._given
        self._home = dict(self._homes())  # phases, by a buffer's name
        self._done = 0  # phases

    @property
    def buffers(self) -> tuple[Buffer, ...]:
        """All there are, but what only the update needs."""
        return distinct_buffers(self.calls(*PHASES))

    def calls(self, *phases: str) -> tuple[Call, ...]:
        """The calls of these phases, in order."""
        return tuple(call for phase in phases for call in getattr(self.program, phase))

    def of(self, name: str) -> Any:
        """The numbers of a buffer, or a scalar; the sample comes first where there is one."""
        while name not in self._given and self._done <= self._home[name]:
            for call in self.calls(PHASES[self._done]):
                self._run(call, self._lists)
            self._done += 1
        return self._lists[name]

    def relabel(self, labels: Sequence[int]) -> None:
        """Go on with other labels; what has been computed from the images alone stays."""
        self._given["labels"] = self._lists["labels"] = list(labels)
        for call in self.calls("prepare"):
            self._run(call, self._lists)
        self._done = min(self._done, PHASES.index("loss"))

    def writers(self, buffer: Buffer) -> tuple[Call, ...]:
        """The calls that give a buffer its numbers, one after the other."""
        calls = (call for call in self.calls(*PHASES) if buffer in call.buffers)
        return tuple(call for call in calls if buffer in results(call, self.samples))

    def loss_with(self, buffer: Buffer, index: Sequence[int], value: float) -> float:
        """The mean loss of the images if this element of a buffer had another value."""
        self.of("losses")
        calls, writers = self.calls("forward", "loss"), self.writers(buffer)
        writing = [place for place, call in enumerate(calls) if call in writers]
        after = calls[max(writing, default=-1) + 1 :]
        lists = dict(self._lists)
        changed = {b.name for call in after for b in results(call, self.samples)}
        lists |= {name: _copied(lists[name]) for name in changed | {buffer.name}}
        _put(lists[buffer.name], index, value)
        for call in after:
            self._run(call, lists)
        return float(sum(lists["losses"])) / self.samples

    def logit_gradient(self, label: int) -> Any:
        """∂(logit of a class)/∂images: the backward pass, begun with 1 for it and 0 for others."""
        self.of("probabilities")
        first, *calls = self.program.backward
        (start,) = results(first, self.samples)
        passing = [c for c in calls if all(b.per_sample for b in results(c, self.samples))]
        lists = dict(self._lists)
        lists |= {
            b.name: _empty(b, self.samples) for c in passing for b in results(c, self.samples)
        }
        one = [float(k == label) for k in range(start.shape[0])]
        lists[start.name] = [one for _ in range(self.samples)]
        for call in passing:
            self._run(call, lists)
        return lists["input.gradient"]

    def _homes(self) -> Iterator[tuple[str, int]]:
        """The first phase that has to do with a buffer is the one that computes it."""
        for place, phase in reversed([*enumerate(PHASES)]):
            for buffer in distinct_buffers(self.calls(phase)):
                yield buffer.name, place


# What a call does.


@lru_cache(maxsize=1024)
def loops_of(call: Call, samples: int) -> tuple[Function, dict[Buffer, Array]]:
    """A call as the compiler's front end reads it, and the arrays that the buffers became.

    Raises:
        SubsetError: its function leaves the compiler's subset of Python.
    """
    arrays = {buffer: array_of(buffer, samples) for buffer in call.buffers}
    arguments = [
        Scalar(a.name) if isinstance(a, Given) else arrays[a] if isinstance(a, Buffer) else a
        for a in call.arguments
    ]
    return read(call.function, arguments), arrays


@lru_cache(maxsize=1024)
def results(call: Call, samples: int) -> frozenset[Buffer]:
    """The buffers that a call writes."""
    function, arrays = loops_of(call, samples)
    written = _stored(function.body)
    return frozenset(buffer for buffer, it in arrays.items() if it in written)


def _stored(block: Block) -> set[Array]:
    found: set[Array] = set()
    for statement in block:
        match statement:
            case Store(array=it):
                found.add(it)
            case Loop(body=body):
                found |= _stored(body)
            case If(then=then, otherwise=otherwise):
                found |= _stored(then + otherwise)
    return found


def run_compiled(call: Call, lists: dict[str, Any]) -> None:
    """Let specialised Python run a call over these lists: to the last bit what CPython computes."""
    samples = next(len(lists[b.name]) for b in call.buffers if b.per_sample)
    flat = {a.name: lists[a.name] for a in call.arguments if isinstance(a, Given)}
    flat |= {b.name: _flat(b, lists[b.name]) for b in call.buffers}
    for function, names in specialised((call,), tuple(call.buffers), samples):
        function(*(flat[name] for name in names))
    for buffer in results(call, samples):
        lists[buffer.name] = _nested(buffer, flat[buffer.name])


# Lists.


def _flat(buffer: Buffer, lists: Any) -> Any:
    """As the Python back end takes it: one row a sample, or one row for all."""
    depth = len(buffer.shape)
    if buffer.per_sample:
        return [_row(sample, depth) for sample in lists] if depth else list(lists)
    return _row(lists, depth)


def _row(lists: Any, depth: int) -> list[float]:
    for _ in range(depth - 1):
        lists = chain.from_iterable(lists)
    return list(lists)


def _nested(buffer: Buffer, flat: Any) -> Any:
    if not buffer.per_sample:
        return nested(Tensor(buffer.shape, array("d", flat)))
    rows = flat if buffer.shape else [[value] for value in flat]
    return [nested(Tensor(buffer.shape, array("d", row))) for row in rows]


def _rows(image: bytes, shape: tuple[int, int, int]) -> list[list[bytes]]:
    """The bytes of an image as [c][y][x]."""
    channels, rows, columns = shape
    lines = [image[start : start + columns] for start in range(0, len(image), columns)]
    return [lines[c * rows : (c + 1) * rows] for c in range(channels)]


def _empty(buffer: Buffer, samples: int) -> Any:
    return nested(zeros((samples, *buffer.shape) if buffer.per_sample else buffer.shape))


def _copied(lists: Any) -> Any:
    return [_copied(part) for part in lists] if isinstance(lists, list) else lists


def _put(lists: Any, index: Sequence[int], value: float) -> None:
    for position in index[:-1]:
        lists = lists[position]
    lists[index[-1]] = value
