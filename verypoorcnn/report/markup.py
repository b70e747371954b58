"""HTML that cannot go wrong: whatever is not markup already is escaped.

Names of classes and files come from users, and may be anything, `</script>` included.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from verypoorcnn.files.json_text import to_json

VOID = ("br", "img", "input", "meta")  # of HTML; elements of SVG are closed
_UNSAFE = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})
_UNSAFE_IN_SCRIPT = str.maketrans(
    {c: f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}  # the last two end lines in JavaScript
)


class Markup(str):
    """Text that is HTML and goes into a page as it is."""

    __slots__ = ()


def escaped(text: object) -> Markup:
    """Any text as HTML; markup stays as it is."""
    return text if isinstance(text, Markup) else Markup(str(text).translate(_UNSAFE))


def joined(children: Iterable[object]) -> Markup:
    """Texts and markup one after another."""
    return Markup("".join(map(escaped, children)))


def element(tag: str, /, *children: object, **attributes: Any) -> Markup:
    """`element("td", "a<b", class_="n", data_row=1)`: `<td class="n" data-row="1">a&lt;b</td>`.

    An attribute that is True stands without a value; one that is None or False is left out.
    """
    head = tag
    for key, value in attributes.items():
        if value is not None and value is not False:
            head += f" {key.rstrip('_').replace('_', '-')}"
            head += "" if value is True else f'="{escaped(value)}"'
    return Markup(f"<{head}>" if tag in VOID else f"<{head}>{joined(children)}</{tag}>")


def script_data(value: Any) -> Markup:
    """A value as JSON that can stand inside of a script element."""
    return Markup(to_json(value).translate(_UNSAFE_IN_SCRIPT))
