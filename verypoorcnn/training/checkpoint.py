"""A checkpoint: all that is needed to go on with a training as if it had never stopped.

It is a safetensors file: the parameters as the engine holds them, those of the best epoch under
"best." where early stopping keeps them, and in the metadata the position of the training as JSON.
JSON gives every float back to the last bit.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from verypoorcnn.data.dataset import Dataset
from verypoorcnn.errors import UserError
from verypoorcnn.files import safetensors
from verypoorcnn.files.atomic import write_atomically
from verypoorcnn.files.json_text import from_json, to_json
from verypoorcnn.network import Network
from verypoorcnn.training.loop import Parameters, Position, Trainer
from verypoorcnn.training.model_file import check_parameters

BEST = "best."  # in front of the names of the best epoch's parameters
POSITION_TYPES: dict[str, tuple[type, ...]] = {
    "epoch": (int,),
    "batch": (int,),
    "loss": (float,),
    "hits": (int,),
    "seconds": (float,),
    "start": (dict, type(None)),
    "history": (list,),
    "best_epoch": (int,),
}
_DAMAGED = "the checkpoint is damaged, start a new run"


def fingerprint(dataset: Dataset) -> str:
    """A number that another set of images or labels would hardly have."""
    return f"{len(dataset)} images, crc {crc32(dataset.labels, crc32(dataset.pixels)):08x}"


def save_checkpoint(path: Path, trainer: Trainer) -> None:
    """Write where the training stands."""
    write_atomically(path, checkpoint_bytes(path, trainer))


def checkpoint_bytes(path: Path, trainer: Trainer) -> bytes:
    """What `save_checkpoint` writes; `path` is for messages."""
    best = {BEST + name: tensor for name, tensor in (trainer.best or {}).items()}
    metadata = {
        "position": to_json(asdict(trainer.position)),
        "engine": trainer.engine.name,
        "train": fingerprint(trainer.train),
    }
    return safetensors.encode_for(path, trainer.engine.parameters() | best, metadata)


class Checkpoint(NamedTuple):
    """What a checkpoint holds."""

    parameters: Parameters
    position: Position
    best: Parameters | None  # those of the best epoch
    metadata: dict[str, str]  # the engine's name, and the fingerprint of the training images


def load_checkpoint(
    path: Path, network: Network, engine: str, train: Dataset
) -> tuple[Parameters, Position, Parameters | None]:
    """Parameters, position and the best epoch's parameters, as `save_checkpoint` wrote them.

    Raises:
        UserError: a damaged file, another engine, other images or another network than these.
    """
    parameters, position, best, metadata = read_checkpoint(path, network)
    now = {"engine": engine, "train": fingerprint(train)}
    for key, value in now.items():
        if metadata.get(key) != value:
            raise UserError(
                f"{path}: the run began with {key} {metadata.get(key)!r}, but now it is {value!r}; "
                "resume with the same, or start a new run"
            )
    return parameters, position, best


def read_checkpoint(path: Path, network: Network) -> Checkpoint:
    """The same for who does not go on from it and has no images at hand."""
    tensors, metadata = safetensors.read(path)
    best = {n.removeprefix(BEST): t for n, t in tensors.items() if n.startswith(BEST)}
    parameters = {name: tensor for name, tensor in tensors.items() if not name.startswith(BEST)}
    for found in filter(None, (parameters, best)):
        check_parameters(found, network, str(path))
    position = _position(metadata.get("position", ""), path)
    return Checkpoint(parameters, position, best or None, metadata)


def read_position(path: Path) -> Position:
    """Only where the training stood."""
    return _position(safetensors.read(path)[1].get("position", ""), path)


def _position(text: str, path: Path) -> Position:
    values = from_json(text, f"{path}: position")
    for name, kinds in POSITION_TYPES.items():
        if type(values.pop(name, None)) not in kinds:
            raise UserError(f"{path}: the position's {name!r} is missing or wrong; {_DAMAGED}")
    if values:
        raise UserError(f"{path}: the position holds {next(iter(values))!r}; {_DAMAGED}")
    position = Position(**from_json(text, str(path)))
    if len(position.history) != position.epoch or position.batch < 0:
        raise UserError(f"{path}: {position.epoch} epochs do not fit their history; {_DAMAGED}")
    return position
