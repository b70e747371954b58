"""The numbers of a program, array by array, in the form that whoever computes takes.

The textbook's functions take nested lists, `images[s][c][y][x]`; specialised Python takes flat
rows, one a sample.  Both compute the same bits.  What is asked for comes as nested lists.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Mapping, Sequence
from math import prod
from typing import Any, Protocol

from verypoorcnn.engines.python import specialised
from verypoorcnn.files.tensors import Tensor, folded, from_nested
from verypoorcnn.network.program import Buffer, Call

Buffers = Mapping[str, Buffer]


class Arrays(Protocol):
    """Arrays by the names of their buffers, and scalars by theirs."""

    def of(self, name: str) -> Any:
        """Nested lists, the sample first where there is one; or a number."""

    def tensor(self, buffer: Buffer, sample: int) -> Tensor:
        """An array of one sample, or one without samples, as files and wires take it."""

    def put(self, name: str, index: Sequence[int], value: float) -> None:
        """Give one element another value."""

    def run(self, call: Call) -> None:
        """Let a call compute."""

    def apart(self, names: Collection[str]) -> Arrays:
        """The same arrays; what is written there to those of these names is not seen here."""


def arrays(
    buffers: Buffers, given: Mapping[str, Any], samples: int, *, compiled: bool
) -> Nested | Flat:
    """Zeros, but for what is given by name: a flat row, or of what has samples one for each."""
    rows = {name: _zeros(buffer, samples) for name, buffer in buffers.items()} | dict(given)
    if compiled:
        return Flat(rows, buffers, samples)
    return Nested({name: _nested(row, buffers.get(name)) for name, row in rows.items()})


class Nested:
    """For the textbook's functions."""

    def __init__(self, lists: dict[str, Any]) -> None:
        self._lists = lists

    def of(self, name: str) -> Any:
        return self._lists[name]

    def tensor(self, buffer: Buffer, sample: int) -> Tensor:
        lists = self._lists[buffer.name]
        return from_nested(lists[sample] if buffer.per_sample else lists)

    def put(self, name: str, index: Sequence[int], value: float) -> None:
        lists = self._lists[name]
        for position in index[:-1]:
            lists = lists[position]
        lists[index[-1]] = value

    def run(self, call: Call) -> None:
        call.run(self._lists)

    def apart(self, names: Collection[str]) -> Nested:
        return Nested(self._lists | {name: _copied(self._lists[name]) for name in names})


class Flat:
    """For specialised Python; an array is nested when it is asked for."""

    def __init__(self, rows: dict[str, Any], buffers: Buffers, samples: int) -> None:
        self._rows, self._buffers, self._samples = rows, buffers, samples
        self._nested: dict[str, Any] = {}

    def of(self, name: str) -> Any:
        if name not in self._nested:
            self._nested[name] = _nested(self._rows[name], self._buffers.get(name))
        return self._nested[name]

    def tensor(self, buffer: Buffer, sample: int) -> Tensor:
        rows = self._rows[buffer.name]
        row = rows[sample] if buffer.per_sample else rows
        return Tensor(buffer.shape, array("d", row if buffer.shape else [row]))

    def put(self, name: str, index: Sequence[int], value: float) -> None:
        buffer, row = self._buffers[name], self._rows[name]
        if buffer.per_sample and buffer.shape:
            row, index = row[index[0]], index[1:]
        row[_place(index, buffer.shape)] = value
        self._nested.pop(name, None)

    def run(self, call: Call) -> None:
        buffers = tuple(call.buffers)
        for function, names in specialised((call,), buffers, self._samples):
            function(*(self._rows[name] for name in names))
        for buffer in buffers:
            self._nested.pop(buffer.name, None)

    def apart(self, names: Collection[str]) -> Flat:
        own = {name: _copied(self._rows[name]) for name in names}
        return Flat(self._rows | own, self._buffers, self._samples)


def _zeros(buffer: Buffer, samples: int) -> list[Any]:
    size = prod(buffer.shape)
    if not buffer.per_sample:
        return [0.0] * size
    return [[0.0] * size for _ in range(samples)] if buffer.shape else [0.0] * samples


def _nested(row: Any, buffer: Buffer | None) -> Any:
    """A row, or a row a sample, as nested lists; what is no array as it is."""
    if buffer is None or (buffer.per_sample and not buffer.shape):
        return row
    if buffer.per_sample:
        return [folded(sample, buffer.shape) for sample in row]
    return folded(row, buffer.shape)


def _place(index: Sequence[int], shape: Sequence[int]) -> int:
    """Where an element stands in its row; of an array with one number a sample, which sample."""
    place = 0
    for position, size in zip(index, shape or (0,), strict=True):
        place = place * size + position
    return place


def _copied(lists: Any) -> Any:
    """Nested lists once more; copy.deepcopy takes ten times as long."""
    return [*map(_copied, lists)] if isinstance(lists[0], list) else lists[:]
