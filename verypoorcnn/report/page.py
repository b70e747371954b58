"""A content as a page: one HTML file that needs nothing else, and asks no network for anything.

Style sheets and scripts are files beside this one.  The scripts are modules; in the page they stand
one after the other, without their imports and exports.  A policy in the page allows just these
scripts, by a number that nobody can guess, so that no text of a user can ever become one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from verypoorcnn import __version__
from verypoorcnn.report import insides, opening, results, setup
from verypoorcnn.report.markup import Markup, element, escaped, joined, script_data

Content = dict[str, Any]
Section = Callable[[Content], Markup]

HERE = Path(__file__).parent
STYLES = ("theme.css", "report.css", "figures.css", "tables.css", "print.css")
SCRIPTS = ("theme.js", "chart.js", "grid.js", "tiles.js", "matrix.js", "report.js")
SECTIONS: dict[str, tuple[str, Section]] = {
    "images": ("Images", opening.samples),
    "training": ("Training", opening.training),
    "confusion": ("Confusion matrix", results.matrix),
    "classes": ("Class by class", results.classes),
    "mistakes": ("Mistakes", results.mistakes),
    "filters": ("Filters", insides.filters),
    "maps": ("Feature maps", insides.maps),
    "network": ("Network", insides.layers),
    "repeat": ("Repeat it", setup.repeat),
    "missing": ("Not here", setup.missing),
}
TESTED = ("confusion", "classes", "mistakes")  # there are none of a run that is not over


def page(content: Content) -> str:
    """The report of one run."""
    left_out = () if content["test"] else TESTED
    sections = {name: one for name, one in SECTIONS.items() if name not in left_out}
    links = {name: title for name, (title, _) in sections.items()}
    body = joined(
        (
            sprite(content["images"]),
            opening.masthead(content),
            element("main", contents(links), *(draw(content) for _, draw in sections.values())),
            setup.footer(content),
        )
    )
    images = content["images"]
    shown = {**content, "images": images and {**images, "png": None}}  # it is in the sprite
    return document(f"{content['name']} · VeryPoorCNN", body, shown, SCRIPTS)


def document(title: str, body: Markup, data: Any, scripts: Sequence[str]) -> str:
    """A whole page; `data` is what its scripts draw from."""
    parts = {
        "nonce": os.urandom(16).hex(),
        "version": escaped(__version__),
        "title": escaped(title),
        "style": "".join(map(_read, STYLES)),
        "body": body,
        "data": script_data(data),
        "script": "".join(map(_module, scripts)),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], _read("page.html"))


def contents(links: dict[str, str]) -> Markup:
    """Links to all sections."""
    entries = (element("li", element("a", title, href=f"#{name}")) for name, title in links.items())
    return element("nav", element("ol", *entries), aria_label="Contents")


def sprite(images: Content | None) -> Markup:
    """The picture that all tiles are cut from; hidden, since they only refer to it."""
    if not images:
        return Markup()
    picture = element(
        "image",
        id="sprite",
        href=f"data:image/png;base64,{images['png']}",
        width=images["width"],
        height=images["height"],
    )
    return element("svg", element("defs", picture), class_="sprite", aria_hidden="true")


def _module(name: str) -> str:
    """A script without what binds modules together."""
    return re.sub(r"^import .*\n|^export ", "", _read(name), flags=re.MULTILINE)


def _read(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")
