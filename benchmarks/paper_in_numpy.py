"""The paper's experiment as a careful user of NumPy writes it: no loop but the one over batches.

    python3 -m benchmarks.paper_in_numpy --data fashion-mnist --seed 1

Same data, same protocol, one thread; prints the same figures as `verypoorcnn train --json`.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported
os.environ.setdefault("MKL_NUM_THREADS", "1")

import argparse
import json
from time import perf_counter

import numpy as np

from verypoorcnn import load_data
from verypoorcnn.data.dataset import Dataset
from verypoorcnn.training import process
from verypoorcnn.training.metrics import measure


def patch_table() -> np.ndarray:
    """Which pixels each of the 8×8 windows 5×5, stride 3, sees: [64 windows · 25 taps]."""
    corner = (3 * np.arange(8)[:, None] * 28 + 3 * np.arange(8)).reshape(-1, 1)
    tap = (np.arange(5)[:, None] * 28 + np.arange(5)).reshape(1, -1)
    return (corner + tap).ravel()


def pool_table() -> np.ndarray:
    """Which outputs of the convolution, [row, column, filter], each window 3×3 sees: [144][9]."""
    f, i, j = (axis.reshape(-1, 1) for axis in np.indices((4, 6, 6)))
    m, n = (axis.reshape(1, -1) for axis in np.indices((3, 3)))
    return ((i + m) * 8 + (j + n)) * 4 + f


PATCHES, WINDOWS = patch_table(), pool_table()
EVERY_WINDOW = np.arange(144)


class Network:
    """The paper's network: 5,070 parameters by PyTorch's names."""

    def __init__(self, random: np.random.Generator) -> None:
        def he(units: int, inputs: int) -> np.ndarray:
            return random.normal(0, (2 / inputs) ** 0.5, (units, inputs)).astype(np.float32)

        bound = (6 / 42) ** 0.5
        self.parameters = {
            "conv1.weight": he(4, 25),
            "fc1.weight": he(32, 144),
            "fc1.bias": np.zeros(32, np.float32),
            "fc2.weight": random.uniform(-bound, bound, (10, 32)).astype(np.float32),
            "fc2.bias": np.zeros(10, np.float32),
        }

    def forward(self, images: np.ndarray) -> np.ndarray:
        """Probabilities [s][k] of images [s][784]; keeps what the gradients need."""
        p, samples = self.parameters, len(images)
        self.patches = images.take(PATCHES, axis=1).reshape(-1, 25)
        self.maps = np.maximum(self.patches @ p["conv1.weight"].T, 0).reshape(samples, 256)
        windows = self.maps.take(WINDOWS, axis=1)
        self.largest = WINDOWS[EVERY_WINDOW, windows.argmax(axis=2)]
        self.pooled = np.take_along_axis(self.maps, self.largest, axis=1)
        self.hidden = np.maximum(self.pooled @ p["fc1.weight"].T + p["fc1.bias"], 0)
        logits = self.hidden @ p["fc2.weight"].T + p["fc2.bias"]
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True)

    def backward(self, probabilities: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
        """Gradients of the mean loss."""
        samples = len(labels)
        delta = probabilities.copy()
        delta[np.arange(samples), labels] -= 1
        delta /= samples
        hidden = (delta @ self.parameters["fc2.weight"]) * (self.hidden > 0)
        pooled = hidden @ self.parameters["fc1.weight"]
        places = self.largest + 256 * np.arange(samples)[:, None]
        maps = np.bincount(places.ravel(), pooled.ravel(), 256 * samples).astype(np.float32)
        maps *= self.maps.ravel() > 0
        return {
            "conv1.weight": maps.reshape(-1, 4).T @ self.patches,
            "fc1.weight": hidden.T @ self.pooled,
            "fc1.bias": hidden.sum(axis=0),
            "fc2.weight": delta.T @ self.hidden,
            "fc2.bias": delta.sum(axis=0),
        }

    def step(self, images: np.ndarray, labels: np.ndarray, rate: float) -> float:
        """One step of gradient descent; the summed loss before it."""
        probabilities = self.forward(images)
        for name, gradient in self.backward(probabilities, labels).items():
            self.parameters[name] -= np.float32(rate) * gradient
        return float(-np.log(probabilities[np.arange(len(labels)), labels]).sum())


def arrays(dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Images [s][784] as numbers from 0 to 1, and labels."""
    pixels = np.frombuffer(dataset.pixels, np.uint8).reshape(-1, 784)
    return pixels.astype(np.float32) / 255, np.frombuffer(dataset.labels, np.uint8).astype(int)


def train(
    network: Network,
    images: np.ndarray,
    labels: np.ndarray,
    epochs: int,
    random: np.random.Generator,
) -> float:
    """Gradient descent as in the paper; the mean loss over the last epoch."""
    for _ in range(epochs):
        order, total = random.permutation(len(images)), 0.0
        for start in range(0, len(order), 16):
            batch = order[start : start + 16]
            total += network.step(images[batch], labels[batch], 0.008)
    return total / len(images)


def main() -> None:
    """Run the experiment and print its figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="fashion-mnist")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=25)
    options = parser.parse_args()
    random = np.random.default_rng(options.seed)
    data = load_data(options.data, train_samples=1500, test_samples=600, say=lambda line: None)
    network = Network(random)
    began = perf_counter()
    last_loss = train(network, *arrays(data.train), options.epochs, random)
    seconds = perf_counter() - began
    rows = network.forward(arrays(data.test)[0]).tolist()
    test = measure(data.test.labels, rows, data.test.class_names)
    print(
        json.dumps(
            {
                "numpy": np.__version__,
                "data": data.origin,
                "seed": options.seed,
                "last_loss": last_loss,
                "test": {"accuracy": test.accuracy, "f1": test.f1},
                "seconds": {"train": seconds, "total": process.age()},
                "peak_rss_bytes": process.peak_memory(),
            }
        )
    )


if __name__ == "__main__":
    main()
