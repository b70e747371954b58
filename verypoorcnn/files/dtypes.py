"""Numbers as bytes: the kinds of floating-point number that model files hold, little-endian.

    F64    8 bytes, float64
    F32    4 bytes, float32
    F16    2 bytes, IEEE half precision: 5 bits of exponent, 10 of fraction
    BF16   2 bytes, bfloat16: the upper half of a float32, so 8 bits of exponent and 7 of fraction

F16 and BF16 are read as float32, which holds all their values; they are not written.
"""

from __future__ import annotations

import sys
from array import array
from struct import iter_unpack

ITEM_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}
DTYPES = {"d": "F64", "f": "F32"}  # by typecode, those that are written


def to_bytes(values: array[float]) -> bytes:
    """The values in little-endian order, whatever this machine's is."""
    return _little_endian(values).tobytes()


def from_bytes(dtype: str, raw: memoryview) -> array[float]:
    """The values in little-endian bytes: typecode "d" for F64, "f" for the others."""
    if dtype == "F16":
        return array("f", [half for (half,) in iter_unpack("<e", raw)])
    values = array("d" if dtype == "F64" else "f")
    values.frombytes(_widened(raw) if dtype == "BF16" else raw)
    return _little_endian(values)


def _widened(raw: memoryview) -> bytearray:
    """Float32 bytes from bfloat16 ones: the lower half of each is zero."""
    wide = bytearray(2 * len(raw))
    wide[2::4] = raw[0::2]
    wide[3::4] = raw[1::2]
    return wide


def _little_endian(values: array[float]) -> array[float]:
    """From this machine's byte order to the file's, or back."""
    if sys.byteorder == "little":
        return values
    swapped = values[:]
    swapped.byteswap()
    return swapped
