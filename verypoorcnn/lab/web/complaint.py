"""What the lab says in its terminal when something is wrong with itself."""

from __future__ import annotations

import sys


def complain(error: BaseException | None) -> None:
    """One line on stderr for a fault of ours, with the place where it came up."""
    trace = error and error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f" ({trace.tb_frame.f_code.co_filename}:{trace.tb_lineno})" if trace else ""
    text = f"{type(error).__name__}: {error}"  # in which may stand what a stranger sent
    text = "".join(letter if letter.isprintable() else "?" for letter in text)
    if sys.stderr:
        print(f"lab: {text}{place}", file=sys.stderr, flush=True)
