"""A comparison as a page: curves over each other, and tables of what differs."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from statistics import mean
from typing import Any

from verypoorcnn.report.curves import Curve, chart
from verypoorcnn.report.markup import Markup, element, joined
from verypoorcnn.report.page import contents, document
from verypoorcnn.report.parts import (
    NARROW,
    caption,
    legend,
    paragraph,
    percent,
    section,
    table,
)

Content = dict[str, Any]

SCRIPTS = ("theme.js", "chart.js", "comparison.js")
COLOURS = 6  # series of theme.css; a seventh group has the colour of the first
LINKS = {
    "results": "Results",
    "curves": "Curves",
    "differences": "Settings",
    "classes": "Class by class",
    "runs": "All runs",
}
MEANINGS = {
    "accuracy": "accuracy",
    "precision": "precision, macro",
    "recall": "recall, macro",
    "f1": "F1, macro",
    "loss": "test loss",
    "last_loss": "training loss, mean over the last epoch",
    "seconds": "time of all epochs",
}


def comparison_page(content: Content) -> str:
    """The comparison of several runs."""
    count = len(content["runs"])
    title = f"{count} runs compared" if count > 1 else "One run, compared with nothing"
    sections = _results, _curves, _settings, _classes, _runs
    body = joined(
        (
            _masthead(title, content),
            element("main", contents(LINKS), *(draw(content) for draw in sections)),
            element("footer", "Written by VeryPoorCNN. This file needs no network."),
        )
    )
    return document(f"{title} · VeryPoorCNN", body, content, SCRIPTS)


def _masthead(title: str, content: Content) -> Markup:
    top = element(
        "div",
        element("span", "VeryPoorCNN · comparison of runs"),
        element("button", "Light / dark", type="button", id="theme"),
        class_="bar",
    )
    groups = content["groups"]
    if len(groups) == 1:
        said = "They differ in nothing but the seed; figures are mean ± standard deviation."
    elif len(groups) == len(content["runs"]):
        said = f"{len(groups)} different experiments, with one seed each."
    else:
        said = (
            f"{len(groups)} different experiments; where one was run with several seeds, "
            "figures are mean ± standard deviation."
        )
    lead = paragraph(said, kind="lead")
    return element("header", top, element("h1", title), lead, class_="masthead")


def _results(content: Content) -> Markup:
    groups = content["groups"]
    rows = [
        [
            MEANINGS[key],
            *(_figure(group, key, k in content["best"][key]) for k, group in enumerate(groups)),
        ]
        for key in MEANINGS
    ]
    drawn = table(
        ["figure", *(_name(content, k) for k in range(len(groups)))],
        rows,
        "Figures on the test images, unless they say otherwise. The best of a row is marked "
        "★, each among those that were tested on the same images.",
    )
    return section("results", "Results side by side", element("div", drawn, class_="scroll"))


def _figure(group: Content, key: str, best: bool) -> object:
    value, deviation = group["mean"][key], group["deviation"][key]
    if value is None:
        return "not measured"
    text = _shown(key)(value)
    if deviation is not None:
        text = f"{text} ± {_shown(key)(deviation)}"
    return element("span", f"★ {text}", class_="best") if best else text


def _shown(key: str) -> Callable[[float], str]:
    if key.endswith("loss"):
        return "{:.4f}".format
    return _duration if key == "seconds" else percent


def _duration(seconds: float) -> str:
    return f"{seconds:,.3f}{NARROW}s"


def _name(content: Content, group: int) -> Markup:
    """A group's name with its colour."""
    swatch = element("i", class_=f"swatch series-{_colour(group)}")
    return element("span", swatch, content["groups"][group]["name"], class_="named")


def _colour(group: int) -> int:
    return group % COLOURS + 1


