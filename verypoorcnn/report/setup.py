"""The last sections: everything that is needed to repeat the run, and what it did not measure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from verypoorcnn.report.markup import Markup, element, joined
from verypoorcnn.report.parts import NARROW, paragraph, section, settings

STAGES = {
    "start": "starting Python and the program",
    "data": "reading the images",
    "compile": "compiling",
    "train": "training",
    "evaluate": "testing",
    "total": "everything, before this report",
}


def repeat(content: dict[str, Any]) -> Markup:
    """The command, and tables of data, configuration, times and machine."""
    found = content["repeat"]
    return section(
        "repeat",
        "How to repeat it",
        paragraph(
            "The same command with the same data, seed and engine gives the same parameters, "
            "bit for bit."
        ),
        element(
            "div",
            element("code", found["command"], id="command"),
            element("button", "Copy", type="button", id="copy"),
            class_="command",
        ),
        element(
            "div",
            settings(_configuration(found["configuration"]), "Configuration, every setting"),
            element(
                "div",
                settings(_data(content), "Data"),
                settings(_measured(found), "Time and memory"),
                settings(_made_with(found), "Made with"),
            ),
            class_="settings-grid",
        ),
    )


def _data(content: dict[str, Any]) -> Iterator[tuple[object, object]]:
    data = content["data"]
    yield "source", data["origin"]
    yield "image, channels × rows × columns", "×".join(map(str, data["shape"]))
    for part in ("train", "validation", "test"):
        name = {"train": "training"}.get(part, part)
        yield f"{name} images", f"{data[part]:,}" if data[part] is not None else "not recorded"
    if counts := data["train_per_class"]:
        pairs = zip(content["classes"], counts, strict=True)
        yield "training images per class", ", ".join(f"{name} {count:,}" for name, count in pairs)


def _configuration(tables: dict[str, Any]) -> Iterator[tuple[object, object]]:
    for name, table in tables.items():
        for key, value in table.items():
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            yield f"{name}.{key}", text


def _measured(found: dict[str, Any]) -> Iterator[tuple[object, object]]:
    for key, text in STAGES.items():
        if key in found["seconds"]:
            yield text, _duration(found["seconds"][key])
    peak = found["peak_rss_bytes"]
    yield "peak memory of the process", f"{peak / 1e6:,.0f}{NARROW}MB" if peak else "not recorded"


def _duration(seconds: float) -> str:
    return f"{1000 * seconds:,.1f}{NARROW}ms" if seconds < 1 else f"{seconds:,.2f}{NARROW}s"


def _made_with(found: dict[str, Any]) -> Iterator[tuple[object, object]]:
    yield "engine", found["engine"]
    yield "seed", found["seed"]
    for key, value in (found["made_with"] or {}).items():
        yield key, value or "not known"
    yield "folder of the run", found["folder"]


def missing(content: dict[str, Any]) -> Markup:
    """What is not here, said rather than left out."""
    lines = (element("li", line) for line in content["missing"])
    return section("missing", "What is not here", element("ul", *lines, class_="prose"))


def footer(content: dict[str, Any]) -> Markup:
    """Where this page comes from."""
    version = (content["repeat"]["made_with"] or {}).get("verypoorcnn")
    made = f"VeryPoorCNN {version}" if version else "VeryPoorCNN"
    return element(
        "footer",
        joined(
            (
                f"Written by {made}, a convolutional neural network in which nothing is hidden. ",
                "This file needs no network; its numbers stand in it as JSON.",
            )
        ),
    )
