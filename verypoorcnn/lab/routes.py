"""All endpoints, from the parts of the lab that have some."""

from __future__ import annotations

from verypoorcnn.lab.training import experiments, live, sweep, timeline
from verypoorcnn.lab.views import code, errors, images, numbers, overview, own_image, what_if
from verypoorcnn.lab.web.conversation import Handler, Routes

LOOKING = overview, images, numbers, what_if, code, errors, own_image
TRAINING = live, experiments, sweep, timeline
PARTS = *LOOKING, *TRAINING
LIMITS = {"/api/own": 4 << 20}  # bytes of a body, where it may have more than usual


def routes() -> Routes:
    """By method and path."""
    found: dict[tuple[str, str], Handler] = {}
    for part in PARTS:
        found.update(part.ROUTES)
    return found
