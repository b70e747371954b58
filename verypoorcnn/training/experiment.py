"""An experiment from its configuration to its figures: load, train, measure, and keep it all.

This is what `train` runs and `reproduce` repeats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from verypoorcnn.data.dataset import Dataset
from verypoorcnn.data.sources import Parts
from verypoorcnn.engines import Engine, create_engine
from verypoorcnn.errors import UserError
from verypoorcnn.files.atomic import write_atomically, write_together
from verypoorcnn.files.json_text import to_json
from verypoorcnn.network import Network
from verypoorcnn.training import process
from verypoorcnn.training.checkpoint import checkpoint_bytes, load_checkpoint
from verypoorcnn.training.configuration import Configuration
from verypoorcnn.training.epochs import epoch_line
from verypoorcnn.training.evaluation import probabilities
from verypoorcnn.training.interrupt import StopWhenAsked, stop_on_interrupt
from verypoorcnn.training.loading import load_parts, located, located_origin
from verypoorcnn.training.loop import Callback, Diverged, Interrupted, Position, Record, Trainer
from verypoorcnn.training.metrics import Metrics, measure
from verypoorcnn.training.model import Model
from verypoorcnn.training.model_file import model_bytes
from verypoorcnn.training.reporter import Bar, Reporter, Silence
from verypoorcnn.training.run import Recorder, Run, Stretch


@dataclass(frozen=True)
class Outcome:
    """What an experiment came to."""

    model: Model
    parts: Parts
    position: Position
    test: Metrics
    probabilities: list[list[float]]  # of every test image those of all classes
    configuration: Configuration
    seconds: dict[str, float]  # start, data, compile, train, evaluate, total
    run: Run | None
    made_with: dict[str, str] = field(default_factory=process.surroundings)

    def as_dict(self) -> dict[str, Any]:
        """What `train --json` prints."""
        return {
            "engine": self.model.engine.name,
            "data": self.parts.origin,
            "seed": self.configuration.training.seed,
            "parameters": self.model.network.parameter_count,
            "train_samples": len(self.parts.train),
            "test_samples": len(self.parts.test),
            "start": self.position.start,
            "history": self.position.history,
            "test": self.test.as_dict(),
            "seconds": self.seconds,
            "peak_rss_bytes": process.peak_memory(),
            "made_with": self.made_with,
            "run": str(self.run.folder) if self.run else None,
        }


class Experiment:
    """Runs a configuration.

    `begin`, told what the data are called, gives the run that everything is kept in; it is asked
    when data and network have proved to be usable.
    """

    def __init__(
        self,
        configuration: Configuration,
        begin: Callable[[str], Run] | None = None,
        reporter: Reporter | None = None,
    ) -> None:
        self.configuration = configuration
        self.begin = begin
        self.run: Run | None = None
        self.stretch: Stretch | None = None
        self.reporter = reporter or Silence()
        self.say: Callable[[str], object] = self.reporter.say  # while there is a bar, above it
        self.watch = _Stopwatch()

    def execute(self) -> Outcome:
        """Load, train, evaluate; a checkpoint in the run's folder is gone on from.

        Raises:
            UserError: data, configuration or checkpoint that cannot be used; a run that another
                process trains; a full disk, which keeps what was saved before.
            Diverged: the loss is no longer finite; the last good state is saved.
            Interrupted: Ctrl-C or the like; everything is saved.
        """
        with self.watch("data"):
            parts = self._load()
        network = self.configuration.network.build(len(parts.train.class_names))
        self.run = self.begin(parts.origin) if self.begin else None
        with self.run.lock if self.run else nullcontext():
            return self._execute(network, parts)

    def _load(self) -> Parts:
        """The data, which errors call by the path that was given, and results by the whole one."""
        parts = load_parts(self.configuration, self.reporter.say)
        parts = replace(parts, origin=located_origin(parts.origin, self.configuration))
        self.configuration = located(self.configuration)
        return parts

    def _execute(self, network: Network, parts: Parts) -> Outcome:
        with self.watch("compile"):
            trainer = self._trainer(network, parts)
        model = self._model(network, parts, trainer.engine)
        with stop_on_interrupt(lambda line: self.say(line)) as stop:
            with self.watch("train"), self._saving(trainer, model, UserError, Interrupted):
                self._train(trainer, stop)
            with self.watch("evaluate"), self._saving(trainer, model, BaseException):
                test, rows = self._test(trainer, parts.test, stop)
            seconds = {"start": process.START_UP, **self.watch.seconds, "total": process.age()}
            outcome = Outcome(
                model, parts, trainer.position, test, rows, self.configuration, seconds, self.run
            )
            self._keep(outcome, trainer)
        return outcome

    def _trainer(self, network: Network, parts: Parts) -> Trainer:
        settings = self.configuration.training
        first = network.initial_parameters(settings.seed)
        engine, reason = create_engine(settings.engine, network, first, settings.batch_size)
        self.reporter.say(reason)
        position, best = None, None
        if self.run and self.run.checkpoint.exists():
            parameters, position, best = load_checkpoint(
                self.run.checkpoint, network, engine.name, parts.train
            )
            engine.set_parameters(parameters)
        trainer = Trainer(
            engine,
            parts.train,
            settings,
            validation=parts.validation,
            callbacks=[Recorder(self.run)] if self.run else [],
            position=position,
            best=best,
        )
        if self.run:
            self._begin_stretch(self.run, trainer, parts)
        return trainer

    def _begin_stretch(self, run: Run, trainer: Trainer, parts: Parts) -> None:
        """Now that all has proved to fit together, keep that it begins."""
        run.write_configuration(self.configuration)
        run.write_history(trainer.position.history)
        run.report.unlink(missing_ok=True)  # of what it was before
        self.stretch = Stretch(run, self.configuration, parts, trainer.engine, trainer.position)
        self.stretch.begin()

    def _model(self, network: Network, parts: Parts, engine: Engine) -> Model:
        details = {"data": parts.origin, "seed": self.configuration.training.seed}
        return Model(network, class_names=parts.train.class_names, engine=engine, details=details)

    def _train(self, trainer: Trainer, stop: StopWhenAsked) -> None:
        with self._progress("training", _images_left(trainer)) as bar:
            trainer.callbacks = (*trainer.callbacks, _Display(bar), stop)
            trainer.run()

    def _test(
        self, trainer: Trainer, test: Dataset, stop: StopWhenAsked
    ) -> tuple[Metrics, list[list[float]]]:
        """The figures, and of every image the probabilities of all classes."""
        with self._progress("testing", len(test)) as bar:

            def advance(images: int) -> None:
                bar.advance(images)
                stop.measured(trainer, images)

            rows = list(probabilities(trainer.engine, test, advance))
        return measure(test.labels, rows, test.class_names), rows

    @contextmanager
    def _progress(self, what: str, total: int) -> Iterator[Bar]:
        with self.reporter.progress(what, total) as bar:
            self.say = bar.note
            try:
                yield bar
            finally:
                self.say = self.reporter.say

    @contextmanager
    def _saving(
        self, trainer: Trainer, model: Model, *endings: type[BaseException]
    ) -> Iterator[None]:
        """When it ends so, nothing that was learned is lost; `_keep` saves what ends well."""
        try:
            yield
        except endings as error:
            how = _ending(error)
            with suppress(*([UserError] if how == "failed" else [])):  # the first error counts
                self._save(trainer, model, how, why=str(error))
            raise

    def _save(
        self,
        trainer: Trainer,
        model: Model,
        how: str,
        *,
        why: str = "",
        result: str | None = None,
    ) -> None:
        """Where the training stands, the model and the result, with one wait for the disk.

        Where there is no room for all of it, as much as there is room for, and no result.
        """
        if self.run is None or self.stretch is None:
            return
        learned: dict[Path, bytes | str] = {
            self.run.checkpoint: checkpoint_bytes(self.run.checkpoint, trainer),
            self.run.model: model_bytes(self.run.model, model.file()),
        }
        results = {} if result is None else {self.run.result: result}
        ended = {self.run.stretches: self.stretch.ended(how, trainer.position, why)}  # comes last
        try:
            write_together({**learned, **results, **ended})
        except UserError as error:
            ended = {self.run.stretches: self.stretch.ended("failed", trainer.position, str(error))}
            for path, content in {**learned, **ended}.items():
                with suppress(UserError):
                    write_atomically(path, content)
            raise

    def _keep(self, outcome: Outcome, trainer: Trainer) -> None:
        scores = ("loss", "accuracy", "precision", "recall", "f1", "samples")
        test = outcome.test.as_dict()
        outcome.model.details["test"] = {name: test[name] for name in scores}
        result = to_json(outcome.as_dict(), indent=2)
        self._save(trainer, outcome.model, "finished", result=f"{result}\n")


class _Display(Callback):
    """Moves the bar and leaves a line an epoch above it."""

    def __init__(self, bar: Bar) -> None:
        self.bar = bar

    def measured(self, trainer: Trainer, images: int) -> None:
        self.bar.advance(images)

    def batch_done(self, trainer: Trainer, images: int) -> None:
        self.bar.advance(images)

    def epoch_done(self, trainer: Trainer, record: Record) -> None:
        self.bar.note(epoch_line(record, trainer.settings.epochs))


@dataclass
class _Stopwatch:
    """Seconds of each named piece of work."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        began = perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = perf_counter() - began


def _ending(error: BaseException) -> str:
    """How a stretch of the run ended."""
    if isinstance(error, Diverged):
        return "diverged"
    return "interrupted" if isinstance(error, Interrupted | KeyboardInterrupt) else "failed"


def _images_left(trainer: Trainer) -> int:
    """How many images will be trained on and measured, if nothing stops early."""
    position, settings = trainer.position, trainer.settings
    images, size = len(trainer.train), settings.batch_size
    epochs = max(0, settings.epochs - position.epoch)
    training = epochs * images - position.batch * size
    starting = images if settings.measure_start and position.start is None else 0
    validating = epochs * len(trainer.validation) if trainer.validation else 0
    return starting + max(0, training) + validating
