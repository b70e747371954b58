"""NumPy as a side: the network of `paper_in_numpy`, and, run as a program, a first prediction.

python3 -m benchmarks.in_numpy model.npz
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.paper_in_numpy import Network, arrays  # first: it sets the number of threads

import numpy as np  # isort: skip

from verypoorcnn.training.benchmark.contest import Side
from verypoorcnn.training.benchmark.task import RATE, Task


def network_of(task: Task) -> Network:
    """The paper's network with the task's values."""
    network = Network(np.random.default_rng(0))
    for name, tensor in task.parameters.items():
        values = np.array(tensor.values, np.float32).reshape(tensor.shape)
        network.parameters[name] = values.reshape(network.parameters[name].shape)
    return network


def training(task: Task) -> Side:
    """Steps of gradient descent."""
    network, (images, labels) = network_of(task), arrays(task.data)
    order = np.array(task.order).reshape(-1, task.batch_size)

    def work(steps: int) -> None:
        for step in range(steps):
            batch = order[step % len(order)]
            network.step(images[batch], labels[batch], RATE)

    return Side("NumPy", work)


def inference(task: Task) -> Side:
    """Probabilities of the first batch."""
    network = network_of(task)
    images = arrays(task.data)[0][task.order[: task.batch_size]]

    def work(batches: int) -> None:
        for _ in range(batches):
            network.forward(images)

    return Side("NumPy", work)


def export(folder: Path, task: Task) -> Path:
    """The task's network as a file for the program below."""
    path = folder / "model.npz"
    np.savez(path, **network_of(task).parameters)
    return path


if __name__ == "__main__":
    network = Network(np.random.default_rng(0))
    network.parameters = dict(np.load(sys.argv[1]))
    print(network.forward(np.zeros((1, 784), np.float32)).argmax())
