"""What trainings in the lab start from: the network, its images, and what of it can be set.

How many images the source has is known from the lab's opening; all of them are read when a training
wants others than the lab was opened with, in the thread of that training.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from threading import Lock
from typing import Any

from verypoorcnn.data.dataset import Dataset
from verypoorcnn.data.sources import load
from verypoorcnn.data.splits import select
from verypoorcnn.lab.session import Session
from verypoorcnn.lab.training.fields import Number
from verypoorcnn.lab.training.variants import filters_of
from verypoorcnn.network import Network
from verypoorcnn.training.settings import TrainingSettings

MOST_FILTERS = 64


class Material:
    """The network as the lab was opened with it, and the whole source of its images.

    Any thread may ask.  Nothing in it changes, but that all images are read once, under `_lock`.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.network: Network = session.began.network
        self._lock = Lock()

    @cached_property
    def fields(self) -> Mapping[str, Number]:
        """What any training here lets one set; what the lab was opened with is within bounds."""
        most, own = self._available, self.defaults
        usual = {
            "learning_rate": Number(1e-5, 10.0, whole=False, log=True),
            "batch_size": Number(1, 256, log=True),
            "filters": Number(1, MOST_FILTERS),
            "train_samples": Number(min(10, most), most, log=True),
            "epochs": Number(1, 200),
        }
        return {name: usual[name].reaching(own[name]) for name in usual if name in own}

    @cached_property
    def defaults(self) -> Mapping[str, float]:
        """As the lab was opened; without filters where there is no convolution."""
        training, filters = self.session.configuration.training, filters_of(self.network)
        return {
            "learning_rate": training.learning_rate,
            "batch_size": training.batch_size,
            **({} if filters is None else {"filters": filters}),
            "train_samples": len(self.session.parts.train),
            "epochs": training.epochs,
        }

    def settings(self, chosen: Mapping[str, Any], *, epochs: int, seed: int) -> TrainingSettings:
        """For the trainer: what was chosen, and the configuration's number of threads."""
        return TrainingSettings(
            epochs=epochs,
            batch_size=chosen["batch_size"],
            learning_rate=chosen["learning_rate"],
            seed=seed,
            measure_start=False,
            threads=self.session.configuration.training.threads,
        )

    @property
    def test(self) -> Dataset:
        """The test images, always all."""
        return self.session.parts.test

    def train(self, count: int) -> Dataset:
        """So many training images; as many as the lab was opened with are just those.

        Others take a while the first time: about half a second for 60,000 images.

        Raises:
            UserError: the source can no longer be read.
        """
        own = self.session.parts.train
        if count == len(own):
            return own
        whole = self._everything()
        fair = whole.labels[: len(own)] == own.labels  # its first images are a fair sample
        selection = "first" if fair else "stratified"
        return select(whole, count, selection, self.session.configuration.training.seed)

    @property
    def _available(self) -> int:
        parts = self.session.parts
        return max(parts.available, len(parts.train))

    def _everything(self) -> Dataset:
        """All training images that the source has."""
        with self._lock:
            return self._read

    @cached_property
    def _read(self) -> Dataset:
        own, data = self.session.parts.train, self.session.configuration.data
        if len(own) == self._available:
            return own
        found = load(
            data.source, shape=own.shape, class_names=own.class_names, test_samples=1, say=_unsaid
        )
        return found.train if len(found.train) >= len(own) else own


def _unsaid(line: str) -> None:
    """What loading has to say was said when the lab was opened."""
