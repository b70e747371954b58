"""Test images that also stand in the training set: a network may know them by heart.

Fashion-MNIST as it is today has none that is equal byte for byte (as first published it had ten,
and they were replaced).  But a few of its test images are the very photographs of training images,
in another rendering.  The ten nearest of all 600 million pairs are listed here; they differ by at
most 7.2 grey levels a pixel (root mean square), look the same, and have the same labels.
"""

from __future__ import annotations

from collections.abc import Collection
from zlib import crc32

from verypoorcnn.data.dataset import Dataset

# CRC-32 of a test image's bytes: that of its twin in the training set.
TWINS = {
    0xB80D5AFE: 0x9719DDC0,  # test image 4998, training image 13360: 0.7 grey levels apart
    0xBA0553D0: 0xB122CA29,  # 9867, 58762: 2.3
    0xF430E8B3: 0xAF705268,  # 2605, 11932: 2.8
    0x2C090E3F: 0x1FA1B448,  # 6210, 19456: 3.4
    0xDFBFAC73: 0x79A6346C,  # 2115, 18494: 3.6
    0x647543CB: 0x79A6346C,  # 4926, 18494: 4.6
    0xA2C992DB: 0x4F06ADEC,  # 2770, 29438: 5.8
    0x245E1C44: 0x6907A10D,  # 7799, 14928: 6.5
    0x7EB6AE49: 0x23343EF6,  # 7465, 29645: 6.7
    0xE80553E0: 0xAC5FDD3F,  # 2436, 48447: 7.2
}


def overlap(train: Dataset, test: Dataset) -> list[int]:
    """Indices of the test images that also stand in the training set.

    That is byte for byte or, in Fashion-MNIST, as one of its known twins.
    """
    sums = [*map(crc32, test.images())]
    known = _images_by_sum(train, {*sums, *TWINS.values()})
    return [
        index
        for index, checksum in enumerate(sums)
        if (checksum in known and test.image(index) in known[checksum])
        or TWINS.get(checksum) in known
    ]


def _images_by_sum(dataset: Dataset, wanted: Collection[int]) -> dict[int, set[bytes]]:
    """The images that have one of these checksums, which are few: nobody keeps all twice."""
    found: dict[int, set[bytes]] = {}
    for image in dataset.images():
        if (checksum := crc32(image)) in wanted:
            found.setdefault(checksum, set()).add(image)
    return found
