"""How a compiled function is called: by threads, without samples, with what it must not get."""

from __future__ import annotations

import gc
import pickle
import re
import sys
from array import array
from copy import copy, deepcopy
from threading import Thread

import pytest

from tests.test_compile_own import BACKENDS, column_sums, machine_code, sigmoid
from verypoorcnn.compiler import compile
from verypoorcnn.compiler.native.memory import Executable
from verypoorcnn.errors import UserError


def doubled(values, results):
    for s in range(len(values)):
        for i in range(len(values[s])):
            results[s][i] = 2.0 * values[s][i]


def after(values, results):
    for i in range(1, len(values)):
        results[i] = values[i - 1] + 1.0


def products(rows, columns, results):
    for i in range(len(rows)):
        results[i] = rows[i] * columns[i]


def scaled(values, results, rate):
    for i in range(len(values)):
        results[i] = rate * values[i]


PAIRS = {"values": (2,), "results": (2,)}


def pairs(backend="python"):
    """Any number of pairs."""
    return compile(doubled, PAIRS, samples=["values", "results"], backend=backend)


@pytest.fixture
def hasty():
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.parametrize("backend", BACKENDS)
def test_several_threads(hasty, backend):
    compiled, wrong = pairs(backend), []

    def work(number):
        for _ in range(300):
            results = [[0.0, 0.0] for _ in range(20)]
            compiled([[number, -number]] * 20, results)
            wrong.extend(row for row in results if row != [2 * number, -2 * number])

    threads = [Thread(target=work, args=(float(k),)) for k in range(1, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize("backend", BACKENDS)
def test_no_samples(backend):
    results = []
    pairs(backend)([], results)
    assert results == []
    sums = [7.0, 7.0]
    shapes = {"signals": (2,), "sums": (2,)}
    compile(column_sums, shapes, samples=["signals"], backend=backend)([], sums)
    assert sums == [0.0, 0.0]
    empty = array("d")
    pairs(backend)(empty, empty[:])


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("again", [copy, deepcopy, lambda c: pickle.loads(pickle.dumps(c))])
def test_copies_are_compiled_anew(backend, again):
    compiled = again(pairs(backend))
    results = [[0.0, 0.0]]
    compiled([[1.0, 2.0]], results)
    assert results == [[2.0, 4.0]]
    assert compiled.backend == backend


def test_memory_that_was_never_given_is_not_given_back():
    Executable.__new__(Executable)
    gc.collect()  # with an exception in __del__, pytest fails


# What is written is given once.


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_list_that_is_written_is_given_once(backend):
    compiled = compile(after, {"values": (3,), "results": (3,)}, backend=backend)
    for values in ([1.0, 2.0, 3.0], array("d", [1.0, 2.0, 3.0])):
        with pytest.raises(UserError, match="results is written, and shares a list with values; g"):
            compiled(values, values)
        assert [*values] == [1.0, 2.0, 3.0]


def test_a_row_that_is_written_is_given_once():
    row = [1.0, 2.0]
    with pytest.raises(UserError, match="doubled: results is written, and holds a row twice; give"):
        pairs()([[1.0, 2.0], [3.0, 4.0]], [[0.0, 0.0]] * 2)
    with pytest.raises(UserError, match="results is written, and shares a list with values"):
        pairs()([[3.0, 4.0], row], [row, [0.0, 0.0]])
    assert row == [1.0, 2.0]


def test_what_is_only_read_may_be_given_twice():
    shapes = {"rows": (2,), "columns": (2,), "results": (2,)}
    values, results = [3.0, 5.0], [0.0, 0.0]
    compile(products, shapes, backend="python")(values, values, results)
    assert results == [9.0, 25.0]
    rows, results = [values] * 2, [[0.0, 0.0] for _ in range(2)]
    pairs()(rows, results)
    assert results == [[6.0, 10.0]] * 2


# What is no list of numbers.


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([[1.0, 2.0], (0.0, 0.0), 1.0], "results is written, but tuple holds no floats; give a li"),
        ([[1.0, 2.0], array("i", [0, 0]), 1.0], "but array('i') holds no floats; give a list"),
        ([[1.0, 2.0], bytearray(2), 1.0], "but bytearray holds no floats; give a list"),
        ([[1.0, "2"], [0.0, 0.0], 1.0], "values: '2' is no number; give numbers like 1.0"),
        ([[1.0, None], [0.0, 0.0], 1.0], "values: None is no number; give numbers"),
        ([[1.0, 10**400], [0.0, 0.0], 1.0], "values: 1000000000000000000000000000000000000000 is"),
        ([[1.0, 2.0], [0.0, 0.0], "2"], "rate: '2' is no number; give numbers"),
        ([[1.0, 2.0], [0.0, 0.0], None], "rate: None is no number; give numbers"),
        ([[1.0, 2.0], [0.0, 0.0], 10**400], "rate: 10000000"),
        ([[1.0, 2.0], [0.0, 0.0], [1.0]], r"rate: [1.0] is no number; give numbers"),
    ],
)
def test_what_is_no_number_or_cannot_be_written(backend, values, reason):
    compiled = compile(scaled, PAIRS, backend=backend)
    with pytest.raises(UserError, match=re.escape(reason)) as error:
        compiled(*values)
    assert "\n" not in str(error.value)


def test_what_is_only_read_may_be_anything_with_numbers_in_it():
    for values in ((1.0, 2.0), array("i", [1, 2]), range(1, 3), b"\x01\x02"):
        results = [0.0, 0.0]
        compile(scaled, PAIRS, backend="python")(values, results, 3)
        assert results == [3.0, 6.0]


def test_arrays_of_numpy_are_written_too():
    numpy = pytest.importorskip("numpy", reason="its arrays are lists of another kind")
    for count in (0, 3):
        values, results = numpy.full((count, 2), 1.5), numpy.zeros((count, 2))
        pairs()(values, results)
        assert results.tolist() == [[3.0, 3.0]] * count
    with pytest.raises(UserError, match="results is written, and shares a list with values"):
        pairs()(values, values)


# What machine code cannot do.


def times_large(values):
    for i in range(len(values)):
        values[i] = values[i] * 1e39


def plus_small(values):
    for i in range(len(values)):
        values[i] = values[i] + 1e-46


def divided_by_small(values):
    for i in range(len(values)):
        values[i] = values[i] / 1e-40


@machine_code
@pytest.mark.parametrize("function", [times_large, plus_small])
def test_numbers_beyond_float32(function):
    with pytest.raises(UserError, match=r".*\.py:\d+: 1e[-+]\d\d is beyond float32.*python back e"):
        compile(function, {"values": (3,)}, backend="native")
    assert compile(function, {"values": (3,)}).backend == "python"


@machine_code
def test_a_reciprocal_beyond_float32_is_not_taken():
    values = [0.0, 1e-40, -1e-40]
    compile(divided_by_small, {"values": (3,)}, backend="native")(values)
    assert values == pytest.approx([0.0, 1.0, -1.0], rel=1e-4)


@machine_code
def test_lists_beyond_what_instructions_reach():
    shapes = {"values": (10**6, 10**6), "results": (10**6, 10**6)}
    with pytest.raises(UserError, match=r"values ends at byte \d+, and machine code reaches \d+;"):
        compile(sigmoid, shapes, backend="native")
    assert compile(sigmoid, shapes).backend == "python"
