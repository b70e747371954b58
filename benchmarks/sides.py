"""The other sides of `verypoorcnn bench`: NumPy, PyTorch and onnxruntime, where installed.

Each is made by a function that is imported when it is asked for, so that a process which measures
one of them holds no other.  What helps them is done for them: their images are float32 from the
start, where ours are bytes; PyTorch's larger networks get channels_last and an allocator that keeps
its memory.  All run on one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

TRAINING = {
    "NumPy": "in_numpy.training",
    "PyTorch eager": "in_pytorch.training",
    "PyTorch tuned": "in_pytorch.tuned_training",
    "torch.compile": "in_pytorch.compiled_training",
}
INFERENCE = {
    "NumPy": "in_numpy.inference",
    "PyTorch eager": "in_pytorch.inference",
    "onnxruntime": "in_onnxruntime.inference",
}
CONVOLUTION = {"oneDNN": "in_pytorch.convolution"}
NEEDS = {
    "in_numpy": ("numpy",),
    "in_pytorch": ("torch",),
    "in_onnxruntime": ("onnxruntime", "onnx", "numpy"),
}
SCRIPTS = {"NumPy": "paper_in_numpy", "PyTorch": "paper_in_pytorch"}  # the paper's experiment
FIRST_PREDICTIONS = {"NumPy": "in_numpy", "onnxruntime": "in_onnxruntime", "PyTorch": "in_pytorch"}

Maker = Callable[..., Any]


def training() -> dict[str, Maker]:
    """Who trains a task's network; a unit is a step."""
    return _makers(TRAINING)


def inference() -> dict[str, Maker]:
    """Who computes the probabilities of a task's first batch; a unit is a batch."""
    return _makers(INFERENCE)


def convolution() -> dict[str, Maker]:
    """Who computes the convolution of `verypoorcnn.training.benchmark.convolution`."""
    return _makers(CONVOLUTION)


def scripts() -> dict[str, str]:
    """The modules that are the paper's experiment, by library."""
    return {name: f"benchmarks.{s}" for name, s in SCRIPTS.items() if _installed(f"in_{s[9:]}")}


def first_predictions() -> dict[str, str]:
    """The modules with `export` (a model file) and, run as a program, a first prediction."""
    return {
        n: f"benchmarks.{module}" for n, module in FIRST_PREDICTIONS.items() if _installed(module)
    }


def _makers(sides: Mapping[str, str]) -> dict[str, Maker]:
    return {
        name: partial(_make, place)
        for name, place in sides.items()
        if _installed(place.partition(".")[0])
    }


def _make(place: str, *arguments: object) -> Any:
    module, _, function = place.partition(".")
    return getattr(import_module(f"benchmarks.{module}"), function)(*arguments)


def _installed(module: str) -> bool:
    return all(find_spec(library) for library in NEEDS[module])
