"""PyTorch as a side: eager, tuned, compiled; its convolutions; its first prediction as a program.

python3 -m benchmarks.in_pytorch model.pt
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import torch
from torch import nn

from verypoorcnn.network import Conv2D, Dense, Flatten, MaxPool2D, ReLU
from verypoorcnn.network.layer import Layer
from verypoorcnn.training.benchmark.contest import Side
from verypoorcnn.training.benchmark.convolution import FILTERS, IMAGES, SIZE
from verypoorcnn.training.benchmark.task import RATE, Task

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's mallopt

torch.set_num_threads(1)


def module_of(task: Task) -> nn.Sequential:
    """The task's network with its values."""
    modules = [_module(s.layer, s.input_shape) for s in task.network.stages]
    network = nn.Sequential(*modules)
    tensors = list(task.parameters.values())
    with torch.no_grad():
        for parameter, tensor in zip(network.parameters(), tensors, strict=True):
            parameter.copy_(torch.tensor(tensor.values.tolist()).reshape(parameter.shape))
    return network


def _module(layer: Layer, shape: tuple[int, ...]) -> nn.Module:
    match layer:
        case Conv2D():
            numbers = layer.kernel_size, layer.strides, layer.padding
            return nn.Conv2d(shape[0], layer.filters, *numbers, bias=layer.use_bias)
        case MaxPool2D():
            return nn.MaxPool2d(layer.pool_size, layer.strides)
        case Dense():
            return nn.Linear(shape[0], layer.units, layer.use_bias)
        case ReLU():
            return nn.ReLU()
        case Flatten():
            return nn.Flatten()
    raise ValueError(f"no module for {layer}")


def tensors_of(task: Task) -> tuple[torch.Tensor, torch.Tensor]:
    """Images as numbers from 0 to 1, and labels."""
    pixels = torch.frombuffer(bytearray(task.data.pixels), dtype=torch.uint8)
    images = pixels.reshape(-1, *task.data.shape).float() / 255
    return images, torch.tensor(list(task.data.labels))


def training(task: Task) -> Side:
    """Steps of gradient descent, as one writes them."""
    return _training("PyTorch eager", task, module_of(task), torch.contiguous_format)


def tuned_training(task: Task) -> Side:
    """The same in channels_last, with an allocator that keeps its memory."""
    keep_memory()
    layout = torch.channels_last
    return _training("PyTorch tuned", task, module_of(task).to(memory_format=layout), layout)


def compiled_training(task: Task) -> Side:
    """The same through torch.compile."""
    network = torch.compile(module_of(task))
    return _training("torch.compile", task, network, torch.contiguous_format)


def _training(
    name: str, task: Task, network: Callable[..., torch.Tensor], layout: torch.memory_format
) -> Side:
    images, labels = tensors_of(task)
    order = torch.tensor(task.order).split(task.batch_size)
    descent = torch.optim.SGD(network.parameters(), lr=RATE)

    def work(steps: int) -> None:
        for step in range(steps):
            indices = order[step % len(order)]
            descent.zero_grad()
            batch = images[indices].contiguous(memory_format=layout)
            loss = nn.functional.cross_entropy(network(batch), labels[indices])
            loss.backward()
            descent.step()
            loss.item()

    return Side(name, work)


def inference(task: Task) -> Side:
    """Probabilities of the first batch."""
    network, images = module_of(task).eval(), tensors_of(task)[0][task.order[: task.batch_size]]

    def work(batches: int) -> None:
        with torch.inference_mode():
            for _ in range(batches):
                torch.softmax(network(images), 1)

    return Side("PyTorch eager", work)


def convolution(part: str) -> Side:
    """oneDNN's convolution in NCHW: "forward", "kernel gradient" or "input gradient"."""
    keep_memory()
    images = torch.randn(IMAGES, FILTERS, SIZE, SIZE)
    kernels = torch.randn(FILTERS, FILTERS, 3, 3)
    deltas = torch.randn_like(images)
    backward = torch.ops.aten.convolution_backward
    wanted = [part == "input gradient", part == "kernel gradient", False]
    settings = [1, 1], [1, 1], [1, 1], False, [0, 0], 1

    def work(batches: int) -> None:
        with torch.inference_mode():
            for _ in range(batches):
                if part == "forward":
                    nn.functional.conv2d(images, kernels, padding=1)
                else:
                    backward(deltas, images, kernels, None, *settings, wanted)

    return Side("oneDNN", work)


def keep_memory() -> None:
    """Let malloc keep what was freed, instead of asking the system for pages at every step."""
    with suppress(OSError, AttributeError):  # glibc only
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_MMAP_THRESHOLD, 32 << 20)
        mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


def export(folder: Path, task: Task) -> Path:
    """The task's network as a file for the program below."""
    path = folder / "model.pt"
    torch.save(module_of(task).state_dict(), path)
    return path


if __name__ == "__main__":
    network = module_of(Task())
    network.load_state_dict(torch.load(sys.argv[1], weights_only=True))
    with torch.inference_mode():
        print(int(network(torch.zeros(1, 1, 28, 28)).argmax()))
