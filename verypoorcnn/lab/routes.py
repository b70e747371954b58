"""All endpoints, from the parts of the lab that have some."""

from __future__ import annotations

from verypoorcnn.lab import (
    api,
    code,
    experiments,
    gallery,
    mistakes,
    own_image,
    reading,
    sweep,
    timeline,
    training,
    trying,
)
from verypoorcnn.lab.conversation import Handler, Routes

LOOKING = api, gallery, reading, trying, code, mistakes
TRAINING = training, experiments, sweep, timeline
PARTS = *LOOKING, *TRAINING, own_image
LIMITS = {"/api/own": 4 << 20}  # bytes of a body, where it may have more than usual


def routes() -> Routes:
    """By method and path."""
    found: dict[tuple[str, str], Handler] = {}
    for part in PARTS:
        found.update(part.ROUTES)
    return found
