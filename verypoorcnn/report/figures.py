"""Figures for a paper, drawn by matplotlib: samples, curves, confusion matrix, filters, maps.

They show the same content as the page, in the same colours, one file each.
"""

from __future__ import annotations

from binascii import a2b_base64
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from verypoorcnn.errors import UserError

Content = dict[str, Any]

COLUMN = 3.4  # inches: the width of a column of a paper
BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#4d4d4d"
SIGNED = ("#2166ac", "#ffffff", "#d95f0e")  # below zero, zero, above
DOTS = 300  # an inch, where a format has dots
FOLD = 36  # numbers of a vector in one line
VECTOR = 8  # widths of a map that such a line takes
FILTERS = 16  # in one line
LINES = 25  # of samples in one block
MANY = 30  # classes of which cells have no room for a number
POINTS = 300  # of a side of the confusion matrix, which its names share
GAP = 0.06  # between pictures, of their width


def write_figures(content: Content, folder: Path, kind: str) -> list[Path]:
    """Write every figure that the content has data for, and return the files.

    Raises:
        UserError: matplotlib is missing, or the folder cannot be written.
    """
    try:
        import matplotlib.style as style
    except ImportError:
        raise UserError(
            "--figures needs matplotlib; install it with pip install 'verypoorcnn[figures]'"
        ) from None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with style.context(("default", STYLE)):
            return [_saved(figure, folder / f"{name}.{kind}") for name, figure in _all(content)]
    except OSError as error:
        raise UserError(
            f"{folder}: figures cannot be written ({error.strerror or error}); give another folder"
        ) from None


STYLE = {
    "font.size": 8,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "image.interpolation": "nearest",
    "figure.dpi": DOTS,
    "pdf.fonttype": 42,  # letters stay letters
    "svg.fonttype": "none",
}


def _all(content: Content) -> Iterator[tuple[str, Any]]:
    """Names and figures, one after another."""
    if content["images"]:
        yield "samples", _samples(content)
    if content["training"]["history"]:
        yield "loss", _curve(content, "loss", "loss (nats)")
        yield "accuracy", _curve(content, "accuracy", "accuracy")
    if content["test"]:
        yield "confusion", _confusion(content)
    for layer in content["filters"]:
        yield f"filters-{layer['layer']}", _filters(layer)
    if content["maps"]:
        yield "maps", _maps(content)


def _saved(figure: Any, path: Path) -> Path:
    figure.savefig(path, dpi=DOTS, bbox_inches="tight", pad_inches=0.02)
    return path


def _new(width: float, height: float, **layout: Any) -> Any:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained", **layout)


def _samples(content: Content) -> Any:
    """A row of training images for every class; many classes stand in several blocks."""
    cut, samples = _tiles(content), content["samples"]
    named = [*zip(content["classes"], samples, strict=False)]
    across, lines = max(map(len, samples)), _lines(len(samples))
    blocks = [named[start : start + lines] for start in range(0, len(named), lines)]
    width = COLUMN if len(blocks) == 1 else 2 * COLUMN
    figure = _new(width, width * lines / (across + 2) / len(blocks))
    for axes, block in zip(figure.subplots(1, len(blocks), squeeze=False)[0], blocks, strict=True):
        for row, (_, tiles) in enumerate(block):
            for column, number in enumerate(tiles):
                _picture(axes, cut(number), column, row, cmap="gray", vmin=0, vmax=1)
        _grid(axes, across, lines, enumerate(name for name, _ in block))
    return figure


