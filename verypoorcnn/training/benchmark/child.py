"""One side alone in a process, from its start to its first training step.

python3 -m verypoorcnn.training.benchmark.child "native avx2"
"""

from __future__ import annotations

import sys

from verypoorcnn.training.benchmark import own
from verypoorcnn.training.benchmark.rivals import others
from verypoorcnn.training.benchmark.task import Task


def main(name: str) -> None:
    """Make one step with this side."""
    makers = own.training()
    maker = makers[name] if name in makers else others("training")[name]
    maker(Task()).work(1)


if __name__ == "__main__":
    main(sys.argv[1])
