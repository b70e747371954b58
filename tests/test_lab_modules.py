"""The lab's page: its modules that need no browser, tested by Node's own test runner."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

TESTS = Path(__file__).parent / "lab_page"
OLDEST = (20, 19)  # the first version of Node that knows a module by its text


@pytest.fixture(scope="module")
def node() -> str:
    """The program."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("runs the page's modules: install Node.js")
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    if tuple(map(int, version.stdout.strip().lstrip("v").split(".")[:2])) < OLDEST:
        pytest.skip(f"Node.js {version.stdout.strip()} is too old; {OLDEST[0]}.{OLDEST[1]} will do")
    return program


@pytest.mark.parametrize("file", sorted(TESTS.glob("*.test.mjs")), ids=lambda file: file.stem)
def test_modules_of_the_page(node: str, file: Path) -> None:
    command = [node, "--test", "--test-reporter=tap", str(file)]
    done = subprocess.run(command, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"^# pass (\d+)", done.stdout, re.MULTILINE)
    assert passed
    assert int(passed[1]) > 0
