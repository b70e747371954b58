"""PNG files: one by hand, and what Pillow reads from others."""

from __future__ import annotations

import io
import random
import zlib

import pytest

from verypoorcnn.files.png import SIGNATURE, png


def test_two_grey_pixels_by_hand() -> None:
    found = png(2, 1, bytes([7, 9]))
    assert found.startswith(SIGNATURE + (13).to_bytes(4, "big") + b"IHDR")
    assert found[16:29] == bytes([0, 0, 0, 2, 0, 0, 0, 1, 8, 0, 0, 0, 0])
    packed = found[found.index(b"IDAT") + 4 : -16]
    assert zlib.decompress(packed) == bytes([0, 7, 9])
    assert found.endswith(b"\0\0\0\0IEND\xae\x42\x60\x82")


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB"), (4, "RGBA")])
def test_pillow_reads_the_same_pixels(channels: int, mode: str) -> None:
    image = pytest.importorskip("PIL.Image", reason="Pillow is the judge here")
    pixels = random.Random(channels).randbytes(5 * 3 * channels)
    read = image.open(io.BytesIO(png(5, 3, pixels, channels)))
    assert (read.mode, read.size, read.tobytes()) == (mode, (5, 3), pixels)


def test_a_wrong_number_of_bytes_is_refused() -> None:
    with pytest.raises(ValueError, match="5 bytes for 2×2 pixels"):
        png(2, 2, bytes(5))
