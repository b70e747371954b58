"""What a report says at its top of a run that is not over: how it stopped, and how to go on."""

from __future__ import annotations

from shlex import quote
from typing import Any

from verypoorcnn.report.evidence import Evidence, Stopped
from verypoorcnn.report.repeat import TRAIN


def stopped(evidence: Evidence, at: Stopped) -> dict[str, Any]:
    """How far it got, why it stopped, what the last checkpoint is, and the command to go on."""
    return {
        "how": at.how,
        "why": at.why,
        "epochs": len(evidence.result["history"]),
        "of": evidence.configuration.training.epochs,
        "saved": at.saved,
        "said": f"{_reason(evidence, at)} {_shown(at)} {_way_on(at)}",
        "go_on": _command(evidence, at),
    }


def _reason(evidence: Evidence, at: Stopped) -> str:
    done, planned = len(evidence.result["history"]), evidence.configuration.training.epochs
    when = f"after {done} of {planned} epochs"
    if done == planned:
        when = "after its last epoch, before it was tested"
    how = {
        "interrupted": "it was interrupted",
        "diverged": "it diverged",
        "failed": "it ended with an error",
    }.get(at.how, "it was killed, or still goes on,")
    why = f" {at.why[0].upper()}{at.why[1:]}." if at.why else ""
    return f"This run is not over: {how} {when}.{why}"


def _shown(at: Stopped) -> str:
    """What the filters and feature maps of the report are."""
    if at.saved is None:
        return "No checkpoint was saved, so nothing is here of what the network learned."
    return f"Filters and feature maps are those of its last checkpoint, {place(*at.saved)}."


def place(epoch: int, batch: int) -> str:
    """`after epoch 2`, `in epoch 3, after 4 batches`."""
    if batch:
        return f"in epoch {epoch + 1}, after {batch:,} batch{'' if batch == 1 else 'es'}"
    return f"after epoch {epoch}" if epoch else "before the first step"


def _way_on(at: Stopped) -> str:
    if at.saved is None:
        return "It can begin again in the same folder:"
    if at.how == "diverged":
        return "It can go on from there with a lower learning rate, such as a tenth:"
    return "It can go on from there as if it had never stopped:"


def _command(evidence: Evidence, at: Stopped) -> str:
    words = [*TRAIN, "--resume", str(evidence.folder)]
    if at.how == "diverged":
        rate = evidence.configuration.training.learning_rate / 10
        words.append(f"--set=training.learning_rate={rate:g}")
    return " ".join(map(quote, words))
