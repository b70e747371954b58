"""Time: what the network was at the end of every epoch, of the live training or of a repetition."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from verypoorcnn.data.dataset import Dataset
from verypoorcnn.engines import Engine, create_engine
from verypoorcnn.errors import UserError
from verypoorcnn.lab.looking import One
from verypoorcnn.lab.session import Image, Session
from verypoorcnn.lab.training.course import kernels
from verypoorcnn.lab.training.history import History, LiveHistory, Moment
from verypoorcnn.lab.training.repeat import Repetition, as_dict, planned, repeat
from verypoorcnn.lab.training.trial import in_words
from verypoorcnn.lab.training.worker import Worker
from verypoorcnn.lab.web import body, wire
from verypoorcnn.network import Network
from verypoorcnn.textbook import loss
from verypoorcnn.training.evaluation import evaluate
from verypoorcnn.training.interrupt import StopWhenAsked

LIVE, REPEAT = "live", "repeat"
MOST_RECALLED = 40  # epochs for which every class's recall is measured
PATIENCE = 3.0  # seconds to wait for a repetition whose recalls are asked for
SLOW_TEST = 100  # images to measure it on, where there is no machine code

Answer = dict[str, Any]


class Timeline:
    """The histories of a session, and the numbers of their moments.

    Requests call from threads of their own.  `_beginning` sees to it that there is one repetition;
    `_measuring` guards the engines, which hold the parameters of one moment at a time, and recalls.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.worker = Worker("repetition")
        self.repetition: Repetition | None = None
        self._beginning = Lock()
        self._measuring = Lock()
        self._engines: dict[tuple[str, Network], Engine] = {}
        self._recalls: WeakKeyDictionary[Moment, list[float]] = WeakKeyDictionary()

    @property
    def sources(self) -> list[str]:
        """What there is to look at, the likeliest first."""
        trained = not self.session.began.origin.startswith("untrained")
        live = len(self._live().moments) > 1
        return [*([LIVE] if live else []), *([REPEAT] if trained else [])] or [LIVE]

    def history(self, source: str) -> History:
        """The epochs of a source; the repetition begins when it is asked for first.

        Raises:
            UserError: no such source.
        """
        if source == LIVE:
            return self._live()
        if source != REPEAT or REPEAT not in self.sources:
            raise UserError(f"there is no source {source[:20]!r}; choose from {self.sources}")
        with self._beginning:
            if self.repetition is None:
                self.repetition = planned(self.session)
                self.worker.start(partial(self._repeat, self.repetition))
            return self.repetition.history

    def moment(self, source: str, number: int) -> Moment:
        """One epoch of a source; UserError where there is none."""
        return self.history(source).at(number)

    def numbers(self, network: Network, moment: Moment, image: Image) -> Answer:
        """What every layer made of an image at that moment, and what came out, in float64."""
        with self._measuring:
            engine = self._engine("python", network)
            engine.set_parameters(moment.parameters)
            layers = engine.activations(One(image.pixels, bytes([image.label or 0])), [0])
        logits = layers[network.stages[-1].name][0]
        probabilities, losses = [0.0] * len(logits), [0.0]
        loss.softmax([logits], [probabilities])  # type: ignore[no-untyped-call]
        if image.label is not None:
            target = [float(k == image.label) for k in range(len(logits))]
            loss.cross_entropy([logits], [target], losses)  # type: ignore[no-untyped-call]
        return {
            "layers": {name: wire.lists(found[0]) for name, found in layers.items()},
            "probabilities": probabilities,
            "label": image.label,
            "loss": losses[0] if image.label is not None else None,
        }

    def recall(self, network: Network, moments: list[Moment]) -> list[list[float]]:
        """Which part of each class was recognised, epoch by epoch."""
        return [self._recall(network, moment) for moment in moments]

    def close(self) -> None:
        """Stop for good."""
        self.worker.close()

    def _live(self) -> History:
        return self.session.service(LiveHistory).history

    def _repeat(self, repetition: Repetition, stop: StopWhenAsked) -> None:
        def tell() -> None:
            state = {"source": REPEAT, "error": repetition.error, **as_dict(repetition)}
            self.session.hub.publish("epochs", state)

        try:
            repeat(self.session, repetition, tell, stop)
        except UserError as error:
            repetition.error = in_words(error)
            tell()

    def _engine(self, name: str, network: Network) -> Engine:
        """Kept for the network it is for, one of each name."""
        key = name, network
        if key not in self._engines:
            engine = create_engine(name, network, network.initial_parameters(0)).engine
            others = {k: e for k, e in self._engines.items() if k[0] != name}
            self._engines = {**others, key: engine}
        return self._engines[key]

    def _recall(self, network: Network, moment: Moment) -> list[float]:
        with self._measuring:
            if moment not in self._recalls:
                engine = self._engine("auto", network)
                engine.set_parameters(moment.parameters)
                metrics = evaluate(engine, self._tested(engine))
                self._recalls[moment] = [one.recall for one in metrics.per_class]
            return self._recalls[moment]

    def _tested(self, engine: Engine) -> Dataset:
        test = self.session.parts.test
        return test if engine.name == "native" else test.first(SLOW_TEST)


