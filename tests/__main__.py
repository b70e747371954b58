"""`python3 -m tests`: set up everything the tests need, and run them.

A virtual environment is made in `.venv` (system Pythons refuse `pip install`), the project and what
its tests call are installed into it, then ruff, mypy and pytest run.  Further arguments go to
pytest: `python3 -m tests -k pooling`.  Tests that need something missing, such as torch, skip and
say so.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import urllib.request
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = ENVIRONMENT / "installed-for"  # the pyproject.toml that was installed
PIP_INDEX = "https://pypi.org/simple/pip/"


def main(arguments: list[str]) -> int:
    """Run every check and return the status of the first that fails."""
    set_up()
    checks = [
        ["ruff", "check"],
        ["ruff", "format", "--check"],
        ["mypy"],
        ["pytest", *arguments],
    ]
    for check in checks:
        print("\n$", *check, flush=True)
        status = subprocess.run([PYTHON, "-m", *check], cwd=ROOT).returncode
        if status:
            return status
    return 0


def set_up() -> None:
    """Make the environment and install the project with its test extra, unless that was done."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    if STAMP.exists() and STAMP.read_text(encoding="utf-8") == project:
        return
    if not PYTHON.exists():
        print(f"making a virtual environment in {ENVIRONMENT.name}", flush=True)
        make_environment()
    print("installing what the tests need", flush=True)
    run(PYTHON, "-m", "pip", "install", "--quiet", "--editable", f"{ROOT}[test]")
    STAMP.write_text(project, encoding="utf-8")


def make_environment() -> None:
    """Some systems ship Python without ensurepip; there pip is fetched from PyPI."""
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        venv.create(ENVIRONMENT, with_pip=False)
        wheel = fetch_pip()
        run(PYTHON, f"{wheel}/pip", "install", "--quiet", "pip")
    else:
        venv.create(ENVIRONMENT, with_pip=True)


def fetch_pip() -> Path:
    """The newest wheel of pip, checked against the index's checksum; a wheel runs as it is."""
    request = urllib.request.Request(
        PIP_INDEX, headers={"Accept": "application/vnd.pypi.simple.v1+json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        files = json.load(answer)["files"]
    newest = [file for file in files if file["filename"].endswith(".whl")][-1]
    with urllib.request.urlopen(newest["url"], timeout=60) as answer:
        data = answer.read()
    if hashlib.sha256(data).hexdigest() != newest["hashes"]["sha256"]:
        sys.exit(f"{newest['url']}: wrong checksum; try again")
    wheel = ENVIRONMENT / newest["filename"]
    wheel.write_bytes(data)
    return wheel


def run(*command: str | Path) -> None:
    """Run a step of the setting up; without it there is no going on."""
    if status := subprocess.run(command, cwd=ROOT).returncode:
        sys.exit(f"{' '.join(map(str, command))} failed with status {status}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
