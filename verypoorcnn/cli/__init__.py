"""The command line: one module a command, loaded when it is called.

Results go to stdout, everything else to stderr.  Status 0 is success, 2 something the user can
mend (one line says what), 130 an interruption by Ctrl-C.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from verypoorcnn import __version__
from verypoorcnn.errors import UserError, nearest

COMMANDS = {
    "train": "train a network and test it; with nothing else, the paper's experiment",
    "evaluate": "test a model on labelled images",
    "predict": "say what is on images",
    "summary": "show a network's layers, shapes and parameters",
    "data": "show what is in a data set",
    "gradcheck": "prove every gradient with dual numbers",
    "reproduce": "repeat the paper's experiment over many seeds, beside its figures",
}

OVERVIEW = """\
VeryPoorCNN: a convolutional neural network in which nothing is hidden.

examples:
  {program} train                          the paper's experiment on Fashion-MNIST
  {program} train --data sketches          the same on built-in drawings, offline
  {program} predict runs/… image.png       what is on an image
  {program} train --help                   all options of a command

commands:
{commands}

options:
  --help      this text
  --version   {version}
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    try:
        status = _dispatch(arguments)
        sys.stdout.flush()
        return status
    except UserError as error:
        print(f"verypoorcnn: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nverypoorcnn: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output, head for instance, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _dispatch(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(_overview(), end="")
        return 0
    name, *rest = arguments
    if name == "--version":
        print(f"verypoorcnn {__version__}")
        return 0
    if name not in COMMANDS:
        raise UserError(f"there is no command {name!r}; {nearest(name, [*COMMANDS])}")
    command = import_module(f"verypoorcnn.cli.{name}")
    parser = ArgumentParser(
        prog=f"{_program()} {name}",
        description=f"{COMMANDS[name]}\n\n{command.EXAMPLES.format(program=_program())}",
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.add_arguments(parser)
    status: int = command.run(parser.parse_args(rest))
    return status


def _program() -> str:
    installed = Path(sys.argv[0]).stem == "verypoorcnn"
    return "verypoorcnn" if installed else "python3 -m verypoorcnn"


def _overview() -> str:
    commands = "\n".join(f"  {name:<10}  {text}" for name, text in COMMANDS.items())
    return OVERVIEW.format(program=_program(), commands=commands, version=__version__)
