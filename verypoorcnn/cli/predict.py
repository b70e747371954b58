"""`verypoorcnn predict`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from verypoorcnn.cli.common import (
    add_engine,
    add_json,
    add_model,
    limit,
    open_model,
    print_json,
)
from verypoorcnn.data.dataset import Shape
from verypoorcnn.training.model import Model, Prediction

EXAMPLES = """\
examples:
  {program} predict runs/lenet boot.png shirt.jpg          image files (needs Pillow)
  {program} predict model.safetensors rows.csv --json      784 pixels a row, or a label before them
  {program} predict model.safetensors photo.jpg --invert   dark clothes on a light ground
"""
PICTURES = 5  # with more images than these, only lines


@dataclass(frozen=True)
class Image:
    """One image to predict: its file, its number in it, its bytes."""

    file: str
    index: int
    pixels: bytes


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's options."""
    add_model(parser)
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="images, or CSV or IDX files of many"
    )
    parser.add_argument(
        "--top", type=limit, default=3, metavar="K", help="classes to name (3), or all"
    )
    parser.add_argument(
        "--invert",
        action="store_true",
        help="swap black and white in image files; Fashion-MNIST is light on black",
    )
    add_engine(parser)
    add_json(parser)


def run(options: Namespace) -> int:
    """Predict, and print each image as the network sees it and what it makes of it."""
    model = open_model(options.model, options.config, options.engine)
    images = [
        i for file in options.files for i in read(file, model.network.input_shape, options.invert)
    ]
    predictions = model.predict([image.pixels for image in images])
    top = len(model.class_names) if options.top == "all" else options.top
    if options.json:
        pairs = zip(images, predictions, strict=True)
        print_json([as_dict(model, image, prediction, top) for image, prediction in pairs])
        return 0
    for image, prediction in zip(images, predictions, strict=True):
        print(as_text(model, image, prediction, top, picture=len(images) <= PICTURES))
    return 0


def read(file: str, shape: Shape, invert: bool) -> Iterator[Image]:
    """The images of a file: one image, or every row of a CSV, or all of an IDX file."""
    pixels = _pixels(Path(file), shape, invert)
    size = shape[0] * shape[1] * shape[2]
    for index in range(len(pixels) // size):
        yield Image(file, index, pixels[index * size : (index + 1) * size])


def _pixels(path: Path, shape: Shape, invert: bool) -> bytes:
    from verypoorcnn.data.csv_file import read_csv_rows
    from verypoorcnn.data.folder import read_image
    from verypoorcnn.data.idx import read_idx_images

    name = path.name.lower().removesuffix(".gz")
    if name.endswith(".csv"):
        return read_csv_rows(path, shape, labelled=None)[0]
    if name.endswith(("-ubyte", ".idx")):
        found, pixels = read_idx_images(path)
        _check_shape(path, found, shape)
        return pixels
    return read_image(path, shape, invert=invert)


def _check_shape(path: Path, found: Shape, needed: Shape) -> None:
    if found != needed:
        from verypoorcnn.errors import UserError

        sizes = ["×".join(map(str, shape)) for shape in (found, needed)]
        raise UserError(f"{path}: images of {sizes[0]}, but the network takes {sizes[1]}")


def as_dict(model: Model, image: Image, prediction: Prediction, top: int) -> dict[str, Any]:
    """A prediction for --json."""
    best = [
        {"label": k, "name": model.class_names[k], "probability": prediction.probabilities[k]}
        for k in prediction.top(top)
    ]
    return {"file": image.file, "index": image.index, **best[0], "top": best}


def as_text(model: Model, image: Image, prediction: Prediction, top: int, picture: bool) -> str:
    """A prediction for people, with the image as the network sees it."""
    from verypoorcnn.data.picture import as_text as drawn

    guesses = ", ".join(
        f"{model.class_names[k]} {prediction.probabilities[k]:.1%}" for k in prediction.top(top)
    )
    line = f"{image.file}, image {image.index}: {guesses}"
    return f"{drawn(image.pixels, model.network.input_shape)}\n{line}\n" if picture else line
