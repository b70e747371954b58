"""`verypoorcnn predict`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from verypoorcnn.cli.common import Terminal, open_model, percent, print_json
from verypoorcnn.cli.options import add_engine, add_json, add_model
from verypoorcnn.cli.parser import limit, place
from verypoorcnn.errors import UserError

if TYPE_CHECKING:
    from verypoorcnn.data.dataset import Shape
    from verypoorcnn.training.model import Model, Prediction

EXAMPLES = """\
examples:
  {program} predict runs/lenet boot.png shirt.jpg
      image files of any size (needs Pillow)
  {program} predict model.safetensors photo.jpg --invert
      dark clothes on a light ground; Fashion-MNIST is light on black
  {program} predict model.safetensors rows.csv --json
      rows of 784 pixels from 0 to 255, with or without a label before them
"""
PICTURES = 5  # with more images than these, only lines
ROWS = (".csv", "-ubyte", ".idx")  # how names end of files whose bytes are taken as they are
AT_A_TIME = 64  # images between two moves of the progress


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
        "files",
        nargs="+",
        type=place,
        metavar="FILE",
        help="an image, or a CSV or IDX file of many",
    )
    parser.add_argument(
        "--top", type=limit, default=3, metavar="K", help="how many classes to name (3), or all"
    )
    parser.add_argument("--invert", action="store_true", help="swap light and dark in image files")
    add_engine(parser)
    add_json(parser)


def run(options: Namespace) -> int:
    """Predict, and print each image as the network sees it and what it makes of it."""
    model = open_model(options.model, options.config, options.engine)
    shape = model.network.input_shape
    images = [image for file in options.files for image in read(file, shape, options.invert)]
    pairs = [*zip(images, predictions(model, images), strict=True)]
    top = model.network.classes if options.top == "all" else options.top
    if options.json:
        print_json([as_dict(model, *pair, top) for pair in pairs])
    else:
        print("\n".join(as_text(model, *pair, top, len(images) <= PICTURES) for pair in pairs))
    return 0


def predictions(model: Model, images: Sequence[Image]) -> list[Prediction]:
    """What the model makes of each image."""
    found: list[Prediction] = []
    with Terminal().progress("predicting", len(images)) as bar:
        for start in range(0, len(images), AT_A_TIME):
            some = images[start : start + AT_A_TIME]
            found += model.predict([image.pixels for image in some])
            bar.advance(len(some))
    return found


def read(file: str, shape: Shape, invert: bool) -> Iterator[Image]:
    """The images of a file: one image, or every row of a CSV, or all of an IDX file."""
    pixels = _pixels(Path(file), shape, invert)
    size = prod(shape)
    if not pixels:
        raise UserError(f"{file}: there is no image; give a file with at least one")
    for index in range(len(pixels) // size):
        yield Image(file, index, pixels[index * size : (index + 1) * size])


def _pixels(path: Path, shape: Shape, invert: bool) -> bytes:
    name = path.name.lower().removesuffix(".gz")
    if invert and name.endswith(ROWS):
        raise UserError(f"{path}: --invert is for image files; leave it away")
    if name.endswith(".safetensors"):
        raise UserError(f"{path}: this is a model; give images: an image, a CSV or an IDX file")
    if name.endswith(".csv"):
        from verypoorcnn.data.csv_file import read_csv_rows

        return read_csv_rows(path, shape)[0]
    if name.endswith(("-ubyte", ".idx")):
        return _idx_pixels(path, shape)
    from verypoorcnn.data.folder import read_image

    return read_image(path, shape, invert=invert)


def _idx_pixels(path: Path, shape: Shape) -> bytes:
    from verypoorcnn.data.idx import read_idx_images

    found, pixels = read_idx_images(path)
    if found != shape:
        sizes = ["×".join(map(str, each)) for each in (found, shape)]
        raise UserError(
            f"{path}: images of {sizes[0]}, but the network takes {sizes[1]}; scale the images"
        )
    return pixels


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
        f"{model.class_names[k]} {percent(prediction.probabilities[k])}"
        for k in prediction.top(top)
    )
    line = f"{image.file}, image {image.index}: {guesses}"
    return f"{drawn(image.pixels, model.network.input_shape)}\n{line}\n" if picture else line
