"""The paper's experiment, each time in a process of its own: our engines, and others' scripts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from verypoorcnn.engines import ENGINES
from verypoorcnn.training.benchmark.processes import Processes, python, run
from verypoorcnn.training.benchmark.rivals import checkout


def experiments(
    source: str,
    seeds: Sequence[int],
    engines: Sequence[str],
    epochs: int = 25,
    scripts: bool = True,
) -> dict[str, Processes]:
    """The processes of every side, one a seed, the sides in turn."""
    commands = {
        name: python("-m", "verypoorcnn", "train", "--engine", name, "--json")
        for name in engines
        if ENGINES[name].obstacle() is None
    }
    module = checkout() if scripts else None
    commands |= {name: python("-m", s) for name, s in (module.scripts() if module else {}).items()}
    ran: dict[str, Processes] = {name: Processes(()) for name in commands}
    with TemporaryDirectory() as folder:
        for seed in seeds:
            protocol = ["--data", source, "--seed", str(seed), "--epochs", str(epochs)]
            for name, command in commands.items():
                kept = ["--out", str(Path(folder) / f"{name}-{seed}")] if name in ENGINES else []
                ran[name] = Processes((*ran[name].all, run([*command, *protocol, *kept])))
    return ran
