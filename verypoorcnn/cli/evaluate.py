"""`verypoorcnn evaluate`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from verypoorcnn.cli.common import Terminal, open_model, print_json, scores
from verypoorcnn.cli.options import add_data, add_engine, add_json, add_model
from verypoorcnn.cli.parser import limit

EXAMPLES = """\
examples:
  {program} evaluate runs/lenet
      on the 10,000 test images of Fashion-MNIST
  {program} evaluate model.safetensors --data own.csv --json
      on own images
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's options."""
    add_model(parser)
    add_data(parser, "what to test on")
    add_engine(parser)
    parser.add_argument(
        "--limit-test", type=limit, metavar="N", help="how many images to test on (all)"
    )
    add_json(parser)


def run(options: Namespace) -> int:
    """Test a model and print its metrics."""
    from verypoorcnn.data.sources import load_evaluation

    terminal = Terminal()
    model = open_model(options.model, options.config, options.engine)
    dataset = load_evaluation(
        options.data,
        shape=model.network.input_shape,
        class_names=model.class_names if model.named else None,
        samples=None if options.limit_test in (None, "all") else options.limit_test,
        say=terminal.say,
    )
    with terminal.progress("testing", len(dataset)) as bar:
        metrics = model.evaluate(dataset, bar.advance)
    if options.json:
        print_json({"data": dataset.source, "engine": model.engine.name, **metrics.as_dict()})
    else:
        heading = f"{dataset.source}: {len(dataset):,} images to test with"
        print("\n\n".join([heading, *scores(metrics)]))
    return 0
