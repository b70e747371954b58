"""Which calls of a program an array needs, and which a change of it reaches.

Every call says by its function which arrays it writes.  So whoever wants the gradient of one kernel
need not compute the others, and whoever nudges a weight of the last layer need not go through the
first ones again.  Calls are known by their places in the program.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from verypoorcnn.compiler.loops import Array, Block, Function, If, Loop, Scalar, Store
from verypoorcnn.compiler.source import read
from verypoorcnn.engines.python import array_of
from verypoorcnn.network import Network
from verypoorcnn.network.program import Buffer, Call, distinct_buffers
from verypoorcnn.network.program import Scalar as Given

Places = tuple[int, ...]  # of calls, in their order


class Flow:
    """The calls that compute a network's numbers, down to the gradient of its images."""

    def __init__(self, network: Network, samples: int) -> None:
        self.program = program = network.program(input_gradient=True)
        self.calls = program.prepare + program.forward + program.loss + program.backward
        self.buffers = {buffer.name: buffer for buffer in distinct_buffers(self.calls)}
        self._touched = [{buffer.name for buffer in call.buffers} for call in self.calls]
        self._written = [{b.name for b in results(call, samples)} for call in self.calls]
        self._needed: dict[str, Places] = {}

    def writers(self, name: str) -> Places:
        """The calls that give an array its numbers, one after the other."""
        return tuple(place for place, written in enumerate(self._written) if name in written)

    def written(self, places: Iterable[int]) -> set[str]:
        """The arrays that these calls write."""
        return {name for place in places for name in self._written[place]}

    def needed(self, name: str) -> Places:
        """The calls that an array's numbers come about by, from the images on."""
        if name not in self._needed:
            self._needed[name] = self._leading_to(name)
        return self._needed[name]

    def _leading_to(self, name: str) -> Places:
        wanted, overwritten, found = {name}, set[str](), []
        for place in reversed(range(len(self.calls))):
            touched, written = self._touched[place], self._written[place]
            if written & wanted or touched & overwritten:
                found.append(place)
                wanted |= touched
                overwritten |= written
        return (*found[::-1],)

    def reached(self, name: str) -> Places:
        """The calls to run again when an array has other numbers.

        Where one of them adds to what others before it wrote, as with biases, those run again too.
        """
        changed, after = {name}, max(self.writers(name), default=-1) + 1
        for touched, written in zip(self._touched[after:], self._written[after:], strict=True):
            if touched & changed:
                changed |= written
        again = changed - {name}
        return tuple(place for place, written in enumerate(self._written) if written & again)


@lru_cache(maxsize=64)
def flow(network: Network, samples: int) -> Flow:
    """The flow of a network for so many images."""
    return Flow(network, samples)


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


def results(call: Call, samples: int) -> list[Buffer]:
    """The buffers that a call writes."""
    function, arrays = loops_of(call, samples)
    written = _stored(function.body)
    return [buffer for buffer, it in arrays.items() if it in written]


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
