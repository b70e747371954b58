"""`bench`: what it prints and keeps.  How long anything takes is nobody's promise here."""

from __future__ import annotations

import json
import os
import sys

import pytest

from tests.commands import run
from verypoorcnn.engines import ENGINES
from verypoorcnn.errors import UserError
from verypoorcnn.training.benchmark import machine, own, rivals, table
from verypoorcnn.training.benchmark.contest import Effort, Side, all_cores, contest, one_core
from verypoorcnn.training.benchmark.experiment import experiments
from verypoorcnn.training.benchmark.goals import Goal, against, text
from verypoorcnn.training.benchmark.limit import training_multiply_adds
from verypoorcnn.training.benchmark.processes import (
    Process,
    Processes,
    alternate,
    available,
    python,
)
from verypoorcnn.training.benchmark.processes import run as run_process
from verypoorcnn.training.benchmark.task import Task

TINY = Effort(rounds=1, seconds=1e-6)
needs_processes = pytest.mark.skipif(not available(), reason="no posix_spawn and wait4 here")


# Contests.


class Clock:
    """Time that passes only when somebody works."""

    def __init__(self):
        self.now = 0.0

    def side(self, name, seconds):
        """Takes so many seconds for a unit; of a list, one round after another."""

        def work(units):
            self.now += units * seconds

        return Side(name, work)


