"""`verypoorcnn evaluate`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from verypoorcnn.cli.common import Terminal, open_model, print_json, scores
from verypoorcnn.cli.images import images_to_test
from verypoorcnn.cli.options import OWN, add_data, add_engine, add_json, add_model
from verypoorcnn.cli.parser import limit

EXAMPLES = """\
examples:
  {program} evaluate runs/lenet
      on all test images of the run's own data
  {program} evaluate model.safetensors --data own.csv --json
      on own images
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's options."""
    add_model(parser)
    add_data(parser, "what to test on", usual=OWN)
    add_engine(parser)
    parser.add_argument(
        "--limit-test", type=limit, metavar="N", help="how many images to test on (all)"
    )
    add_json(parser)


def run(options: Namespace) -> int:
    """Test a model and print its metrics."""
    model = open_model(options.model, options.config, options.engine)
    asked = options.limit_test
    dataset = images_to_test(options, model, None if asked in (None, "all") else asked)
    with Terminal().progress("testing", len(dataset)) as bar:
        metrics = model.evaluate(dataset, bar.advance)
    if options.json:
        print_json({"data": dataset.source, "engine": model.engine.name, **metrics.as_dict()})
    else:
        heading = f"{dataset.source}: {len(dataset):,} images to test with"
        print("\n\n".join([heading, *scores(metrics)]))
    return 0
