"""The other sides of `verypoorcnn bench`: NumPy, PyTorch and onnxruntime, where installed.

Every maker imports its library when it is asked for its side, so that a process which measures one
of them holds that one only.  What is fair is done for them: their images are float32 already, they
run on one thread, and PyTorch's larger networks get channels_last and an allocator that keeps memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec

from verypoorcnn.training.benchmark.contest import Side
from verypoorcnn.training.benchmark.task import Task

Maker = Callable[[Task], Side]


def training() -> dict[str, Maker]:
    """Who trains; a unit is a step."""
    return _installed(
        {
            "NumPy": ("numpy", _numpy_training),
            "PyTorch eager": ("torch", _torch_eager),
            "PyTorch tuned": ("torch", _torch_tuned),
            "torch.compile": ("torch", _torch_compiled),
        }
    )


def inference() -> dict[str, Maker]:
    """Who computes probabilities; a unit is a batch."""
    return _installed(
        {
            "NumPy": ("numpy", _numpy_inference),
            "PyTorch eager": ("torch", _torch_inference),
            "onnxruntime": ("onnxruntime", _onnx_inference),
        }
    )


def convolution() -> dict[str, Callable[[str], Side]]:
    """Who computes the convolution 64→64 3×3 on 14×14, batch 128: forward or a gradient."""
    return _installed({"oneDNN": ("torch", _torch_convolution)})


def _installed[T](sides: Mapping[str, tuple[str, T]]) -> dict[str, T]:
    return {name: maker for name, (library, maker) in sides.items() if find_spec(library)}


def _numpy_training(task: Task) -> Side:
    from benchmarks.in_numpy import training

    return Side("NumPy", training(task))