def _lines(classes: int) -> int:
    """Rows of a block of samples: all, or of many classes so many that blocks are of a height."""
    blocks = min(-(-classes // LINES), 4)
    return -(-classes // blocks)


def _tiles(content: Content) -> Callable[[int], Any]:
    """A function from a tile's number to its pixels."""
    from matplotlib.image import imread

    images = content["images"]
    picture = imread(BytesIO(a2b_base64(images["png"])), format="png")
    columns, rows = images["tile"]

    def cut(number: int) -> Any:
        row, column = divmod(number, images["across"])
        y, x = row * rows, column * columns
        return picture[y : y + rows, x : x + columns]

    return cut


def _curve(content: Content, key: str, label: str) -> Any:
    figure = _new(COLUMN, 0.66 * COLUMN)
    axes, history = figure.subplots(), content["training"]["history"]
    epochs = [record["epoch"] for record in history]
    values = [record[key] for record in history]
    axes.plot(epochs, values, color=BLUE, marker="o", ms=2, lw=1, label="training, running mean")
    if content["training"]["start"]:
        start = content["training"]["start"][key]
        axes.plot([0], [start], "o", ms=4, mfc="white", mec=GREY, label="before the first step")
    validated = [record for record in history if "validation" in record]
    if validated:
        epochs = [record["epoch"] for record in validated]
        values = [record["validation"][key] for record in validated]
        axes.plot(epochs, values, color=ORANGE, marker="s", ms=2, lw=1, label="validation")
    axes.set(xlabel="epoch", ylabel=label)
    if key == "accuracy":
        axes.set_ylim(0, 1)
    else:
        axes.set_ylim(0, 1.05 * axes.dataLim.ymax)
    axes.legend(frameon=False)
    return figure


def _confusion(content: Content) -> Any:
    """Counts, coloured by their share of the true class."""
    names, counts = content["classes"], content["test"]["confusion"]
    shares = [[count / (sum(row) or 1) for count in row] for row in counts]
    many = len(names) > MANY
    figure = _new(2 * COLUMN, 1.9 * COLUMN) if many else _new(1.5 * COLUMN, 1.4 * COLUMN)
    axes = figure.subplots()
    picture = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    if not many:
        _write_counts(axes, counts, shares)
    size = min(8.0, POINTS / len(names))
    slant = {"rotation": 90} if many else {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
    axes.set_xticks(range(len(names)), names, fontsize=size, **slant)
    axes.set_yticks(range(len(names)), names, fontsize=size)
    axes.tick_params(length=min(3.5, size / 2))
    axes.set(xlabel="predicted", ylabel="true")
    figure.colorbar(picture, ax=axes, label="share of the true class", shrink=0.8)
    return figure


def _write_counts(axes: Any, counts: list[list[int]], shares: list[list[float]]) -> None:
    for true, row in enumerate(counts):
        for taken, count in enumerate(row):
            colour = "white" if shares[true][taken] > 0.5 else "black"
            if count:
                axes.text(taken, true, count, ha="center", va="center", color=colour, fontsize=6)


def _filters(layer: Content) -> Any:
    """Before training above, learned beneath; one scale for both."""
    _, channels, rows, columns = layer["shape"]
    size, count = rows * columns, layer["shown"] * channels
    across = min(count, FILTERS)
    lines = -(-count // across)
    learned = lines + (0.6 if lines > 1 else 0)  # the row at which the second half begins
    height = learned + lines
    figure = _new(COLUMN, COLUMN * height / (across + 2.5))
    axes = figure.subplots()
    for start, key in ((0, "before"), (learned, "after")):
        for k in range(count):
            row, column = divmod(k, across)
            numbers = _folded(layer[key][k * size : (k + 1) * size], columns)
            signed = _signed(layer["largest"])
            drawn = _picture(axes, numbers, column, start + row, **signed)
    _grid(axes, across, height, [(0, "before training"), (learned, "learned")])
    figure.colorbar(drawn, ax=axes, shrink=0.8)
    return figure


def _maps(content: Content) -> Any:
    """The first of the chosen images through every layer; every layer has its own scale."""
    chosen = content["maps"][0]
    across = max(VECTOR, *(_across(layer) for layer in chosen["layers"]))
    count = len(chosen["layers"]) + 1
    figure = _new(2 * COLUMN, 2 * COLUMN * count / (across + 2))
    axes = figure.subplots()
    image = _tiles(content)(chosen["tile"])
    _picture(axes, image, 0, 0, cmap="gray", vmin=0, vmax=1)
    for row, layer in enumerate(chosen["layers"], 1):
        _layer(axes, layer, row)
    names = [content["classes"][chosen["true"]], *(one["name"] for one in chosen["layers"])]
    _grid(axes, across, count, enumerate(names))
    return figure


def _across(layer: Content) -> int:
    """How many maps of a layer are drawn."""
    return 1 if len(layer["shape"]) == 1 else min(layer["shown"], FILTERS)


def _layer(axes: Any, layer: Content, row: int) -> None:
    values, shape = layer["values"], layer["shape"]
    signed = _signed(max(map(abs, values), default=0.0))
    if len(shape) == 1:
        lines = _folded(values, min(FOLD, len(values)))
        width = VECTOR * len(lines[0]) / FOLD
        _picture(axes, lines, 0, row, width, len(lines) / 5, **signed)
        return
    size = shape[1] * shape[2]
    for k in range(_across(layer)):
        numbers = values[k * size : (k + 1) * size]
        _picture(axes, _folded(numbers, shape[2]), k, row, **signed)


def _folded(numbers: list[float], columns: int) -> list[list[float]]:
    """Lines of so many numbers; the last one is filled up with nothing."""
    filled = [*numbers, *[float("nan")] * (-len(numbers) % columns)]
    return [filled[start : start + columns] for start in range(0, len(filled), columns)]


def _signed(largest: float) -> dict[str, Any]:
    """A scale with white at zero."""
    from matplotlib.colors import LinearSegmentedColormap

    limit = largest or 1.0
    return {
        "cmap": LinearSegmentedColormap.from_list("signed", SIGNED),
        "vmin": -limit,
        "vmax": limit,
    }


def _picture(
    axes: Any,
    picture: Any,
    column: float,
    row: float,
    width: float = 1,
    height: float = 1,
    **scale: Any,
) -> Any:
    """Draw at a place of a grid whose places are 1 wide and high, with a gap and a thin frame."""
    from matplotlib.patches import Rectangle

    height = min(1.0, height)
    top = row + (1 - height) / 2
    right, bottom = column + width - GAP, top + height - GAP
    frame = Rectangle((column, top), right - column, bottom - top, fill=False, lw=0.3, ec=GREY)
    axes.add_patch(frame)
    return axes.imshow(picture, extent=(column, right, bottom, top), aspect="equal", **scale)


def _grid(axes: Any, across: float, down: float, names: Iterable[tuple[float, str]]) -> None:
    """Name the rows of a grid, and show nothing else around it."""
    rows = dict(names)
    axes.set(xlim=(-GAP, across), ylim=(down, -GAP))
    axes.set_xticks([])
    axes.set_yticks([row + 0.5 - GAP / 2 for row in rows], [*rows.values()])
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
