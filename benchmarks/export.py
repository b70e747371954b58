"""Write the paper's network as one library keeps models, and print where.

python3 -m benchmarks.export benchmarks.in_numpy FOLDER
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from verypoorcnn.training.benchmark.task import Task

if __name__ == "__main__":
    print(import_module(sys.argv[1]).export(Path(sys.argv[2]), Task()))
