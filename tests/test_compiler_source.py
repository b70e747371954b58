"""The front end: from source text to the loop IR, and what it refuses."""

from __future__ import annotations

import importlib.util
import re
from functools import lru_cache, partial, wraps
from pathlib import Path

import pytest

from tests.engines import NETWORKS
from verypoorcnn.compiler import compile
from verypoorcnn.compiler.loops import Array, Scalar
from verypoorcnn.compiler.source import SubsetError, read
from verypoorcnn.network.presets import lenet5
from verypoorcnn.network.program import Buffer
from verypoorcnn.network.program import Scalar as ProgramScalar
from verypoorcnn.textbook import activation, convolution, dense, first_step, loss, optimizer

SAMPLES = [Array(name, (2, 3), per_sample=True) for name in ("images", "outputs")]


def test_a_dense_layer():
    inputs, outputs = Array("inputs", (2, 5), True), Array("outputs", (2, 3), True)
    found = read(dense.dense, [inputs, Array("weights", (3, 5)), outputs])
    assert (
        str(found)
        == """\
dense(inputs[2, 5], weights[3, 5], outputs[2, 3]):
    for s in 0..2:
        for k in 0..3:
            total = 0.0
            for d in 0..5:
                total = total + (inputs[s, d] * weights[k, d])
            outputs[s, k] = total"""
    )
    assert found.file == dense.__file__


def test_a_convolution_keeps_its_guards():
    images, maps = Array("images", (2, 1, 4, 4), True), Array("maps", (2, 3, 4, 4), True)
    found = read(convolution.conv2d, [images, Array("kernels", (3, 1, 3, 3)), maps, 1, 1])
    assert (
        str(found)
        == """\
conv2d(images[2, 1, 4, 4], kernels[3, 1, 3, 3], maps[2, 3, 4, 4]):
    for s in 0..2:
        for f in 0..3:
            for i in 0..4:
                for j in 0..4:
                    total = 0.0
                    for c in 0..1:
                        for m in 0..3:
                            if (-i - m + 1 <= 0 and i + m - 5 < 0):
                                for n in 0..3:
                                    if (-j - n + 1 <= 0 and j + n - 5 < 0):
                                        total = total + (images[s, c, i + m - 1, j + n - 1]\
 * kernels[f, c, m, n])
                    maps[s, f, i, j] = total"""
    )


def test_choices_scalars_and_whole_numbers_as_floats():
    labels, targets = Array("labels", (2,), True, "byte"), Array("targets", (2, 3), True)
    assert (
        str(read(first_step.one_hot, [labels, targets]))
        == """\
one_hot(labels[2], targets[2, 3]):
    for s in 0..2:
        for k in 0..3:
            if labels[s] == float(k):
                targets[s, k] = 1.0
            else:
                targets[s, k] = 0.0"""
    )
    values, gradients = Array("values", (4,)), Array("gradients", (4,))
    assert (
        str(read(optimizer.sgd_vector, [values, gradients, Scalar("rate")]))
        == """\
sgd_vector(values[4], gradients[4], rate):
    for k in 0..4:
        values[k] = values[k] - (rate * gradients[k])"""
    )
    assert "values[k] - (0.5 * gradients[k])" in str(
        read(optimizer.sgd_vector, [values, gradients, 0.5])
    )


def test_functions_of_math_and_two_loops_with_one_name():
    logits, probabilities = Array("logits", (1, 2), True), Array("probabilities", (1, 2), True)
    assert (
        str(read(loss.softmax, [logits, probabilities]))
        == """\
softmax(logits[1, 2], probabilities[1, 2]):
    for s in 0..1:
        largest = logits[s, 0]
        for k in 0..2:
            largest = max(largest, logits[s, k])
        total = 0.0
        for k_2 in 0..2:
            probabilities[s, k_2] = exp(logits[s, k_2] - largest)
            total = total + probabilities[s, k_2]
        for k_3 in 0..2:
            probabilities[s, k_3] = probabilities[s, k_3] / total"""
    )


def test_statements_know_their_lines():
    loop = read(activation.relu_vectors, SAMPLES).body[0]
    lines = Path(activation.__file__).read_text("utf-8").split("\n")
    assert lines[loop.line - 1].strip() == "for s in range(len(outputs)):"
    assert lines[loop.body[0].body[0].line - 1].strip().startswith("outputs[s][d] = max(0.0")


