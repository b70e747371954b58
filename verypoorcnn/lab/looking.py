"""Who computes for the page: the explainer in float64, and the fastest engine beside it.

What the page shows as "the" numbers is what the textbook's loops give on floats of 64 bits, with
all their digits.  Beside them stand those of the fastest engine in its own precision, which also
goes through whole parts of the data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import dropwhile
from threading import Lock, RLock, Thread
from typing import Any

from verypoorcnn.data.dataset import Dataset
from verypoorcnn.engines import Engine, create_engine
from verypoorcnn.errors import UserError
from verypoorcnn.explain import Explainer, Target
from verypoorcnn.files.tensors import Tensor
from verypoorcnn.lab.edits import place
from verypoorcnn.lab.memory import Memory
from verypoorcnn.lab.session import Held, Image, Session
from verypoorcnn.lab.web.complaint import complain
from verypoorcnn.network import Dense, Network

AT_A_TIME = 64  # images of a part, before others who want the engine get their turn


@dataclass(frozen=True)
class One:
    """One image, as engines read images."""

    pixels: bytes
    labels: bytes


class Fastest:
    """The fastest engine for a network.  All share it; who has it has it with his parameters."""

    def __init__(self, held: Held) -> None:
        self.engine: Engine = create_engine("auto", held.network, held.parameters).engine
        self._holds = held
        self._lock = Lock()

    @contextmanager
    def having(self, held: Held) -> Iterator[Engine]:
        """The engine with the parameters of this model, for oneself."""
        with self._lock:
            if self._holds is not held:
                self.engine.set_parameters(held.parameters)
                self._holds = held
            yield self.engine


class Look:
    """Everything about one image and a model: who asks holds `lock`."""

    def __init__(
        self,
        held: Held,
        image: Image,
        label: int | None,
        workshop: Workshop,
        *,
        rate: float,
        compiled: bool,
    ) -> None:
        self.lock = RLock()
        self.explainer = Explainer(
            held.network,
            held.parameters,
            [image.pixels],
            None if label is None else [label],
            rate=rate,
            compiled=compiled,
        )
        self._held = held
        self._workshop = workshop
        self._one = One(image.pixels, bytes(self.explainer.labels))

    @property
    def label(self) -> int:
        """The class that the loss is of: the one given, else the one predicted."""
        return self.explainer.labels[0]

    def receptive(self, target: Target) -> dict[str, Any] | None:
        """Which pixels can change a number; None where that is no layer's output."""
        mixed = _behind_dense(self._held.network)
        if target.name in mixed:  # each of their numbers sees what the first one sees
            target = replace(target, name=mixed[0], index=(0,))
        found = self._workshop.fields.get(target, lambda: self.explainer.receptive_field(target))
        return None if found is None else found.as_dict()

    # The fastest engine's numbers, which are others only if its precision is another.

    def beside(self, target: Target) -> float | None:
        """The fastest engine's number for a target; None if it has none, or the same."""
        if self._workshop.fastest.engine.typecode == "d" or target.of == "update":
            return None
        if target.of == "gradient":
            return self._gradient_beside(target)
        if target.name not in self._values:
            return None
        number = self._values[target.name]
        for position in target.index:
            number = number[position]
        return float(number)

    def _gradient_beside(self, target: Target) -> float | None:
        network = self._held.network
        if target.name not in network.parameters:
            return None
        row = self._gradients[target.name].values
        return row[place(network, target.name, target.index)]

    @cached_property
    def _values(self) -> Mapping[str, Any]:
        with self._workshop.fastest.having(self._held) as engine:
            found = engine.activations(self._one, [0])
            found["probabilities"] = engine.probabilities(self._one, [0])
        return {name: samples[0] for name, samples in found.items()}

    @cached_property
    def _gradients(self) -> Mapping[str, Tensor]:
        with self._workshop.fastest.having(self._held) as engine:
            return engine.gradients(self._one, [0])


class Workshop:
    """What is made once for a network: engine, compiled functions, receptive fields.

    Much of it is compiled when it is first called for, which takes half a second and more.  So a
    thread calls for everything as soon as a network is there; until that is done, the textbook's
    loops run as they stand.
    """

    def __init__(self, held: Held) -> None:
        self.fastest = Fastest(held)
        self.fields = Memory()  # receptive, by target
        self.warm = False
        Thread(target=self._warm_up, args=(held,), name="warming up", daemon=True).start()

    def _warm_up(self, held: Held) -> None:
        blank = Image("", bytes(held.image_bytes), 0)
        output = Target(held.network.stages[-1].name, (0,))
        try:
            seen = Look(held, blank, 0, self, rate=1.0, compiled=True)
            seen.explainer.array("image", "gradient")
            self.warm = True
            seen.beside(output)
            seen.beside(replace(output, of="gradient"))
            seen.receptive(output)
        except Exception as error:
            complain(error)


def workshop(session: Session, held: Held) -> Workshop:
    """The workshop for a model's network."""
    return session.networks.get(held.network, lambda: Workshop(held))


def fastest(session: Session, held: Held) -> Fastest:
    """The fastest engine for a model's network."""
    return workshop(session, held).fastest


def look(session: Session, held: Held, image: Image, label: int | None = None) -> Look:
    """The numbers of an image; `label` in the place of its own.

    Raises:
        UserError: the image is of another size, as one of the user's own from another network.
    """
    if len(image.pixels) != held.image_bytes:
        raise UserError(f"{image.address} is of another size than the network takes; draw it again")
    wanted = image.label if label is None else label
    rate, shop = session.configuration.training.learning_rate, workshop(session, held)

    def first_look() -> Look:
        return Look(held, image, wanted, shop, rate=rate, compiled=shop.warm)

    return held.looks.get((image.address, wanted), first_look)


def all_probabilities(session: Session, held: Held, dataset: Dataset) -> list[list[float]]:
    """Of every class, for every image of a part, by the fastest engine."""
    rows: list[list[float]] = []
    for start in range(0, len(dataset), AT_A_TIME):
        indices = range(start, min(start + AT_A_TIME, len(dataset)))
        with fastest(session, held).having(held) as engine:
            rows += engine.probabilities(dataset, indices)
    return rows


@lru_cache(maxsize=8)
def _behind_dense(network: Network) -> list[str]:
    """The layers from the first dense one on: whose numbers are made of all that is before it."""
    stages = dropwhile(lambda stage: not isinstance(stage.layer, Dense), network.stages)
    return [stage.name for stage in stages]
