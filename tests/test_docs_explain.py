"""docs/explain.md shows what the program prints.  `python -m tests.test_docs_explain` writes it."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs/explain.md"
EXAMPLE = re.compile(r"(```python\n(.*?)```\n\n```text\n)(.*?)(```)", re.S)


def regenerated(page):
    """The page with the output of every example beneath it."""
    names = {}

    def with_output(match):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(match[2], names)
        return match[1] + out.getvalue() + match[4]

    return EXAMPLE.sub(with_output, page)


def test_the_page_is_up_to_date():
    page = PAGE.read_text("utf-8")
    assert len(EXAMPLE.findall(page)) == 6
    assert regenerated(page) == page


if __name__ == "__main__":
    PAGE.write_text(regenerated(PAGE.read_text("utf-8")), "utf-8")
