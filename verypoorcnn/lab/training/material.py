"""What trainings in the lab are made of: the network with other filters, more or fewer images."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from threading import Lock

from verypoorcnn.data.dataset import Dataset
from verypoorcnn.data.sources import load
from verypoorcnn.data.splits import select
from verypoorcnn.engines import Engine, create_engine
from verypoorcnn.errors import UserError
from verypoorcnn.files.tensors import Tensor
from verypoorcnn.lab.session import Session
from verypoorcnn.lab.training.fields import Number
from verypoorcnn.network import Network
from verypoorcnn.network.layer import Layer, layer_from_settings
from verypoorcnn.network.layers import Conv2D

INITIALIZERS = ("auto", "he_normal", "glorot_uniform", "uniform", "zeros")
MOST_FILTERS = 64
KEPT_ENGINES = 12  # compiled for as many networks


class Material:
    """The network as the lab was opened with it, and the whole source of its images."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.network: Network = session.network
        self._lock = Lock()

    @property
    def fields(self) -> Mapping[str, Number]:
        """What any training here lets one set."""
        most = len(self.everything)
        found: dict[str, Number] = {
            "learning_rate": Number(1e-5, 10.0, whole=False, log=True),
            "batch_size": Number(1, 256, log=True),
            "filters": Number(1, MOST_FILTERS),
            "train_samples": Number(min(10, most), most, log=True),
            "epochs": Number(1, 200),
        }
        if filters_of(self.network) is None:
            del found["filters"]
        return found

    @property
    def defaults(self) -> dict[str, float]:
        """As the lab was opened: the configuration's settings."""
        training = self.session.configuration.training
        found = {
            "learning_rate": training.learning_rate,
            "batch_size": training.batch_size,
            "filters": filters_of(self.network),
            "train_samples": len(self.session.parts.train),
            "epochs": training.epochs,
        }
        known = self.fields
        within = {n: (known[n], v) for n, v in found.items() if n in known and v is not None}
        return {n: _within(field, value) for n, (field, value) in within.items()}

    @property
    def test(self) -> Dataset:
        """The test images, always all."""
        return self.session.parts.test

    def train(self, count: int) -> Dataset:
        """So many training images; as many as the configuration says are just those."""
        own = self.session.parts.train
        if count == len(own):
            return own
        whole = self.everything
        fair = whole.labels[: len(own)] == own.labels  # its first images are a fair sample
        selection = "first" if fair else "stratified"
        return select(whole, count, selection, self.session.configuration.training.seed)

    @property
    def everything(self) -> Dataset:
        """All training images that the source has."""
        with self._lock:
            return self._everything

    @cached_property
    def _everything(self) -> Dataset:
        own, data = self.session.parts.train, self.session.configuration.data
        try:
            names = own.class_names
            found = load(
                data.source, shape=own.shape, class_names=names, test_samples=1, say=_unsaid
            )
        except UserError:  # it is no longer where it was
            return own
        return found.train if len(found.train) >= len(own) else own


class Engines:
    """Engines by network, for one thread: kernels are compiled once, as long as they are wanted."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, Network], Engine] = OrderedDict()

    def get(
        self, name: str, network: Network, parameters: Mapping[str, Tensor], batch_size: int
    ) -> Engine:
        """The engine of this name, or "auto", ready to train in such batches from these values.

        Raises:
            UserError: it does not work here, or refuses this network.
        """
        key = name, network
        engine = self._kept.get(key)
        if engine is None:
            engine = create_engine(name, network, parameters, batch_size).engine
            self._kept[key] = engine
            if len(self._kept) > KEPT_ENGINES:
                self._kept.popitem(last=False)
        else:
            engine.set_parameters(parameters)
            engine.prepare(batch_size)
        self._kept.move_to_end(key)
        return engine


def _unsaid(line: str) -> None:
    """What loading has to say was said when the lab was opened."""


def filters_of(network: Network) -> int | None:
    """How many filters the first convolution has; None without one."""
    return next((layer.filters for layer in network.layers if isinstance(layer, Conv2D)), None)


def with_filters(network: Network, count: int | None) -> Network:
    """The same network with so many filters in its first convolution."""
    if count is None or count == filters_of(network):
        return network
    index = next(i for i, layer in enumerate(network.layers) if isinstance(layer, Conv2D))
    layers = [*network.layers]
    layers[index] = _changed(layers[index], "filters", count)
    return replace(network, layers=tuple(layers))


def with_initializer(network: Network, name: str) -> Network:
    """The same network whose weights are all drawn by this rule."""
    return replace(
        network, layers=tuple(_changed(layer, "initializer", name) for layer in network.layers)
    )


def _changed(layer: Layer, setting: str, value: object) -> Layer:
    """The layer with another value of a setting, if it has that setting."""
    settings = layer.settings()
    if setting not in settings:
        return layer
    return layer_from_settings({**settings, setting: value}, "lab")


def _within(field: Number, value: float) -> float:
    """The nearest value that the slider can show."""
    return min(max(value, field.low), field.high) if field.whole else value
