"""Draws docs/picture.svg: one image on its way through the paper's network, number by number.

    python3 -m docs.picture

It trains on the built-in sketches first, so the numbers in the picture are real.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from verypoorcnn import Model, load_data

WIDTH, HEIGHT = 960, 300
INK, PAPER, QUIET = "#1b1f24", "#ffffff", "#57606a"
WARM, COLD = (0xD5, 0x5E, 0x00), (0x00, 0x72, 0xB2)  # positive and negative, safe for all eyes
SAMPLE = 9  # of the test sketches

Grid = Sequence[Sequence[float]]


def main() -> None:
    """Train, run one image, draw."""
    data = load_data("sketches", train_samples=1500, test_samples=600, say=print)
    model = Model(class_names=data.train.class_names, seed=1)
    model.fit(data.train, epochs=25)
    image = data.test.take([SAMPLE])
    maps = {name: values[0] for name, values in model.engine.activations(image, [0]).items()}
    pixels = image.image(0)
    rows = [[byte / 255 for byte in pixels[28 * y : 28 * y + 28]] for y in range(28)]
    kernels = model.parameters["conv1.weight"].values.tolist()
    (prediction,) = model.predict(image)
    parts = [
        *grid(rows, 20, 90, 140, grey, "image 28×28"),
        *column([square(kernels[25 * f : 25 * f + 25], 5) for f in range(4)], 200, 45, "4 kernels"),
        *column(maps["relu1"], 300, 62, "maps 8×8"),
        *column(maps["pool1"], 420, 62, "pooled 6×6"),
        *units(maps["relu2"], 545, "32 units"),
        *bars(model.class_names, prediction.probabilities, 640),
    ]
    Path(__file__).with_name("picture.svg").write_text(svg(parts), encoding="utf-8")


def svg(parts: Sequence[str]) -> str:
    """The whole drawing."""
    label = "An image, the kernels, maps and units it meets, and the probabilities of ten classes"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            f'aria-label="{label}" font-family="system-ui, sans-serif" font-size="12" '
            'shape-rendering="crispEdges">',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{PAPER}"/>',
            *parts,
            "</svg>\n",
        ]
    )


def square(values: Sequence[float], side: int) -> Grid:
    """Numbers in a row as a square, scaled so that the largest is 1."""
    largest = max(map(abs, values))
    return [[v / largest for v in values[side * y : side * y + side]] for y in range(side)]


def column(maps: Sequence[Grid], x: int, size: int, title: str) -> Iterator[str]:
    """Maps one beneath the other, with one scale for all."""
    largest = max(abs(v) for rows in maps for row in rows for v in row) or 1
    gap = (HEIGHT - 40 - 4 * size) // 4
    for place, rows in enumerate(maps):
        scaled = [[v / largest for v in row] for row in rows]
        name = title if place == 0 else ""
        yield from grid(scaled, x, 34 + place * (size + gap), size, signed, name)


def grid(
    rows: Grid, x: int, y: int, size: int, colour: Callable[[float], str], title: str
) -> Iterator[str]:
    """Numbers as coloured squares, with a title above."""
    side = size / len(rows)
    if title:
        yield text(x + size / 2, y - 10, title, "middle")
    yield f'<rect x="{x}" y="{y}" width="{size}" height="{size}" fill="{INK}"/>'
    for i, row in enumerate(rows):
        for j, value in enumerate(row):
            yield (
                f'<rect x="{x + j * side:.2f}" y="{y + i * side:.2f}" width="{side + 0.1:.2f}" '
                f'height="{side + 0.1:.2f}" fill="{colour(value)}"/>'
            )


def units(values: Sequence[float], x: int, title: str) -> Iterator[str]:
    """A vector from top to bottom."""
    largest = max(map(abs, values)) or 1
    yield text(x + 8, 24, title, "middle")
    for place, value in enumerate(values):
        yield (
            f'<rect x="{x}" y="{34 + 8 * place}" width="16" height="7" '
            f'fill="{signed(value / largest)}"/>'
        )


def bars(names: Sequence[str], probabilities: Sequence[float], x: int) -> Iterator[str]:
    """The probabilities of the classes."""
    yield text(x + 95, 24, "probabilities", "start")
    for place, (name, p) in enumerate(zip(names, probabilities, strict=True)):
        y = 36 + 26 * place
        yield text(x + 85, y + 13, name, "end")
        yield (
            f'<rect x="{x + 95}" y="{y}" width="{max(1, 160 * p):.1f}" height="17" '
            f'fill="{rgb(WARM, 1)}"/>'
        )
        yield text(x + 101 + 160 * p, y + 13, f"{p:.1%}", "start")


def text(x: float, y: float, words: str, anchor: str) -> str:
    """Words at a place."""
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill="{QUIET}">{words}</text>'


def grey(value: float) -> str:
    """From black to white."""
    return "#" + f"{round(255 * value):02x}" * 3


def signed(value: float) -> str:
    """White for 0, warm above, cold below."""
    return rgb(WARM if value > 0 else COLD, abs(value))


def rgb(colour: tuple[int, int, int], strength: float) -> str:
    """A colour on white."""
    return "#" + "".join(f"{round(255 - (255 - part) * strength):02x}" for part in colour)


if __name__ == "__main__":
    main()