def test_a_contest_gives_seconds_a_unit(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("verypoorcnn.training.benchmark.contest.perf_counter", lambda: clock.now)
    sides = [clock.side("slow", 8.0), clock.side("fast", 0.25)]
    assert contest(sides, Effort(rounds=3, seconds=1.0)) == {"slow": 8.0, "fast": 0.25}


def test_sides_take_turns_and_the_median_counts(monkeypatch):
    clock, turns = Clock(), []
    monkeypatch.setattr("verypoorcnn.training.benchmark.contest.perf_counter", lambda: clock.now)
    pace = iter([1.0, 3.0, 99.0, 5.0])  # to get warm, then three rounds

    def uneven(units):
        turns.append("uneven")
        clock.now += units * next(pace)

    def even(units):
        turns.append("even")
        clock.now += units * 1.0

    sides = [Side("uneven", uneven), Side("even", even)]
    assert contest(sides, Effort(3, 2.0)) == {"uneven": 5.0, "even": 1.0}
    assert turns == ["uneven", "even"] * 4


def test_who_is_very_slow_is_not_asked_again_and_again(monkeypatch):
    clock, counts = Clock(), []
    monkeypatch.setattr("verypoorcnn.training.benchmark.contest.perf_counter", lambda: clock.now)

    def work(units):
        counts.append(units)
        clock.now += 100.0

    assert contest([Side("slow", work)], Effort(7, 1.0)) == {"slow": 100.0}
    assert counts == [1] * 3  # to get warm, and two rounds


def test_short_units_are_done_many_at_a_time(monkeypatch):
    clock, counts = Clock(), []
    monkeypatch.setattr("verypoorcnn.training.benchmark.contest.perf_counter", lambda: clock.now)

    def work(units):
        counts.append(units)
        clock.now += units / 1024

    assert contest([Side("quick", work)], Effort(1, 1.0)) == {"quick": 1 / 1024}
    assert counts[-1] == 1024


def test_all_cores_are_there_within_one():
    if not hasattr(os, "sched_getaffinity"):
        pytest.skip("this system does not say which cores a process uses")
    before = os.sched_getaffinity(0)
    with one_core(), all_cores() as cores:
        assert os.sched_getaffinity(0) >= before
        assert cores >= len(before)
    assert os.sched_getaffinity(0) == before


def test_one_core_is_given_back():
    if not hasattr(os, "sched_getaffinity"):
        pytest.skip("the system lets nobody choose a core")
    before = os.sched_getaffinity(0)
    with one_core() as core:
        assert os.sched_getaffinity(0) == {core}
    assert os.sched_getaffinity(0) == before


# Processes.


@needs_processes
def test_a_process_and_its_memory():
    code = "x = b'x' * 50_000_000\nprint('{\"answer\": 42}')"
    ran = alternate({"large": python("-c", code), "small": python("-c", "print(1)")}, 2)
    assert [process.json for process in ran["large"].all] == [{"answer": 42}] * 2
    assert ran["large"].peak > 50_000_000 > ran["small"].peak > 1_000_000
    assert ran["large"].seconds > 0


@needs_processes
def test_memory_of_the_parent_is_not_counted():
    ballast = b"x" * 100_000_000
    assert run_process(python("-c", "")).peak < len(ballast)


@needs_processes
def test_a_process_that_fails():
    with pytest.raises(UserError, match=r"^bench: .* failed: ValueError: too bad$"):
        run_process(python("-c", "raise ValueError('too bad')"))


# The command.


def test_bench(capsys, tmp_path):
    out = tmp_path / "new" / "bench.json"
    result = run(capsys, "bench", "--own", "--quick", "--json", "--out", out).json
    assert result == json.loads(out.read_text())
    assert result["machine"].keys() == {*machine.description(), "core"}
    assert result["machine"]["python"].endswith(".".join(map(str, sys.version_info[:3])))
    ladder = result["ladder"]
    assert [*ladder["inference"]] == own.names()
    best = ladder["training"].pop("limit", None)
    assert (best is not None) == own.names()[-1].startswith("native")
    assert [*ladder["training"]] == own.names()
    for row in ladder["training"].values():
        assert row["samples_per_second"] == pytest.approx(16 / row["step_seconds"])
        if available():
            assert row["peak_bytes"] > 1_000_000
            assert row["first_step_seconds"] > 0
    for row in ladder["inference"].values():
        assert row.keys() == {"one_image_seconds", "images_per_second"}
        assert min(row.values()) > 0


def test_the_multiply_adds_of_a_step():
    forward, first = 8 * 8 * 4 * 25 + 144 * 32 + 32 * 10, 8 * 8 * 4 * 25
    assert training_multiply_adds(Task().network) == 3 * forward - first == 27_584


def test_every_engine_that_works_here_is_measured():
    works = {name for name, kind in ENGINES.items() if kind.obstacle() is None}
    assert {name.partition(" ")[0] for name in own.names()} == works


def test_an_instruction_set_that_is_asked_for_is_the_only_one(monkeypatch):
    if not any(name.startswith("native") for name in own.names()):
        pytest.skip("no machine code here")
    monkeypatch.setenv("VERYPOORCNN_ISA", "avx2")
    assert own.names()[-1] == "native avx2"
    assert own.names()[-2] == "python"


@pytest.mark.parametrize("name", own.names())
def test_a_side_trains(name):
    task = Task(batch_size=4, samples=9)
    assert task.batches == 2
    assert len(set(task.order)) == 8
    own.training()[name](task).work(3)
    own.inference()[name](task).work(2)


# Goals and the table.


@pytest.fixture
def own_cache(monkeypatch, tmp_path):
    """A user's cache that nobody else has."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "verypoorcnn" / "machine-code"


def test_goals_without_others(capsys, monkeypatch, own_cache):
    monkeypatch.setattr("verypoorcnn.training.benchmark.goals.EPOCH", Task(samples=32))
    ran = run(capsys, "bench", "--goals", "--own", "--quick", "--json", "--data", "sketches")
    goals = {goal["name"]: goal for goal in ran.json["goals"]}
    assert not any("against" in name for name in goals)
    assert goals["one epoch of 60,000 images"]["target"] == 60
    for goal in goals.values():
        assert goal["value"] > 0
        value, target = goal["value"], goal["target"]
        assert goal["reached"] == (value >= target if goal["unit"] == "×" else value <= target)


def test_ratios_should_be_large_and_times_small():
    assert Goal("", 3.5, 3.5, "×", {}).reached
    assert not Goal("", 3.4, 3.5, "×", {}).reached
    assert Goal("", 80, 80, "ms", {}).reached
    assert not Goal("", 81, 80, "ms", {}).reached


def test_goals_as_text():
    lines = text([Goal("speed", 52.31, 48, "×", {}), Goal("memory", 62.2, 40, "MB", {})])
    assert [line.split() for line in lines.splitlines()[1:]] == [
        ["speed", "52.3", "×", "≥", "48", "×", "reached"],
        ["memory", "62.2", "MB", "≤", "40", "MB", "MISSED"],
    ]


def test_a_goal_against_others():
    task, clock = Task(), []
    sides = {"we": Side("we", clock.append), "they": Side("they", clock.append)}
    makers = {"they": lambda _: sides["they"]}
    (goal,) = against("racing", lambda _: sides["we"], makers, task, TINY, {"they": 1, "nobody": 2})
    assert goal.name == "racing, against they"
    assert goal.value == goal.figures["they"] / goal.figures["we"]


SOURCE = '''"""A docstring
of two lines."""

import math  # a comment


def f(x):
    """What it does."""
    # why it does it
    text = """a text
that is no docstring"""
    return g(
        x,

        text)
'''


def test_lines_of_code():
    assert table.lines_of_code(SOURCE) == len(
        ["import", "def", "text =", "that is", "return", "x,", "text)"]
    )


def test_the_table():
    columns = {
        "textbook": {
            "seconds": 105.3,
            "scaled": True,
            "peak_bytes": 23.4e6,
            "accuracy": None,
            "lines": 1234,
            "data": "Fashion-MNIST",
        },
        "PyTorch": {
            "seconds": 4.812,
            "scaled": False,
            "peak_bytes": 326e6,
            "accuracy": 0.7325,
            "lines": 56,
            "data": "sketches",
        },
    }
    lines = table.markdown(columns, 3).splitlines()
    assert lines[0] == "|  | textbook engine | PyTorch |"
    assert lines[2:7] == [
        "| time, whole process | 105 s\\* | 4.81 s |",
        "| memory at its peak | 23 MB | 326 MB |",
        "| test accuracy | – | 73.2 % |",
        "| lines of code | 1,234 | 56 |",
        "| and beneath them | Python | PyTorch |",
    ]
    assert "Data: Fashion-MNIST; sketches." in lines
    assert "one epoch" in lines[-1]


def ran(seconds, peak, **out):
    """A process that printed this."""
    return Process(seconds, peak, f"{json.dumps(out)}\n")


def test_the_table_from_its_processes(capsys, monkeypatch):
    def experiments(source, seeds, engines, epochs=25, scripts=True):
        asked.append((source, [*seeds], engines, epochs, scripts))
        history = [{"seconds": 4.0}]
        if engines == ["textbook"]:
            return {
                "textbook": Processes((ran(6.0, 20_000_000, history=history, data="drawings"),))
            }
        tests = [{"accuracy": 0.7}, {"accuracy": 0.8}]
        both = [
            ran(k, k * 1_000_000, test=test, data="drawings")
            for k, test in enumerate(tests, start=1)
        ]
        first_time = [ran(9, 9_000_000, test=test, data="drawings") for test in tests]
        return {
            "native": Processes(tuple(both)),
            "native, nothing cached": Processes(tuple(first_time)),
        }

    asked = []
    monkeypatch.setattr(table, "experiments", experiments)
    words = "bench", "--table", "--own", "--data", "sketches", "--seeds", 2, "--json"
    columns = run(capsys, *words).json["table"]
    assert asked == [
        ("sketches", [1], ["textbook"], 1, False),
        ("sketches", [1, 2], ["native", "native, nothing cached"], 25, False),
    ]
    assert columns["textbook"]["seconds"] == 6.0 + 24 * 4.0
    assert columns["textbook"]["scaled"]
    assert not columns["native"]["scaled"]
    assert columns["native"]["seconds"] == 1.5
    assert columns["native"]["seconds_nothing_cached"] == 9
    assert [*columns] == ["textbook", "native"]
    assert columns["native"]["peak_bytes"] == 1_500_000
    assert columns["native"]["accuracy"] == pytest.approx(0.75)
    assert columns["native"]["lines"] > columns["textbook"]["lines"] > 300


@needs_processes
def test_the_experiment_as_processes(own_cache):
    engine = own.names()[-1].split()[0]
    sides = [engine, f"{engine}, nothing cached"]
    found = experiments("sketches", [1, 2], sides, 1, scripts=False)
    assert [*found] == sides
    for processes in found.values():
        assert [process.json["seed"] for process in processes.all] == [1, 2]
        assert {process.json["engine"] for process in processes.all} == {engine}
        assert all(len(process.json["history"]) == 1 for process in processes.all)


@needs_processes
def test_a_process_is_told_whether_to_use_the_cache():
    show = python("-c", "import os; print(os.environ['VERYPOORCNN_CACHE'])")
    ran = alternate({"native": show, "native, nothing cached": show}, 1)
    assert [processes.all[0].out for processes in ran.values()] == ["on\n", "off\n"]


@needs_processes
def test_compiling_is_timed_with_nothing_cached(own_cache):
    from verypoorcnn.training.benchmark.goals import compiling

    assert all(goal.value > 0 for goal in compiling(1))
    assert not own_cache.exists()


# Others compute the same.


def test_numpy_gradients_are_the_textbooks():
    np = pytest.importorskip("numpy", reason="it is NumPy's network that is tested")
    from benchmarks.in_numpy import network_of
    from benchmarks.paper_in_numpy import arrays

    task = Task(samples=16)
    engine = ENGINES["textbook"](task.network, task.parameters)
    network = network_of(task)
    images, labels = arrays(task.data)
    rows = network.forward(images)
    assert rows == pytest.approx(np.array(engine.probabilities(task.data, range(16))), abs=1e-6)
    for name, expected in engine.gradients(task.data, range(16)).items():
        found = network.backward(rows, labels)[name].ravel()
        assert found == pytest.approx(np.array(expected.values), rel=1e-4, abs=1e-6), name


def test_a_numpy_step_is_the_textbooks():
    np = pytest.importorskip("numpy", reason="it is NumPy's network that is tested")
    from benchmarks.in_numpy import network_of
    from benchmarks.paper_in_numpy import arrays

    task = Task(samples=12)
    engine = ENGINES["textbook"](task.network, task.parameters)
    network = network_of(task)
    loss = network.step(*arrays(task.data), 0.5)
    assert engine.train_batch(task.data, range(12), 0.5).loss == pytest.approx(loss, rel=1e-5)
    for name, expected in engine.parameters().items():
        found = network.parameters[name].ravel()
        assert found == pytest.approx(np.array(expected.values), abs=1e-5), name


def test_onnx_probabilities_are_the_textbooks():
    np = pytest.importorskip("numpy", reason="onnxruntime computes with its arrays")
    pytest.importorskip("onnx", reason="it writes the model")
    pytest.importorskip("onnxruntime", reason="it runs the model")
    from benchmarks.in_onnxruntime import images_of, model, session

    task = Task(batch_size=8, samples=8)
    engine = ENGINES["textbook"](task.network, task.parameters)
    rows = session(model(task)).run(None, {"v0": images_of(task)})[0]
    assert rows == pytest.approx(np.array(engine.probabilities(task.data, task.order)), abs=1e-6)


@pytest.mark.parametrize("preset", ["paper", "lenet5"])
def test_torch_probabilities_are_the_pythons(preset):
    torch = pytest.importorskip("torch", reason="it is PyTorch's network that is tested")
    from benchmarks.in_pytorch import module_of, tensors_of

    task = Task(preset, batch_size=2, samples=2)
    engine = ENGINES["textbook"](task.network, task.parameters)
    with torch.inference_mode():
        rows = torch.softmax(module_of(task)(tensors_of(task)[0]), 1).tolist()
    for found, expected in zip(rows, engine.probabilities(task.data, [0, 1]), strict=True):
        assert found == pytest.approx(expected, abs=1e-5)


def test_others_are_found_by_what_they_need(monkeypatch):
    from benchmarks import sides

    monkeypatch.setattr(sides, "find_spec", lambda name: None)
    assert sides.training() == sides.inference() == sides.convolution() == sides.scripts() == {}
    monkeypatch.setattr(sides, "find_spec", lambda name: name == "numpy")
    assert [*sides.training()] == [*sides.inference()] == [*sides.scripts()] == ["NumPy"]


def test_without_a_checkout_there_are_no_others(monkeypatch, tmp_path):
    monkeypatch.setattr(rivals, "ROOT", tmp_path)
    assert rivals.checkout() is None
    assert rivals.others("training") == {}
