"""`verypoorcnn evaluate`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from verypoorcnn.cli.common import (
    Terminal,
    add_data,
    add_engine,
    add_json,
    add_model,
    limit,
    open_model,
    print_json,
)

EXAMPLES = """\
examples:
  {program} evaluate runs/lenet                                 on Fashion-MNIST's test images
  {program} evaluate model.safetensors --data own.csv --json
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's options."""
    add_model(parser)
    add_data(parser, "what to test on; its test part if it has one")
    add_engine(parser)
    parser.add_argument("--limit-test", type=limit, metavar="N", help="test so many images (all)")
    add_json(parser)


def run(options: Namespace) -> int:
    """Test a model and print its metrics."""
    from verypoorcnn.data.sources import load_evaluation
    from verypoorcnn.training.tables import confusion_table, confusions_line, metrics_table

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
        parts = metrics_table(metrics), confusion_table(metrics), confusions_line(metrics)
        print("\n\n".join(parts))
    return 0
