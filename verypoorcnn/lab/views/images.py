"""The images that there are to choose from; of test images, whether they were trained on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zlib import crc32

from verypoorcnn.data.dataset import Dataset
from verypoorcnn.data.overlap import TWINS, overlap
from verypoorcnn.lab.session import Session
from verypoorcnn.lab.web import body, wire

Fields = dict[str, Any]
Answer = dict[str, Any]
MOST_IMAGES = 200  # in one answer


def images(session: Session, query: Fields) -> Answer:
    """Images of a part, as many as the page shows at once."""
    name = body.text(query, "part", "test")
    part = session.part(name)
    wanted: Sequence[int] = range(len(part))
    if "label" in query:
        label = body.whole(query, "label", 0, len(session.class_names) - 1)
        wanted = [i for i in wanted if part.labels[i] == label]
    start = body.whole(query, "start", 0, len(part), 0)
    chosen = wanted[start : start + body.whole(query, "count", 1, MOST_IMAGES, 48)]
    return {"part": name, "total": len(wanted), **gallery(session, name, chosen)}


def gallery(session: Session, name: str, indices: Sequence[int]) -> Answer:
    """Some images of a part: what is known of each, and the bytes of all."""
    part = session.part(name)
    twins = duplicates(session) if name == "test" else {}
    known = [
        {
            "index": i,
            "label": part.labels[i],
            "duplicate": f"train:{twins[i]}" if i in twins else None,
        }
        for i in indices
    ]
    sprite = b"".join(part.image(i) for i in indices)
    return {"images": known, "sprite": wire.pixels((len(known), *part.shape), sprite)}


def duplicates(session: Session) -> dict[int, int]:
    """The test images that also stand in the training part, and where they stand there."""
    parts = session.parts
    return session.memory.get("duplicates", lambda: _duplicates(parts.train, parts.test))


def _duplicates(train: Dataset, test: Dataset) -> dict[int, int]:
    shared = overlap(train, test)
    if not shared:
        return {}
    places = {train.image(index): index for index in reversed(range(len(train)))}
    by_sum = {crc32(image): index for image, index in places.items()}

    def twin(image: bytes) -> int:
        return places[image] if image in places else by_sum[TWINS[crc32(image)]]

    return {index: twin(test.image(index)) for index in shared}


ROUTES = {("GET", "/api/images"): images}
