"""All that is needed to repeat a run, beginning with the command that does it."""

from __future__ import annotations

import json
from typing import Any

from verypoorcnn.report.evidence import Evidence
from verypoorcnn.training.configuration import Configuration


def repeat(evidence: Evidence) -> dict[str, Any]:
    """Command, configuration, engine, times, memory, and what it was made with."""
    result = evidence.result
    return {
        "command": command(evidence.configuration, result["engine"]),
        "configuration": evidence.configuration.as_dict(),
        "engine": result["engine"],
        "seed": result["seed"],
        "seconds": result["seconds"],
        "peak_rss_bytes": result.get("peak_rss_bytes"),
        "made_with": result.get("made_with"),
        "folder": str(evidence.folder),
    }


def command(configuration: Configuration, engine: str) -> str:
    """The command that repeats it: whatever is not as in the paper, and the engine by its name."""
    from shlex import quote

    words = ["python3", "-m", "verypoorcnn", "train"]
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