def get_epochs(session: Session, query: Mapping[str, str]) -> Answer:
    """The epochs of a source, and where they are from."""
    timeline = session.service(Timeline)
    source = query.get("source") or timeline.sources[0]
    history = timeline.history(source)
    repetition = timeline.repetition if source == REPEAT else None
    return {
        "source": source,
        "sources": timeline.sources,
        "origin": "live training" if source == LIVE else session.began.origin,
        "epochs": [moment.as_dict() for moment in history.moments],
        "class_names": list(session.class_names),
        "repetition": repetition and as_dict(repetition),
        "error": repetition and repetition.error,
    }


def get_epoch(session: Session, query: Mapping[str, str]) -> Answer:
    """What the network of an epoch is, and makes of an image."""
    timeline, history, moment = _asked(session, query)
    image = session.image(body.text(query, "image"))
    return {
        **moment.as_dict(),
        "image": {"address": image.address, **wire.pixels(session.parts.test.shape, image.pixels)},
        "filters": kernels(history.network, moment.parameters),
        **timeline.numbers(history.network, moment, image),
    }


def get_recall(session: Session, query: Mapping[str, str]) -> Answer:
    """How well each class was recognised, epoch by epoch."""
    timeline = session.service(Timeline)
    source = query.get("source") or timeline.sources[0]
    timeline.history(source)  # which may have to be trained first
    timeline.worker.rest(PATIENCE)
    history = timeline.history(source)
    moments = _at_most(history.moments, MOST_RECALLED)
    return {
        "epochs": [moment.epoch for moment in moments],
        "class_names": list(session.class_names),
        "recall": timeline.recall(history.network, moments),
    }


def post_select(session: Session, given: Mapping[str, Any]) -> Answer:
    """Make the network of an epoch the one that all views show."""
    _, history, moment = _asked(session, given)
    name = "live training" if given.get("source") == LIVE else session.began.origin
    origin = f"{name}, epoch {moment.epoch}"
    return {"version": session.replace(history.network, moment.parameters, origin=origin)}


def _asked(session: Session, given: Mapping[str, Any]) -> tuple[Timeline, History, Moment]:
    timeline = session.service(Timeline)
    history = timeline.history(body.text(given, "source", timeline.sources[0]))
    return timeline, history, history.at(body.whole(given, "number", 0, 1 << 40))


def _at_most(moments: tuple[Moment, ...], count: int) -> list[Moment]:
    """So many of them, with the first and the last."""
    if len(moments) <= count:
        return [*moments]
    return [moments[k * (len(moments) - 1) // (count - 1)] for k in range(count)]


ROUTES = {
    ("GET", "/api/epochs"): get_epochs,
    ("GET", "/api/classes"): get_recall,
    ("GET", "/api/epoch"): get_epoch,
    ("POST", "/api/epochs/select"): post_select,
}
