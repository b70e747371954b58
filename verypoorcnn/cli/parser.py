"""What the commands' options are read with: argparse, with our manners.

Examples come first in its help, and what is wrong with an option is one line that names the nearest
right one.  Beneath are the kinds of values that options take.
"""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence
from functools import partial
from itertools import takewhile
from math import inf
from typing import NoReturn

from verypoorcnn.errors import UserError, nearest

WIDTH = 78  # columns of the help; without it argparse would ask the terminal at every start


class Parser(ArgumentParser):
    """The parser of one command.

    Args:
        program: how the command is called, "verypoorcnn train".
        purpose: what it is for.
        examples: with `{program}` for what stands before the command.
    """

    def __init__(self, program: str, purpose: str, examples: str) -> None:
        super().__init__(
            prog=program,
            description=purpose,
            formatter_class=partial(RawDescriptionHelpFormatter, width=WIDTH),
            allow_abbrev=False,
        )
        self.examples = examples.format(program=program.rpartition(" ")[0])

    def format_help(self) -> str:
        """Examples before everything else: mostly they are all that is looked for."""
        return f"{self.examples}\n{super().format_help()}"

    def print_help(self, file: object = None) -> None:
        """To stdout, as all results; argparse would not notice that its reader went away."""
        print(self.format_help(), end="")

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print beneath the whole usage."""
        raise UserError(f"{message}; see {self.prog} --help")

    def parse(self, words: Sequence[str]) -> Namespace:
        """The options that these words give.

        Raises:
            UserError: an option that does not exist, a value that is missing or wrong.
            SystemExit: after --help.
        """
        known = [name for action in self._actions for name in action.option_strings]
        for word in takewhile(lambda word: word != "--", words):
            option = word.partition("=")[0]
            if option.startswith("--") and option not in known:
                names = [name[2:] for name in known if name.startswith("--")]
                command, choice = self.prog.rpartition(" ")[2], nearest(option[2:], names)
                raise UserError(f"{command} has no option {_shown(option)}; {choice}")
        return self.parse_args(words)


# Kinds of values, for `type=`.


def whole(least: int) -> Callable[[str], int]:
    """A whole number of at least `least`."""

    def read(text: str) -> int:
        number = _whole(text)
        if number is None or number < least:
            raise ArgumentTypeError(f"{_shown(text)} is not a whole number of at least {least}")
        return number

    return read


def positive(text: str) -> float:
    """A finite number above 0."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < inf:  # nor is nan
        raise ArgumentTypeError(f"{_shown(text)} is not a finite number above 0")
    return number


def limit(text: str) -> int | str:
    """How many: at least 1, or "all"."""
    number = _whole(text)
    if text != "all" and not number:
        raise ArgumentTypeError(f"{_shown(text)} is neither a whole number of at least 1 nor 'all'")
    return number or text


def engine(text: str) -> str:
    """An engine's name."""
    from verypoorcnn.engines import ENGINES

    names = ["auto", *ENGINES]
    if text not in names:
        raise ArgumentTypeError(f"there is no engine {_shown(text)}; {nearest(text, names)}")
    return text


def place(text: str) -> str:
    """A path or a name; not "", which is what a shell makes of a variable that is not set."""
    if not text:
        raise ArgumentTypeError("nothing is given; name something or leave the option away")
    if any("\ud800" <= letter <= "\udfff" for letter in text):  # how Python shows other bytes
        raise ArgumentTypeError(f"{_shown(text)} is not UTF-8; rename it")
    if len(text.splitlines()) > 1:
        raise ArgumentTypeError(f"{_shown(text)} is more than one line; rename it")
    return text


def _whole(text: str) -> int | None:
    """The number; None for anything else, and beyond the 64 bits that settings have."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}…")
