"""The textbook keeps to the subset of Python that docs/subset.md describes."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from pathlib import Path
from types import FunctionType

import pytest

import verypoorcnn.textbook
from tests.subset import refusals
from verypoorcnn.compiler.loops import Array, Scalar
from verypoorcnn.compiler.source import SubsetError, read

ROOT = Path(__file__).parent.parent
CHAPTERS = sorted((ROOT / "verypoorcnn/textbook").glob("*.py"))
EXAMPLES = re.findall(r"```python\n(.*?)```", (ROOT / "docs/subset.md").read_text("utf-8"), re.S)


def functions() -> list[FunctionType]:
    """Every textbook function, as it is imported."""
    names = [m.name for m in pkgutil.iter_modules(verypoorcnn.textbook.__path__)]
    chapters = [importlib.import_module(f"verypoorcnn.textbook.{name}") for name in names]
    return [f for chapter in chapters for f in vars(chapter).values() if type(f) is FunctionType]


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_every_chapter_is_within_the_subset(chapter):
    assert refusals(chapter.read_text("utf-8")) == []


def test_the_checker_has_read_every_function():
    read = [
        statement.name
        for chapter in CHAPTERS
        for statement in ast.parse(chapter.read_text("utf-8")).body
        if isinstance(statement, ast.FunctionDef)
    ]
    assert sorted(read) == sorted(function.__name__ for function in functions())
    assert len(read) >= 25


@pytest.mark.parametrize("function", functions(), ids=lambda function: function.__name__)
def test_every_function_names_the_shapes_of_its_lists(function):
    assert "Shapes: " in function.__doc__


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.partition("(")[0][-20:])
def test_the_examples_in_the_documentation_are_within_the_subset(example):
    assert refusals(example) == []


def test_the_documentation_has_examples():
    assert len(EXAMPLES) >= 6


FUNCTION = """
def example(images, inputs, outputs, targets, size, rate):
    for s in range(len(outputs)):
        total = 0.0
        for d in range(len(inputs[s])):
            m = d * size + 1
            {}
        outputs[s] = total * rate * images[s][0][0]
        if targets[s] == 1.0:
            outputs[s] = 0.0
