"""`verypoorcnn.compiler.compile`: loops of one's own, by every back end as CPython runs them."""

from __future__ import annotations

import importlib.util
import re
from array import array
from copy import deepcopy
from math import exp
from random import Random
from typing import Any

import pytest

from tests.commands import ROOT
from verypoorcnn.compiler import compile
from verypoorcnn.compiler.native.x86.cpu import VARIABLE, support
from verypoorcnn.compiler.own import Compiled
from verypoorcnn.errors import UserError

machine_code = pytest.mark.skipif(support().isa is None, reason="machine code cannot run here")
NATIVE = pytest.param("native", marks=machine_code)
BACKENDS = (NATIVE, "python", "interpreter")
COUNTS = (1, 3, 16, 17, 40)


def smooth(signals, results, gain, width):
    for s in range(len(signals)):
        for i in range(width, len(signals[s]) - width):
            total = 0.0
            for k in range(2 * width + 1):
                total += signals[s][i + k - width]
            results[s][i] = gain * total


def column_sums(signals, sums):
    for k in range(len(sums)):
        total = 0.0
        for s in range(len(signals)):
            total += signals[s][k]
        sums[k] = total


def more_column_sums(signals, sums):
    for s in range(len(signals)):
        for k in range(len(sums)):
            sums[k] += signals[s][k]


def some_column_sums(signals, sums):
    sums[0] = 0.0
    for s in range(len(signals)):
        for k in range(len(sums)):
            sums[k] += signals[s][k]


def means(signals, sums):
    for k in range(len(sums)):
        total = 0.0
        for s in range(len(signals)):
            total += signals[s][k]
        sums[k] = total / len(signals)


def halved_sums(signals, sums):
    for k in range(len(sums)):
        total = 0.0
        for s in range(len(signals)):
            total += signals[s][k]
        sums[k] = total / 2.0


def counts(signals, rates, totals):
    count = 0.0
    for _s in range(len(signals)):
        count += 1.0
    totals[0] = count
    totals[1] = 0.0
    for _s in range(len(signals)):
        totals[1] += rates[0] * rates[1]


def first_of_all(signals, sums):
    for s in range(len(signals)):
        if s == 0:
            signals[s][0] = 1.0


def own_numbers(signals, sums):
    for s in range(len(signals)):
        if signals[s][0] < s:
            signals[s][0] = 1.0


def sixteen(signals, sums):
    for s in range(16):
        sums[0] += signals[s][0]


def second(signals, sums):
    sums[0] = signals[1][0]


def to_each(signals, sums):
    for s in range(len(signals)):
        sums[s] += signals[s][0]


def all_with_all(signals, sums):
    for _r in range(len(signals)):
        for s in range(len(signals)):
            signals[s][0] *= 0.5


def second_loop(signals, sums):
    for s in range(len(signals)):
        signals[s][0] = 1.0
    for s in range(len(signals)):
        signals[s][1] = 0.5 * s


def largest_of_all(signals, sums):
    largest = 0.0
    for s in range(len(signals)):
        largest = max(largest, signals[s][0])
    sums[0] = largest


def sigmoid(values, results):
    for i in range(len(values)):
        for j in range(len(values[i])):
            results[i][j] = 1.0 / (1.0 + exp(-values[i][j]))


def lengths(signals, squares):
    for s in range(len(signals)):
        squares[s] = 0.0
        for i in range(len(signals[s])):
            squares[s] += signals[s][i] * signals[s][i]


def numbers(*shape: int) -> Any:
    random = Random(str(shape))
    if not shape:
        return random.uniform(-2, 2)

    def nested(sizes):
        return [nested(sizes[1:]) for _ in range(sizes[0])] if sizes else random.uniform(-2, 2)

    return nested(shape)


def check(compiled: Compiled, *values: Any) -> None:
    """Bits where Python computes, float32 where machine code does; nothing else is touched."""
    expected, got = deepcopy(values), deepcopy(values)
    compiled.function(*expected)
    compiled(*got)
    if compiled.backend == "native":
        pairs = zip(flat(got), flat(expected), strict=True)
        assert max(abs(a - b) / (1 + abs(b)) for a, b in pairs) < 1e-5
    else:
        assert got == expected


def flat(value):
    if isinstance(value, float | int):
        yield value
    else:
        for element in value:
            yield from flat(element)


SIGNALS = {"signals": (9,), "results": (9,), "width": 1}


@pytest.mark.parametrize("backend", BACKENDS)
def test_samples_in_any_number(backend):
    compiled = compile(smooth, SIGNALS, samples=["signals", "results"], backend=backend)
    assert compiled.backend == backend
    for count in COUNTS:
        check(compiled, numbers(count, 9), numbers(count, 9), 0.5, 1)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("function", [column_sums, more_column_sums])
def test_sums_over_samples(backend, function):
    shapes = {"signals": (5,), "sums": (5,)}
    compiled = compile(function, shapes, samples=["signals"], backend=backend)
    for count in COUNTS:
        check(compiled, numbers(count, 5), numbers(5))