def arguments_of(call, samples):
    for argument in call.arguments:
        if isinstance(argument, Buffer):
            shape = (samples, *argument.shape) if argument.per_sample else argument.shape
            yield Array(argument.name, shape, argument.per_sample)
        else:
            scalar = isinstance(argument, ProgramScalar)
            yield Scalar(argument.name) if scalar else argument


@pytest.mark.parametrize("network", [*NETWORKS.values(), lenet5()], ids=[*NETWORKS, "lenet5"])
def test_every_function_of_every_network_can_be_read(network):
    for call in network.program(input_gradient=True).training_step:
        found = read(call.function, [*arguments_of(call, 3)])
        assert found.name == call.function.__name__
        assert found.body


def written(tmp_path, body, head="def example(images, outputs):"):
    """A function in a file of its own; its first line is line 3."""
    indented = "\n".join(f"    {line}" for line in body.split("\n"))
    path = tmp_path / "example.py"
    path.write_text(f"from math import exp, log, sqrt\n\n{head}\n{indented}\n", "utf-8")
    spec = importlib.util.spec_from_file_location("example", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.example


LOOP = "for s in range(len(images)):\n    "
REFUSED = [
    ("return images[0][0]", "not in the subset: return", "write loops, ifs, assignments"),
    ("while images[0][0] > 0.0:\n    pass", "not in the subset: while", "write loops"),
    ("import math", "not in the subset: import math", "write loops"),
    ("for row in images:\n    pass", "only 'for name in range(…)'", "without a step"),
    ("for s in range(0, 4, 2):\n    pass", "only 'for name in range(…)'", "without a step"),
    (LOOP + "for i in range(s):\n        pass", "a bound depends on a loop", "guard the body"),
    (LOOP + "for s in range(2):\n        pass", "'s' means something else", "another name"),
    ("for images in range(2):\n    pass", "'images' means something else", "another name"),
    ("total = 0\ntotal += images[0][0]", "'total' is no float", "begin with 0.0"),
    ("total = 0.0\ntotal = 1", "'total' holds a whole number", "write total = 0.0"),
    ("images = 0.0", "'images' is no float", "take another name"),
    ("outputs[0] = 0.0", "this is not an element", "assign to a name or one number"),
    ("outputs[0][0] = images[0]", "a list is used as a number", "give all its indices"),
    ("outputs[0][0] = images[0][0][0]", "there is no list here", "take one index away"),
    ("outputs[0][0] = images[0][images[0][0]]", "no whole number", "index with loop variables"),
    ("outputs[0][0] = total", "'total' is not known here", "give it a value before"),
    (LOOP + "total = images[s][0]\noutputs[0][s] = 1.0", "'s' is not known", "give it a value"),
    ("if images[0][0] > 0.0:\n    a = 1.0\noutputs[0][0] = a", "'a' is not known", "always"),
    ("outputs[0][0] = images[0][0] ** 2.0", "operator is not in the subset", "+ - * /"),
    ("outputs[0][0] = images[0][0] % 2.0", "operator is not in the subset", "+ - * /"),
    ("outputs[0][0] = abs(images[0][0])", "abs of these is not in the subset", "there are len"),
    ("outputs[0][0] = max(images[0][0], 1.0, 2.0)", "max of these", "max and min of two"),
    ("outputs[0][0] = sum(images[0])", "sum of these is not in the subset", "there are len"),
    ("outputs[0][0] = images[0].pop()", "expression is not in the subset", "and names"),
    ("outputs[0][0] = [1.0][0]", "expression is not in the subset", "and names"),
    ("outputs[0][0] = True", "expression is not in the subset", "and names"),
    ("if images[0][0]:\n    pass", "this is no comparison", "compare two numbers"),
    ("if images[0][0] is images[0][1]:\n    pass", "comparison is not in the subset", "== !="),
    ("exp = 0.5\noutputs[0][0] = exp(exp)", "'exp' is not the function", "from math import exp"),
    (LOOP + "outputs[s][3] = 0.0", "leaves its list: outputs[s, 3]", "goes from 3 to 3"),
    (LOOP + "outputs[s + 1][0] = 0.0", "leaves its list", "goes from 1 to 2 where there are 2"),
    (LOOP + "outputs[s][0] = images[s][-1]", "leaves its list", "goes from -1 to -1"),
    ("if images[0][3] > 0.0:\n    pass", "leaves its list: images[0, 3]", "put a guard"),
]


@pytest.mark.parametrize(("body", "what", "instead"), REFUSED, ids=[case[1] for case in REFUSED])
def test_refused_with_file_line_construct_and_advice(tmp_path, body, what, instead):
    function = written(tmp_path, body)
    with pytest.raises(SubsetError) as caught:
        read(function, SAMPLES)
    text = str(caught.value)
    place = re.match(r"(.+):(\d+): ", text)
    assert place
    assert place[1] == str(tmp_path / "example.py")
    assert 4 <= int(place[2]) <= 4 + body.count("\n")
    assert what in text
    assert instead in text.partition(what)[2]
    assert "\n" not in text


@pytest.mark.parametrize(
    ("head", "what"),
    [
        ("def example(images):", "2 arguments given"),
        ("def example(images, outputs=None):", "a parameter is not a plain one"),
        ("def example(*images):", "a parameter is not a plain one"),
        ("def example(images, /, outputs):", "a parameter is not a plain one"),
        ("def example(images, *, outputs):", "a parameter is not a plain one"),
    ],
)
def test_refused_parameters(tmp_path, head, what):
    with pytest.raises(SubsetError, match=re.escape(what)):
        read(written(tmp_path, "images[0][0] = 1.0", head), SAMPLES)


def test_a_function_that_is_another_by_the_same_name(tmp_path):
    function = written(tmp_path, "outputs[0][0] = max(images[0][0], 0.0)")
    function.__globals__["max"] = lambda a, b: a
    with pytest.raises(SubsetError, match="'max' is not the function of that name here"):
        read(function, SAMPLES)


class Layer:
    def forward(self, images, outputs):
        """A method."""


async def later(images, outputs):
    """It runs at another time."""


@lru_cache
def kept(images, outputs):
    """It runs once."""


def around(inner):
    @wraps(inner)
    def more(images, outputs):
        inner(images, outputs)
        outputs[0][0] = 0.0

    return more


@around
def decorated(images, outputs):
    """It does more than it says."""


def of_another(images):
    def inner(images, outputs):
        outputs[0][0] = given[0][0]

    given = images
    return inner


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda images, outputs: None, r"source.py:\d+: <lambda> is no plain function; define it"),
        (later, r"source.py:\d+: later is no plain function; define it with def"),
        (Layer().forward, r"forward is no plain function \(method\); define one with def"),
        (Layer, r"Layer is no plain function \(type\); define one with def"),
        (partial(later, []), r"this is no plain function \(partial\); define one with def"),
        (kept, r"kept is no plain function \(_lru_cache_wrapper\); define one with def"),
        (print, r"print is no plain function \(builtin_function_or_method\); define one with def"),
        (None, r"this is no plain function \(NoneType\); define one with def"),
        ([], r"this is no plain function \(list\); define one with def"),
        (decorated, r"source.py:\d+: decorated is decorated; give the function without"),
        (decorated.__wrapped__, r"source.py:\d+: decorated is decorated; take the decorators away"),
        (of_another([]), r"source.py:\d+: inner uses given of a function around it; give it as an"),
    ],
)
def test_what_is_no_plain_function(function, message):
    with pytest.raises(SubsetError, match=message) as error:
        read(function, SAMPLES)
    assert "\n" not in str(error.value)
    with pytest.raises(SubsetError, match=message):
        compile(function, {})


