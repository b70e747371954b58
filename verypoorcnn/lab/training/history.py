"""The epochs of a training, each with its parameters, as many as memory allows.

Where there are too many, every second one goes: of a long training one then keeps every second,
fourth, eighth epoch, and always the newest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from verypoorcnn.errors import UserError
from verypoorcnn.files.tensors import Tensor
from verypoorcnn.network import Network

if TYPE_CHECKING:
    from verypoorcnn.lab.session import Session

LIMIT = 64 << 20  # bytes of parameters
FEWEST = 3  # epochs that are kept, however large they are

Parameters = Mapping[str, Tensor]


@dataclass(frozen=True, eq=False)
class Moment:
    """A training at the end of an epoch; number 0 is its beginning."""

    epoch: int
    loss: float | None  # over the epoch, on the training images; None: not measured
    accuracy: float | None
    parameters: Parameters = field(repr=False)

    def as_dict(self) -> dict[str, Any]:
        """For the page, without the parameters."""
        return {"epoch": self.epoch, "loss": self.loss, "accuracy": self.accuracy}


class History:
    """The moments of one training.  One thread keeps, any may look."""

    def __init__(self, network: Network, limit: int = LIMIT) -> None:
        self.network = network
        self.limit = limit
        self.moments: tuple[Moment, ...] = ()  # by epoch; replaced as a whole

    def keep(self, moment: Moment) -> None:
        """Keep an epoch, in the place of any of its number and of those after it."""
        before = [other for other in self.moments if other.epoch < moment.epoch]
        size = sum(len(t.values) * t.values.itemsize for t in moment.parameters.values())
        most = max(FEWEST, self.limit // max(1, size))
        every = self._every(before)
        kept = [other for other in before if other.epoch % every == 0]
        while len(kept) >= most:
            every *= 2
            kept = [other for other in kept if other.epoch % every == 0]
        self.moments = (*kept, moment)

    def at(self, epoch: int) -> Moment:
        """The moment of this number; UserError if it was not kept."""
        for moment in self.moments:
            if moment.epoch == epoch:
                return moment
        raise UserError(f"epoch {epoch} was not kept; choose from {self._known()}")

    def _known(self) -> str:
        numbers = [moment.epoch for moment in self.moments]
        if len(numbers) < 2:
            return "none: train first" if not numbers else str(numbers[0])
        return f"{numbers[0]}, {numbers[1]}, … {numbers[-1]}"

    @staticmethod
    def _every(kept: list[Moment]) -> int:
        """The step between the epochs that are kept."""
        return kept[1].epoch - kept[0].epoch if len(kept) > 1 else 1


class LiveHistory:
    """Where the live training leaves its epochs, for whoever wants to look back.

    The thread that trains puts another history there, as a whole; any may look.
    """

    def __init__(self, session: Session) -> None:
        self.history = History(session.network)  # of the training that is under way
