"""The first sections of a report: the result in a few lines, the images, the training."""

from __future__ import annotations

from typing import Any

from verypoorcnn.report.curves import Curve, chart
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
    tile,
)

TRAINING = "training: running mean over the epoch, each batch before its step"
VALIDATION = "validation: measured after the epoch"
START = "start: the training images before the first step"


def masthead(content: dict[str, Any]) -> Markup:
    """Title, what it is about, and the key figures."""
    repeat, network, data = content["repeat"], content["network"], content["data"]
    made = repeat["made_with"] or {}
    facts = (
        f"{network['parameters']:,} parameters",
        _counted(len(content["training"]["history"]), "epoch"),
        f"seed {repeat['seed']}",
        f"{repeat['engine']} engine",
        f"run {content['name']}",
        made.get("time", "")[:10],
    )
    title = data["origin"].partition(" from ")[0]
    top = element(
        "div",
        element("span", "VeryPoorCNN · report of a run"),
        element("button", "Light / dark", type="button", id="theme"),
        class_="bar",
    )
    return element(
        "header",
        top,
        element("h1", title),
        paragraph(" · ".join(filter(None, facts)), kind="facts"),
        _stopped(content["stopped"]) if content["stopped"] else "",
        *([_lead(content), _keys(content["test"])] if content["test"] else []),
        class_="masthead",
    )


def _stopped(stopped: dict[str, Any]) -> Markup:
    """Of a run that is not over: why, and how to go on."""
    return element(
        "div",
        paragraph(stopped["said"]),
        element("code", stopped["go_on"]),
        class_="stopped",
        role="note",
    )


def _lead(content: dict[str, Any]) -> Markup:
    """The whole report in three sentences."""
    test, data, names = content["test"], content["data"], content["classes"]
    right = sum(row[k] for k, row in enumerate(test["confusion"]))
    trained = f"After {_counted(len(content['training']['history']), 'epoch')}"
    if data["train"]:
        trained += f" on {data['train']:,} images"
    said = f"{trained}, the network names {right:,} of {test['samples']:,} test images correctly. "
    if not content["confusions"]:
        return paragraph(said, "It took no class for another.", kind="lead")
    worst = content["confusions"][0]
    return paragraph(
        said,
        "Its most frequent mistake: it took ",
        element("b", f"{worst['count']:,} of {worst['of']:,}"),
        f" images of {names[worst['true']]} for {names[worst['predicted']]}.",
        kind="lead",
    )


def _keys(test: dict[str, Any]) -> Markup:
    figures = {
        "accuracy": percent(test["accuracy"]),
        "precision, macro": percent(test["precision"]),
        "recall, macro": percent(test["recall"]),
        "F1, macro": percent(test["f1"]),
        "loss": f"{test['loss']:.4f}",
        "test images": f"{test['samples']:,}",
    }
    pairs = (
        element("div", element("dt", name), element("dd", value)) for name, value in figures.items()
    )
    return element("dl", *pairs, class_="keys")


def samples(content: dict[str, Any]) -> Markup:
    """Fig. 1: some training images of every class."""
    images, data = content["images"], content["data"]
    if not images:
        return section("images", "The images", paragraph(content["without"]["images"]))
    rows = [
        element(
            "div",
            element("dt", content["classes"][label]),
            element("dd", *(tile(images, k, content["classes"][label]) for k in tiles)),
        )
        for label, tiles in enumerate(content["samples"])
        if tiles
    ]
    size = "×".join(map(str, data["shape"][1:]))
    thinned = f"; every {images['every']}th pixel is shown" if images["every"] > 1 else ""
    shades = "" if data["shape"][0] == 3 else legend(joined(("pixel ", ramp("grey", "0 ", " 255"))))
    return section(
        "images",
        "The images",
        element(
            "figure",
            element("dl", *rows, class_="samples", style=f"--tiles:{_most(content['samples'])}"),
            shades,
            caption(
                1,
                f"The first training images of {_each_class(content)}, {size} pixels{thinned}. "
                f"Source: {data['origin']}.",
            ),
        ),
        *(paragraph(note, kind="note") for note in data["notes"]),
        _twins(content),
    )


def _most(samples: list[list[int]]) -> int:
    """Images of the class that has the most."""
    return max(map(len, samples), default=0)


