"""The drivers: machine code that calls kernels, group after group of images, batch after batch.

A kernel works on one group of up to sixteen images, which lie in its workspace.  A driver fetches
them, calls the kernel, and takes what comes out; so a whole epoch is one call from Python.

    train = training_driver(TrainingPlan(…))      train(address of a Work)
    ask = forward_driver(ForwardPlan(…))          ask(address of a Question)
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable

from verypoorcnn.compiler.cached import Code, kept_code
from verypoorcnn.compiler.native.memory import Executable
from verypoorcnn.compiler.native.plans import ForwardPlan, Shuffle, TrainingPlan

Driver = Callable[[int], None]  # takes the address of what it is to do


def training_driver(plan: TrainingPlan) -> Driver:
    """Machine code that does a `Work`."""

    def made() -> Code:
        from verypoorcnn.compiler.native.x86.batches import training_code

        return Code(training_code(plan), 0, {})

    return _driver(kept_code(["training", plan], [], made))


def forward_driver(plan: ForwardPlan) -> Driver:
    """Machine code that answers a `Question`."""

    def made() -> Code:
        from verypoorcnn.compiler.native.x86.forward import forward_code

        return Code(forward_code(plan), 0, {})

    return _driver(kept_code(["forward", plan], [], made))


def largest() -> Callable[[int, int], int]:
    """A function of the address of 64-bit numbers, and how many: the largest.

    A negative one counts as larger than any index.
    """

    def made() -> Code:
        from verypoorcnn.compiler.native.x86.order import largest_code

        return Code(largest_code(), 0, {})

    code = Executable(kept_code(["largest"], [], made).data)
    return code.function(ctypes.c_void_p, ctypes.c_uint64, result=ctypes.c_uint64)


def shuffler(shuffle: Shuffle) -> Callable[[int, int, int], None]:
    """A function of an address, a count and a key: writes the shuffled 64-bit numbers there."""

    def made() -> Code:
        from verypoorcnn.compiler.native.x86.order import shuffle_code

        return Code(shuffle_code(shuffle), 0, {})

    code = Executable(kept_code(["shuffle", shuffle], [], made).data)
    return code.function(ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64)


def _driver(code: Code) -> Driver:
    return Executable(code.data).function(ctypes.c_void_p)