def test_a_function_without_a_file():
    names = {}
    exec("def example(images, outputs):\n    outputs[0][0] = 1.0", names)
    with pytest.raises(SubsetError, match="<string>:1: the text of example cannot be read; define"):
        read(names["example"], SAMPLES)


# The file that a function was imported from is another one now.

BODY = "outputs[0][0] = 1.0 * images[0][0]"


@pytest.mark.parametrize(
    "body",
    [
        "outputs[0][0] = 2.0 * images[0][0]",
        "outputs[0][0] = 1.0 / images[0][0]",
        "outputs[0][0] = 1 * images[0][0]",
        "outputs[0][1] = 1.0 * images[0][0]",
        "images[0][0] = 1.0 * outputs[0][0]",
        "outputs[0][0] = 1.0 * (",
        "\0",
    ],
)
def test_a_file_that_has_changed(tmp_path, body):
    function = written(tmp_path, BODY)
    rewritten(tmp_path, body)
    with pytest.raises(
        SubsetError, match=r"example.py:3: the file has changed since example was i"
    ):
        read(function, SAMPLES)


@pytest.mark.parametrize("head", ["\n\n\n", "def example(outputs, images):", "def other(a, b):"])
def test_a_function_that_has_moved(tmp_path, head):
    function = written(tmp_path, BODY)
    rewritten(tmp_path, BODY, head)
    with pytest.raises(SubsetError, match=r"the file has changed .*; import it anew"):
        read(function, SAMPLES)


