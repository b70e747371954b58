"""The sections on what is inside: filters, feature maps, layers."""

from __future__ import annotations

from typing import Any

from verypoorcnn.report.markup import Markup, element, joined
from verypoorcnn.report.parts import caption, legend, paragraph, ramp, section, table, tile
from verypoorcnn.report.results import NEEDS_SCRIPT


def filters(content: dict[str, Any]) -> Markup:
    """Fig. 5: every filter before training and after it, on one scale."""
    title = "What the filters learned"
    if "filters" in content["without"]:
        return section("filters", title, paragraph(content["without"]["filters"]))
    if not content["filters"]:
        return section("filters", title, paragraph("This network has no filters: no convolution."))
    return section(
        "filters",
        title,
        element(
            "figure",
            element("div", id="filter-strips"),
            NEEDS_SCRIPT,
            element("output", class_="readout", id="filter-readout", aria_live="polite"),
            _signed_legend("the layer’s largest weight"),
            caption(
                5,
                "The filters of every convolution, as the seed drew them before the first step and "
                "as they were learned. Both are drawn on one scale, so that they can be compared; "
                "white is always 0.",
                *_cut(content["filters"]),
            ),
        ),
    )


def _cut(layers: list[dict[str, Any]]) -> list[str]:
    return [
        f" Of {one['layer']} the first {one['shown']} of {one['shape'][0]} filters are shown."
        for one in layers
        if one["shown"] < one["shape"][0]
    ]


def maps(content: dict[str, Any]) -> Markup:
    """Fig. 6: chosen images on their way through every layer."""
    title = "An image on its way through the network"
    if "maps" in content["without"]:
        return section("maps", title, paragraph(content["without"]["maps"]))
    return section(
        "maps",
        title,
        element(
            "figure",
            _chooser(content),
            element("div", id="map-strips", class_="strips"),
            NEEDS_SCRIPT,
            element("output", class_="readout", id="map-readout", aria_live="polite"),
            _signed_legend("the layer’s largest number"),
            caption(
                6,
                "What every layer makes of the chosen test image. Each layer has its own scale; "
                "white is always 0. The pointer, or the arrow keys, tell the numbers.",
            ),
        ),
    )


def _chooser(content: dict[str, Any]) -> Markup:
    names, images = content["classes"], content["images"]
    labels = (
        element(
            "label",
            element("input", type="radio", name="map", value=k, checked=k == 0),
            tile(images, one["tile"], ""),
            names[one["true"]],
        )
        for k, one in enumerate(content["maps"])
    )
    return element("fieldset", element("legend", "Test image"), *labels, class_="chooser")


def _signed_legend(largest: str) -> Markup:
    return legend(joined((f"− {largest} ", ramp("signed", "", ""), f" + {largest}")), "white: 0")


def layers(content: dict[str, Any]) -> Markup:
    """What each layer makes of its input, learns, and costs."""
    network = content["network"]
    known = ("name", "type", "output", "parameters", "multiply_adds")
    rows = [["images", "", "", _times(network["input"]), "0", "0"]]
    for layer in network["layers"]:
        given = {key: layer[key] for key in layer if key not in known and layer[key] is not None}
        details = ", ".join(f"{key}={value}" for key, value in given.items())
        counts = (f"{layer[key]:,}" for key in ("parameters", "multiply_adds"))
        rows.append([layer["name"], layer["type"], details, _times(layer["output"]), *counts])
    drawn = table(
        ["layer", "type", "settings", "output", "parameters", "multiply-adds"],
        rows,
        "The layers, from the images to the classes; softmax with cross-entropy follows. "
        "Multiply-adds are those of one image, forward.",
        texts=3,
        last=["total", "", "", "", f"{network['parameters']:,}", f"{network['multiply_adds']:,}"],
    )
    return section("network", "The network", element("div", drawn, class_="scroll"))


def _times(shape: list[int]) -> str:
    return "×".join(map(str, shape))
