"""One layer of a larger network, 64 to 64 channels, kernels 3×3, images 14×14, batch 128.

Here the arithmetic is everything: the textbook's three functions are compiled, each alone, and run
on eight groups of sixteen images, each group with images and maps of its own.
"""

from __future__ import annotations

import ctypes
from array import array
from random import Random

from verypoorcnn.compiler.kernel import ISAS, compile_functions
from verypoorcnn.compiler.loops import Array
from verypoorcnn.compiler.native.memory import Arena
from verypoorcnn.compiler.source import read
from verypoorcnn.compiler.vector.layout import COUNT, GROUP, MASK, Layout
from verypoorcnn.textbook.convolution import (
    conv2d,
    conv2d_image_gradient,
    conv2d_kernel_gradient,
)
from verypoorcnn.training.benchmark.contest import Side

IMAGES, FILTERS, SIZE, KERNEL = 128, 64, 14, 3
OPERATIONS = 2 * IMAGES * (FILTERS * SIZE * KERNEL) ** 2  # the taps over the border too
PARTS = ("forward", "kernel gradient", "input gradient")


def convolution(part: str, isa: str) -> Side:
    """Compile one of `PARTS` for an instruction set; a unit is a batch."""
    images = Array("images", (GROUP, FILTERS, SIZE, SIZE), per_sample=True)
    maps = Array("maps", (GROUP, FILTERS, SIZE, SIZE), per_sample=True)
    kernels = Array("kernels", (FILTERS, FILTERS, KERNEL, KERNEL))
    function, arguments = {
        "forward": (conv2d, (images, kernels, maps)),
        "kernel gradient": (conv2d_kernel_gradient, (images, maps, kernels)),
        "input gradient": (conv2d_image_gradient, (maps, kernels, images)),
    }[part]
    layout, adds = Layout(), part == "kernel gradient"
    kernel = compile_functions([read(function, [*arguments, 1, 1])], layout, ISAS[isa], groups=adds)
    groups = [_filled(layout.sizes["workspace"]) for _ in range(IMAGES // GROUP)]
    parameters, call = _filled(layout.sizes["parameters"]), Arena(layout.call_size)
    call.view[MASK : MASK + 4 * GROUP] = b"\xff" * (4 * GROUP)
    call.view[COUNT : COUNT + 4] = GROUP.to_bytes(4, "little")

    def work(batches: int) -> None:
        for _ in range(batches):
            if adds:
                ctypes.memset(parameters.address, 0, parameters.size)
            for group in groups:
                kernel.run(group.address, parameters.address, call.address)

    return Side(f"native {isa}", work)


def _filled(size: int) -> Arena:
    """Memory full of numbers between 0.5 and 2, of either sign."""
    arena, random = Arena(size, huge_pages=True), Random(size)
    some = array("f", [random.choice((-1, 1)) * random.uniform(0.5, 2) for _ in range(4096)])
    block = some.tobytes()
    arena.view[:] = (block * (size // len(block) + 1))[:size]
    return arena
