"""The package in Pyodide, CPython as WebAssembly, where no machine code can be made."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import ROOT

NODE = shutil.which("node")
PYODIDE = Path(os.environ.get("VERYPOORCNN_PYODIDE", ROOT / "node_modules" / "pyodide"))
HERE = Path(__file__).parent

pytestmark = [
    pytest.mark.skipif(NODE is None, reason="Node.js, which runs Pyodide, is not installed"),
    pytest.mark.skipif(
        not (PYODIDE / "pyodide.mjs").exists(),
        reason="Pyodide is not here: npm install pyodide, or VERYPOORCNN_PYODIDE=its folder",
    ),
]

PROGRAM = """
import json
import sys

from verypoorcnn import Model, load_data, paper

data = load_data("sketches", train_samples=32, test_samples=10, say=lambda line: None)
first = Model(paper(), seed=1, engine="textbook")
start = {name: tensor.values.tolist() for name, tensor in first.parameters.items()}
found = {"platform": sys.platform, "auto": Model(paper()).engine.name, "start": start}
for engine in ("textbook", "python"):
    model = Model(paper(), seed=1, engine=engine)
    losses = [model.engine.train_batch(data.train, range(s, s + 16), 0.05).loss for s in (0, 16)]
    parameters = {name: tensor.values.tolist() for name, tensor in model.parameters.items()}
    found[engine] = {"losses": losses, "parameters": parameters}
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What the program prints in Pyodide, and what it prints here."""
    program = tmp_path_factory.mktemp("pyodide") / "program.py"
    program.write_text(PROGRAM, "utf-8")
    command = [NODE, HERE / "pyodide.mjs", PYODIDE, ROOT, program]
    there = subprocess.run(command, capture_output=True, text=True)
    assert there.returncode == 0, there.stderr
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, program]
    here = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    return json.loads(there.stdout), json.loads(here.stdout)


def test_auto_takes_python(found):
    there, _ = found
    assert (there["platform"], there["auto"]) == ("emscripten", "python")


def test_specialised_python_gives_the_bits_of_the_textbook(found):
    there, _ = found
    assert there["python"] == there["textbook"]


def test_it_gives_what_cpython_gives_but_for_the_last_bit_of_exp_log_and_cos(found):
    there, here = found
    for part in ("start", "python"):
        pairs = zip(numbers(there[part]), numbers(here[part]), strict=True)
        assert all(abs(a - b) <= 1e-12 * (1 + abs(b)) for a, b in pairs)


def numbers(found):
    """All numbers in dictionaries and lists."""
    if isinstance(found, float):
        return [found]
    values = found.values() if isinstance(found, dict) else found
    return [number for value in values for number in numbers(value)]
