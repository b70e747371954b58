"""JSON texts, exact both ways, and with errors of one line."""

from __future__ import annotations

import json
from typing import Any

from verypoorcnn.errors import UserError


def to_json(value: Any, indent: int | None = None) -> str:
    """The value as JSON; every float comes back from it to the last bit."""
    return json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)


def from_json(text: str | bytes, where: str) -> dict[str, Any]:
    """The JSON object in `text`.

    Raises:
        UserError: beginning with `where`; no JSON, or no object.
    """
    try:
        value = json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise UserError(f"{where}: too deeply nested; give a file this program wrote") from None
    except ValueError as error:
        raise UserError(f"{where}: not JSON ({error}); give a file this program wrote") from None
    if not isinstance(value, dict):
        raise UserError(f"{where}: not a JSON object; give a file this program wrote")
    return value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number of JSON")
