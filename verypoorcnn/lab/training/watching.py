"""What is seen of a live training, and how often: curves, tests now and then, pictures, the end.

Pictures go out ten times a second at most.  A test takes a share of the time and no more: on all
test images where the engine is fast, on some of them where it is slow, which is then said.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from verypoorcnn.engines import Engine
from verypoorcnn.errors import UserError
from verypoorcnn.lab.training.course import Course, spread
from verypoorcnn.lab.training.history import Moment
from verypoorcnn.training.evaluation import evaluate
from verypoorcnn.training.interrupt import StopWhenAsked
from verypoorcnn.training.loop import Callback, Interrupted, Record, Trainer

if TYPE_CHECKING:
    from verypoorcnn.lab.training.live import LiveTraining

BETWEEN_PICTURES = 0.1  # seconds: ten a second
BETWEEN_MODELS = 0.5  # seconds between two hand-overs to the other views, at least
READ = 20_000  # multiply-adds a second that reading the model there may cost, with all its numbers
TESTING = 0.1  # seconds that a test on the way may take
TEST_SHARE = 0.2  # of the time, at most
TRIED = range(4)  # images that tell how long a test takes


class Watch(Callback):
    """Looks on while the trainer works, from one start to the next stop."""

    def __init__(
        self,
        training: LiveTraining,
        course: Course,
        engine: Engine,
        mode: str,
        stop: StopWhenAsked,
    ) -> None:
        self.training, self.course, self.mode, self.stop = training, course, mode, stop
        self._images = training.material.test
        self._tested = spread(self._images, int(TESTING / self._seconds_an_image(engine)))
        self._before = course.position.loss, course.position.hits
        self._next_picture = self._next_model = self._next_test = 0.0

    def batch_done(self, trainer: Trainer, images: int) -> None:
        """A point of the curve; within an epoch, stop if that is wanted.

        No images: a long batch is under way.
        """
        if images:
            self._point(trainer, images)
        if trainer.position.batch < trainer.batches:
            if images:
                self._look(trainer)
            if self.stop.asked or (images and self.mode == "step"):
                raise Interrupted

    def epoch_done(self, trainer: Trainer, record: Record) -> None:
        """Keep the epoch; stop after it if that is wanted."""
        parameters = trainer.engine.parameters()
        moment = Moment(record["epoch"], record["loss"], record["accuracy"], parameters)
        self.course.kept.keep(moment)
        trainer.position.history.clear()  # it is kept here
        self._before = 0.0, 0
        self._look(trainer)
        if self.stop.asked or self.mode in ("step", "epoch"):
            raise Interrupted

    def test(self, trainer: Trainer) -> None:
        """Test the parameters as they are now."""
        try:
            metrics = evaluate(trainer.engine, self._tested)
        except UserError:  # probabilities that are no numbers: the loss is about to run away
            return
        self.course.tested(self._epoch(trainer), metrics, len(self._images))

    def _point(self, trainer: Trainer, images: int) -> None:
        """What the batches of one call have shown, each before its step."""
        position, (loss, hits) = trainer.position, self._before
        self._before = position.loss, position.hits
        mean = (position.loss - loss) / images
        self.course.train.add(self._epoch(trainer), mean, (position.hits - hits) / images)

    def _look(self, trainer: Trainer) -> None:
        """Test, hand over, paint: whatever is due."""
        now = perf_counter()
        if now >= self._next_test:
            self.test(trainer)
            took = perf_counter() - now
            self._next_test = now + max(BETWEEN_PICTURES, took / TEST_SHARE)
        if now >= self._next_picture:
            self._next_picture = now + BETWEEN_PICTURES
            self.course.parameters = trainer.engine.parameters()
            if now >= self._next_model:
                self._next_model = now + max(
                    BETWEEN_MODELS, self.course.network.multiply_adds / READ
                )
                self.training.hand_over()
            self.training.publish()

    def _epoch(self, trainer: Trainer) -> float:
        """Epochs done, with the part of the one under way."""
        position = trainer.position
        images = position.batch * trainer.settings.batch_size
        return position.epoch + min(1.0, images / len(trainer.train))

    def _seconds_an_image(self, engine: Engine) -> float:
        indices = TRIED[: len(self._images)]
        engine.probabilities(self._images, indices)  # which may have to be compiled
        began = perf_counter()
        engine.probabilities(self._images, indices)
        return (perf_counter() - began) / len(indices)