@pytest.mark.parametrize("backend", BACKENDS)
def test_without_samples(backend):
    compiled = compile(sigmoid, {"values": (3, 5), "results": (3, 5)}, backend=backend)
    check(compiled, numbers(3, 5), numbers(3, 5))


@pytest.mark.parametrize("backend", BACKENDS)
def test_one_number_for_each_sample(backend):
    shapes = {"signals": (4,), "squares": ()}
    compiled = compile(lengths, shapes, samples=["signals", "squares"], backend=backend)
    for count in COUNTS:
        check(compiled, numbers(count, 4), numbers(count))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("typecode", "df")
def test_flat_arrays(backend, typecode):
    compiled = compile(smooth, SIGNALS, samples=["signals", "results"], backend=backend)
    signals, results = array(typecode, range(18)), array(typecode, [7.0] * 18)
    compiled(signals, results, 1.0, 1)
    middle = [3.0 * i for i in range(1, 8)]
    assert results.tolist() == [7.0, *middle, 7.0, 7.0, *(27 + n for n in middle), 7.0]
    assert signals.tolist() == [*range(18)]


@machine_code
def test_auto_takes_machine_code_and_python_where_that_is_refused():
    shapes = {"signals": (5,), "sums": (5,)}
    compiled = compile(halved_sums, shapes, samples=["signals"])
    check(compiled, numbers(16, 5), numbers(5))
    assert compiled.backend == "native"
    check(compiled, numbers(20, 5), numbers(5))
    assert compiled.backend == "python"
    assert "not native: " in compiled.reason


@pytest.mark.parametrize("backend", BACKENDS)
def test_samples_are_counted(backend):
    shapes = {"signals": (), "rates": (2,), "totals": (2,)}
    compiled = compile(counts, shapes, samples=["signals"], backend=backend)
    for count in COUNTS:
        check(compiled, numbers(count), numbers(2), [7.0, 7.0])


@machine_code
@pytest.mark.parametrize(
    ("function", "what"),
    [
        (means, r":\d+: the number of samples is used otherwise than .*; give it to the function"),
        (first_of_all, r":\d+: the sample's number s is compared or computed with; give what"),
        (own_numbers, r":\d+: the sample's number s is compared or computed with; give what"),
        (sixteen, r":\d+: the loop over s does not go over all samples of signals; write for s"),
        (second, r":\d+: the sample of signals\[1, …\] is no loop's variable; write signals\[s\]"),
        (to_each, r":\d+: sums\[s\]: s is the number of a sample; it can only be the first index"),
        (
            all_with_all,
            r":\d+: s goes over all samples for every sample; .*: add up over them in a l",
        ),
        (second_loop, r":\d+: the sample's number s is compared or computed with; give what"),
        (largest_of_all, r":\d+: 'largest' goes from one sample to the next; only a sum can"),
    ],
)
def test_what_depends_on_which_sample_it_is_runs_as_python(function, what):
    shapes = {"signals": (20,), "sums": (20,)}
    with pytest.raises(UserError, match=re.escape(__file__) + what):
        compile(function, shapes, samples=["signals"], backend="native")
    compiled = compile(function, shapes, samples=["signals"])
    assert compiled.backend == "python"
    check(compiled, numbers(16, 20), numbers(20))


@machine_code
def test_sums_that_begin_in_two_ways_are_refused_for_many_samples():
    shapes = {"signals": (5,), "sums": (5,)}
    compiled = compile(some_column_sums, shapes, samples=["signals"], backend="native")
    check(compiled, numbers(16, 5), numbers(5))
    with pytest.raises(UserError, match=r"own.py:\d+: only some elements of sums are gi"):
        compiled(numbers(17, 5), numbers(5))
    check(compile(some_column_sums, shapes, samples=["signals"]), numbers(17, 5), numbers(5))


def test_auto_says_why_it_is_not_machine_code(monkeypatch):
    monkeypatch.setenv(VARIABLE, "none")
    compiled = compile(sigmoid, {"values": (3, 5), "results": (3, 5)})
    assert (compiled.backend, compiled.reason) == (
        "python",
        f"not native: {VARIABLE}=none forbids machine code",
    )
    with pytest.raises(UserError, match="forbids machine code"):
        compile(sigmoid, {"values": (3, 5), "results": (3, 5)}, backend="native")


def test_show():
    compiled = compile(sigmoid, {"values": (3, 5), "results": (3, 5)}, backend="python")
    assert "results[i, j] = 1.0 / (1.0 + exp(-values[i, j]))" in compiled.show("loops")
    with pytest.raises(UserError, match="did you mean 'loops'"):
        compiled.show("loop")


# Mistakes.


def outside(values):
    for i in range(len(values)):
        values[i + 1] = 0.0


def nothing():
    pass


def leaves_the_subset(values):
    for value in values:
        value *= 2.0


LENGTHS = {"signals": (4,), "squares": ()}


