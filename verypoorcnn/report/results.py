"""The sections on the test: figures of every class, confusion matrix, mistakes."""

from __future__ import annotations

from typing import Any

from verypoorcnn.report.markup import Markup, element, joined
from verypoorcnn.report.parts import (
    NARROW,
    caption,
    legend,
    paragraph,
    percent,
    ramp,
    section,
    table,
)

MANY = 30  # classes of which cells have no room for a number
CLASS_RIGHT = ' class="right"'
NEEDS_SCRIPT = element("noscript", paragraph("Drawn by a script, which this browser does not run."))


def classes(content: dict[str, Any]) -> Markup:
    """Precision, recall, F1 and support of every class."""
    test = content["test"]
    rows = [
        [
            one["name"],
            *(_figure(one[key]) for key in ("precision", "recall", "f1")),
            f"{one['support']:,}",
        ]
        for one in test["per_class"]
    ]
    overall = [percent(test[key]) for key in ("precision", "recall", "f1")]
    drawn = table(
        ["class", "precision", "recall", "F1", "support"],
        rows,
        "Precision: of the images taken for the class, those that are. Recall: of the images of "
        "the class, those recognised. F1: their harmonic mean. Support: images of the class.",
        last=["macro average", *overall, f"{test['samples']:,}"],
    )
    names = ", ".join(content["classes"][k] for k in content["undefined"])
    undefined = f"Without a test image, or never predicted, so 0/0 is given as 0: {names}."
    return section(
        "classes",
        "Class by class",
        element("div", drawn, class_="scroll"),
        paragraph(undefined, kind="note") if names else "",
    )


def _figure(share: float) -> Markup:
    bar = element("i", class_="bar-cell", style=f"--part:{share:.3f}")
    return joined((percent(share), bar))


def matrix(content: dict[str, Any]) -> Markup:
    """Fig. 3: the confusion matrix, whose cells open their images."""
    largest = _largest_share(content["test"]["confusion"])
    many = len(content["classes"]) > MANY
    return section(
        "confusion",
        "What is taken for what",
        element(
            "figure",
            "" if many else _switch(),
            element(
                "div",
                element("div", _table(content, largest), _cell_readout(many), class_="scroll"),
                element("div", *_named(content)),
                class_="one-above-the-other" if many else "side-by-side",
            ),
            legend(
                joined(("recognised ", ramp("right", "0 ", f" 100{NARROW}% of the class"))),
                joined(("mistaken ", ramp("wrong", "0 ", f" {percent(largest)} of the class"))),
            ),
            caption(
                3,
                "Confusion matrix of the test images. Rows are the true classes, columns what the "
                "network took them for; a cell's colour is its share of its row."
                f"{' The pointer, or the arrow keys, tell the numbers.' if many else ''}",
            ),
        ),
        _cell_panel(content),
    )


def _cell_readout(many: bool) -> Markup:
    """Where the numbers of cells appear that have no room for them."""
    return element("output", class_="readout", id="cell-readout") if many else Markup()


def _largest_share(confusion: list[list[int]]) -> float:
    shares = (
        count / sum(row)
        for true, row in enumerate(confusion)
        for taken, count in enumerate(row)
        if count and true != taken
    )
    return max(shares, default=1.0)


def _switch() -> Markup:
    return element(
        "fieldset",
        element("legend", "Cells show"),
        _choice("counts", "images", True),
        _choice("shares", "share of the true class", False),
        class_="switch",
    )


def _choice(value: str, text: str, checked: bool) -> Markup:
    button = element("input", type="radio", name="cells", value=value, checked=checked)
    return element("label", button, text)


def _table(content: dict[str, Any], largest: float) -> Markup:
    """Counts and colours; matrix.js makes buttons of the cells."""
    names, confusion = content["classes"], content["test"]["confusion"]
    many = len(names) > MANY
    heading = (element("th", element("span", name), scope="col", title=name) for name in names)
    corner = element("td", "true ↓ taken for →", class_="corner")
    rows = (
        element(
            "tr",
            element("th", names[true], scope="row", title=names[true]),
            *(_cell(true == k, count, sum(row), largest) for k, count in enumerate(row)),
        )
        for true, row in enumerate(confusion)
    )
    return element(
        "table",
        element("caption", "Confusion matrix", class_="unseen"),
        element("thead", element("tr", corner, *heading)),
        element("tbody", *rows),
        class_="matrix many" if many else "matrix",
        style=f"--classes:{len(names)}" if many else None,
        id="matrix",
    )


def _cell(right: bool, count: int, of: int, largest: float) -> Markup:
    """Nothing for 0; else the count, and how much of the colour the cell has."""
    if not count:
        return Markup("<td></td>")
    part = count / of if right else count / of / largest
    return Markup(f'<td style="--part:{part:.2f}"{CLASS_RIGHT if right else ""}>{count:,}</td>')


def _named(content: dict[str, Any]) -> list[Markup]:
    """The most frequent confusions in words."""
    names = content["classes"]
    heading = element("h3", "Most frequent confusions", style="margin-top:0")
    if not content["confusions"]:
        return [heading, paragraph("No class was taken for another.")]
    lines = (
        element(
            "li",
            element(
                "button",
                f"{one['count']:,} of {one['of']:,} images of {names[one['true']]} were taken for "
                f"{names[one['predicted']]}",
                type="button",
                data_open=f"{one['true']},{one['predicted']}",
            ),
        )
        for one in content["confusions"]
    )
    return [heading, element("ol", *lines, class_="confusions")]


def _cell_panel(content: dict[str, Any]) -> Markup:
    """Where the images of a cell appear."""
    if not content["images"]:
        return paragraph("The images of a cell cannot be shown: they are not here.", kind="note")
    return element("div", NEEDS_SCRIPT, id="cell", aria_live="polite")


def mistakes(content: dict[str, Any]) -> Markup:
    """Fig. 4: the mistakes the network was surest of."""
    title = "Most confident mistakes"
    if not content["images"]:
        return section("mistakes", title, paragraph(content["without"]["images"]))
    if not content["mistakes"]:
        return section("mistakes", title, paragraph("There is no mistake."))
    return section(
        "mistakes",
        title,
        element(
            "figure",
            element("ul", id="mistakes-cards", class_="cards"),
            NEEDS_SCRIPT,
            caption(
                4,
                "Test images that the network was surest of and wrong about, with the "
                "probabilities of the most probable classes; the true class is in bold.",
            ),
        ),
    )
