"""The command line: one module a command, loaded when it is called.

Results go to stdout, everything else to stderr.  Status 0 is success, 1 a proof that failed or a
reader of our output that went away, 2 something the user can mend (one line says what), 130 an
interruption by Ctrl-C.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from verypoorcnn import __version__
from verypoorcnn.errors import UserError, nearest, visible

COMMANDS = {
    "train": "train and test a network; by itself, the paper's experiment",
    "evaluate": "test a model on labelled images",
    "report": "a run as one page, with its mistakes and filters; or runs compared",
    "predict": "say what is on images",
    "explain": "the arithmetic of any number, and what matters in an image",
    "summary": "show a network's layers, shapes, parameters and costs",
    "data": "show what is in a data set",
    "gradcheck": "prove every gradient with dual numbers",
    "show": "a function of the textbook at every level, down to machine code",
    "lab": "look into a network in the browser, and train it there",
    "reproduce": "the paper's experiment over several seeds, beside its figures",
    "bench": "how fast it is here, beside NumPy and PyTorch where installed",
}

OVERVIEW = """\
VeryPoorCNN: a convolutional neural network in which nothing is hidden.

examples:
  {program} train
      the paper's experiment on Fashion-MNIST
  {program} train --data sketches
      the same on built-in drawings, offline
  {program} predict runs/NAME image.png
      what is on an image
  {program} train --help
      all options of a command

commands:
{commands}

options:
  --help      this text
  --version   {version}
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    _write_any_letter()
    try:
        status = _dispatch(list(sys.argv[1:] if arguments is None else arguments))
        if sys.stdout:  # None where the caller has closed it
            sys.stdout.flush()
        return status
    except UserError as error:
        return _failed(str(error))
    except KeyboardInterrupt:
        _tell("\nverypoorcnn: interrupted")
        return 130
    except OSError as error:
        return _os_failed(error)


def _dispatch(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        print(_overview(), end="")
        return 0
    name, *rest = words
    if name == "--version":
        print(f"verypoorcnn {__version__}")
        return 0
    if name not in COMMANDS:
        raise UserError(_no_command(name))
    return _run(name, rest)


def _run(name: str, words: list[str]) -> int:
    from verypoorcnn.cli.parser import Parser

    command = import_module(f"verypoorcnn.cli.{name}")
    parser = Parser(f"{_program()} {name}", COMMANDS[name], command.EXAMPLES)
    command.add_arguments(parser)
    try:
        options = parser.parse(words)
    except SystemExit:  # how argparse ends after --help
        return 0
    status: int = command.run(options)
    return status


def _no_command(word: str) -> str:
    if word.startswith("-"):
        return f"{word!r} stands where a command should; choose from {', '.join(COMMANDS)}"
    return f"there is no command {word!r}; {nearest(word, [*COMMANDS])}"


def _program() -> str:
    installed = Path(sys.argv[0]).stem == "verypoorcnn"
    return "verypoorcnn" if installed else "python3 -m verypoorcnn"


def _overview() -> str:
    commands = "\n".join(f"  {name:<10}  {text}" for name, text in COMMANDS.items())
    return OVERVIEW.format(program=_program(), commands=commands, version=__version__)


def _write_any_letter() -> None:
    """Let stdout write "?" for what its encoding lacks, such as × in ASCII."""
    strict = "strict", "surrogateescape"  # the latter in the C locale, whose encoding is ASCII
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors in strict:
        sys.stdout.reconfigure(errors="replace")


def _failed(reason: str) -> int:
    _tell(f"verypoorcnn: {visible(' '.join(reason.splitlines()))}")
    return 2


def _tell(line: str) -> None:
    """A line on stderr; nowhere where that is closed (print would take stdout instead)."""
    if sys.stderr:
        with suppress(OSError):
            print(line, file=sys.stderr)


def _os_failed(error: OSError) -> int:
    """A disk that is full, say."""
    reason = error.strerror or str(error)
    if error.filename is not None:
        return _failed(f"{error.filename}: {reason}; mend that or give another place")
    lost = _stdout_is_lost()
    if isinstance(error, BrokenPipeError):  # head, for instance, has seen enough
        return 1
    if lost:
        return _failed(f"the output cannot be written ({reason}); send it elsewhere")
    return _failed(f"a file or the output cannot be written ({reason}); mend that and try again")


def _stdout_is_lost() -> bool:
    """Whether something waits for stdout that cannot be written; then it is given up."""
    try:
        if sys.stdout:
            sys.stdout.flush()  # tries again, as Python would at its end
    except OSError:
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    return False
