"""How a network's program is run: the engines, and the choice among them."""

from __future__ import annotations

from verypoorcnn.engines.engine import BatchResult, Engine, Samples
from verypoorcnn.engines.textbook import TextbookEngine
from verypoorcnn.errors import UserError, nearest

ENGINES: dict[str, type[Engine]] = {TextbookEngine.name: TextbookEngine}  # slowest first

__all__ = ["ENGINES", "BatchResult", "Engine", "Samples", "TextbookEngine", "choose_engine"]


def choose_engine(name: str = "auto") -> type[Engine]:
    """The engine of this name; "auto" is the fastest that works here."""
    if name == "auto":
        return [*ENGINES.values()][-1]
    if name not in ENGINES:
        raise UserError(f"engine: there is no engine {name!r}; {nearest(name, ['auto', *ENGINES])}")
    return ENGINES[name]
