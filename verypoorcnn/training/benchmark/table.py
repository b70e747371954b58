"""The paper's Table I, filled: what the same experiment costs here, in NumPy and in PyTorch."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from verypoorcnn.training.benchmark.experiment import experiments
from verypoorcnn.training.benchmark.processes import FRESH, ROOT, Processes
from verypoorcnn.training.benchmark.rivals import checkout

EPOCHS = 25
# What is counted: the mathematics, the network and its training.  Reading data, measuring and the
# command line are left out on all sides; the scripts use ours.
TRAINING = ("textbook", "network", "training/loop.py", "engines/engine.py")
COUNTED = {
    "textbook": (*TRAINING, "engines/textbook.py"),
    "native": (*TRAINING, "engines/native.py", "compiler"),
}
LEFT_OUT = ("compiler/python", "network/gradcheck.py")
NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}

Column = dict[str, Any]


def table(
    source: str, seeds: Sequence[int], *, whole: bool, others: bool = True
) -> dict[str, Column]:
    """Seconds, bytes, accuracy and lines of code of every side.

    Args:
        source: the data.
        seeds: of the runs of every side, one each.
        whole: run the textbook engine for all its epochs, minutes for each seed; else for one.
        others: the scripts too.
    """
    columns = {
        "textbook": _whole(experiments(source, seeds, ["textbook"], EPOCHS, False)["textbook"])
        if whole
        else _scaled(experiments(source, seeds[:1], ["textbook"], 1, False)["textbook"])
    }
    ran = experiments(source, seeds, ["native", f"native{FRESH}"], EPOCHS, others)
    first_time = ran.pop(f"native{FRESH}", None)
    columns |= {name: _whole(processes) for name, processes in ran.items()}
    if first_time:
        columns["native"]["seconds_nothing_cached"] = first_time.seconds
    for name, column in columns.items():
        column["lines"] = _lines(name)
    return columns


def _whole(ran: Processes) -> Column:
    tests = [process.json["test"]["accuracy"] for process in ran.all]
    return {
        "seconds": ran.seconds,
        "scaled": False,
        "peak_bytes": ran.peak,
        "accuracy": mean(tests),
        "accuracies": tests,
        "data": ran.all[0].json["data"],
    }


def _scaled(ran: Processes) -> Column:
    """From one epoch; its accuracy after one epoch would say nothing."""
    (process,) = ran.all
    result = process.json
    return {
        "seconds": process.seconds + (EPOCHS - 1) * result["history"][0]["seconds"],
        "scaled": True,
        "peak_bytes": ran.peak,
        "accuracy": None,
        "data": result["data"],
    }


def _lines(name: str) -> int:
    if name not in COUNTED:
        module = checkout()
        path = module.scripts()[name].replace(".", "/") if module else ""
        return lines_of_code((ROOT / f"{path}.py").read_text("utf-8"))
    package = ROOT / "verypoorcnn"
    files = {
        file
        for part in COUNTED[name]
        for file in ([package / part] if part.endswith(".py") else (package / part).rglob("*.py"))
        if not any(str(file.relative_to(package)).startswith(out) for out in LEFT_OUT)
    }
    return sum(lines_of_code(Path(file).read_text("utf-8")) for file in files)


def lines_of_code(source: str) -> int:
    """Lines that hold code: no blank ones, comments or docstrings."""
    lines: set[int] = set()
    fresh = True  # at the beginning of a statement, where a text alone is a docstring
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    for token, following in zip(tokens, tokens[1:] + tokens[-1:], strict=True):
        text_alone = token.type == tokenize.STRING and following.type == tokenize.NEWLINE
        if token.type not in NO_CODE and not (fresh and text_alone):
            lines |= {*range(token.start[0], token.end[0] + 1)}
        if token.type not in (tokenize.COMMENT, tokenize.NL):
            fresh = token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
    return len(lines)


HEADINGS = {"textbook": "textbook engine", "native": "native engine"}
BENEATH = {"textbook": "Python", "native": "Python"}


def markdown(columns: dict[str, Column], seeds: int) -> str:
    """The table, and what must be said beneath it."""
    rows = [
        ["", *(HEADINGS.get(name, name) for name in columns)],
        ["---", *("---:" for _ in columns)],
        ["time, whole process", *(_seconds(column) for column in columns.values())],
        ["memory at its peak", *(f"{c['peak_bytes'] / 1e6:.0f} MB" for c in columns.values())],
        ["test accuracy", *(_accuracy(column) for column in columns.values())],
        ["lines of code", *(f"{column['lines']:,}" for column in columns.values())],
        ["and beneath them", *(BENEATH.get(name, name) for name in columns)],
    ]
    sources = dict.fromkeys(column["data"] for column in columns.values())
    notes = [
        f"Data: {'; '.join(sources)}.",
        f"Seeds 1 to {seeds}, one core: medians; the accuracy is their mean, on 600 images.",
        "Lines of code: the mathematics, the network and its training, without blank lines, "
        "comments and docstrings; for the native engine with the compiler; for NumPy and PyTorch "
        "the script.",
    ]
    if seconds := columns.get("native", {}).get("seconds_nothing_cached"):
        notes.append(
            f"The native engine the first time, with no machine code cached: {seconds:.2f} s."
        )
    if any(column["scaled"] for column in columns.values()):
        notes.append(
            "\\* one epoch measured and taken 25 times; --whole measures it all, and the accuracy"
        )
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([*lines, "", *notes])


def _seconds(column: Column) -> str:
    seconds = float(column["seconds"])
    return f"{seconds:.{2 if seconds < 10 else 0}f} s" + ("\\*" if column["scaled"] else "")


def _accuracy(column: Column) -> str:
    return "–" if column["accuracy"] is None else f"{100 * column['accuracy']:.1f} %"
