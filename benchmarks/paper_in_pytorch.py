"""The paper's experiment as a user of PyTorch writes it: the other column of the paper's Table I.

    python3 -m benchmarks.paper_in_pytorch --data fashion-mnist --seed 1

Same data, same protocol, one thread; prints the same figures as `verypoorcnn train --json`.
"""

from __future__ import annotations

import argparse
import json
from time import perf_counter

import torch
from torch import nn

from verypoorcnn import load_data
from verypoorcnn.data.dataset import Dataset
from verypoorcnn.training import process
from verypoorcnn.training.metrics import measure


def network() -> nn.Module:
    """The paper's network: 5,070 parameters."""
    layers = nn.Sequential(
        nn.Conv2d(1, 4, 5, stride=3, bias=False),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=1),
        nn.Flatten(),
        nn.Linear(144, 32),
        nn.ReLU(),
        nn.Linear(32, 10),
    )
    for layer in (layers[0], layers[4]):
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    nn.init.xavier_uniform_(layers[6].weight)
    for layer in (layers[4], layers[6]):
        nn.init.zeros_(layer.bias)
    return layers


def tensors(dataset: Dataset) -> tuple[torch.Tensor, torch.Tensor]:
    """Images as numbers from 0 to 1, and labels."""
    pixels = torch.frombuffer(bytearray(dataset.pixels), dtype=torch.uint8)
    return pixels.reshape(-1, 1, 28, 28).float() / 255, torch.tensor(list(dataset.labels))


def train(model: nn.Module, images: torch.Tensor, labels: torch.Tensor, epochs: int) -> float:
    """Gradient descent as in the paper; the mean loss over the last epoch."""
    descent = torch.optim.SGD(model.parameters(), lr=0.008)
    for _ in range(epochs):
        total = 0.0
        for indices in torch.randperm(len(images)).split(16):
            descent.zero_grad()
            loss = nn.functional.cross_entropy(model(images[indices]), labels[indices])
            loss.backward()
            descent.step()
            total += loss.item() * len(indices)
    return total / len(images)


def main() -> None:
    """Run the experiment and print its figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="fashion-mnist")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=25)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    data = load_data(options.data, train_samples=1500, test_samples=600, say=lambda line: None)
    model = network()
    began = perf_counter()
    last_loss = train(model, *tensors(data.train), options.epochs)
    seconds = perf_counter() - began
    with torch.no_grad():
        rows = torch.softmax(model(tensors(data.test)[0]), 1).tolist()
    test = measure(data.test.labels, rows, data.test.class_names)
    print(
        json.dumps(
            {
                "torch": torch.__version__,
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
