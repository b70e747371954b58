"""What docs/compiler.md shows is what the program prints.

An excerpt stands under a comment with its command, <!-- show conv2d --as loops -->.  Its lines must
stand in the output one after another; a line with … alone stands for some that are left out.
"""

from __future__ import annotations

import re

import pytest

from tests.commands import ROOT
from verypoorcnn.cli import main

PAGE = (ROOT / "docs" / "compiler.md").read_text("utf-8")
EXCERPT = re.compile(r"<!-- (show .*?) -->\n```\w*\n(.*?)```", re.S)
EXCERPTS = EXCERPT.findall(PAGE)


def found(excerpt, output):
    """Whether the parts of an excerpt stand in the output, in order."""
    at = 0
    for part in re.split(r"^…\n", excerpt, flags=re.M):
        place = output.find(f"\n{part}", at)
        if place < 0:
            return False
        at = place + len(part)
    return True


@pytest.mark.parametrize(("command", "excerpt"), EXCERPTS)
def test_an_excerpt_is_what_the_command_prints(command, excerpt, capsys):
    assert main(command.split()) == 0
    output = "\n" + "\n".join(line.rstrip() for line in capsys.readouterr().out.splitlines()) + "\n"
    if command == "show conv2d":  # the source: without line numbers and its text
        output = re.sub(r'\n    """.*?"""', "", re.sub(r"\n *\d+  ", "\n", output), flags=re.S)
    assert found(excerpt, output), f"{command} prints something else now:\n{output}"


def test_every_level_is_shown():
    levels = {command.partition("--as ")[2].partition(" ")[0] for command, _ in EXCERPTS}
    assert levels == {"", "loops", "schedule", "python", "vector", "assembly"}


def test_a_difference_is_found():
    output = "\na\nb\nc\nd\n"
    assert found("a\nb\n", output)
    assert found("a\n…\nd\n", output)
    assert not found("a\nc\n", output)
    assert not found("d\n…\na\n", output)
