"""The package under other interpreters: Pyodide, which is CPython as WebAssembly, and PyPy.

Each of them trains two batches with every engine that works there, and so does this interpreter.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.commands import ROOT

NODE = shutil.which("node")
PYODIDE = Path(os.environ.get("VERYPOORCNN_PYODIDE", ROOT / "node_modules" / "pyodide"))
PYPY = os.environ.get("VERYPOORCNN_PYPY") or shutil.which("pypy3") or ""
HERE = Path(__file__).parent

PROGRAM = """
import json
import sys

from verypoorcnn import Model, load_data, paper
from verypoorcnn.engines import ENGINES

data = load_data("sketches", train_samples=32, test_samples=10, say=lambda line: None)
first = Model(paper(), seed=1, engine="textbook")
start = {name: tensor.values.tolist() for name, tensor in first.parameters.items()}
found = {"platform": sys.platform, "auto": Model(paper()).engine.name, "start": start}
for engine in ENGINES:
    if ENGINES[engine].obstacle():
        continue
    model = Model(paper(), seed=1, engine=engine)
    losses = [model.engine.train_batch(data.train, range(s, s + 16), 0.05).loss for s in (0, 16)]
    parameters = {name: tensor.values.tolist() for name, tensor in model.parameters.items()}
    found[engine] = {"losses": losses, "parameters": parameters}
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The program as a file."""
    path = tmp_path_factory.mktemp("interpreters") / "program.py"
    path.write_text(PROGRAM, "utf-8")
    return path


@pytest.fixture(scope="module")
def here(program):
    """What it prints here."""
    return printed([sys.executable, program])


@pytest.fixture(scope="module")
def pyodide(program):
    """What it prints in Pyodide."""
    if NODE is None:
        pytest.skip("Node.js, which runs Pyodide, is not installed")
    if not (PYODIDE / "pyodide.mjs").exists():
        pytest.skip("Pyodide is not here: npm install pyodide, or VERYPOORCNN_PYODIDE=its folder")
    return printed([NODE, HERE / "pyodide.mjs", PYODIDE, ROOT, program])


@pytest.fixture(scope="module")
def pypy(program):
    """What it prints under PyPy."""
    if not is_pypy(PYPY):
        pytest.skip("PyPy for Python 3.11 or later is not here; VERYPOORCNN_PYPY says where it is")
    return printed([PYPY, program])


def printed(command):
    """What a program prints as JSON."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "VERYPOORCNN_CACHE": "off"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@cache
def is_pypy(command):
    """Whether it is one that the package can run on."""
    question = "import sys; print(sys.implementation.name, sys.version_info >= (3, 11))"
    try:
        done = subprocess.run([command, "-c", question], capture_output=True, text=True)
    except OSError:
        return False
    return done.stdout.split() == ["pypy", "True"]


def test_in_pyodide_auto_takes_python(pyodide):
    assert (pyodide["platform"], pyodide["auto"]) == ("emscripten", "python")


def test_in_pyodide_specialised_python_gives_the_bits_of_the_textbook(pyodide):
    assert pyodide["python"] == pyodide["textbook"]


def test_pyodide_gives_what_cpython_gives_but_for_the_last_bit_of_exp_log_and_cos(pyodide, here):
    for part in ("start", "python"):
        pairs = zip(numbers(pyodide[part]), numbers(here[part]), strict=True)
        assert all(abs(a - b) <= 1e-12 * (1 + abs(b)) for a, b in pairs)


def test_under_pypy_every_engine_gives_the_bits_of_cpython(pypy, here):
    assert "python" in pypy
    assert pypy == here


def numbers(found):
    """All numbers in dictionaries and lists."""
    if isinstance(found, float):
        return [found]
    values = found.values() if isinstance(found, dict) else found
    return [number for value in values for number in numbers(value)]
