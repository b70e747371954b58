"""`show`: every function at every level, and what is said when that cannot be."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys

import pytest

from benchmarks.levels import sides
from tests.commands import ROOT, run
from verypoorcnn.cli.calls import default_arguments, with_shapes
from verypoorcnn.cli.show import textbook
from verypoorcnn.compiler.kernel import ISAS, compile_functions
from verypoorcnn.compiler.levels import LEVELS, Levels
from verypoorcnn.compiler.loops import Scalar
from verypoorcnn.compiler.native.x86.abi import SYSTEM_V, convention
from verypoorcnn.compiler.source import read
from verypoorcnn.compiler.vector.layout import GROUP, Layout
from verypoorcnn.errors import UserError
from verypoorcnn.textbook import convolution
from verypoorcnn.textbook.dense import dense
from verypoorcnn.textbook.optimizer import sgd_vector

SMALL = "images=1x6x6,kernels=2x1x3x3,maps=2x2x2,stride=3"


def shown(capsys, *words: str) -> str:
    ran = run(capsys, "show", *words)
    assert (ran.status, ran.err) == (0, "")
    return ran.out


def test_the_source_and_a_hint(capsys):
    ran = run(capsys, "show", "sgd_vector")
    assert ran.status == 0
    assert ran.out.splitlines()[0] == "textbook/optimizer.py"
    assert "  11      for k in range(len(values)):\n" in ran.out
    assert ran.err == (
        "the other levels: show sgd_vector --as loops, schedule, python, vector, assembly\n"
    )


def test_without_a_name_all_functions(capsys):
    lines = shown(capsys).splitlines()
    assert "convolution:" in lines
    assert [line for line in lines if line.startswith("  relu_maps ")]
    assert len([line for line in lines if line[0] == " "]) == len(textbook())


def test_loops_before_and_after_simplifying(capsys):
    text = shown(capsys, "conv2d", "--as", "loops")
    read_, simple = text.split("\n\nsimplified\n\n")
    assert "if (-3*i - m <= 0 and 3*i + m - 28 < 0):" in read_
    assert "if" not in simple
    assert "total = total + (images[s, 0, 3*i + m, 3*j + n] * kernels[f, 0, m, n])" in simple


def test_schedule_names_lanes_and_places(capsys):
    text = shown(capsys, "conv2d", "--as", "schedule", "--isa", "avx2", "--shapes", SMALL)
    assert text.startswith("avx2: 16 registers of 8 floats\n")
    assert re.search(r"kernels +2×1×3×3 +parameters \+ 0 ", text)
    assert "lanes s (samples):" in text
    assert not re.search(r"\b[a-z]\.0\b", text), "the numbers of functions are of no use here"


def test_python_is_python(capsys):
    text = shown(capsys, "max_pool", "--as", "python", "--shapes", "images=1x3x3,maps=1x1x1")
    (function,) = ast.parse(text).body
    assert isinstance(function, ast.FunctionDef)
    assert [argument.arg for argument in function.args.args] == ["images", "maps"]


@pytest.mark.parametrize("isa", ISAS)
def test_assembly(capsys, isa):
    text = shown(capsys, "conv2d", "--as", "assembly", "--isa", isa, "--shapes", SMALL)
    code = [line for line in text.splitlines() if re.match(r" *[0-9a-f]+  [0-9a-f]{2}", line)]
    assert any("vfmadd" in line for line in code)
    assert re.search(r"[yz]mm\d+:total_", text), "registers are called by what they hold"
    assert "kernels[" in text, "places are called by their elements"
    assert "; convolution.py:39   total += images[s][c][y][x] * kernels[f][c][m][n]\n" in text
    at = 0
    for line in text.splitlines():  # every byte is shown, at its address
        if match := re.match(r" *([0-9a-f]+)  ([0-9a-f]+|…) +\S+(?: +(\d+) byte)?", line):
            address, data, size = match.groups()
            assert int(address, 16) == at
            at += int(size) if data == "…" else len(data) // 2
        if line == "; constants":
            break
    assert at == int(re.search(r"(\d+) bytes of instructions", text)[1])


@pytest.mark.skipif(convention() is not SYSTEM_V, reason="shown with System V's convention")
@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("function", textbook().values(), ids=lambda f: f.__name__)
def test_what_is_shown_is_what_runs(function, isa):
    arguments = with_shapes(function, default_arguments(function), {})
    kernel = compile_functions([read(function, arguments)], Layout(), ISAS[isa])
    shown_code = Levels(function, arguments, isa).machine_code()
    assert shown_code.data == kernel.machine.data
    names = {array.name for array in read(function, arguments).arguments}
    words = " ".join(shown_code.comments.values())
    assert any(f"{name}[" in words or f"{name}:" in words for name in names)


@pytest.mark.parametrize("level", LEVELS)
def test_every_level_of_every_function_has_text(level):
    for function in textbook().values():
        if level == "python" and function.__module__.endswith(("convolution", "pooling")):
            continue  # long; the paper's are shown above
        arguments = with_shapes(function, default_arguments(function), {})
        assert len(Levels(function, arguments, "avx2").level(level)) > 20


def test_the_docs_show_what_is_printed(capsys):
    """Of the levels that do not depend on the processor."""
    text = (ROOT / "docs" / "compiler.md").read_text("utf-8")
    blocks = re.findall(r"```(?:python)?\n(.*?)```", text, re.DOTALL)
    loops = shown(capsys, "conv2d", "--as", "loops")
    assert [block for block in blocks if block.startswith("conv2d(") and block in loops]
    python = shown(capsys, "conv2d", "--as", "python")
    assert [block for block in blocks if "maps_0 = (" in block and block in python]
    source = inspect.getsource(convolution.conv2d)
    body = source.partition('"""')[0].rstrip(" ") + source.rpartition('"""')[2].lstrip("\n")
    assert body in blocks


def test_the_levels_can_be_timed():
    arguments = with_shapes(sgd_vector, default_arguments(sgd_vector), {})
    found = sides(sgd_vector, arguments)
    assert [side.name for side in found][:2] == ["textbook, CPython", "specialised Python"]
    for side in found:
        side.work(2)


# Shapes.


def test_shapes_are_those_of_the_papers_network():
    images, kernels, maps, stride, padding = default_arguments(convolution.conv2d).values()
    assert (images.shape, images.per_sample) == ((GROUP, 1, 28, 28), True)
    assert (kernels.shape, kernels.per_sample) == ((4, 1, 5, 5), False)
    assert maps.shape == (GROUP, 4, 8, 8)
    assert (stride, padding) == (3, 0)


def test_functions_that_the_paper_does_not_call_have_small_shapes():
    gradients, biases = default_arguments(convolution.map_bias_gradient).values()
    assert gradients.shape == (GROUP, 3, 8, 8)
    assert biases.shape == (3,)


def test_shapes_change_what_they_name():
    defaults = default_arguments(dense)
    inputs, weights, outputs = with_shapes(dense, defaults, {"inputs": (7,), "weights": (32, 7)})
    assert inputs.shape == (GROUP, 7)
    assert weights.shape == (32, 7)
    assert outputs is defaults["outputs"]


def scaled_sums(images, sums, totals, size, scale):
    for s in range(len(images)):
        sums[s] = 0.0
        for i in range(size):
            sums[s] += images[s][i] * totals[i] * scale


def test_a_function_of_no_network_is_described_by_its_source():
    defaults = default_arguments(scaled_sums)
    assert defaults["totals"] is None
    given = {"images": (5,), "totals": (5,), "size": (5,), "sums": (1,)}
    with pytest.raises(UserError, match=r"sums has 0 indices for each sample; leave it out"):
        with_shapes(scaled_sums, defaults, given)
    del given["sums"]
    with pytest.raises(UserError, match=r"totals has no shape yet; write totals=… too"):
        with_shapes(scaled_sums, defaults, {"images": (5,)})
    images, sums, totals, size, scale = with_shapes(scaled_sums, defaults, given)
    assert (images.shape, images.per_sample) == ((GROUP, 5), True)
    assert (sums.shape, sums.per_sample) == ((GROUP,), True)
    assert (totals.shape, totals.per_sample) == ((5,), False)
    assert size == 5
    assert scale == Scalar("scale")


# Mistakes.


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["max_pol"], "no function 'max_pol' in the textbook; did you mean 'max_pool'?"),
        (["conv2d", "--as", "assembler"], "no level 'assembler'; did you mean 'assembly'?"),
        (["conv2d", "--isa", "avx"], "'avx'; did you mean 'avx2'?"),
        (["dense", "--as", "loops", "--shapes", "input=3"], "did you mean 'inputs'?"),
        (["dense", "--shapes", "inputs=3x"], "'inputs=3x' is no shape; write images=1x28x28"),
        (["dense", "--shapes", "3"], "'3' is no shape"),
        (["dense", "--shapes", "inputs=-3"], "'inputs=-3' is no shape"),
        (
            ["dense", "--as", "loops", "--shapes", "inputs=3x3"],
            "inputs=3x3: inputs has 1 indices for each sample; give 1, from 1 on",
        ),
        (
            ["conv2d", "--as", "loops", "--shapes", "stride=3x3"],
            "stride is a whole number; give one",
        ),
        (
            ["sgd_vector", "--as", "loops", "--shapes", "rate=1"],
            "rate is given when the code runs; leave it out",
        ),
    ],
)
def test_mistakes_are_one_line(capsys, words, reason):
    ran = run(capsys, "show", *words)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.count("\n") == 1
    assert reason in ran.err


def test_an_index_outside_is_told_with_its_line(capsys):
    ran = run(capsys, "show", "flatten", "--as", "loops", "--shapes", "vectors=3")
    assert ran.status == 2
    assert re.search(r"dense\.py:\d+: an index leaves its list: vectors\[", ran.err)


def test_assembly_is_written_where_machine_code_is_forbidden():
    command = [sys.executable, "-m", "verypoorcnn", "show", "sgd_vector", "--as", "assembly"]
    ran = subprocess.run(
        command,
        cwd=ROOT,
        env={"VERYPOORCNN_ISA": "none", "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("; sgd_vector for avx512")
