"""`verypoorcnn data`."""

from __future__ import annotations

import shutil
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from verypoorcnn.cli.common import Terminal, print_json
from verypoorcnn.cli.options import add_json
from verypoorcnn.cli.parser import place, whole

if TYPE_CHECKING:
    from verypoorcnn.data.dataset import Dataset

EXAMPLES = """\
examples:
  {program} data
      Fashion-MNIST: where it is, and what is in it
  {program} data sketches
      the built-in drawings
  {program} data photos --images 10
      a folder per class, its images as the paper's network will see them
"""
GAP = 2  # columns between two pictures side by side


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "source", nargs="?", type=place, metavar="SOURCE", help="as train --data (fashion-mnist)"
    )
    parser.add_argument(
        "--images",
        type=whole(0),
        default=3,
        metavar="N",
        help="of how many classes to draw the first image (3)",
    )
    add_json(parser)


def run(options: Namespace) -> int:
    """Print the counts of each class and a few images."""
    from verypoorcnn.data.sources import load

    parts = load(options.source, shape=None, say=Terminal().say)
    train, test = parts.train, parts.test
    if options.json:
        counts = {"train": train.counts(), "test": test.counts()}
        print_json({"data": parts.origin, "shape": list(train.shape), **counts})
    else:
        print("\n\n".join([parts.origin, counts_table(train, test), *rows(train, options.images)]))
    return 0


def counts_table(train: Dataset, test: Dataset) -> str:
    """How many images of each class there are to learn from and to test with."""
    width = max(len(name) for name in ("class", *train.class_names))
    testing = test.counts()
    lines = [f"{'class':<{width}}  {'training':>8}  {'test':>8}"]
    lines += [f"{n:<{width}}  {c:>8,}  {testing[n]:>8,}" for n, c in train.counts().items()]
    return "\n".join([*lines, f"{'all':<{width}}  {len(train):>8,}  {len(test):>8,}"])


def rows(dataset: Dataset, count: int) -> list[str]:
    """The first image of each of the first `count` classes, as many in a row as fit."""
    from verypoorcnn.data.picture import as_text, side_by_side

    firsts = [i for label in range(256) if (i := dataset.labels.find(label)) >= 0][:count]
    drawn = [
        f"image {i}: {dataset.class_names[dataset.labels[i]]}\n"
        + as_text(dataset.image(i), dataset.shape)
        for i in firsts
    ]
    columns = shutil.get_terminal_size().columns
    in_a_row = max(1, (columns + GAP) // (2 * dataset.shape[2] + GAP))
    groups = [drawn[start : start + in_a_row] for start in range(0, len(drawn), in_a_row)]
    return [side_by_side(group, " " * GAP) for group in groups]
