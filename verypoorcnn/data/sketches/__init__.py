"""Built-in drawings of the ten Fashion-MNIST classes, for when there is nothing else to learn from.

Each image is drawn anew: a garment with proportions of its own (`garments`), put down somewhere,
a little larger or smaller, leaning and turned, as polygons on a canvas (`canvas`), in a cloth with
stripes, checks or dots (`cloth`), and photographed with some grain.  One image in forty has the
outline of another class: a high-top sneaker, a low boot, a short-sleeved shirt.  They are why the
paper's network ends at about 97 % and not at 100 %, and they give it the confusions that the paper
names: Sneaker and Ankle boot, T-shirt and Shirt.

Everything comes from one stream of random numbers and whole-number arithmetic: the same seed draws
the same bytes on every machine.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from verypoorcnn.data.dataset import Dataset
from verypoorcnn.data.fashion_mnist import CLASS_NAMES
from verypoorcnn.data.sketches.canvas import SIDE, UNIT, Canvas, Outline
from verypoorcnn.data.sketches.cloth import FULL, GRAINS, Material, Pick
from verypoorcnn.data.sketches.garments import GARMENTS, LOOK_ALIKES, Drawing
from verypoorcnn.errors import UserError

PARTS = {"train": "training", "test": "test"}
BRIGHTEST = UNIT * FULL * 255  # what a pixel of value 1 is on canvas × in cloth × in grain

Garment = tuple[Callable[[Pick], Drawing], Material]


def sketches(count: int, seed: int = 0, part: str = "train") -> Dataset:
    """`count` drawings, 28×28, light on black; each ten of them hold every class once.

    The first images of a longer set are the shorter set.  The parts "train" and "test" are drawn
    from different random numbers.

    Raises:
        UserError: `count` is not positive, or there is no such part.
    """
    if count < 1:
        raise UserError(f"built-in sketches: {count} images asked for; ask for at least 1")
    if part not in PARTS:
        raise UserError(f"built-in sketches: there is no part {part!r}; choose train or test")
    rng = Random(f"sketches, {part}, {seed}")
    images: list[bytes] = []
    labels: list[int] = []
    while len(labels) < count:
        garments = wardrobe(len(labels) // len(GARMENTS))
        labels += sorted(range(len(GARMENTS)), key=lambda _: rng.random())  # shuffled
        images += [sketch(garments[y], rng) for y in labels[len(images) : count]]
    return Dataset(
        pixels=b"".join(images),
        labels=bytes(labels[:count]),
        shape=(1, SIDE, SIDE),
        class_names=CLASS_NAMES,
        source=f"built-in sketches, {PARTS[part]} part",
    )


def wardrobe(ten: int) -> list[Garment]:
    """What each class is drawn as in one ten of images: every fourth ten holds a look-alike."""
    garments: list[Garment] = list(GARMENTS)
    if ten % 4 == 0:
        label, draw = LOOK_ALIKES[ten // 4 % len(LOOK_ALIKES)]
        garments[label] = draw, garments[label][1]
    return garments


def sketch(garment: Garment, rng: Random) -> bytes:
    """One drawing, 784 bytes."""
    draw, material = garment
    pick = rng.uniform
    canvas, place, brightness = Canvas(), pose(pick), pick(170, 255)
    for outline, shade in draw(pick):
        canvas.fill(place(outline), round(shade * brightness))
    grain = rng.randbytes(SIDE * SIDE).translate(GRAINS[int(pick(0, len(GRAINS)))])
    layers = zip(canvas.shades(), material(pick), grain, strict=True)
    return bytes(
        [0 if s <= 0 else min(s * weave * speck // BRIGHTEST, 255) for s, weave, speck in layers]
    )


def pose(pick: Pick) -> Callable[[Outline], Outline]:
    """Choose size, slant and place; the result puts a garment's outline there on the canvas."""
    width, height = SIDE * pick(0.91, 0.95), SIDE * pick(0.91, 0.95)
    lean, turn = pick(-0.05, 0.05), pick(-0.05, 0.05)
    half_width, half_height = width * (1 + abs(lean)) / 2, height * (1 + abs(turn)) / 2
    x0, y0 = pick(half_width, SIDE - half_width), pick(half_height, SIDE - half_height)

    def place(outline: Outline) -> Outline:
        return [
            (x0 + width * (x + lean * (y - 0.5)), y0 + height * (y - 0.5 + turn * x))
            for x, y in outline
        ]

    return place
