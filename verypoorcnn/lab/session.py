"""What the lab holds: a model, what one has tried out on it, images, and who computes.

Many requests come at once, and training replaces the model while somebody looks into it.  So what
belongs together is one object that never changes, `Held`: who wants to change something makes
another and puts it in its place, and who has begun to read goes on with the one he has.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from threading import Lock, RLock
from typing import Any, TypeVar

from verypoorcnn.data.dataset import Dataset
from verypoorcnn.data.sources import Parts
from verypoorcnn.errors import UserError
from verypoorcnn.files.tensors import Tensor
from verypoorcnn.lab.edits import WhatIf, applied
from verypoorcnn.lab.memory import Memory
from verypoorcnn.lab.web.events import Hub
from verypoorcnn.network import Network
from verypoorcnn.training.configuration import Configuration
from verypoorcnn.training.run import Run

NETWORKS = 8  # whose engines and code are kept
LOOKS = 6  # images whose numbers are kept for a model: megabytes each, of a larger network
OWN_IMAGES = 32  # of the user's own that are kept

T = TypeVar("T")
Parameters = Mapping[str, Tensor]


@dataclass(frozen=True)
class Image:
    """One image by its address, "test:17"."""

    address: str
    pixels: bytes
    label: int | None  # None for the user's own


@dataclass(frozen=True)
class Held:
    """A model as it is at one moment.  Nothing in it ever changes."""

    version: int
    network: Network
    parameters: Parameters  # in float64: what was learned, with what one has tried out
    origin: str  # "untrained", "runs/lenet", "live training, epoch 3"
    what_if: WhatIf = field(default_factory=WhatIf)
    below: Held | None = None  # the model as it was learned, if something is tried out on it
    memory: Memory = field(default_factory=Memory, compare=False)  # what was found out about it
    looks: Memory = field(default_factory=lambda: Memory(LOOKS), compare=False)  # by image

    @property
    def image_bytes(self) -> int:
        """Bytes of an image that the network takes."""
        return prod(self.network.input_shape)

    @property
    def untouched(self) -> Held:
        """The same model without what one has tried out."""
        return self.below or self


class Session:
    """Everything that the endpoints work on.

    Args:
        network: what the lab begins with.
        parameters: of any precision.
        origin: where they are from.
        parts: training and test images.
        class_names: what the labels 0, 1, … are called.
        configuration: what an experiment in the lab starts from.
        title: what the page is headed with.
        run: the run's folder that the model is from, if it is from one.
        details: what the model file says of how it was made.
    """

    def __init__(
        self,
        network: Network,
        parameters: Parameters,
        *,
        origin: str,
        parts: Parts,
        class_names: Sequence[str],
        configuration: Configuration,
        title: str,
        run: Run | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        self.hub = Hub()
        self.parts = parts
        self.class_names = tuple(class_names)
        self.configuration = configuration
        self.title = title
        self.run = run
        self.details = dict(details or {})
        self.memory = Memory()  # what is made once for the session, and stays
        self.networks = Memory(NETWORKS)  # what is made once for a network
        self._lock = Lock()
        self._own: dict[str, Image] = {}
        self._own_count = 0
        self._endings: list[Callable[[], object]] = []
        learned = _in_float64(network, parameters)
        self._held = self.began = Held(1, network, learned, origin)
        self._services: dict[Any, Any] = {}
        self._closed = False
        self._making = RLock()  # a service may ask for another

    def service(self, kind: Callable[[Session], T]) -> T:
        """The one object of this class that the session has, made when it is asked for first.

        Raises:
            UserError: the lab has closed, so that nothing new is made.
        """
        with self._making:
            if kind not in self._services:
                if self._closed:
                    raise UserError("the lab is closed; start it again")
                self._services[kind] = made = kind(self)
                self.at_end(getattr(made, "close", int))
            found: T = self._services[kind]
            return found

    def at_end(self, ending: Callable[[], object]) -> None:
        """Have this called when the lab closes; at once if it has."""
        with self._lock:
            if not self._closed:
                self._endings.append(ending)
                return
        ending()

    def close(self) -> None:
        """The lab closes: threads in the background end, pages hear nothing more."""
        with self._lock:
            self._closed = True
        self.hub.close()
        while self._endings:
            self._endings.pop()()

    # The model.

    @property
    def held(self) -> Held:
        """The model of this moment; ask once and go on with what you got."""
        return self._held

    @property
    def network(self) -> Network:
        """Its network."""
        return self._held.network

    @property
    def parameters(self) -> Parameters:
        """Its parameters, with what one has tried out."""
        return self._held.parameters

    @property
    def version(self) -> int:
        """Grows with every change of parameters."""
        return self._held.version

    def replace(self, network: Network, parameters: Parameters, *, origin: str) -> int:
        """Take up another model, as it was learned; its version.  Every page is told."""
        learned = _in_float64(network, parameters)
        with self._lock:
            version = self._held.version + 1
            self._held = Held(version, network, learned, origin)
        self.hub.publish("model", self.standing())
        return version

    def try_out(self, what_if: WhatIf) -> Held:
        """Put this in the place of all that was tried out before; the model that it makes.

        Raises:
            UserError: no such parameter, place or filter.
        """
        with self._lock:
            version, below = self._held.version + 1, self._held.untouched
            changed = applied(below.network, below.parameters, what_if)
            held = Held(version, below.network, changed, below.origin, what_if, below)
            self._held = held
        self.hub.publish("model", self.standing())
        return held

    def standing(self) -> dict[str, Any]:
        """The event "model": which one it is, and since which version it has been learned so."""
        held = self._held
        return {
            "version": held.version,
            "learned": held.untouched.version,
            "origin": held.origin,
        }

    # Images.

    def part(self, name: str) -> Dataset:
        """The part "test" or "train"; UserError for any other."""
        parts = {"test": self.parts.test, "train": self.parts.train}
        if name not in parts:
            raise UserError(f"there is no part {name[:40]!r}; give test or train")
        return parts[name]

    def image(self, address: str) -> Image:
        """The image at an address: "test:17", "train:3", "own:1".

        Raises:
            UserError: there is none.
        """
        part, _, digits = address.partition(":")
        if part == "own":
            return self._own_image(address)
        dataset = self.part(part)
        index = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else -1
        if not 0 <= index < len(dataset):
            raise UserError(
                f"there is no image {address[:40]!r}; give {part}:0 to {part}:{len(dataset) - 1}"
            )
        return Image(f"{part}:{index}", dataset.image(index), dataset.labels[index])

    def keep_own(self, pixels: bytes) -> str:
        """Keep an image of the user's own, of the network's shape; its address."""
        with self._lock:
            self._own_count += 1
            address = f"own:{self._own_count}"
            self._own[address] = Image(address, pixels, None)
            while len(self._own) > OWN_IMAGES:
                del self._own[next(iter(self._own))]
        return address

    def _own_image(self, address: str) -> Image:
        with self._lock:
            image = self._own.get(address)
        if image is None:
            raise UserError(f"the image {address[:40]!r} is no longer here; draw or drop it again")
        return image


def _in_float64(network: Network, parameters: Parameters) -> dict[str, Tensor]:
    """A copy, in the network's order; every float32 is a float64."""
    return {
        name: Tensor(parameters[name].shape, array("d", parameters[name].values))
        for name in network.parameters
    }
