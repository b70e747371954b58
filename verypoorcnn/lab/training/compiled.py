"""Engines, compiled in a thread of their own, so that nobody waits for one he no longer wants.

To compile for a network takes a tenth of a second, or half a second for a larger one, and cannot be
stopped on the way.  So whoever trains lets another thread do it, and leaves when he is asked to
stop: what was begun is done to its end, and is there when somebody wants it after all.
"""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor, wait
from math import prod
from typing import NamedTuple

from verypoorcnn.engines import Engine, create_engine
from verypoorcnn.lab.looking import One
from verypoorcnn.network import Network
from verypoorcnn.training.interrupt import StopWhenAsked
from verypoorcnn.training.loop import Interrupted

KEPT = 12  # engines, for as many networks
LOOK = 0.01  # seconds between two looks at whether one still has to wait

_Key = tuple[str, Network]


class _Kept(NamedTuple):
    engine: Future[Engine]
    sizes: frozenset[int]  # of the batches that it is compiled for, or will be


class Engines:
    """The engines of one thread that trains, by name and network; no other thread asks for any.

    An engine is in one hand at a time: the compiling thread has it until its `Future` is done, and
    then touches it no more until it is asked to compile for batches of another size.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()
        self._thread = ThreadPoolExecutor(1, "compiling")

    def get(self, name: str, network: Network, batch_size: int, stop: StopWhenAsked) -> Engine:
        """The engine of this name, or "auto", compiled to train in such batches and to test.

        Its parameters are any: those of whoever had it before.

        Raises:
            UserError: it does not work here, or refuses this network.
            Interrupted: `stop` was asked to before it was ready.
        """
        key = name, network
        before = self._kept.get(key)
        if before is None or batch_size not in before.sizes:
            sizes = before.sizes if before else frozenset()
            making = self._thread.submit(_made, before, name, network, batch_size)
            self._keep(key, _Kept(making, sizes | {batch_size}))
        self._kept.move_to_end(key)
        making = self._kept[key].engine
        while not making.done():
            if stop.asked:
                self._leave(key, before)
                raise Interrupted
            wait([making], LOOK)
        try:
            return making.result()
        except Exception:
            del self._kept[key]
            raise

    def close(self) -> None:
        """Wait until nothing is compiled any more."""
        self._thread.shutdown(cancel_futures=True)

    def _keep(self, key: _Key, kept: _Kept) -> None:
        self._kept[key] = kept
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    def _leave(self, key: _Key, before: _Kept | None) -> None:
        """Nobody wants it now: if it is not even begun, let it be."""
        if self._kept[key].engine.cancel():
            del self._kept[key]
            if before:
                self._keep(key, before)


def _made(before: _Kept | None, name: str, network: Network, batch_size: int) -> Engine:
    """An engine with all its kernels, those for testing too; in the compiling thread."""
    if before:
        engine = before.engine.result()  # which is there: this thread does one after the other
        engine.prepare(batch_size)
        return engine
    engine = create_engine(name, network, network.initial_parameters(0), batch_size).engine
    engine.probabilities(One(bytes(prod(network.input_shape)), b"\0"), [0])
    return engine
