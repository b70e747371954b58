"""Model files: safetensors with PyTorch's names and shapes, and all that prediction needs.

The tensors are the parameters: "conv1.weight" [filter, channel, row, column], "fc1.weight" [unit,
dimension], in the precision of the engine that learned them.  The metadata are texts, most of them
JSON: what the network is, what the classes are called, how bytes become its input, and where the
model comes from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

from verypoorcnn import __version__
from verypoorcnn.data.dataset import check_class_names
from verypoorcnn.errors import UserError
from verypoorcnn.files import safetensors
from verypoorcnn.files.atomic import write_atomically
from verypoorcnn.files.json_text import from_json, to_json
from verypoorcnn.files.tensors import Tensor
from verypoorcnn.network import Network
from verypoorcnn.network.network import network_from_settings
from verypoorcnn.network.presets import PRESETS

FORMAT = "verypoorcnn"
PREPROCESSING = {"pixels": "byte / 255"}  # the only one there is: textbook/first_step.py


@dataclass(frozen=True)
class ModelFile:
    """What a model file holds."""

    network: Network
    parameters: Mapping[str, Tensor]
    class_names: tuple[str, ...]
    details: Mapping[str, Any] = field(default_factory=dict)  # data, seed, metrics, …

    @property
    def named(self) -> bool:
        """Whether its classes have names; a file of PyTorch knows numbers only."""
        return are_names(self.class_names)


def save_model(path: Path, model: ModelFile) -> None:
    """Write a model, whole or not at all."""
    write_atomically(path, model_bytes(path, model))


def model_bytes(path: Path, model: ModelFile) -> bytes:
    """What `save_model` writes; `path` is for messages."""
    metadata = {
        "format": FORMAT,
        "version": __version__,
        "network": to_json(model.network.settings()),
        "class_names": to_json({"names": list(model.class_names)}),
        "preprocessing": to_json(PREPROCESSING),
        "details": to_json(dict(model.details)),
    }
    return safetensors.encode_for(path, model.parameters, metadata)


def load_model(path: Path, network: Network | None = None) -> ModelFile:
    """Read a model.

    A file that was written elsewhere says nothing of its network: it is taken for `network`, or
    else for the preset whose names and shapes it has.

    Raises:
        UserError: a damaged file, a network that cannot be or is not the one that is given,
            tensors that do not fit it, classes that are named as nothing can be.
    """
    tensors, metadata = safetensors.read(path)
    own = metadata.get("format") == FORMAT
    if own:
        network = _own_network(metadata, network, path)
    elif network is None:
        network = _recognise(tensors, path)
    check_parameters(tensors, network, str(path))
    if own and _json(metadata, "preprocessing", path) != PREPROCESSING:
        raise UserError(
            f"{path}: version {__version__} does not know its preprocessing, "
            f"{metadata['preprocessing']}; use the version that wrote it"
        )
    names = _class_names(metadata, network, path) if own else _numbered(network.classes)
    details = _json(metadata, "details", path) if own else {}
    return ModelFile(network, tensors, names, details)


def are_names(class_names: tuple[str, ...]) -> bool:
    """Whether classes are called otherwise than by their numbers."""
    return class_names != _numbered(len(class_names))


def check_parameters(parameters: Mapping[str, Tensor], network: Network, where: str) -> None:
    """Raise UserError unless these are the network's names and shapes, and finite numbers."""
    expected = {name: p.shape for name, p in network.parameters.items()}
    for name in expected.keys() - parameters.keys():
        raise UserError(f"{where}: tensor {name!r} is missing; the file fits another network")
    for name, (shape, values) in parameters.items():
        if name not in expected:
            raise UserError(f"{where}: tensor {name!r} is not the network's; it fits another one")
        if shape != expected[name]:
            raise UserError(
                f"{where}: tensor {name!r} has the shape {list(shape)}, but the network needs "
                f"{list(expected[name])}; the file fits another network"
            )
        if not all(map(isfinite, values)):
            raise UserError(f"{where}: tensor {name!r} holds a number that is not finite")


def _own_network(metadata: Mapping[str, str], given: Network | None, path: Path) -> Network:
    """The network that the file says it holds; UserError where another one is given."""
    network = network_from_settings(_json(metadata, "network", path), str(path))
    if given and given != network:
        raise UserError(
            f"{path}: it says what network it holds, and that is not the one that is given; "
            "leave the configuration away"
        )
    return network


def _recognise(tensors: Mapping[str, Tensor], path: Path) -> Network:
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    for build in PRESETS.values():
        network = build((1, 28, 28), 10)
        if {name: p.shape for name, p in network.parameters.items()} == shapes:
            return network
    raise UserError(
        f"{path}: it does not say what network it holds, and its tensors ({_few(shapes)}) are "
        f"those of no preset ({', '.join(PRESETS)}); give the network's configuration with --config"
    )


def _few(names: Mapping[str, Any]) -> str:
    return ", ".join(list(names)[:4]) + (", …" if len(names) > 4 else "")


def _class_names(metadata: Mapping[str, str], network: Network, path: Path) -> tuple[str, ...]:
    names = _json(metadata, "class_names", path).get("names")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise UserError(f"{path}: class_names is no list of names; save the model again")
    if len(names) != network.classes:
        raise UserError(
            f"{path}: {len(names)} class names for a network of {network.classes} classes; "
            "save the model again"
        )
    check_class_names(names, str(path), "save the model again with other names")
    return tuple(names)


def _numbered(classes: int) -> tuple[str, ...]:
    return tuple(map(str, range(classes)))


def _json(metadata: Mapping[str, str], key: str, path: Path) -> dict[str, Any]:
    return from_json(metadata.get(key, ""), f"{path}: {key}")