def test_a_change_elsewhere_is_none(tmp_path):
    function = written(tmp_path, BODY)
    rewritten(tmp_path, f"{BODY}  # a remark\n\nOTHER = 1")
    assert "outputs[0, 0] = 1.0 * images[0, 0]" in str(read(function, SAMPLES))
    rewritten(tmp_path, "return")  # it was read
    assert "outputs[0, 0] = 1.0 * images[0, 0]" in str(read(function, SAMPLES))


def test_a_function_that_is_given_other_code(tmp_path):
    function = written(tmp_path, BODY)
    assert "1.0 * images" in str(read(function, SAMPLES))
    function.__code__ = written(tmp_path, BODY.replace("1.0", "3.5")).__code__
    assert "3.5 * images" in str(read(function, SAMPLES))


def rewritten(tmp_path, body, head="def example(images, outputs):"):
    """Another text in the file of `written`."""
    path = tmp_path / "example.py"
    path.write_text(f"from math import exp, log, sqrt\n\n{head}\n    {body}\n", "utf-8")


# Loops of one name.


def twice_one_name(images, outputs):
    for i in range(2):
        outputs[i][0] = 1.0
    for i in range(2):
        for i_2 in range(3):
            outputs[i][i_2] = images[i][i_2]
    for i in range(2):
        i_3 = 2.0
        outputs[i][0] = i_3


def test_a_second_loop_of_one_name_takes_no_name_of_another():
    assert "outputs[i_4, i_2] = images[i_4, i_2]" in str(read(twice_one_name, SAMPLES))
    images, outputs = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [[0.0] * 3 for _ in range(2)]
    compile(twice_one_name, {"images": (2, 3), "outputs": (2, 3)})(images, outputs)
    assert outputs == [[2.0, 2.0, 3.0], [2.0, 5.0, 6.0]]


GUARDED = [
    LOOP + "if s + 1 < len(images):\n        outputs[s + 1][0] = images[s][0]",
    LOOP + "if 0 <= s - 1:\n        outputs[s - 1][0] = images[s][0]",
    LOOP + "if s - 1 < 0:\n        outputs[s][0] = 1.0\n    else:\n        outputs[s - 1][0] = 0.0",
    LOOP + "if s == 0:\n        outputs[s + 1][0] = images[s][0]",
    LOOP + "if s > 0 and images[s - 1][0] > 0.0:\n        outputs[s][0] = 1.0",
    LOOP + "if s < 1 or images[s - 1][0] > 0.0:\n        outputs[s][0] = 1.0",
    LOOP + "if not s + 1 >= len(images):\n        outputs[s + 1][0] = 1.0",
    LOOP + "outputs[s][0] = images[s - 1][0] if s > 0 else 0.0",
    LOOP + "y = 1 - s\n    if 0 <= y < 1:\n        outputs[1 + y][0] = 1.0",
    LOOP + "if s > 5:\n        outputs[s][s] = 1.0",
]


@pytest.mark.parametrize("body", GUARDED)
def test_a_guard_makes_an_index_safe(tmp_path, body):
    assert read(written(tmp_path, body), SAMPLES).body


def test_a_loop_that_never_runs_is_left_out(tmp_path):
    body = "for s in range(2, 2):\n    outputs[s][9] = 0.0\noutputs[0][0] = 1.0"
    assert len(read(written(tmp_path, body), SAMPLES).body) == 1


def test_a_guard_that_is_decided_is_left_out(tmp_path):
    body = "if len(images) == 2:\n    outputs[0][0] = 1.0\nelse:\n    outputs[9][9] = 0.0"
    assert str(read(written(tmp_path, body), SAMPLES)).endswith("\n    outputs[0, 0] = 1.0")
