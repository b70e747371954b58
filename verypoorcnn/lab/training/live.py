"""Live training: the project's own trainer in a thread, and a hand on every knob.

What is wanted (settings, playing or not) is written down by the request, at once, and the thread
then brings what is about in line with it between two calls of the engine:

    learning rate, pace                    go on; the next batch has the new one
    epochs                                 go on; training stops when there are so many
    batch size                             goes on, at the nearest whole batch of the epoch
    engine                                 goes on with the same parameters: same loss, other speed
    number of training images              the epoch under way begins again, parameters stay
    initialiser, seed, number of filters   begin anew, with new parameters

A loss that runs away stops the training, which goes back to where it was still well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from itertools import count
from math import inf
from threading import Lock
from typing import Any

from verypoorcnn.engines import ENGINES, Engine
from verypoorcnn.errors import UserError
from verypoorcnn.lab.session import Session
from verypoorcnn.lab.training.compiled import Engines
from verypoorcnn.lab.training.course import Course, kernels
from verypoorcnn.lab.training.fields import Choice, Fields, limits, read_fields, require_names
from verypoorcnn.lab.training.history import LiveHistory, Moment
from verypoorcnn.lab.training.material import Material
from verypoorcnn.lab.training.paced import Paced, Speed
from verypoorcnn.lab.training.trial import in_words
from verypoorcnn.lab.training.variants import filters_of, with_filters, with_initializer
from verypoorcnn.lab.training.wanted import ACTIONS, FULL_SPEED, Wanted, live_defaults, live_fields
from verypoorcnn.lab.training.watching import Watch
from verypoorcnn.lab.training.worker import Worker
from verypoorcnn.training.interrupt import StopWhenAsked
from verypoorcnn.training.loop import Interrupted, Trainer

FRESH = ("initializer", "seed", "filters")  # what begins anew
COMPARABLE = ("filters", "batch_size")  # what speeds depend on; others make little difference


class LiveTraining:
    """The live training of a session.

    Requests, in threads of their own, change `_wanted` alone, and hand a new learning rate to the
    trainer under way: `_lock` guards both.  All the rest is the worker's.  What requests see of it
    is `_picture`, which is put there as a whole and never changes.

    While the mode is another than "pause", a job is waiting or under way that has not yet decided
    to end; it decides so, and writes "pause" down, in one.  So a knob that is turned in the last
    moment is either taken over by the trainer or by the next job, and never begins another round.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.material = session.service(Material)
        self.worker = Worker("live training")
        self.speeds: dict[str, Speed] = {}  # by engine, as measured here
        self.engines = Engines()
        self._lock = Lock()
        self._serials = count()
        self._wanted = Wanted(live_defaults(self.material))
        self._made = self._wanted.settings  # what the course was made with
        self._trainer: Trainer | None = None  # while it runs
        self.course = self._begun(None, self._made)
        self._phase = "paused"
        self._message: str | None = None
        self._picture = self._painted()

    @cached_property
    def fields(self) -> Fields:
        """All that can be set."""
        return live_fields(self.material)

    # What the page asks, in a thread of its own.

    def state(self) -> dict[str, Any]:
        """How things stand, as events tell it too; of two, the larger serial number is newer."""
        serial, wanted, picture = next(self._serials), self._wanted, self._picture
        leaving = wanted.mode == "pause" and picture["phase"] != "paused"  # until the batch is over
        return {
            **picture,
            "phase": "pausing" if leaving else picture["phase"],
            "serial": serial,
            "settings": dict(wanted.settings),
            "running": wanted.mode in ("play", "epoch"),
        }

    def command(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Do what the page asks; returns the state.

        Raises:
            UserError: no such action, no such setting, a value out of bounds.
        """
        require_names(given, ("action", "settings"), "training")
        settings = read_fields(self.fields, given.get("settings", {}), "training")
        action = given.get("action")
        if action is not None:
            Choice(ACTIONS).read("training: action", action)
        with self._lock:
            before = self._wanted
            self._wanted = before.asked(action, settings)
            if self._wanted.job == before.job:
                self._steer()
            else:
                self.worker.start(self._follow)
        return self.state()

    def close(self) -> None:
        """Stop for good."""
        self.worker.close()
        self.engines.close()

    def _steer(self) -> None:
        """Give the learning rate that is wanted to the trainer; who calls holds the lock."""
        if trainer := self._trainer:
            rate = self._wanted.settings["learning_rate"]
            trainer.settings = replace(trainer.settings, learning_rate=rate)

    # What the worker does.

    def _follow(self, stop: StopWhenAsked) -> None:
        """Bring what is about in line with what is wanted, and train if that is wanted."""
        with self._lock:
            wanted = self._wanted
            self._wanted = replace(wanted, begin=None)
        self._message = None
        try:
            self._rearrange(wanted)
            if wanted.mode != "pause":
                self._train(wanted, stop)
        except UserError as error:  # the loss ran away, no such engine, images that are gone
            self._message = in_words(error)
        finally:
            if self._ends(wanted):
                self._publish("paused")

    def _ends(self, wanted: Wanted) -> bool:
        """Nothing is to be done any more, unless something else was asked for meanwhile."""
        with self._lock:
            newest = self._wanted.job == wanted.job
            if newest:
                self._wanted = replace(self._wanted, mode="pause")
        return newest

    def _rearrange(self, wanted: Wanted) -> None:
        """Begin anew, or change the place in the epoch, as the changed settings need it."""
        now, before = wanted.settings, self._made
        self._made = now
        if any(now.get(name) != before.get(name) for name in COMPARABLE):
            self.speeds.clear()
        if wanted.begin or any(now.get(name) != before.get(name) for name in FRESH):
            self.course = self._begun(wanted.begin, now)
        elif now["train_samples"] != before["train_samples"]:
            self.course.begin_epoch()
        elif now["batch_size"] != before["batch_size"]:
            self.course.change_batches(before["batch_size"], now["batch_size"])

    def _begun(self, how: str | None, settings: Mapping[str, Any]) -> Course:
        """A course at its beginning: with first parameters, or with those of the current model."""
        if how == "adopt":
            held = self.session.held
            course = Course(held.network, held.parameters)
            self._take_over(filters_of(held.network), settings)
        else:
            network = with_filters(self.material.network, settings.get("filters"))
            network = with_initializer(network, settings["initializer"])
            course = Course(network, network.initial_parameters(settings["seed"]))
        course.kept.keep(Moment(0, None, None, course.parameters))
        self.session.service(LiveHistory).history = course.kept
        return course

    def _take_over(self, filters: int | None, settings: Mapping[str, Any]) -> None:
        """Let the settings say what the current model has, unless that was changed meanwhile."""
        if filters is None:
            return
        self._made = {**settings, "filters": filters}
        with self._lock:
            wanted = self._wanted
            if wanted.settings["filters"] == settings["filters"]:
                self._wanted = replace(wanted, settings={**wanted.settings, "filters": filters})

    def _train(self, wanted: Wanted, stop: StopWhenAsked) -> None:
        settings, course = wanted.settings, self.course
        self._publish("compiling")
        engine = self._engine(settings, stop)
        watch = Watch(
            course, engine, self.material.test, wanted.mode, stop, self._show, self._hand_over
        )
        trainer = Trainer(
            engine,
            self.material.train(settings["train_samples"]),
            self.material.settings(settings, epochs=self._until(settings), seed=settings["seed"]),
            callbacks=(watch,),
            position=course.position,
        )
        self._publish("training")
        try:
            self._run(trainer)
        finally:
            self._ends(wanted)
            course.position, course.parameters = trainer.position, engine.parameters()
            watch.test(trainer)
            self._hand_over()

    def _run(self, trainer: Trainer) -> None:
        """Until it has finished, or was asked to stop; with any learning rate wanted meanwhile."""
        with self._lock:
            self._trainer = trainer
            self._steer()
        try:
            trainer.run()
        except Interrupted:
            pass
        finally:
            with self._lock:
                self._trainer = None

    def _until(self, settings: Mapping[str, Any]) -> int:
        """The number of epochs to stop at; who plays on when it is reached trains as many again."""
        done, epochs = self.course.position.epoch, int(settings["epochs"])
        return (done // epochs + 1) * epochs

    def _engine(self, settings: Mapping[str, Any], stop: StopWhenAsked) -> Engine:
        name, course = settings["engine"], self.course
        engine = self.engines.get(name, course.network, settings["batch_size"], stop)
        engine.set_parameters(course.parameters)
        speed = self.speeds.setdefault(name, Speed())
        return Paced(engine, self._images_per_second, lambda: stop.asked, speed)

    def _images_per_second(self) -> float:
        settings = self._wanted.settings
        pace = settings["pace"]
        return pace * settings["train_samples"] if pace != FULL_SPEED else inf

    # What the page and the other views see; the worker lets them.

    def _hand_over(self) -> None:
        """Let the other views show the network as it is now."""
        course = self.course
        origin = f"live training, epoch {course.position.epoch}"
        self.session.replace(course.network, course.parameters, origin=origin)

    def _publish(self, phase: str) -> None:
        self._phase = phase
        self._show()

    def _show(self) -> None:
        """Tell how things stand."""
        self._picture = self._painted()
        self.session.hub.publish("training", self.state())

    def _painted(self) -> dict[str, Any]:
        course, settings = self.course, self._wanted.settings
        position, samples = course.position, settings["train_samples"]
        speed = self.speeds.get(settings["engine"])
        return {
            "phase": self._phase,
            "epoch": position.epoch,
            "batch": position.batch,
            "batches": -(-samples // settings["batch_size"]),
            "limits": limits(self.fields),
            "class_names": list(self.session.class_names),
            "train": course.train.as_dict(),
            "test": course.test.as_dict(),
            "confusion": course.confusion,
            "filters": kernels(course.network, course.parameters),
            "samples_per_second": speed.per_second if speed else None,
            "ladder": [self._rung(name) for name in ENGINES],
            "message": self._message,
        }

    def _rung(self, name: str) -> dict[str, Any]:
        speed = self.speeds.get(name)
        return {
            "engine": name,
            "obstacle": ENGINES[name].obstacle(),
            "samples_per_second": speed.best if speed else None,
        }


def get_training(session: Session, query: Mapping[str, str]) -> dict[str, Any]:
    """How the live training stands."""
    return session.service(LiveTraining).state()


def post_training(session: Session, body: Mapping[str, Any]) -> dict[str, Any]:
    """Play, pause, step, … and other settings."""
    return session.service(LiveTraining).command(body)


ROUTES = {
    ("GET", "/api/training"): get_training,
    ("POST", "/api/training"): post_training,
}
