"""All that is needed to repeat a run, beginning with the command that does it.

A run that was resumed may have been given other settings on the way.  Then one command is not
enough: it is trained up to where they changed, and resumed with the new ones.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from verypoorcnn.report.evidence import Evidence
from verypoorcnn.training.configuration import Configuration, with_overrides

Stretch = Mapping[str, Any]  # a line of stretches.jsonl

TRAIN = ("python3", "-m", "verypoorcnn", "train")
AGAIN = "repeated"  # the folder for a repetition of several commands
EPOCHS, PATIENCE = "training.epochs", "training.patience"
DECISIVE = ("training.learning_rate", PATIENCE)  # of what may change, what changes the result
MACHINE = ("engine", "code", "verypoorcnn", "python", "system", "processor")

ONE = "The same command with the same data, seed and engine gives the same parameters, bit for bit."
SEVERAL = (
    "Settings changed on the way: these commands, one after the other, with the same data, seed "
    "and engine give the same parameters, bit for bit."
)
NONE = (
    "Settings changed on the way, where no command can stop again, so nothing repeats this run to "
    "the bit. This command repeats it with the settings that it had last."
)
MACHINES = (
    "Its stretches were not all run by the same version on the same machine, so that last digits "
    "may differ on one."
)


def repeat(evidence: Evidence) -> dict[str, Any]:
    """Commands, configuration, engine, times, memory, and what it was made with."""
    result = evidence.result
    commands, note = _commands(evidence)
    return {
        "command": "\n".join(commands),
        "note": note,
        "configuration": evidence.configuration.as_dict(),
        "engine": result["engine"],
        "seed": result["seed"],
        "seconds": result["seconds"],
        "epoch_seconds": sum(record["seconds"] for record in result["history"]),
        "peak_rss_bytes": result.get("peak_rss_bytes"),
        "made_with": result.get("made_with"),
        "folder": str(evidence.folder),
        "stretches": [*_stretches(evidence)],
    }


def _stretches(evidence: Evidence) -> Iterator[dict[str, Any]]:
    """Each time the run was begun or resumed: from where to where, and what was new."""
    known = evidence.stretches
    saved = evidence.stopped and evidence.stopped.saved
    for number, stretch in enumerate(known):
        ended = stretch.get("ended", {})
        end = _begin(known[number + 1]) if number + 1 < len(known) else saved
        before = known[number - 1]["settings"] if number else stretch["settings"]
        yield {
            "began": stretch["time"],
            "ended": ended.get("time"),
            "how": ended.get("how", "killed"),
            "why": ended.get("why", ""),
            "from": _begin(stretch),
            "to": (ended["epoch"], ended["batch"]) if ended else end,
            "changed": {k: v for k, v in stretch["settings"].items() if v != before.get(k)},
            **{key: stretch.get(key, "") for key in MACHINE},
        }


def _begin(stretch: Stretch) -> tuple[int, int]:
    """Epochs, and batches of the next one, that were over when it began."""
    return stretch["epoch"], stretch["batch"]


def _commands(evidence: Evidence) -> tuple[list[str], str]:
    """What repeats the run, and a sentence on how exactly."""
    pieces = _pieces(evidence.stretches)
    if all(_can_stop_at(before[-1], after[0]) for before, after in pairwise(pieces)):
        note = ONE if len(pieces) < 2 else SEVERAL
    else:
        pieces, note = [], NONE
    if len({tuple(stretch.get(key) for key in MACHINE) for stretch in evidence.stretches}) > 1:
        note = f"{note} {MACHINES}"
    if len(pieces) < 2:
        return [command(evidence.configuration, evidence.result["engine"])], note
    return [*_one_after_the_other(evidence, pieces)], note


def _pieces(stretches: Sequence[Stretch]) -> list[list[Stretch]]:
    """Stretches that together give the same bits as if they were one."""
    pieces: list[list[Stretch]] = []
    for stretch in stretches:
        while pieces and _begin(pieces[-1][0]) == _begin(stretch):
            pieces.pop()  # nothing of what it did was kept
        if pieces and _goes_on(pieces[-1][-1], stretch):
            pieces[-1].append(stretch)
        else:
            pieces.append([stretch])
    return pieces


def _goes_on(before: Stretch, after: Stretch) -> bool:
    """Whether `after` does what `before` would have done next."""
    old, new = before["settings"], after["settings"]
    return not _has_gone_back(before) and all(old.get(key) == new.get(key) for key in DECISIVE)


def _has_gone_back(stretch: Stretch) -> bool:
    """Whether it ended with the parameters of its best epoch, as early stopping does."""
    finished = "ended" in stretch and stretch["ended"]["how"] == "finished"
    return finished and bool(stretch["settings"].get(PATIENCE))


def _can_stop_at(before: Stretch, after: Stretch) -> bool:
    """Whether a training that is told its number of epochs ends as `before` did."""
    return not after["batch"] and (_has_gone_back(before) or not before["settings"].get(PATIENCE))


def _one_after_the_other(evidence: Evidence, pieces: Sequence[Sequence[Stretch]]) -> Iterator[str]:
    """A command a piece, each up to where the next one begins."""
    given: dict[str, Any] = {}
    for number, piece in enumerate(pieces):
        last = piece[-1]["settings"]
        is_over = number + 1 == len(pieces)
        epochs = last[EPOCHS] if is_over else pieces[number + 1][0]["epoch"]
        wanted = {EPOCHS: epochs, **{key: last[key] for key in DECISIVE}}
        changed = [f"{k}={toml(value)}" for k, value in wanted.items() if given.get(k) != value]
        if number:
            yield " ".join([*TRAIN, "--resume", AGAIN, *(f"--set={one}" for one in changed)])
        else:
            first = with_overrides(evidence.configuration, changed)
            yield f"{command(first, evidence.result['engine'])} --out {AGAIN}"
        given = wanted


def command(configuration: Configuration, engine: str) -> str:
    """The command that repeats it: whatever is not as in the paper, and the engine by its name."""
    from shlex import quote

    words = [*TRAIN]
    given, default = configuration.as_dict(), Configuration().as_dict()
    given["training"]["engine"] = engine
    for section, settings in given.items():
        for key, value in settings.items():
            if value != default[section].get(key):
                words.append(f"--set={section}.{key}={toml(value)}")
    return " ".join(map(quote, words))


def toml(value: Any) -> str:
    """A setting as it stands in a configuration file, on one line."""
    if isinstance(value, dict):
        pairs = (f"{json.dumps(key)} = {toml(one)}" for key, one in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value, ensure_ascii=False)
