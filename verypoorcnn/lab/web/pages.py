"""The files that the page is made of, read once when the lab starts.

They are kept in a table by their addresses, and only what stands in it can be asked for: there is
no way from an address to the file system.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import NamedTuple

TYPES = {  # what is served, by the end of its name; other files stay unseen
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
    "png": "image/png",
    "woff2": "font/woff2",
    "txt": "text/plain; charset=utf-8",
}
THEME = "report/theme.css"  # the report's colours and type, which the lab shares


class Page(NamedTuple):
    """A file, ready to be sent."""

    type: str
    content: bytes


def pages() -> dict[str, Page]:
    """All files of the page by their addresses: "/" and "/static/…"."""
    package = files("verypoorcnn")
    found = {f"/static/{path}": page for path, page in _beneath(package / "lab" / "static")}
    theme = package / THEME
    if theme.is_file():
        found["/static/theme.css"] = Page(TYPES["css"], theme.read_bytes())
    if "/static/index.html" in found:
        found["/"] = found["/static/index.html"]
    return found


def _beneath(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, Page]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _beneath(entry, f"{prefix}{entry.name}/")
        elif (kind := entry.name.rpartition(".")[2]) in TYPES:
            yield f"{prefix}{entry.name}", Page(TYPES[kind], entry.read_bytes())
