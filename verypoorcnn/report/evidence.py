"""What a report is made from: a training that has just ended, or the folder of a run.

A folder holds the configuration, the model and the results, but not the images.  They are read
again from where the run had them; where they are no longer there, or no longer the same, the report
goes without them and says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from verypoorcnn.data.sources import Parts
from verypoorcnn.engines import Engine, create_engine
from verypoorcnn.errors import UserError
from verypoorcnn.files import safetensors
from verypoorcnn.files.json_text import from_json
from verypoorcnn.files.tensors import Tensor
from verypoorcnn.network import Network
from verypoorcnn.training.checkpoint import fingerprint
from verypoorcnn.training.configuration import Configuration
from verypoorcnn.training.evaluation import probabilities
from verypoorcnn.training.experiment import Outcome
from verypoorcnn.training.loading import load_parts
from verypoorcnn.training.metrics import measure
from verypoorcnn.training.model_file import load_model
from verypoorcnn.training.run import Run

# What a result must hold for a report, and of which kind it is.
Kinds = Mapping[str, type | tuple[type, ...]]
SCORES = ("loss", "accuracy", "precision", "recall", "f1")
RESULT: Kinds = {
    **dict.fromkeys(("engine", "data"), str),
    **dict.fromkeys(("test", "seconds"), dict),
    "seed": int,
    "history": list,
}
TEST: Kinds = {
    **dict.fromkeys(SCORES, (int, float)),
    **dict.fromkeys(("per_class", "confusion"), list),
    "samples": int,
}

CHANGED = (
    "Computed again, some test images are taken for other classes than in the run, or they are "
    "other images: figures are the run's, what is said of single images is new."
)


@dataclass(frozen=True)
class Evidence:
    """A finished training."""

    folder: Path
    configuration: Configuration
    network: Network
    class_names: tuple[str, ...]
    parameters: Mapping[str, Tensor]  # as learned
    result: Mapping[str, Any]  # what `train --json` prints
    engine: Engine | None  # that holds the parameters, if there are images for it
    parts: Parts | None  # the images, unless they are gone
    predicted: Sequence[Sequence[float]]  # of every test image all probabilities, if there are any
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
    )


def of_run(folder: Path, images: bool = True) -> Evidence:
    """A run's folder and, unless `images` is False, the images where it had them.

    Raises:
        UserError: no run, one that is not over, or a damaged file.
    """
    run = Run.open(folder)
    result = _result(run)
    model = load_model(run.model)
    evidence = Evidence(
        folder=folder,
        configuration=run.configuration(),
        network=model.network,
        class_names=model.class_names,
        parameters=model.parameters,
        result=result,
        engine=None,
        parts=None,
        predicted=(),
    )
    return _with_images(evidence, run) if images else evidence


def _result(run: Run) -> dict[str, Any]:
    """What the run came to; UserError if it was not over, or was gone on with since."""
    where = str(run.result)
    if not run.result.is_file() or not run.model.is_file():
        raise _not_over(run)
    result = from_json(run.result.read_bytes(), where)
    for part, known in ((result, RESULT), (result.get("test"), TEST)):
        for key, kind in known.items():
            if not isinstance(part, dict) or not isinstance(part.get(key), kind):
                raise UserError(f"{where}: {key!r} is missing or wrong; run it again")
    epochs = run.metrics.read_bytes().count(b"\n") if run.metrics.is_file() else 0
    if epochs > len(result["history"]):
        raise _not_over(run)
    return result


def _not_over(run: Run) -> UserError:
    return UserError(f"{run.folder}: this run is not over; go on with train --resume {run.folder}")


def _with_images(evidence: Evidence, run: Run) -> Evidence:
    try:
        parts = _parts(evidence)
        _check_same(parts, run)
    except UserError as error:
        line = f"The images are not in this report, nor what is computed from them: {error}."
        return replace(evidence, missing=(line,))
    engine = _engine(evidence)
    predicted = list(probabilities(engine, parts.test))
    found = measure(parts.test.labels, predicted, evidence.class_names).confusion
    missing = [_other_engine(evidence, engine)] if engine.name != evidence.result["engine"] else []
    missing += [CHANGED] if found != evidence.result["test"]["confusion"] else []
    return replace(
        evidence, engine=engine, parts=parts, predicted=predicted, missing=tuple(missing)
    )


def _parts(evidence: Evidence) -> Parts:
    """The images as the run had them; nothing is downloaded for a report."""
    from verypoorcnn.data import fashion_mnist as fm

    origin = evidence.result["data"]
    source = evidence.configuration.data.source or "fashion-mnist"
    if origin == "built-in sketches":  # perhaps in place of Fashion-MNIST, which was not there
        source = "sketches"
    elif source.lower() == "fashion-mnist" and fm.find() is None:
        raise UserError("Fashion-MNIST is no longer on this machine")
    return load_parts(
        evidence.configuration,
        lambda line: None,  # it was said when the run was made
        source=source,
        names=evidence.class_names,
    )


def _check_same(parts: Parts, run: Run) -> None:
    if run.checkpoint.is_file():
        then = safetensors.read(run.checkpoint)[1].get("train")
        now = fingerprint(parts.train)
        if then != now:
            raise UserError(
                f"{parts.origin} has changed since the run ({now} to train on, then it was {then})"
            )


def _engine(evidence: Evidence) -> Engine:
    """The engine of the run or, where that does not work, the fastest that does."""
    try:
        return _created(evidence, evidence.result["engine"])
    except UserError:
        return _created(evidence, "auto")


def _created(evidence: Evidence, name: str) -> Engine:
    return create_engine(name, evidence.network, evidence.parameters).engine


def _other_engine(evidence: Evidence, engine: Engine) -> str:
    return (
        f"The {evidence.result['engine']} engine of this run does not work here; what is computed "
        f"again comes from the {engine.name} engine and may differ in last digits."
    )