"""
FIRST_LINE = 7  # of what is filled in


def refused(*lines: str) -> list[str]:
    return [str(refusal) for refusal in refusals(FUNCTION.format("\n            ".join(lines)))]


ALLOWED = [
    ["total += inputs[s][d]"],
    ["last = size - 1", "if d <= last:", "    total = 0.0"],
    ["if size == 2:", "    total = 0.0"],
    ["total = max(total, min(inputs[s][d], 1.0))"],
    ["total -= exp(-inputs[s][d]) / sqrt(log(rate))"],
    ["total = total / (size * size)"],
    ["total += inputs[s][d] / len(inputs[s])"],
    ["total += inputs[s][m - 2 * (size - 1) * d]"],
    ["for i in range(1, size + 1):", "    total += images[s][d][i]"],
    [
        "for i in range(size):",
        "    y = i + m",
        "    if 0 <= y < len(images[s]):",
        "        total *= 2.0",
    ],
    ["for i in range(size):", "    y = i", "for i in range(size):", "    y = i"],
    ["if targets[s] == d and total > 0.0 or total != inputs[s][d]:", "    total = 0.0"],
    [
        "if m < size:",
        "    total = 0.0",
        "elif m == size:",
        "    total = 1.0",
        "else:",
        "    total = 2.0",
    ],
    ["half = total / 2.0", "half = half * half", "total += half"],
]


@pytest.mark.parametrize("lines", ALLOWED, ids=lambda lines: lines[0])
def test_allowed(lines):
    assert refused(*lines) == []


REFUSED = [
    # loops
    ("while total < 1.0: total += 1.0", "while total < 1.0:", "for name in range"),
    ("for x in inputs[s]: total += x", "for x in inputs[s]:", "for name in range"),
    ("for i, x in enumerate(inputs[s]): total += x", "for i, x in enum", "for name in range"),
    ("for a, b in zip(inputs[s], outputs): total += a", "for a, b in zip", "for name in range"),
    ("for i in range(size, 0, -1): total += 1.0", "range(size, 0, -1)", "a step into the index"),
    ("for i in range(0, size, 2): total += 1.0", "range(0, size, 2)", "a step into the index"),
    ("for i in range(d): total += 1.0", "d", "the same bound in every pass"),
    ("for i in range(total): total += 1.0", "total", "an integer is needed"),
    ("for s in range(size): total += 1.0", "for s in range", "'s' means something else"),
    ("for rate in range(size): total += 1.0", "for rate in", "'rate' means something else"),
    ("for i in range(size): break", "break", "behind an `if`"),
    ("for i in range(size): continue", "continue", "behind an `if`"),
    ("for i in range(size): pass", "pass", "leave out"),
    ("for i in range(stop=size): total += 1.0", "range(stop=size)", "range(start, stop)"),
    ("total += sum(x * x for x in inputs[s])", "sum(", "only len, max, min"),
    ("total += [x for x in inputs[s]][0]", "[x for x in inputs[s]]", "with `for`"),
    ("total += (x for x in inputs[s])", "(x for x in inputs[s])", "a local total"),
    # numbers and integers
    ("count = 0; count += 1", "count += 1", "begin a total with a point: 0.0"),
    ("count = 0; count = total", "count = total", "write numbers with a point: 0.0"),
    ("total = 0", "total = 0", "write numbers with a point: 0.0"),
    ("m = d", "m = d", "integers are given once"),
    ("d += 1", "d += 1", "integers are given once"),
    ("d = 1.0", "d = 1.0", "integers are given once"),
    ("total += 1", "1", "with a point"),
    ("total += 1 - rate", "1", "with a point"),
    ("total = max(0, total)", "0", "with a point"),
    ("total = max(m, total)", "m", "with a point"),
    ("outputs[s] = 0", "outputs[s] = 0", "with a point: 0.0"),
    ("total += 0.5 * d", "d", "a loop variable is only compared"),
    ("total += exp(m)", "m", "with a point"),
    ("total //= 2.0", "total //= 2.0", "shape of an array"),
    ("total **= 2.0", "total **= 2.0", "multiply, or use sqrt"),
    ("total %= 2.0", "total %= 2.0", "shape of an array"),
    ("total += rate ** 2.0", "rate ** 2.0", "multiply, or use sqrt"),
    ("total += inputs[s][d // 2]", "d // 2", "shape of an array"),
    ("total += inputs[s][d % 2]", "d % 2", "shape of an array"),
    ("total += inputs[s][s * d]", "s * d", "times a size, not times another"),
    ("total += inputs[s][d / 2]", "2", "with a point"),
    ("total += inputs[s][rate * 0.5]", "rate * 0.5", "an integer is needed"),
    ("total += inputs[s][targets[s]]", "targets[s]", "an integer is needed"),
    ("total += True", "True", "integers and numbers with a point"),
    ("total += 2j", "2j", "integers and numbers with a point"),
    ("total += None", "None", "integers and numbers with a point"),
    # lists and indices
    ("row = inputs[s]", "row = inputs[s]", "write the indices out"),
    ("total += inputs[s]", "inputs[s]", "1 more indices"),
    ("inputs[s] = 0.0", "inputs[s]", "1 more indices"),
    ("images[s] += 1.0", "images[s]", "2 more indices"),
    ("total += total[0]", "total[0]", "only arguments are indexed"),
    ("total += len(total)", "total", "only lists have a length"),
    ("total += inputs[s][0:1]", "0:1", "one number at a time"),
    ("total += inputs[s, d]", "(s, d)", "one name, one index"),
    ("total += inputs[s][-1]", "inputs[s][-1]", "from the beginning"),
    ("row = [0.0, 0.0]", "[0.0, 0.0]", "none is made here"),
    ("row = {}", "{}", "is not in the subset"),
    ("outputs.append(total)", "outputs.append(total)", "into an argument"),
    # names
    ("total += unknown", "unknown", "not known here"),
    ("rate = 0.1", "rate = 0.1", "an argument is not given anew"),
    ("rate *= 0.5", "rate *= 0.5", "an argument is not given anew"),
    ("size = 2", "size = 2", "an argument is not given anew"),
    ("half = other = 0.5", "half = other = 0.5", "one name"),
    ("half, other = 0.5, 0.5", "(half, other)", "one name"),
    ("half: float = 0.5", "half: float = 0.5", "leave out the annotation"),
    ("total = (half := 0.5)", "(half := 0.5)", "a statement of its own"),
    ("del total", "del total", "is not in the subset"),
    ("global total", "global total", "into an argument"),
    ("nonlocal total", "nonlocal total", "into an argument"),
    # choices
    ("if total: total = 0.0", "total", "compare"),
    ("if not total > 0.0: total = 0.0", "not total > 0.0", "instead of `not`"),
    ("if total is rate: total = 0.0", "total is rate", "of < <= > >= == !="),
    ("if total in inputs: total = 0.0", "total in inputs", "of < <= > >= == !="),
    ("if total == 0: total = 1.0", "0", "with a point"),
    ("if inputs == outputs: total = 1.0", "inputs", "more indices"),
    ("if d < 3 and inputs[s][d] > 0.0: total = 0.0", "d < 3 and", "an outer `if`"),
    ("total = 1.0 if total > 1.0 else total", "1.0 if", "as statements"),
    ("total = total > 1.0", "total > 1.0", "only after `if`"),
    ("total = total > 1.0 and rate > 1.0", "total > 1.0 and rate > 1.0", "only after `if`"),
    ("total = abs(total)", "abs(total)", "only len, max, min"),
    ("total = float(d)", "float(d)", "only len, max, min"),
    ("total = max(total, rate, 0.0)", "max(total, rate, 0.0)", "max takes 2"),
    ("total = max(inputs[s])", "max(inputs[s])", "max takes 2"),
    ("total = max(total, rate, key=abs)", "max(total, rate, key=abs)", "max takes 2"),
    ("total = max(*inputs)", "max(*inputs)", "max takes 2"),
    ("total = math.exp(total)", "math.exp", "write the name alone"),
    ("total = range(3)", "range(3)", "range after `for`"),
    ("total = +total", "+total", "only −"),
    # everything else
    ("return", "return", "into an argument"),
    ("return total", "return total", "into an argument"),
    ("total = yield rate", "(yield rate)", "is not in the subset"),
    ("print(total)", "print(total)", "into an argument"),
    ("'a comment'", "'a comment'", "use a # comment"),
    ("total", "total", "does nothing"),
    ("total += (lambda x: x)(rate)", "(lambda x: x)(rate)", "only len, max, min"),
    ("half = lambda x: x", "lambda x: x", "no function inside"),
    ("import math", "import math", "at the top of the file"),
    ("from math import exp", "from math import exp", "at the top of the file"),
    ("assert total > 0.0", "assert total > 0.0", "before the function is called"),
    ("raise ValueError", "raise ValueError", "before the function is called"),
    ("with rate: total = 0.0", "with rate:", "before the function is called"),
    ("class Half: size = 2", "class Half:", "is not in the subset"),
    ("def half(x): x = 2.0", "def half(x):", "no function inside"),
    ("total += f'{rate}'", "f'{rate}'", "is not in the subset"),
]


@pytest.mark.parametrize(("line", "text", "advice"), REFUSED, ids=[case[0] for case in REFUSED])
def test_refused_with_line_construct_and_advice(line, text, advice):
    found = refused("total += 1.0", line)
    expected = re.compile(re.escape(f"line {FIRST_LINE + 1}: {text}") + ".*" + re.escape(advice))
    assert any(expected.match(refusal) for refusal in found), found


def test_refused_try():
    (refusal,) = refused("try:", "    total += 1.0", "finally:", "    total = 0.0")
    assert refusal == f"line {FIRST_LINE}: try:: check before the function is called"


def test_refused_else_of_a_loop():
    (refusal,) = refused("for i in range(size):", "    total += 1.0", "else:", "    total = 0.0")
    assert "a loop has no `else`" in refusal


def test_a_name_lasts_to_the_end_of_its_block():
    choice = ["if total > 0.0:", "    half = 0.5", "else:", "    half = 0.25", "total += half"]
    assert refused(*choice) == [
        f"line {FIRST_LINE + 4}: half: not known here: a name lasts to the end of its block"
    ]
    assert refused("half = 0.0", *choice) == []
    assert "line 8: i: not known" in refused("for i in range(size): total += 1.0", "total += i")[0]


@pytest.mark.parametrize(
    "signature",
    ["(x=1.0)", "(*x)", "(**x)", "(*, x)", "(x, /)", "(x: float)", "(x) -> None"],
)
def test_refused_signatures(signature):
    assert len(refusals(f"def example{signature}:\n    'Nothing.'")) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "import math",
        "import numpy",
        "from math import floor",
        "from math import exp as e",
        "from math import *",
        "from math import exp\nRATE = 0.1",
        "from math import exp\n'second text'",
        "class Layer: pass",
        "async def example(x): pass",
        "if True:\n    def example(x): pass",
    ],
)
def test_refused_outside_functions(statement):
    (refusal,) = refusals(statement)
    assert refusal.advice == "a chapter holds its text, `from math import …` and functions"


def test_allowed_outside_functions():
    assert refusals("'Text.'\nfrom math import exp, log, sqrt\ndef f(x):\n    'Nothing.'") == []


# The compiler reads all of the subset, and of the rest only what docs/subset.md names.

READ_BESIDES = {
    "for i in range(size): pass",
    "total += 1",
    "total += 1 - rate",
    "total = max(0, total)",
    "total = max(m, total)",
    "outputs[s] = 0",
    "total += 0.5 * d",
    "total += exp(m)",
    "row = inputs[s]",
    "if not total > 0.0: total = 0.0",
    "if total == 0: total = 1.0",
    "if d < 3 and inputs[s][d] > 0.0: total = 0.0",
    "total = 1.0 if total > 1.0 else total",
    "'a comment'",
    "total += inputs[s][size // 2 + size % 2]",
    "total += inputs[s][max(size, 1)]",
}


def of_samples(name, *shape):
    return Array(name, (4, *shape), per_sample=True)


GIVEN = (
    of_samples("images", 6, 6),
    of_samples("inputs", 6),
    of_samples("outputs"),
    of_samples("targets"),
    2,
    Scalar("rate"),
)


def is_read(folder, *lines):
    """Whether the compiler reads these lines."""
    text = FUNCTION.format("\n            ".join(lines))
    path = folder / "chapter.py"
    path.write_text(f"from math import exp, log, sqrt\n{text}", "utf-8")
    names = {}
    try:
        exec(compile(path.read_text("utf-8"), path, "exec"), names)
    except SyntaxError:
        return False
    try:
        read(names["example"], GIVEN)
    except SubsetError:
        return False
    return True


@pytest.mark.parametrize("lines", ALLOWED, ids=lambda lines: lines[0])
def test_the_compiler_reads_all_of_it(lines, tmp_path):
    assert is_read(tmp_path, *lines)


@pytest.mark.parametrize(
    "line", [*dict.fromkeys(case[0] for case in REFUSED), *sorted(READ_BESIDES)]
)
def test_the_compiler_reads_nothing_else_but_what_is_named(line, tmp_path):
    assert refused("total += 1.0", line)
    assert is_read(tmp_path, "total += 1.0", line) == (line in READ_BESIDES)
