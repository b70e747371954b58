"""A gradient's number, held against the loss itself: nudge, run forward, compare.

∂L/∂v ≈ (L(v + h) − L(v − h)) / 2h, and the error falls with h² until rounding takes over; h near
the cube root of the rounding unit is best.  Where v ± h lies on two sides of a corner (of ReLU at
0, of a tie in max pooling), the slopes left and right differ and no difference can confirm a
gradient; it is then that of one of the sides, or of something between.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from verypoorcnn.explain.target import Target

STEP = 1e-5  # of a number of size 1
CORNER = 1e-3  # relative difference of the slopes; a smooth loss leaves about STEP
ROUNDING = 1e-9  # what rounding leaves of a slope


@dataclass(frozen=True)
class Difference:
    """A gradient, and the central difference that should be equal."""

    target: Target
    gradient: float
    difference: float
    left: float  # the slope from v − h to v
    right: float  # the slope from v to v + h
    step: float  # h

    @property
    def error(self) -> float:
        """Relative to the larger of the two."""
        size = max(abs(self.gradient), abs(self.difference))
        return abs(self.gradient - self.difference) / size if size else 0.0

    @property
    def corner(self) -> bool:
        """Whether the loss has a corner here, so that the difference proves nothing."""
        size = max(abs(self.left), abs(self.right))
        return abs(self.left - self.right) > CORNER * size + ROUNDING

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        found = {key: value for key, value in asdict(self).items() if key != "target"}
        name = str(self.target)
        return {"target": name, **found, "error": self.error, "corner": self.corner}


def central_difference(
    target: Target, gradient: float, value: float, middle: float, loss: Callable[[float], float]
) -> Difference:
    """The difference of `loss`, as a function of one number; at its `value`, it is `middle`."""
    step = STEP * max(1.0, abs(value))
    before, after = value - step, value + step
    low, high = loss(before), loss(after)
    return Difference(
        target=target,
        gradient=gradient,
        difference=(high - low) / (after - before),
        left=(middle - low) / (value - before),
        right=(high - middle) / (after - value),
        step=step,
    )
