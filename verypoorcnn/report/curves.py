"""Curves over epochs as SVG.

Every point is a circle that carries its value, so the picture tells its numbers with nothing but
the browser; chart.js adds a cursor for pointer and keyboard.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, floor, log10
from typing import NamedTuple

from verypoorcnn.report.markup import Markup, element

WIDTH, HEIGHT = 560, 300
LEFT, RIGHT, TOP, BOTTOM = 46, 546, 12, 262  # of the area of the curves
STEPS = (1, 2, 2.5, 5, 10)  # between marks of an axis, times a power of ten
MANY = 60  # points of a curve, beyond which they are too near to be drawn large

Point = tuple[int, float]  # epoch, value
Show = Callable[[float], str]


class Curve(NamedTuple):
    """One line of a chart.

    `once` is a value that was measured a single time; `faint` is a thin line without values.
    """

    name: str
    points: Sequence[Point]
    colour: int = 1  # of theme.css
    once: bool = False
    faint: bool = False


def chart(curves: Sequence[Curve], label: str, mark: Show, exact: Show, top: float = 0) -> Markup:
    """The curves above their epochs, from 0 up.

    Args:
        curves: each with at least one point.
        label: what is shown, "loss".
        mark: writes a number at the axis.
        exact: writes a value for who asks for it.
        top: the axis reaches up to it at least.
    """
    points = [point for curve in curves for point in curve.points]
    epochs = max(epoch for epoch, _ in points)
    rises = marks(max(top, *(value for _, value in points)))
    frame = _Frame(max(epochs, 1), rises[-1])
    return element(
        "svg",
        *_axes(frame, rises, mark),
        *(_curve(curve, frame, exact) for curve in curves),
        element("line", class_="cursor", y1=TOP, y2=BOTTOM),
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="slider",
        tabindex=0,
        aria_label=f"{label} over {epochs} epochs; arrow keys go from epoch to epoch",
        aria_valuemin=min(epoch for epoch, _ in points),
        aria_valuemax=epochs,
        aria_valuenow=epochs,
    )


def marks(highest: float, count: int = 5) -> list[float]:
    """Round numbers from 0 to the first that is not below `highest`: 0, 0.5, 1, 1.5, …"""
    highest = highest if highest > 0 else 1.0
    power = 10.0 ** floor(log10(highest / count))
    step = next(s * power for s in STEPS if s * power * count >= highest * (1 - 1e-9))
    return [step * k for k in range(ceil(highest / step - 1e-9) + 1)]


class _Frame(NamedTuple):
    """From epochs and values to places."""

    epochs: int
    highest: float

    def x(self, epoch: float) -> str:
        return f"{LEFT + (RIGHT - LEFT) * epoch / self.epochs:.1f}"

    def y(self, value: float) -> str:
        return f"{BOTTOM - (BOTTOM - TOP) * value / self.highest:.1f}"


def _axes(frame: _Frame, rises: Sequence[float], mark: Show) -> list[Markup]:
    parts = []
    for value in rises:
        y = frame.y(value)
        parts.append(element("line", class_="mesh", x1=LEFT, x2=RIGHT, y1=y, y2=y))
        parts.append(element("text", mark(value), x=LEFT - 8, y=y, dy=4, text_anchor="end"))
    step = max(1, ceil(marks(frame.epochs)[1]))
    for epoch in range(0, frame.epochs + 1, step):
        place = {"x": frame.x(epoch), "y": BOTTOM + 18}
        parts.append(element("text", epoch, text_anchor="middle", **place))
    parts.append(element("line", class_="axis", x1=LEFT, x2=RIGHT, y1=BOTTOM, y2=BOTTOM))
    parts.append(element("text", "epoch", x=RIGHT, y=BOTTOM + 35, text_anchor="end"))
    return parts


def _curve(curve: Curve, frame: _Frame, exact: Show) -> Markup:
    places = [(frame.x(epoch), frame.y(value)) for epoch, value in curve.points]
    line = element("path", d="M" + "L".join(f"{x} {y}" for x, y in places))
    if curve.faint:
        return element("g", line, class_=f"series-{curve.colour} faint")
    radius = 4.5 if curve.once else 3 if len(curve.points) < MANY else 2
    circles = [
        element(
            "g",
            Markup(f'<circle cx="{x}" cy="{y}" r="{radius}"></circle>'),
            element("title", f"epoch {epoch}, {curve.name}: {exact(value)}"),
            data_epoch=epoch,
            data_value=exact(value),
        )
        for (x, y), (epoch, value) in zip(places, curve.points, strict=True)
    ]
    classes = f"series-{curve.colour}" + (" once" if curve.once else "")
    return element("g", line, *circles, class_=classes, data_name=curve.name)
