"""The last sections: everything that is needed to repeat the run, and what it did not measure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from verypoorcnn.report.markup import Markup, element, joined
from verypoorcnn.report.parts import NARROW, paragraph, section, settings, table

STAGES = {
    "start": "starting Python and the program",
    "data": "reading the images",
    "compile": "compiling",
    "train": "training",
    "evaluate": "testing",
    "total": "everything, before this report",
}
MADE_WITH = ("verypoorcnn", "python", "system", "processor")
MANY = 30  # classes, too many to list
OF_THE_LAST = ", the last time it was resumed"


def repeat(content: dict[str, Any]) -> Markup:
    """The command, and tables of data, configuration, times and machine."""
    found = content["repeat"]
    several = len(found["stretches"]) > 1
    return section(
        "repeat",
        "How to repeat it",
        paragraph(found["note"]),
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
                settings(_measured(found), f"Time and memory{OF_THE_LAST if several else ''}"),
                settings(_made_with(found), f"Made with{OF_THE_LAST if several else ''}"),
            ),
            class_="settings-grid",
        ),
        element("div", _stretches(found["stretches"]), class_="scroll") if several else "",
    )


def _stretches(stretches: list[dict[str, Any]]) -> Markup:
    """A row for each time that the run was begun or resumed."""
    rows = (
        [
            number,
            _time(one["began"]),
            f"{_place(one['from'])} – {_place(one['to'])}",
            _end(one),
            ", ".join(map(_setting, one["changed"].items())) or "–",
            ", ".join(filter(None, (one["engine"], one["code"]))),
            ", ".join(filter(None, (one[key] for key in MADE_WITH))),
        ]
        for number, one in enumerate(stretches, 1)
    )
    heading = ("stretch", "began", "epochs", "how it ended", "new settings", "engine", "made with")
    said = (
        "How the run came about: it was resumed, and what a stretch did after its last checkpoint "
        "does not count. Epochs are those finished when the stretch began, and when it ended."
    )
    return table(heading, rows, said, texts=len(heading))


def _time(text: str | None) -> str:
    """`2026-11-22 22:08:43`, in UTC."""
    return (text or "").partition("+")[0].replace("T", " ")


def _place(at: Sequence[int] | None) -> str:
    """`3`, or `3 and 5 batches`."""
    if at is None:
        return "not saved"
    epoch, batch = at
    return f"{epoch} and {batch:,} batch{'' if batch == 1 else 'es'}" if batch else str(epoch)


def _end(stretch: dict[str, Any]) -> str:
    """`interrupted, 2026-11-22 22:08:43`."""
    if stretch["how"] == "killed":
        return "nothing says how: killed, or it goes on"
    why = f" ({stretch['why']})" if stretch["why"] else ""
    return f"{stretch['how']}{why}, {_time(stretch['ended'])}"


def _data(content: dict[str, Any]) -> Iterator[tuple[object, object]]:
    data = content["data"]
    yield "source", data["origin"]
    yield "image, channels × rows × columns", "×".join(map(str, data["shape"]))
    for part in ("train", "validation", "test"):
        name = {"train": "training"}.get(part, part)
        yield f"{name} images", f"{data[part]:,}" if data[part] is not None else "not recorded"
    if counts := data["train_per_class"]:
        yield "training images per class", _per_class(content["classes"], counts)


def _per_class(names: Sequence[str], counts: Sequence[int]) -> str:
    """`shirt 20, bag 30`; of very many classes, from the fewest to the most."""
    pairs = [*zip(counts, names, strict=True)]
    if len(pairs) <= MANY:
        return ", ".join(f"{name} {count:,}" for count, name in pairs)
    (fewest, one), (most, other) = min(pairs), max(pairs)
    return f"{fewest:,}" if fewest == most else f"from {fewest:,} ({one}) to {most:,} ({other})"


def _configuration(tables: dict[str, Any]) -> Iterator[tuple[object, object]]:
    for name, given in tables.items():
        for key, value in given.items():
            yield f"{name}.{key}", _text(value)


def _setting(item: tuple[str, Any]) -> str:
    name, value = item
    return f"{name}={_text(value)}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _measured(found: dict[str, Any]) -> Iterator[tuple[object, object]]:
    for key, text in STAGES.items():
        if key in found["seconds"]:
            yield text, _duration(found["seconds"][key])
    if len(found["stretches"]) > 1 or not found["seconds"]:
        yield "all epochs together", _duration(found["epoch_seconds"])
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