def _each_class(content: dict[str, Any]) -> str:
    shown, known = len(content["samples"]), len(content["classes"])
    return "each class" if shown == known else f"the first {shown} of {known} classes"


def _twins(content: dict[str, Any]) -> Markup:
    twins = content["twins"]
    if not twins:
        said = "No test image is known to stand among the training images as well."
    else:
        several = len(twins) > 1
        said = (
            f"{_counted(len(twins), 'test image')} also {'stand' if several else 'stands'} among "
            "the training images, equal or as another print of the same photograph (index "
            f"{', '.join(map(str, twins[:20]))}{', …' if len(twins) > 20 else ''}); "
            f"{'they are' if several else 'it is'} marked “also trained on” below."
        )
    return paragraph(said, kind="note")


def training(content: dict[str, Any]) -> Markup:
    """Fig. 2: loss and accuracy, each with what was measured and how."""
    history, start = content["training"]["history"], content["training"]["start"]
    if not history:
        return section("training", "The training", paragraph(_before_any_epoch(start)))
    validated = any("validation" in record for record in history)
    keys = [_key(1, TRAINING)]
    keys += [_key(2, VALIDATION)] if validated else []
    keys += [_key(6, START, ring=True)] if start else []
    return section(
        "training",
        "The training",
        element(
            "figure",
            element(
                "div",
                _chart("Loss", history, start, "loss", "{:.6f}".format),
                _chart("Accuracy", history, start, "accuracy", _exact_percent),
                class_="charts",
            ),
            legend(*keys),
            caption(2, _training_caption(content, validated)),
        ),
        _epochs(history, validated),
    )


def _before_any_epoch(start: dict[str, float] | None) -> str:
    said = "No epoch is over, so there is no curve."
    if start:
        said += (
            f" Before the first step the loss on the training images was {start['loss']:.6f}, "
            f"the accuracy {_exact_percent(start['accuracy'])}."
        )
    return said


def _training_caption(content: dict[str, Any], validated: bool) -> str:
    said = "Loss (cross-entropy, in nats) and accuracy over the epochs. "
    if not validated:
        said += "There is no validation curve: this run kept no validation images. "
    if best := content["training"]["best_epoch"]:
        said += f"The parameters of epoch {best}, the best on the validation images, were kept. "
    return said + "The pointer, or the arrow keys, tell the exact values."


def _chart(
    title: str, history: list[Any], start: dict[str, float] | None, key: str, exact: Any
) -> Markup:
    curves = []
    if start:
        curves.append(Curve("start", [(0, start[key])], colour=6, once=True))
    curves.append(Curve("training", [(r["epoch"], r[key]) for r in history]))
    if validation := [(r["epoch"], r["validation"][key]) for r in history if "validation" in r]:
        curves.append(Curve("validation", validation, colour=2))
    mark = _whole_percent if key == "accuracy" else "{:g}".format
    top = 1.0 if key == "accuracy" else 0.0
    drawn = chart(curves, title, mark, exact, top)
    return element(
        "div", element("h3", title), drawn, element("output", aria_live="polite"), class_="chart"
    )


def _epochs(history: list[Any], validated: bool) -> Markup:
    heading = ["epoch", "training loss", "training accuracy"]
    heading += ["validation loss", "validation accuracy"] if validated else []
    rows = (
        [
            record["epoch"],
            *_both(record),
            *(_both(record["validation"]) if "validation" in record else []),
            f"{1000 * record['seconds']:,.1f}{NARROW}ms",
        ]
        for record in history
    )
    drawn = table([*heading, "time"], rows, "Every epoch; training figures are running means.")
    return element(
        "details",
        element("summary", "All values as a table"),
        element("div", drawn, class_="scroll"),
    )


def _both(record: dict[str, float]) -> list[str]:
    return [f"{record['loss']:.6f}", _exact_percent(record["accuracy"])]


def _key(colour: int, text: str, ring: bool = False) -> Markup:
    shape = "swatch ring" if ring else "swatch"
    return joined((element("i", class_=f"{shape} series-{colour}"), text))


def _exact_percent(share: float) -> str:
    return f"{100 * share:.2f}{NARROW}%"


def _whole_percent(share: float) -> str:
    return f"{100 * share:.0f}{NARROW}%"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
