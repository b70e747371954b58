"""The training that a model came from, done again with every epoch kept, and held against it.

A saved model is one moment.  Its configuration tells how it came about, so the way there can be
walked again, in a moment by the native engine; if it ends in the same bits, it was the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from struct import pack, unpack
from typing import Any

from verypoorcnn.engines import create_engine
from verypoorcnn.files.tensors import Tensor
from verypoorcnn.lab.session import Session
from verypoorcnn.lab.training.history import History, Moment, Parameters
from verypoorcnn.training.interrupt import StopWhenAsked
from verypoorcnn.training.loading import located_origin
from verypoorcnn.training.loop import Callback, Record, Trainer
from verypoorcnn.training.settings import TrainingSettings


@dataclass
class Repetition:
    """A training done again.  One thread trains and writes, any may look."""

    history: History
    of: int  # epochs
    finished: bool = False
    exact: bool | None = None  # None: not known yet
    reason: str = ""  # in words
    error: str | None = None  # that ended it

    @property
    def done(self) -> int:
        """Epochs that are over."""
        return max(0, len(self.history.moments) - 1)


@dataclass
class Keep(Callback):
    """Keeps every epoch."""

    history: History
    told: Callable[[], object]

    def epoch_done(self, trainer: Trainer, record: Record) -> None:
        """Keep it, and tell."""
        parameters = trainer.engine.parameters()
        moment = Moment(record["epoch"], record["loss"], record["accuracy"], parameters)
        self.history.keep(moment)
        self.told()


def planned(session: Session) -> Repetition:
    """The repetition of what the lab began with, before it has begun."""
    return Repetition(History(session.began.network), _settings(session).epochs)


def repeat(
    session: Session, repetition: Repetition, told: Callable[[], object], stop: StopWhenAsked
) -> None:
    """Train as the session's configuration says, and compare with what the lab began with.

    Args:
        session: what the lab holds.
        repetition: as it was planned; every epoch is kept in it.
        told: called when there is something new in it.
        stop: whether to stop, between two batches.

    Raises:
        UserError: the engine refuses the network, or the loss runs away.
        Interrupted: `stop` was asked to.
    """
    network, settings = session.began.network, _settings(session)
    first = network.initial_parameters(settings.seed)
    repetition.history.keep(Moment(0, None, None, first))
    told()
    engine = create_engine("auto", network, first, settings.batch_size).engine
    keep = Keep(repetition.history, told)
    trainer = Trainer(
        engine,
        session.parts.train,
        settings,
        validation=session.parts.validation,
        callbacks=(keep, stop),
    )
    trainer.run()
    repetition.of = trainer.position.epoch  # fewer where the validation loss stopped falling
    repetition.exact, repetition.reason = compared(session, settings, engine.parameters())
    repetition.finished = True
    told()


def _settings(session: Session) -> TrainingSettings:
    """The configuration's, with the seed that the model itself names."""
    settings = replace(session.configuration.training, measure_start=False)
    seed = session.details.get("seed")
    return replace(settings, seed=seed) if type(seed) is int and seed >= 0 else settings


def compared(session: Session, settings: TrainingSettings, found: Parameters) -> tuple[bool, str]:
    """Whether it ended in the very numbers of the saved model, and what to say of that."""
    saved = session.began.parameters
    apart = largest_difference(saved, found)
    if apart == 0:
        return True, "The repetition ended in the same bits as the saved model."
    return False, f"The repetition differs from the saved model {_why(session, settings, apart)}."


def _why(session: Session, settings: TrainingSettings, apart: float) -> str:
    """The likeliest reason, after "differs …"."""
    most = f"by at most {apart:.2g}"
    data = session.details.get("data")
    here = located_origin(session.parts.origin, session.configuration)
    if isinstance(data, str) and data != here:
        return f"({most}), which was trained on other images: {data}"
    if not all(map(_is_float32, session.began.parameters.values())):
        return f"{most}: it was trained in float64, the repetition in float32"
    if session.run is None:
        return (
            f"({most}): a model file does not tell how it was trained, and what was repeated is "
            f"learning rate {settings.learning_rate:g}, batches of {settings.batch_size}, "
            f"{settings.epochs} epochs, seed {settings.seed}"
        )
    return f"({most}): it was trained by another engine, processor or version, or not to its end"


def largest_difference(first: Parameters, second: Parameters) -> float:
    """Between numbers in the same place; infinite for other shapes."""
    if {n: t.shape for n, t in first.items()} != {n: t.shape for n, t in second.items()}:
        return float("inf")
    return max(
        abs(a - b)
        for name in first
        for a, b in zip(first[name].values, second[name].values, strict=True)
    )


def _is_float32(tensor: Tensor) -> bool:
    """Whether all its numbers are such as float32 has."""
    single = f"{len(tensor.values)}f"
    try:
        return list(unpack(single, pack(single, *tensor.values))) == tensor.values.tolist()
    except OverflowError:
        return False


def as_dict(repetition: Repetition) -> dict[str, Any]:
    """How it stands, for the page."""
    return {
        "done": repetition.done,
        "of": repetition.of,
        "finished": repetition.finished,
        "exact": repetition.exact,
        "reason": repetition.reason,
    }
