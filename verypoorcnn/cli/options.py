"""Options that several commands share, and what settings of the configuration they stand for."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace

from verypoorcnn.cli.parser import engine, limit, place, whole

OWN = "taken unless given, but of a run its own data"  # of --data, for commands that take models


def add_json(parser: ArgumentParser) -> None:
    """`--json`."""
    parser.add_argument("--json", action="store_true", help="print nothing but JSON on stdout")


def add_data(parser: ArgumentParser, purpose: str, usual: str = "taken unless given") -> None:
    """`--data SOURCE`; `usual` says when Fashion-MNIST is taken."""
    parser.add_argument(
        "--data",
        type=place,
        metavar="SOURCE",
        help=f"{purpose}: fashion-mnist (searched for, else downloaded; {usual}), "
        "sketches (built in), or the path of a CSV file, of IDX files, or of a folder of images",
    )


def add_engine(parser: ArgumentParser) -> None:
    """`--engine E`."""
    parser.add_argument(
        "--engine",
        type=engine,
        metavar="E",
        help="who computes: textbook, python or native; auto takes the fastest that works here",
    )


def add_model(parser: ArgumentParser) -> None:
    """The argument MODEL and `--config` for files that do not say what they hold."""
    parser.add_argument(
        "model", type=place, metavar="MODEL", help="a run's folder, or a .safetensors file"
    )
    parser.add_argument(
        "--config",
        type=place,
        metavar="FILE.toml",
        help="describes the network, for a model file that was written by PyTorch",
    )


def add_set(parser: ArgumentParser) -> None:
    """`--set K=V`, as often as one likes."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="K=V",
        dest="overrides",
        help="any setting, such as training.batch_size=32; examples/paper.toml lists them",
    )


def add_experiment(parser: ArgumentParser) -> None:
    """What describes an experiment: a configuration and the options that change it."""
    parser.add_argument(
        "config",
        type=place,
        metavar="CONFIG.toml",
        nargs="?",
        help="data, network and training; what it does not say is as in the paper",
    )
    add_data(parser, "what to learn from")
    add_engine(parser)
    parser.add_argument(
        "--epochs", type=whole(1), metavar="N", help="how often to go through the images (25)"
    )
    parser.add_argument(
        "--threads",
        type=whole(1),
        metavar="N",
        help="how many share a batch (as many as gain); the result is the same",
    )
    parser.add_argument(
        "--limit-train", type=limit, metavar="N", help="how many images to train on (1500), or all"
    )
    parser.add_argument(
        "--limit-test", type=limit, metavar="N", help="how many images to test on (600), or all"
    )
    parser.add_argument(
        "--drop-overlap",
        action="store_true",
        help="leave out test images that also stand in the training set",
    )
    add_set(parser)


def overrides(options: Namespace) -> list[str]:
    """The options that stand for settings, as texts of `--set`; --set itself comes last."""
    given = {
        "data.source": options.data,
        "data.train_samples": options.limit_train,
        "data.test_samples": options.limit_test,
        "data.drop_overlap": options.drop_overlap or None,
        "training.engine": options.engine,
        "training.epochs": options.epochs,
        "training.threads": options.threads,
    }
    return [setting(k, v) for k, v in given.items() if v is not None] + list(options.overrides)


def setting(name: str, value: str | int | bool) -> str:
    """A text of `--set`; JSON of such a value is TOML."""
    return f"{name}={json.dumps(value, ensure_ascii=False)}"
