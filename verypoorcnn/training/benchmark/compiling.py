"""How long an engine needs until it is ready to train: one process, nothing compiled before.

What is imported for it is not counted here; the figures of whole processes have it in them.

python3 -m verypoorcnn.training.benchmark.compiling lenet5 128
"""

from __future__ import annotations

import sys
from importlib import import_module
from time import perf_counter

from verypoorcnn.training.benchmark.own import engine_of, names
from verypoorcnn.training.benchmark.task import Task


def main(preset: str, batch_size: int) -> None:
    """Print the seconds."""
    task = Task(preset, batch_size)
    _ = task.parameters, task.data, task.order  # not what is measured
    import_module("verypoorcnn.compiler.kernel")
    import_module("verypoorcnn.compiler.source")
    began = perf_counter()
    engine_of(names()[-1], task).prepare(batch_size)
    print(perf_counter() - began)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
