"""What a comparison of runs says, as one object that JSON can hold.

Runs that differ in nothing but their seed are one group: its figures are means with standard
deviations.  Everything else that differs stands in a table of differences.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from verypoorcnn.errors import UserError
from verypoorcnn.files.json_text import to_json
from verypoorcnn.report.evidence import Evidence
from verypoorcnn.report.folder import of_finished_run

Content = dict[str, Any]

SEED = "training.seed"
HIGHER_IS_BETTER = {
    "accuracy": True,
    "precision": True,
    "recall": True,
    "f1": True,
    "loss": False,
    "last_loss": False,
    "seconds": False,
}


def runs_in(folder: Path) -> list[Path]:
    """The folder itself if it is a run's, else the runs that it holds, as `reproduce` leaves them.

    Raises:
        UserError: neither.
    """
    if (folder / "config.json").is_file():
        return [folder]
    runs = [config.parent for config in folder.glob("*/config.json")]
    if not runs:
        raise UserError(f"{folder}: no run here, and no folder of runs; give a run's folder")
    return sorted(runs, key=_natural)


def _natural(path: Path) -> list[object]:
    """seed-2 before seed-10."""
    import re

    return [int(word) if k % 2 else word for k, word in enumerate(re.split(r"(\d+)", path.name))]


def comparison(folders: Sequence[Path]) -> Content:
    """Everything that a comparison of these runs says.

    Raises:
        UserError: a folder that holds no run, one that is not over, or a damaged file.
    """
    evidence = [of_finished_run(folder) for folder in folders]
    settings = [_settings(one) for one in evidence]
    runs = [_run(one, flat) for one, flat in zip(evidence, settings, strict=True)]
    groups = _groups(runs, settings)
    images = [_test_images(one) for one in evidence]
    for number, group in enumerate(groups):
        group["images"] = images.index(images[group["runs"][0]])
        for member in group["runs"]:
            runs[member]["group"] = number
    same_classes = len({one.class_names for one in evidence}) == 1
    return {
        "kind": "comparison",
        "runs": runs,
        "groups": groups,
        "differences": _differences([settings[group["runs"][0]] for group in groups]),
        "best": {key: _best(groups, key) for key in HIGHER_IS_BETTER},
        "classes": list(evidence[0].class_names) if same_classes else None,
        "f1": [_class_f1(evidence, group) for group in groups] if same_classes else None,
    }


def _settings(evidence: Evidence) -> dict[str, Any]:
    """Every setting by its full name, and what the run found: data, engine, version."""
    tables = evidence.configuration.as_dict()
    flat = {
        f"{name}.{key}": value for name, table in tables.items() for key, value in table.items()
    }
    flat["data found"] = evidence.result["data"]
    flat["engine that ran"] = evidence.result["engine"]
    flat["version"] = (evidence.result.get("made_with") or {}).get("verypoorcnn", "not recorded")
    return flat


def _run(evidence: Evidence, settings: dict[str, Any]) -> Content:
    result, test = evidence.result, evidence.result["test"]
    scores = {key: test[key] for key in ("accuracy", "precision", "recall", "f1", "loss")}
    history = result["history"]
    return {
        "name": evidence.folder.resolve().name,
        "folder": str(evidence.folder),
        "seed": settings[SEED],
        "start": result.get("start"),
        "history": history,
        "scores": {
            **scores,
            "last_loss": history[-1]["loss"] if history else None,
            "seconds": sum(record["seconds"] for record in history),
        },
        "parameters": evidence.network.parameter_count,
    }


def _groups(runs: Sequence[Content], settings: Sequence[dict[str, Any]]) -> list[Content]:
    """Runs with the same settings but for the seed, in the order of their first run."""
    members: dict[str, list[int]] = {}
    for number, flat in enumerate(settings):
        but_seed = to_json({key: value for key, value in flat.items() if key != SEED})
        members.setdefault(but_seed, []).append(number)
    return [_group(runs, numbers) for numbers in members.values()]


def _group(runs: Sequence[Content], numbers: list[int]) -> Content:
    names = [runs[number]["name"] for number in numbers]
    several = f"{names[0]} … {names[-1]} ({len(names)} runs)"
    columns = {
        key: [runs[n]["scores"][key] for n in numbers if runs[n]["scores"][key] is not None]
        for key in HIGHER_IS_BETTER
    }
    return {
        "name": names[0] if len(names) == 1 else several,
        "runs": numbers,
        "mean": {key: mean(column) if column else None for key, column in columns.items()},
        "deviation": {
            key: stdev(column) if len(column) > 1 else None for key, column in columns.items()
        },
    }


def _differences(settings: Sequence[dict[str, Any]]) -> list[Content]:
    """The settings in which the groups differ, each with its value in every group."""
    names = dict.fromkeys(name for flat in settings for name in flat if name != SEED)
    rows = [{"setting": name, "values": [flat.get(name) for flat in settings]} for name in names]
    return [row for row in rows if any(value != row["values"][0] for value in row["values"])]


def _test_images(evidence: Evidence) -> list[Any]:
    """What tells the test images of a run: where they are from, and how many of each class."""
    data, origin = evidence.configuration.data, evidence.result["data"]
    source = "Fashion-MNIST" if origin.startswith("Fashion-MNIST from ") else origin
    classes = [(one["name"], one["support"]) for one in evidence.result["test"]["per_class"]]
    return [source, data.selection, data.drop_overlap, classes]


def _best(groups: Sequence[Content], key: str) -> list[int]:
    """The groups that are best by this figure, each among those tested on the same images."""
    best = []
    for images in dict.fromkeys(group["images"] for group in groups):
        means = {k: group["mean"][key] for k, group in enumerate(groups)}
        known = {
            k: value
            for k, value in means.items()
            if groups[k]["images"] == images and value is not None
        }
        if len(known) > 1:  # else there is nothing to compare
            wanted = (max if HIGHER_IS_BETTER[key] else min)(known.values())
            best += [k for k, value in known.items() if value == wanted]
    return best


def _class_f1(evidence: Sequence[Evidence], group: Content) -> list[float]:
    """The mean F1 of every class over the runs of a group."""
    tables = [evidence[number].result["test"]["per_class"] for number in group["runs"]]
    return [mean(one["f1"] for one in column) for column in zip(*tables, strict=True)]
