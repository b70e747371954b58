"""Machine code from the cache: the same bits as freshly compiled, and never the wrong ones."""

from __future__ import annotations

import importlib.util
import os
import sys
from math import exp
from pathlib import Path
from time import time

import pytest

from tests.engines import random_images
from tests.native import ISAS, MACHINE_CODE, per_sample, shared
from verypoorcnn.compiler import cached, kernel
from verypoorcnn.compiler.arguments import Scalar
from verypoorcnn.compiler.cached import Code, kept_code, machine_code
from verypoorcnn.compiler.vector.layout import Layout
from verypoorcnn.network import Conv2D, Dense, Flatten, MaxPool2D, Network, ReLU
from verypoorcnn.textbook.activation import relu_vectors
from verypoorcnn.textbook.dense import dense, unit_bias_gradient
from verypoorcnn.textbook.optimizer import sgd_vector

SMALL = Network(
    (2, 8, 8),
    (
        Conv2D(filters=3, kernel_size=3, padding=1),
        ReLU(),
        MaxPool2D(pool_size=2),
        Flatten(),
        Dense(units=4),
    ),
)

pytestmark = pytest.mark.skipif(not MACHINE_CODE, reason="no machine code here")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    """A user's cache of its own; here are its entries."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("VERYPOORCNN_CACHE", raising=False)
    monkeypatch.setattr(cached, "LOADED", float("inf"))  # the tests write sources of their own
    for remembered in (cached._compiler, cached._checksum):
        remembered.cache_clear()
    return tmp_path / "verypoorcnn" / cached.FOLDER


@pytest.fixture
def compiled(monkeypatch) -> list[str]:
    """Every time that something is compiled leaves a line."""
    lines, compile_functions = [], kernel.compile_functions

    def counted(functions, *arguments, **options):
        lines.append(" ".join(function.name for function in functions))
        return compile_functions(functions, *arguments, **options)

    monkeypatch.setattr(kernel, "compile_functions", counted)
    return lines


def dense_code(units=3, isa=None, layout=None, **options):
    arrays = [per_sample("x", 4), shared("w", units, 4), per_sample("y", units)]
    return machine_code([(dense, arrays)], layout or Layout(), isa or ISAS[0].name, **options)


# What is kept.


def test_the_second_time_nothing_is_compiled(compiled, folder):
    first, second = dense_code(), dense_code()
    assert compiled == ["dense"]
    assert second.executable.size == first.executable.size
    assert second.entry == first.entry
    assert len([*folder.iterdir()]) == 1


def test_it_can_be_switched_off(compiled, folder, monkeypatch):
    monkeypatch.setenv("VERYPOORCNN_CACHE", "off")
    dense_code()
    dense_code()
    assert compiled == ["dense"] * 2
    assert not folder.exists()


@pytest.mark.parametrize("batch_size", [16, 48])
def test_training_and_asking_from_the_cache_gives_the_same_bits(compiled, batch_size):
    from verypoorcnn.engines.native import NativeEngine

    network, images = SMALL, random_images(SMALL, 50)
    results = []
    for _ in range(2):
        engine = NativeEngine(network, network.initial_parameters(3))
        engine.prepare(batch_size)
        trained = engine.train_batches(images, range(50), batch_size, 0.05)
        rows = engine.probabilities(images, range(50))
        results.append((trained, rows, engine.parameters(), engine.gradients(images, range(20))))
        count = len(compiled)
    assert results[0] == results[1]
    assert len(compiled) == count > 0


def test_some_kernels_from_the_cache_and_others_fresh(monkeypatch):
    from verypoorcnn.engines.native import NativeEngine

    network, images = SMALL, random_images(SMALL, 40)

    def engine():
        made = NativeEngine(network, network.initial_parameters(3))
        made.train_batches(images, range(40), 20, 0.05)
        return made

    engine()  # keeps the kernels of training, but not those of asking
    mixed = engine().probabilities(images, range(40))
    monkeypatch.setenv("VERYPOORCNN_CACHE", "off")
    assert mixed == engine().probabilities(images, range(40))


def test_what_groups_are_added_to_is_known_from_the_cache():
    def sums():
        arrays = [per_sample("g", 5), shared("sum", 5)]
        code = machine_code([(unit_bias_gradient, arrays)], Layout(), ISAS[0].name, groups=True)
        return code.sums == (arrays[1],)

    assert sums()
    assert sums()


def test_the_layout_has_room_for_what_the_code_needs(compiled):
    layouts = Layout(), Layout()
    for layout in layouts:
        dense_code(layout=layout, groups=False)
    assert layouts[0].sizes == layouts[1].sizes
    assert compiled == ["dense"]


# What makes a difference.


def test_every_circumstance_has_code_of_its_own(compiled, folder):
    moved = Layout()
    moved.add([per_sample("other", 7)])
    circumstances = [
        {},
        {"units": 4},
        {"layout": moved},
        {"groups": True},
        {"keep": []},
        *({"isa": isa.name} for isa in ISAS[1:]),
    ]
    for circumstance in circumstances * 2:
        if "layout" in circumstance:
            moved = Layout()
            moved.add([per_sample("other", 7)])
            circumstance = {"layout": moved}
        dense_code(**circumstance)
    assert len(compiled) == len(circumstances) == len([*folder.iterdir()])


def test_names_of_arguments_make_none(compiled):
    for name in "ab":
        vectors = [per_sample(name, 4), per_sample(f"{name}2", 4)]
        machine_code([(relu_vectors, vectors)], Layout(), ISAS[0].name)
    assert compiled == ["relu_vectors"]


def test_the_same_list_given_twice_is_another_thing(compiled):
    one, two = shared("a", 4), shared("b", 4)
    for arrays in ([one, two], [one, one]):
        machine_code([(sgd_vector, [*arrays, Scalar("rate")])], Layout(), ISAS[0].name)
    assert len(compiled) == 2


OWN = "def own(values, results):\n    for s in range(len(values)):\n        results[s] = {}\n"


def own_function(path: Path, body: str, meaning: object = exp):
    """A user's function, in a file of their own."""
    path.write_text(OWN.format(body))
    spec = importlib.util.spec_from_file_location("own_module", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.exp = meaning
    cached._checksum.cache_clear()  # a new process
    return module.own


def own_code(function):
    arrays = [per_sample("values"), per_sample("results")]
    return machine_code([(function, arrays)], Layout(), ISAS[0].name)


def test_another_text_of_a_users_function(compiled, tmp_path):
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    for body in ("2.0 * values[s]", "3.0 * values[s]", "2.0 * values[s]"):
        own_code(own_function(tmp_path / "own.py", body))
    sys.dont_write_bytecode = before
    assert compiled == ["own", "own"]


def test_a_name_that_means_something_else(compiled, tmp_path):
    own_code(own_function(tmp_path / "own.py", "exp(values[s])"))
    impostor = own_function(tmp_path / "own.py", "exp(values[s])", meaning=lambda x: x)
    with pytest.raises(Exception, match="'exp' is not the function of that name here"):
        own_code(impostor)
    assert compiled == ["own"]


def test_a_function_whose_file_is_gone_is_not_kept(folder):
    made = []

    def make():
        made.append(1)
        return Code(b"\xc3", 0, {})

    names = {}
    exec(compile(OWN.format("values[s]"), "<console>", "exec"), names)
    sources = cached._called([(names["own"], [])], [])
    assert sources is None
    for _ in range(2):
        kept_code([], sources, make)
    assert made == [1, 1]
    assert not folder.exists()


@pytest.mark.parametrize("changed", ["_compiler", "version"])
def test_another_compiler_or_python(compiled, monkeypatch, changed):
    dense_code()
    if changed == "version":
        monkeypatch.setattr(sys, "version", "4.0.0")
    else:
        monkeypatch.setattr(cached, "_compiler", lambda: "another")
    dense_code()
    assert len(compiled) == 2


def test_a_compiler_whose_source_is_not_at_hand_keeps_nothing(compiled, folder, monkeypatch):
    monkeypatch.setattr(cached, "_compiler", lambda: None)
    dense_code()
    dense_code()
    assert len(compiled) == 2
    assert not folder.exists()


@pytest.fixture
def looks_again():
    """Forgets what was found out about sources; called once more at the end."""

    def forget():
        cached._compiler.cache_clear()
        cached._checksum.cache_clear()

    forget()
    yield forget
    forget()


def test_a_compiler_that_was_changed_while_it_runs_keeps_nothing(
    compiled, folder, monkeypatch, looks_again
):
    youngest = max(path.stat().st_mtime for path in Path(cached.__file__).parent.rglob("*.py"))
    monkeypatch.setattr(cached, "LOADED", youngest - 1)
    dense_code()
    assert not folder.exists()
    looks_again()
    monkeypatch.setattr(cached, "LOADED", time())
    dense_code()
    assert folder.exists()


def test_a_function_that_was_changed_while_the_program_runs_is_not_kept(
    compiled, tmp_path, folder, monkeypatch
):
    function = own_function(tmp_path / "own.py", "2.0 * values[s]")
    monkeypatch.setattr(cached, "LOADED", (tmp_path / "own.py").stat().st_mtime - 1)
    own_code(function)
    assert not folder.exists()


def test_a_compiler_is_known_by_all_its_files(tmp_path, monkeypatch):
    for name in ("a.py", "inner/b.py", "inner/c.txt", "__pycache__/a.pyc"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(cached, "__file__", str(tmp_path / "cached.py"))

    def known():
        cached._compiler.cache_clear()
        return cached._compiler()

    try:
        first = known()
        (tmp_path / "inner/c.txt").write_text("changed")
        (tmp_path / "__pycache__/a.pyc").write_text("changed")
        assert known() == first
        os.utime(tmp_path / "inner/b.py", (1, 1))  # as large, but of another time
        second = known()
        (tmp_path / "inner/b.py").write_text("longer")
        os.utime(tmp_path / "inner/b.py", (1, 1))
        third = known()
        (tmp_path / "inner/b.py").rename(tmp_path / "inner/d.py")
        assert len({first, second, third, known()}) == 4
    finally:
        cached._compiler.cache_clear()


# Damage.


@pytest.mark.parametrize("position", [0, 40, 200, -1])
def test_damaged_code_never_runs(compiled, folder, position):
    dense_code()
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    content = bytearray(whole)
    content[position] ^= 0x10
    path.write_bytes(content)
    dense_code()
    assert len(compiled) == 2
    assert path.read_bytes() == whole  # written again
    path.write_bytes(whole[: len(whole) // 2])
    dense_code()
    assert len(compiled) == 3


@pytest.mark.parametrize("facts", [{}, {"entry": -1, "more": {}}, {"entry": 99, "more": {}}, []])
def test_an_entry_that_says_nonsense(folder, facts):
    from verypoorcnn.files.cache import Cache, Entry

    kept_code(["f"], [], lambda: Code(b"\xc3", 0, {}))
    (path,) = folder.iterdir()
    Cache(folder).put(path.stem, Entry(facts, b"\x90\xc3"))
    assert kept_code(["f"], [], lambda: Code(b"\xc3", 0, {})) == Code(b"\xc3", 0, {})
