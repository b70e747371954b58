"""What the sections of a page are put together from: sections, captions, tables, tiles, numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from verypoorcnn.report.markup import Markup, element, joined

NARROW = "\u202f"  # a narrow space that no line breaks at


def percent(share: float) -> str:
    """`73.7 %`."""
    return f"{100 * share:.1f}{NARROW}%"


def section(name: str, title: str, *children: object) -> Markup:
    """A part of the page that can be linked to."""
    heading = element("h2", title, id=f"{name}-title")
    return element("section", heading, *children, id=name, aria_labelledby=f"{name}-title")


def paragraph(*children: object, kind: str | None = None) -> Markup:
    """A paragraph."""
    return element("p", *children, class_=kind)


def caption(number: int, *children: object) -> Markup:
    """`Fig. 2  …`."""
    return element("figcaption", element("b", f"Fig. {number}"), " ", *children)


def tile(images: dict[str, Any], number: int, label: str) -> Markup:
    """One image out of the sprite; without a label where its name stands beside it."""
    columns, rows = images["tile"]
    x, y = number % images["across"] * columns, number // images["across"] * rows
    return element(
        "svg",
        Markup('<use href="#sprite"></use>'),
        class_="tile",
        viewBox=f"{x} {y} {columns} {rows}",
        role="img" if label else None,
        aria_label=label or None,
        aria_hidden=None if label else "true",
    )


def table(
    heading: Sequence[object],
    rows: Iterable[Sequence[object]],
    title: object,
    *,
    last: Sequence[object] = (),
    texts: int = 1,
) -> Markup:
    """A table of figures; the first cell of a row is its heading, the first `texts` are words."""
    names = (
        element("th", cell, scope="col", class_="text" if k < texts else None)
        for k, cell in enumerate(heading)
    )
    return element(
        "table",
        element("caption", title),
        element("thead", element("tr", *names)),
        element("tbody", *(_row(row, texts) for row in rows)),
        element("tfoot", _row(last, texts)) if last else "",
        class_="figures-table",
    )


def settings(pairs: Iterable[tuple[object, object]], title: object) -> Markup:
    """Names and what they are, a line each."""
    rows = (
        element("tr", element("th", name, scope="row"), element("td", value))
        for name, value in pairs
    )
    return element("table", element("caption", title), element("tbody", *rows), class_="settings")


def legend(*entries: object) -> Markup:
    """What the colours mean."""
    return element("div", *(element("span", entry) for entry in entries), class_="legend")


def ramp(kind: str, low: object, high: object) -> Markup:
    """A scale of colours between two numbers."""
    return joined((low, element("i", class_=f"ramp {kind}"), high))


def _row(cells: Sequence[object], texts: int) -> Markup:
    first, *others = cells
    return element(
        "tr",
        element("th", first, scope="row"),
        *(
            element("td", content, class_="text" if k < texts else None)
            for k, content in enumerate(others, 1)
        ),
    )
