"""What stands higher imports what stands lower, and nothing needs what is not Python's own."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "verypoorcnn"
MODULES = sorted(PACKAGE.rglob("*.py"))
CHAPTERS = sorted((PACKAGE / "textbook").glob("*.py"))

# From the roof to the ground.  What stands side by side does not import each other.
HOUSE = [
    ("__init__", "__main__"),
    ("cli",),
    ("lab", "report"),
    ("explain",),
    ("interchange",),
    ("training",),
    ("data",),
    ("engines",),
    ("compiler",),
    ("network",),
    ("numbers",),
    ("textbook",),
    ("files",),
    ("errors",),
]
FLOOR = {part: floor for floor, parts in enumerate(reversed(HOUSE)) for part in parts}
ROOF = FLOOR["__init__"]  # where `from verypoorcnn import Model` comes from


def part_of(module: Path) -> str:
    """The part of the house: "data" for verypoorcnn/data/idx.py."""
    return module.relative_to(PACKAGE).with_suffix("").parts[0]


def imports(source: str) -> Iterator[str]:
    """The full name of everything that is imported anywhere, inside functions too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = "." * node.level + (node.module or "")
            yield from (f"{start}.{name.name}" for name in node.names)


def wrong_imports(part: str, source: str) -> list[str]:
    """Relative imports, and those of the package's own modules that do not go down."""
    wrong = []
    for name in imports(source):
        package, _, inside = name.partition(".")
        other = inside.partition(".")[0]
        own = package == "verypoorcnn" and other not in (part, "__version__")
        if not package or (own and FLOOR.get(other, ROOF) >= FLOOR[part]):
            wrong.append(name)
    return wrong


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down(module):
    assert wrong_imports(part_of(module), module.read_text("utf-8")) == []


def test_every_part_has_its_place_in_the_house():
    assert {part_of(module) for module in MODULES} <= FLOOR.keys()


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_the_textbook_imports_only_math(chapter):
    assert {name.partition(".")[0] for name in imports(chapter.read_text("utf-8"))} <= {"math"}


@pytest.mark.parametrize(
    ("part", "source", "wrong"),
    [
        (
            "network",
            "from verypoorcnn.engines import choose_engine",
            "verypoorcnn.engines.choose_engine",
        ),
        ("network", "def f():\n    import verypoorcnn.cli", "verypoorcnn.cli"),
        ("network", "if x:\n    from verypoorcnn import training", "verypoorcnn.training"),
        ("network", "from verypoorcnn import Model", "verypoorcnn.Model"),
        ("network", "import verypoorcnn", "verypoorcnn"),
        ("network", "from . import layers", "..layers"),
        ("lab", "from verypoorcnn.report import page", "verypoorcnn.report.page"),
        ("errors", "import verypoorcnn.files.tensors", "verypoorcnn.files.tensors"),
        ("data", "import verypoorcnn.novelty", "verypoorcnn.novelty"),
    ],
)
def test_this_file_would_notice(part, source, wrong):
    assert wrong_imports(part, source) == [wrong]


def test_this_file_allows_what_is_right():
    source = (
        "import json\nfrom verypoorcnn import __version__\nfrom verypoorcnn.errors import UserError"
    )
    assert wrong_imports("files", source) == []
    assert wrong_imports("files", "from verypoorcnn.files.atomic import write_atomically") == []


IMPORT_EVERYTHING = """
import importlib, json, pkgutil, sys
sys.path.insert(0, sys.argv[1])
import verypoorcnn
modules = [m.name for m in pkgutil.walk_packages(verypoorcnn.__path__, "verypoorcnn.")]
for name in modules:
    if not name.endswith("__main__"):  # which runs the command line
        importlib.import_module(name)
print(json.dumps([modules, sorted(sys.modules)]))
"""


def test_the_whole_package_imports_with_the_standard_library_alone():
    command = [sys.executable, "-I", "-S", "-W", "error", "-c", IMPORT_EVERYTHING, str(ROOT)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    walked, loaded = json.loads(result.stdout)
    assert len(walked) >= len([m for m in MODULES if m.name != "__init__.py"])
    names = {name.partition(".")[0] for name in loaded}
    foreign = names - sys.stdlib_module_names - {"__main__", "verypoorcnn"}
    assert {name for name in foreign if not name.startswith("_sysconfigdata")} == set()


# What a command imports.  Modules are most of what a short command costs.

LOADED = """
import io, sys
sys.path.insert(0, sys.argv[1])
from verypoorcnn.cli import main
shown, sys.stdout = sys.stdout, io.StringIO()
assert main(sys.argv[2:]) == 0
print("\\n".join(sys.modules), file=shown)
"""
COMPILING = {"kernel", "source", "loops", "schedule", "lowering", "passes", "python"}
HEAVY = {"hashlib", "difflib", "shutil", "subprocess", "random", "socket", "platform"}


def loaded(folder, *words):
    """All modules that a command has loaded; its cache is in this folder."""
    settings = {**os.environ, "XDG_CACHE_HOME": str(folder), "VERYPOORCNN_CACHE": "on"}
    command = [sys.executable, "-I", "-S", "-c", LOADED, str(ROOT), *map(str, words)]
    result = subprocess.run(command, capture_output=True, text=True, env=settings)
    assert result.returncode == 0, result.stderr
    return set(result.stdout.split())


def own(modules):
    """The parts of our package: "cli", "training.run"."""
    return {name.partition(".")[2] for name in modules if name.startswith("verypoorcnn.")}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A model file, and a row of pixels to ask it about; the cache beside them is filled."""
    from verypoorcnn import Model

    folder = tmp_path_factory.mktemp("model")
    Model(engine="textbook").save(folder / "model.safetensors")
    (folder / "row.csv").write_text(",".join("0" * 784))
    loaded(folder, "predict", folder / "model.safetensors", folder / "row.csv")
    return folder


def test_the_overview_loads_nothing_but_itself(tmp_path):
    modules = loaded(tmp_path, "--help")
    assert own(modules) == {"cli", "errors"}
    assert modules & {*HEAVY, "argparse", "dataclasses", "ctypes", "json"} == set()


def test_the_help_of_a_command_loads_no_engine_and_no_network(tmp_path):
    for command in ("train", "predict", "evaluate"):
        modules = loaded(tmp_path, command, "--help")
        assert {name.partition(".")[0] for name in own(modules)} <= {"cli", "errors", "training"}
        assert modules & {*HEAVY, "ctypes"} == set()


def test_predicting_needs_neither_a_compiler_nor_a_training(model):
    modules = loaded(model, "predict", model / "model.safetensors", model / "row.csv")
    if "verypoorcnn.engines.native" not in modules:
        pytest.skip("no machine code here")
    parts = own(modules)
    assert {f"compiler.{name}" for name in COMPILING} & parts == set()
    assert {
        "training.loop",
        "training.settings",
        "training.metrics",
        "data.sources",
    } & parts == set()
    assert modules & HEAVY == set()
    assert not any(name.endswith(("assembler", "x86.registers")) for name in parts)


def test_only_the_engine_that_is_asked_for_is_loaded(model):
    words = "predict", model / "model.safetensors", model / "row.csv", "--engine", "textbook"
    parts = own(loaded(model, *words))
    assert "engines.textbook" in parts
    assert {"engines.native", "engines.python", "compiler"} & parts == set()