@pytest.mark.parametrize(
    ("function", "shapes", "options", "reason"),
    [
        (sigmoid, {"value": (3, 5)}, {}, "shapes: there is no list 'value'; did you mean 'values'"),
        (sigmoid, {"values": (3, 0)}, {}, r"the shape of values is \(3, 0\); give whole numbers"),
        (sigmoid, {"values": ()}, {}, "values has no index; leave out numbers that are no list"),
        (sigmoid, {"values": 4}, {}, r"values is a list; give its shape: {'values': \(4,\)}"),
        (
            sigmoid,
            {"values": (3, 5)},
            {},
            r"results is a list; give its shape: {'results': \(…,\)}",
        ),
        (
            sigmoid,
            {"values": (3, True)},
            {},
            r"values is \(3, True\); give whole numbers from 1 on",
        ),
        (sigmoid, {"values": True}, {}, "values is True; give a tuple of sizes, or a whole number"),
        (
            smooth,
            {**SIGNALS, "gain": 2.5},
            {},
            "gain is 2.5; give a tuple .* or a whole number; lea",
        ),
        (sigmoid, {"values": "4"}, {}, "values is '4'; give a tuple of sizes"),
        (sigmoid, None, {}, "shapes is None; give a dict"),
        (nothing, {"x": (4,)}, {}, "shapes: there is no list 'x'; there is none at all"),
        (lengths, LENGTHS, {"samples": ["signal"]}, "samples: there is no list 'signal'; did you"),
        (lengths, LENGTHS, {"samples": "signals"}, "samples is 'signals'; give a list of names"),
        (lengths, LENGTHS, {"samples": None}, "samples is None; give a list of names"),
        (
            lengths,
            {"signals": (4,), "squares": (4,)},
            {"samples": ["signals"]},
            r":\d+: .* squares\[s\], whose index 1 is s, a sample's number; name squares among",
        ),
        (outside, {"values": (3,)}, {"backend": "c"}, "backend: 'c'; choose from"),
        (outside, {"values": (3,)}, {}, "test_compile_own.py:.*: an index leaves its list"),
        (leaves_the_subset, {"values": (3,)}, {}, "only 'for name in range"),
    ],
)
def test_what_cannot_be_compiled(function, shapes, options, reason):
    with pytest.raises(UserError, match=reason):
        compile(function, shapes, **options)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([[[1.0] * 9], [[1.0] * 9], 1.0], "3 values given; give signals, results, gain, width"),
        ([[[1.0] * 9], [[1.0] * 9], 1.0, 2], "width is 2 where it was compiled for 1"),
        ([[[1.0] * 8], [[1.0] * 9], 1.0, 1], "signals has 8 at index 2 where it .* for 1×9"),
        ([[1.0] * 9, [[1.0] * 9], 1.0, 1], "different numbers of samples: 1 in results, 9 in sig"),
        ([[1.0], [[1.0] * 9], 1.0, 1], "signals has 1.0 at index 2"),
        ([1.0, [[1.0] * 9], 1.0, 1], "signals is 1.0; give a list"),
        ([array("d", [1.0] * 8), [[1.0] * 9], 1.0, 1], "signals has 8 numbers where"),
    ],
)
def test_what_it_cannot_be_called_with(values, reason):
    compiled = compile(smooth, SIGNALS, samples=["signals", "results"], backend="interpreter")
    with pytest.raises(UserError, match=reason):
        compiled(*values)


def test_it_is_called_by_names_as_by_places():
    compiled = compile(smooth, SIGNALS, samples=["signals", "results"], backend="interpreter")
    signals, places = [[float(k * k) for k in range(9)]], [[0.0] * 9]
    compiled(signals, places, 2.0, 1)
    assert places != [[0.0] * 9]
    for values in ([], [signals]):
        names = [[0.0] * 9]
        given = {"width": 1, "results": names, "gain": 2.0} | (
            {} if values else {"signals": signals}
        )
        compiled(*values, **given)
        assert names == places


@pytest.mark.parametrize(
    ("values", "named", "reason"),
    [
        ([1], {"signals": 1, "results": 1, "gain": 1}, "signals is given twice; give it once"),
        ([], {"result": 1}, "there is no parameter 'result'; did you mean 'results'"),
        ([1, 1], {"width": 1}, "3 values given; give signals, results, gain, width"),
        ([1] * 5, {"width": 1}, "width is given twice"),
    ],
)
def test_what_names_it_cannot_be_called_with(values, named, reason):
    compiled = compile(smooth, SIGNALS, samples=["signals", "results"], backend="interpreter")
    with pytest.raises(UserError, match=f"^smooth: {reason}"):
        compiled(*values, **named)


def test_the_example_in_the_docs(tmp_path, capsys):
    text = (ROOT / "docs" / "compiler.md").read_text("utf-8")
    (example,) = re.findall(
        r"```python\n(from verypoorcnn.compiler import compile.*?)```", text, re.S
    )
    file = tmp_path / "example.py"  # the compiler reads the source from a file
    file.write_text(example, "utf-8")
    spec = importlib.util.spec_from_file_location("example", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (printed,) = re.findall(r"```python\nfrom .*?```.*?```\n(.*?)```", text, re.S)
    assert capsys.readouterr().out == printed
