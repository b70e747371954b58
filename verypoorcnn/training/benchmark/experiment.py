"""The paper's experiment, each time in a process of its own: our engines, and others' scripts.

Machine code is kept in the user's cache from one process to the next.  So an engine runs twice: as
users meet it from the second time on, and, under a name that says so, with nothing cached.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from verypoorcnn.engines import ENGINES
from verypoorcnn.training.benchmark.processes import (
    CACHED,
    FRESH,
    NOT_CACHED,
    Processes,
    is_fresh,
    python,
    run,
)
from verypoorcnn.training.benchmark.rivals import checkout


def experiments(
    source: str,
    seeds: Sequence[int],
    engines: Sequence[str],
    epochs: int = 25,
    scripts: bool = True,
) -> dict[str, Processes]:
    """The processes of every side, one a seed, the sides in turn.

    `engines` are names, with or without ", nothing cached".
    """
    commands = {name: _train(name) for name in engines if _works(name)}
    module = checkout() if scripts else None
    commands |= {name: python("-m", s) for name, s in (module.scripts() if module else {}).items()}
    ran: dict[str, Processes] = {name: Processes(()) for name in commands}
    with TemporaryDirectory() as folder:
        _fill_cache(commands, source, folder)
        for seed in seeds:
            protocol = ["--data", source, "--seed", str(seed), "--epochs", str(epochs)]
            for name, command in commands.items():
                kept = ["--out", str(Path(folder) / f"{name}-{seed}")] if name in engines else []
                settings = NOT_CACHED if is_fresh(name) else CACHED
                process = run([*command, *protocol, *kept], settings)
                ran[name] = Processes((*ran[name].all, process))
    return ran


def _train(side: str) -> list[str]:
    return python("-m", "verypoorcnn", "train", "--engine", side.removesuffix(FRESH), "--json")


def _works(side: str) -> bool:
    return ENGINES[side.removesuffix(FRESH)].obstacle() is None


def _fill_cache(commands: dict[str, list[str]], source: str, folder: str) -> None:
    """A short training before the first that is timed."""
    if "native" in commands:
        short = ["--limit-train", "32", "--limit-test", "16", "--epochs", "1"]
        out = str(Path(folder) / "first")
        run([*commands["native"], "--data", source, *short, "--out", out])
