"""How answers travel to the page: JSON, and of arrays a shape with the bytes in base64.

Numbers of arrays are float64, little-endian, row by row, so that the page has them to the last bit,
and JavaScript writes a float64 with the same digits as Python does.
"""

from __future__ import annotations

import json
import sys
from array import array
from base64 import b64encode
from collections.abc import Sequence
from itertools import chain
from math import isfinite
from typing import Any

from verypoorcnn.files.tensors import Tensor

SHORT = ",", ":"  # what stands between the items of JSON
Wire = dict[str, Any]  # {"shape": […], "data": "…"}


def numbers(tensor: Tensor) -> Wire:
    """A tensor."""
    values = array("d", tensor.values)
    if sys.byteorder == "big":
        values.byteswap()
    return {"shape": list(tensor.shape), "data": b64encode(values.tobytes()).decode()}


def lists(values: Any) -> Wire:
    """Nested lists of numbers, whose rows are known to be of equal length; or one number."""
    shape, row = [], [values]
    while not isinstance(row[0], float):
        shape.append(len(row[0]))
        row = [*chain.from_iterable(row)]
    return numbers(Tensor((*shape,), array("d", row)))


def pixels(shape: Sequence[int], content: bytes) -> Wire:
    """Bytes of images."""
    return {"shape": list(shape), "data": b64encode(content).decode()}


def as_json(value: Any) -> bytes:
    """JSON, which has no infinite numbers: where one came up, null stands."""
    try:
        return json.dumps(value, allow_nan=False, separators=SHORT).encode()
    except ValueError:
        return json.dumps(_finite(value), allow_nan=False, separators=SHORT).encode()


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [*map(_finite, value)]
    return None if isinstance(value, float) and not isfinite(value) else value
