"""From a textbook function to code that runs fast.

The compiler reads the source of an ordinary Python function over nested lists, together with the
shapes of one call, and turns its loops into specialised Python or into machine code.  It knows no
layer and no network: only functions, shapes, and which index is the sample.

`compile` does so for a function of your own; docs/compiler.md tells how everything works.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from time import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verypoorcnn.compiler.own import Compiled

LOADED = time()  # before any of the compiler's modules: sources that are younger are others


def compile(
    function: Callable[..., None],
    shapes: Mapping[str, Sequence[int] | int],
    *,
    samples: Collection[str] = (),
    backend: str = "auto",
) -> Compiled:
    """Compile loops of your own: gives a function that is called like the one given.

        fast = compile(smooth, {"signals": (99,), "results": (99,)}, samples=["signals", "results"])
        fast(signals, results)  # as many signals of 99 numbers as one likes

    Args:
        function: plain nested loops in the subset of docs/subset.md, defined in a file, without
            decorators.
        shapes: by a parameter's name, the shape of a list, or the value of a whole number.  A
            parameter that is not named here is a number that is given with every call.
        samples: the parameters whose first index is the sample.  Their shape is that of one sample;
            how many there are may differ from call to call.
        backend: "native" for machine code (float32), "python" for specialised Python (float64, the
            same bits as the function), "interpreter" for the loop IR step by step, or "auto" for
            native where that works and else python.

    Raises:
        UserError: this is no plain function, or its file has changed since it was imported; it
            leaves the subset; shapes do not fit; or the back end refuses it.
    """
    from verypoorcnn.compiler.own import Compiled

    return Compiled(function, shapes, samples, backend)
