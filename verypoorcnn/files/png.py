"""Pictures as PNG files, the form that every browser and every document takes.

A PNG is a signature and a few chunks, each `length, name, content, checksum`: the header (IHDR),
the rows, packed by zlib (IDAT), and the end (IEND).  Each row is led by a byte that names its
filter; 0 is none.  https://www.w3.org/TR/png-3/
"""

from __future__ import annotations

import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOUR_TYPES = {1: 0, 3: 2, 4: 6}  # by bytes a pixel: grey, red green blue, with opacity
BITS = 8  # a channel


def png(width: int, height: int, pixels: bytes, channels: int = 1, effort: int = 6) -> bytes:
    """The bytes of a PNG file.

    Args:
        width: pixels in a row.
        height: rows.
        pixels: row by row, `channels` bytes a pixel.
        channels: 1 grey, 3 red green blue, 4 the same with opacity.
        effort: of zlib, from 1, the fastest, to 9, the smallest file.

    Raises:
        ValueError: `pixels` is not `width × height × channels` bytes.
    """
    row = width * channels
    if not row or not height or len(pixels) != row * height:
        raise ValueError(f"{len(pixels)} bytes for {width}×{height} pixels of {channels}")
    header = b"".join(number.to_bytes(4, "big") for number in (width, height))
    header += bytes((BITS, COLOUR_TYPES[channels], 0, 0, 0))
    rows = b"".join(b"\0" + pixels[start : start + row] for start in range(0, len(pixels), row))
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(rows, effort)), (b"IEND", b"")
    return SIGNATURE + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content).to_bytes(4, "big")
    return len(content).to_bytes(4, "big") + name + content + checksum
