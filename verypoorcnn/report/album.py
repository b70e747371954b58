"""Small images gathered into one: a page with one picture of many tiles opens faster, and is
smaller, than one with many pictures.

Every image becomes a tile, left to right and top to bottom.  Images larger than a tile may be keep
every second or third pixel.
"""

from __future__ import annotations

from binascii import b2a_base64
from typing import Any

from verypoorcnn.data.dataset import Dataset, Shape
from verypoorcnn.files.png import png

COLUMNS = 32  # tiles side by side
LARGEST = 64  # pixels of a tile's longer side


class Album:
    """Collects images, and tells the tile that each has become."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.channels = 3 if shape[0] == 3 else 1  # of any other number the first is shown
        self.step = -(-max(shape[1:]) // LARGEST)  # every so manieth pixel is kept
        self.rows, self.columns = (-(-side // self.step) for side in shape[1:])
        self._tiles: dict[bytes, int] = {}

    def add(self, dataset: Dataset, index: int) -> int:
        """The number of the tile that shows this image; equal images share one."""
        return self._tiles.setdefault(dataset.image(index), len(self._tiles))

    @property
    def tile_bytes(self) -> int:
        """Bytes of one tile before they are packed."""
        return self.rows * self.columns * self.channels

    def page_bytes(self, tiles: int | None = None) -> float:
        """Bytes of a page that so many tiles take, or those it has: at worst, noise in base64."""
        return (len(self._tiles) if tiles is None else tiles) * self.tile_bytes * 4 / 3

    def as_dict(self) -> dict[str, Any]:
        """The picture, as a PNG in base64, and how it is divided."""
        across = min(COLUMNS, len(self._tiles))
        pixels = self._pixels(across)
        width = across * self.columns
        height = len(pixels) // (width * self.channels)
        picture = png(width, height, pixels, self.channels, effort=1)
        return {
            "png": b2a_base64(picture, newline=False).decode("ascii"),
            "width": width,
            "height": height,
            "tile": [self.columns, self.rows],
            "across": across,
            "tiles": len(self._tiles),
            "every": self.step,
        }

    def _pixels(self, across: int) -> bytes:
        """All tiles, a line of pixels of a whole row of tiles after the other."""
        tiles = [self._tile(image) for image in self._tiles]
        tiles += [bytes(self.tile_bytes)] * (-len(tiles) % across)
        size = self.columns * self.channels
        return b"".join(
            tile[line : line + size]
            for start in range(0, len(tiles), across)
            for line in range(0, self.tile_bytes, size)
            for tile in tiles[start : start + across]
        )

    def _tile(self, image: bytes) -> bytes:
        """Pixel by pixel, of each its channels."""
        _, rows, columns = self.shape
        planes = [self._thinned(image[c * rows * columns :]) for c in range(self.channels)]
        if len(planes) == 1:
            return planes[0]
        pixels = bytearray(self.tile_bytes)
        for channel, plane in enumerate(planes):
            pixels[channel :: len(planes)] = plane
        return bytes(pixels)

    def _thinned(self, plane: bytes) -> bytes:
        """One channel of an image, with so many pixels as a tile has."""
        _, rows, columns = self.shape
        if self.step == 1:
            return plane[: rows * columns]
        starts = range(0, rows * columns, columns * self.step)
        return b"".join(plane[start : start + columns : self.step] for start in starts)