def _curves(content: Content) -> Markup:
    keys = [_name(content, k) for k in range(len(content["groups"]))]
    faint = any(len(group["runs"]) > 1 for group in content["groups"])
    said = "Training loss and accuracy: running means over the epoch, each batch before its step."
    if faint:
        said += " Thin lines are single runs, thick ones the mean over the seeds."
    charts = [
        _chart(content, "Training loss", "loss", "{:.6f}".format),
        _chart(content, "Training accuracy", "accuracy", percent),
    ]
    if any("validation" in r for run in content["runs"] for r in run["history"]):
        said += " Validation is measured after the epoch; runs without validation images lack it."
        charts += [
            _chart(content, "Validation loss", "loss", "{:.6f}".format, "validation"),
            _chart(content, "Validation accuracy", "accuracy", percent, "validation"),
        ]
    else:
        said += " No run kept validation images, so there is no validation curve."
    figure = element(
        "figure",
        element("div", *charts, class_="charts"),
        legend(*keys),
        caption(1, said),
    )
    return section("curves", "Curves over each other", figure)


def _chart(
    content: Content,
    title: str,
    key: str,
    exact: Callable[[float], str],
    part: str | None = None,
) -> Markup:
    curves: list[Curve] = []
    for number, group in enumerate(content["groups"]):
        lines = [_points(content["runs"][n]["history"], key, part) for n in group["runs"]]
        lines = [line for line in lines if line]
        colour = _colour(number)
        if len(lines) > 1:
            curves += [Curve("", [*line.items()], colour, faint=True) for line in lines]
        if lines:
            curves.append(Curve(group["name"], _mean(lines), colour))
    mark = _whole_percent if key == "accuracy" else "{:g}".format
    drawn = chart(curves, title, mark, exact, 1.0 if key == "accuracy" else 0.0) if curves else ""
    readout = element("output", aria_live="polite")
    return element("div", element("h3", title), drawn, readout, class_="chart")


def _points(history: Sequence[Content], key: str, part: str | None) -> dict[int, float]:
    records = {r["epoch"]: r.get(part) if part else r for r in history}
    return {epoch: record[key] for epoch, record in records.items() if record}


def _mean(lines: Sequence[dict[int, float]]) -> list[tuple[int, float]]:
    """The mean over the runs that got so far."""
    epochs = sorted({epoch for line in lines for epoch in line})
    return [(epoch, mean(line[epoch] for line in lines if epoch in line)) for epoch in epochs]


def _whole_percent(share: float) -> str:
    return f"{100 * share:.0f}{NARROW}%"


def _settings(content: Content) -> Markup:
    title = "What differs in the settings"
    if not content["differences"]:
        return section("differences", title, paragraph("Nothing but the seed."))
    rows = [[row["setting"], *map(_setting, row["values"])] for row in content["differences"]]
    drawn = table(
        ["setting", *(_name(content, k) for k in range(len(content["groups"])))],
        rows,
        "Settings that are the same everywhere are left out; so are seeds.",
        texts=1 + len(content["groups"]),
    )
    return section("differences", title, element("div", drawn, class_="scroll"))


def _setting(value: Any) -> str:
    if value is None:
        return "–"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _classes(content: Content) -> Markup:
    title = "F1, class by class"
    if content["classes"] is None:
        return section("classes", title, paragraph("The runs do not tell the same classes apart."))
    columns = content["f1"]
    rows = [
        [name, *(_f1(columns, group, k) for group in range(len(columns)))]
        for k, name in enumerate(content["classes"])
    ]
    drawn = table(
        ["class", *(_name(content, k) for k in range(len(columns)))],
        rows,
        "The mean over the seeds; beside it, the difference from the first column in points.",
    )
    return section("classes", title, element("div", drawn, class_="scroll"))


def _f1(columns: Sequence[Sequence[float]], group: int, label: int) -> str:
    value = columns[group][label]
    if not group:
        return percent(value)
    difference = f"{100 * (value - columns[0][label]):+.1f}".replace("-", "−")
    return f"{percent(value)} ({difference})"


def _runs(content: Content) -> Markup:
    keys = ("accuracy", "f1", "loss", "last_loss", "seconds")
    rows = [
        [
            run["name"],
            _name(content, run["group"]),
            run["seed"],
            f"{run['parameters']:,}",
            len(run["history"]),
            *(_score(run, key) for key in keys),
        ]
        for run in content["runs"]
    ]
    heading = ["run", "experiment", "seed", "parameters", "epochs", *(MEANINGS[k] for k in keys)]
    drawn = table(heading, rows, "Every run.", texts=2)
    return section("runs", "All runs", element("div", drawn, class_="scroll"))


def _score(run: Content, key: str) -> str:
    value = run["scores"][key]
    return "–" if value is None else _shown(key)(value)
