"""What a report is made from: a training that has just ended.

The same can be found in the folder of a run, see folder.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from verypoorcnn.data.sources import Parts
from verypoorcnn.engines import Engine
from verypoorcnn.files.tensors import Tensor
from verypoorcnn.network import Network
from verypoorcnn.training.configuration import Configuration
from verypoorcnn.training.experiment import Outcome
from verypoorcnn.training.run import Run


@dataclass(frozen=True)
class Stopped:
    """Where a training stands that is not over."""

    how: str  # "interrupted", "diverged", "failed"; "killed" if nothing says so: or it goes on
    why: str  # of those that diverged or failed
    saved: tuple[int, int] | None  # the checkpoint's epoch and batch; None if there is none


@dataclass(frozen=True)
class Evidence:
    """A training: finished, and then tested, or stopped on the way."""

    folder: Path
    configuration: Configuration
    network: Network
    class_names: tuple[str, ...]
    parameters: Mapping[str, Tensor]  # as learned, or of the last checkpoint, if there is one
    result: Mapping[str, Any]  # what `train --json` prints; `test` is None if it was not tested
    engine: Engine | None  # that holds the parameters, if there are images for it
    parts: Parts | None  # the images, unless they are gone
    predicted: Sequence[Sequence[float]]  # of every test image all probabilities, if it was tested
    stretches: Sequence[Mapping[str, Any]]  # the lines of stretches.jsonl
    stopped: Stopped | None = None
    missing: tuple[str, ...] = ()  # sentences about what could not be found


def of_outcome(outcome: Outcome, run: Run) -> Evidence:
    """A training that has just ended; nothing is computed again."""
    model = outcome.model
    return Evidence(
        folder=run.folder,
        configuration=outcome.configuration,
        network=model.network,
        class_names=model.class_names,
        parameters=model.parameters,
        result=outcome.as_dict(),
        engine=model.engine,
        parts=outcome.parts,
        predicted=outcome.probabilities,
        stretches=run.read_stretches(),
    )
