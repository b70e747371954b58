"""How a network's program is run: the engines, and the choice among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import NamedTuple

from verypoorcnn.engines.engine import BatchResult, Engine, Samples
from verypoorcnn.errors import UserError, nearest
from verypoorcnn.files.tensors import Tensor
from verypoorcnn.network import Network

__all__ = [
    "ENGINES",
    "BatchResult",
    "Choice",
    "Engine",
    "Samples",
    "choose_engine",
    "create_engine",
]


KINDS = {  # slowest first: the class of each, in the module of its name
    "textbook": "TextbookEngine",
    "python": "PythonEngine",
    "native": "NativeEngine",
}


class _Engines(Mapping[str, type[Engine]]):
    """The engines by name, slowest first; one is imported when it is asked for."""

    def __getitem__(self, name: str) -> type[Engine]:
        kind = KINDS[name]
        found: type[Engine] = getattr(import_module(f"{__name__}.{name}"), kind)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(KINDS)

    def __len__(self) -> int:
        return len(KINDS)


ENGINES = _Engines()


class Choice(NamedTuple):
    """An engine that is ready to run, and one line on why it is this one."""

    engine: Engine
    reason: str


def choose_engine(name: str = "auto") -> type[Engine]:
    """The engine of this name; "auto" is the fastest that works here.

    Raises:
        UserError: no such engine, or one that does not work here.
    """
    if name == "auto":
        return next(kind for kind in _fastest_first() if kind.obstacle() is None)
    if name not in ENGINES:
        raise UserError(f"engine: there is no engine {name!r}; {nearest(name, ['auto', *ENGINES])}")
    if obstacle := ENGINES[name].obstacle():
        raise UserError(f"engine: {name} does not work here ({obstacle}); take another, or auto")
    return ENGINES[name]


def create_engine(
    name: str,
    network: Network,
    parameters: Mapping[str, Tensor],
    batch_size: int | None = None,
) -> Choice:
    """An engine of this name for a network, compiled for training if `batch_size` is given.

    With "auto", an engine that cannot run here, or refuses this network, gives way to the next.

    Raises:
        UserError: no such engine, or it cannot run here, or it refuses this network.
    """
    if name != "auto":
        engine = choose_engine(name)(network, parameters)
        engine.prepare(batch_size)
        return Choice(engine, f"engine: {name}, as asked for")
    passed_over: list[str] = []
    for kind in _fastest_first():
        obstacle = kind.obstacle()
        if obstacle is None:
            try:
                engine = kind(network, parameters)
                engine.prepare(batch_size)
                reason = f"{kind.name}, the fastest that works here"
                return Choice(
                    engine, "; ".join([f"engine: {reason}{engine.about()}", *passed_over])
                )
            except UserError as refusal:
                obstacle = str(refusal)
        passed_over.append(f"not {kind.name}: {obstacle}")
    raise UserError(f"engine: none works here; {'; '.join(passed_over)}")


def _fastest_first() -> Iterator[type[Engine]]:
    """The engines, each imported when its turn comes."""
    return (ENGINES[name] for name in reversed([*ENGINES]))
