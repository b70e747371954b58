"""The folder of a run as evidence for a report, whether the run is over or not.

A folder holds the configuration, the model and the results, but not the images.  They are read
again from where the run had them; where they are no longer there, or no longer the same, the report
goes without them and says so.

A run that was stopped on the way has no results.  It has the epochs that are over, its last
checkpoint, and in stretches.jsonl what it worked with; its report says no more than they do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from verypoorcnn.data.sources import Parts
from verypoorcnn.engines import Engine, create_engine
from verypoorcnn.errors import UserError
from verypoorcnn.files import safetensors
from verypoorcnn.files.json_text import from_json
from verypoorcnn.report.evidence import Evidence, Stopped
from verypoorcnn.training.checkpoint import Checkpoint, fingerprint, read_checkpoint
from verypoorcnn.training.evaluation import probabilities
from verypoorcnn.training.loading import NAMES, load_parts_of_run
from verypoorcnn.training.metrics import measure
from verypoorcnn.training.model_file import load_model
from verypoorcnn.training.run import Kinds, Run, check_kinds

# What a result must hold for a report, and of which kind it is.
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
MADE_WITH = ("verypoorcnn", "python", "system", "processor", "time")

CHANGED = (
    "Computed again, some test images are taken for other classes than in the run, or they are "
    "other images: figures are the run's, what is said of single images is new."
)


def of_run(folder: Path) -> Evidence:
    """A run's folder, and the images where it had them.

    Raises:
        UserError: no run, one of which nothing was saved, or a damaged file.
    """
    run = Run.open(folder)
    stretches = run.read_stretches()
    over = not stretches or _how(stretches[-1]) == "finished"
    evidence = of_finished_run(folder) if over else _of_stopped_run(run, stretches)
    return _with_images(evidence, run)


def of_finished_run(folder: Path) -> Evidence:
    """A run's folder, without images.

    Raises:
        UserError: no run, one that is not over, or a damaged file.
    """
    run = Run.open(folder)
    stretches = run.read_stretches()
    if stretches and _how(stretches[-1]) != "finished":
        raise _not_over(run)
    result = _result(run)
    model = load_model(run.model)
    return Evidence(
        folder=folder,
        configuration=run.configuration(),
        network=model.network,
        class_names=model.class_names,
        parameters=model.parameters,
        result=result,
        engine=None,
        parts=None,
        predicted=(),
        stretches=stretches,
    )


def _how(stretch: Mapping[str, Any]) -> str:
    """How a stretch ended."""
    return str(stretch["ended"]["how"]) if "ended" in stretch else "killed"


def _result(run: Run) -> dict[str, Any]:
    """What the run came to; UserError if it was not over, or was gone on with since."""
    if not run.result.is_file() or not run.model.is_file():
        raise _not_over(run)
    result = from_json(run.result.read_bytes(), str(run.result))
    check_kinds(result, RESULT, str(run.result))
    check_kinds(result["test"], TEST, f"{run.result}: test")
    epochs = run.metrics.read_bytes().count(b"\n") if run.metrics.is_file() else 0
    if epochs > len(result["history"]):
        raise _not_over(run)
    return result


def _not_over(run: Run) -> UserError:
    return UserError(f"{run.folder}: this run is not over; go on with train --resume {run.folder}")


def _of_stopped_run(run: Run, stretches: list[dict[str, Any]]) -> Evidence:
    """What there is of a run that is not over."""
    last, configuration = stretches[-1], run.configuration()
    network = configuration.network.build(len(last["classes"]))
    saved = read_checkpoint(run.checkpoint, network) if run.checkpoint.is_file() else None
    kept = saved.position.history if saved else []
    history = max(run.read_history(), kept, key=len)  # no file waits for another
    if saved is None and not history:
        raise UserError(
            f"{run.folder}: nothing was saved yet, neither an epoch nor a checkpoint; "
            f"go on with train --resume {run.folder}"
        )
    return Evidence(
        folder=run.folder,
        configuration=configuration,
        network=network,
        class_names=tuple(map(str, last["classes"])),
        parameters=saved.parameters if saved else {},
        result={
            **{key: last[key] for key in ("engine", "data", "train_samples", "test_samples")},
            "seed": configuration.training.seed,
            "start": saved.position.start if saved else None,
            "history": history,
            "test": None,
            "seconds": {},
            "made_with": {key: last[key] for key in MADE_WITH if key in last},
        },
        engine=None,
        parts=None,
        predicted=(),
        stretches=stretches,
        stopped=_stopped(last, saved),
    )


def _stopped(last: Mapping[str, Any], saved: Checkpoint | None) -> Stopped:
    why = last["ended"]["why"] if "ended" in last else ""
    return Stopped(_how(last), why, saved and (saved.position.epoch, saved.position.batch))


def _with_images(evidence: Evidence, run: Run) -> Evidence:
    try:
        parts = _parts(evidence)
        _check_same(parts, run)
    except UserError as error:
        line = f"The images are not in this report, nor what is computed from them: {error}."
        return replace(evidence, missing=(line,))
    evidence = replace(evidence, parts=parts)
    return _with_engine(evidence, parts) if evidence.parameters else evidence


def _with_engine(evidence: Evidence, parts: Parts) -> Evidence:
    """With an engine, and what the network makes of the test images if they were used before."""
    engine, test = _engine(evidence), evidence.result["test"]
    missing = [_other_engine(evidence, engine)] if engine.name != evidence.result["engine"] else []
    predicted = list(probabilities(engine, parts.test)) if test else []
    if test:
        found = measure(parts.test.labels, predicted, evidence.class_names).confusion
        missing += [CHANGED] if found != test["confusion"] else []
    return replace(evidence, engine=engine, predicted=predicted, missing=tuple(missing))


def _parts(evidence: Evidence) -> Parts:
    """The images as the run had them; nothing is downloaded for a report."""
    source = evidence.configuration.data.source
    if source.lower() not in NAMES and not Path(source).expanduser().exists():
        raise UserError(_gone(source, evidence.folder))
    return load_parts_of_run(
        evidence.configuration,
        evidence.result["data"],
        lambda line: None,  # it was said when the run was made
        evidence.class_names,
        download=False,
    )


def _gone(source: str, folder: Path) -> str:
    there = Path(source).expanduser().is_absolute()
    where = "" if there else ", seen from this folder; the run was begun in another"
    return (
        f"{source} is not there{where}; train --resume {folder} --data PATH tells where it is now"
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
