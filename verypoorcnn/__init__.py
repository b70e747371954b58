"""VeryPoorCNN: a convolutional neural network in which nothing is hidden.

from verypoorcnn import Model, load_data

data = load_data("fashion-mnist", train_samples=1500, test_samples=600)
model = Model(class_names=data.train.class_names)
model.fit(data.train, epochs=25)
print(model.evaluate(data.test).accuracy)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from verypoorcnn.data.csv_file import read_csv
    from verypoorcnn.data.dataset import Dataset
    from verypoorcnn.data.folder import read_folder
    from verypoorcnn.data.idx import read_idx
    from verypoorcnn.data.sketches import sketches
    from verypoorcnn.data.sources import load as load_data
    from verypoorcnn.data.splits import split
    from verypoorcnn.errors import UserError
    from verypoorcnn.network import Conv2D, Dense, Flatten, MaxPool2D, Network, ReLU
    from verypoorcnn.network.presets import lenet5, paper
    from verypoorcnn.training.model import Model, Prediction

__version__ = "0.1.0"

_HOMES = {  # what users import from here, and where it lives; loaded when it is first asked for
    "Conv2D": "network",
    "Dataset": "data.dataset",
    "Dense": "network",
    "Flatten": "network",
    "MaxPool2D": "network",
    "Model": "training.model",
    "Network": "network",
    "Prediction": "training.model",
    "ReLU": "network",
    "UserError": "errors",
    "lenet5": "network.presets",
    "load_data": "data.sources",
    "paper": "network.presets",
    "read_csv": "data.csv_file",
    "read_folder": "data.folder",
    "read_idx": "data.idx",
    "sketches": "data.sketches",
    "split": "data.splits",
}

__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module = import_module(f"{__name__}.{_HOMES[name]}")
    return getattr(module, "load" if name == "load_data" else name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
