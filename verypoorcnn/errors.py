"""The one kind of error that is the user's to mend, and what its messages are made with."""


class UserError(Exception):
    """Something the user gave cannot be used.

    The message is one line that names the place, the value received and the fix; the command line
    prints it and exits with status 2.  Anything else that is raised is a fault of ours.
    """


def nearest(word: str, known: list[str]) -> str:
    """`" (did you mean 'epochs'?)"` when a known word is close to `word`, else the whole choice."""
    import difflib  # only when something is already wrong

    close = difflib.get_close_matches(word, known, n=1, cutoff=0.55)
    return f"did you mean {close[0]!r}?" if close else f"choose from {', '.join(sorted(known))}"


def visible(text: str) -> str:
    """The text for a terminal: escape sequences, line breaks and the like as Python writes them."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
