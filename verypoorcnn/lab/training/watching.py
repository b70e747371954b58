"""What is seen of a live training, and how often: curves, tests now and then, pictures, the end.

Pictures go out ten times a second at most.  A test takes a share of the time and no more: on all
test images where the engine is fast, on some of them where it is slow, which is then said.  Who is
asked to stop may finish a test that takes a moment, and gives up a longer one.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from verypoorcnn.data.dataset import Dataset
from verypoorcnn.engines import Engine
from verypoorcnn.errors import UserError
from verypoorcnn.lab.training.course import Course, spread
from verypoorcnn.lab.training.history import Moment
from verypoorcnn.training.interrupt import StopWhenAsked
from verypoorcnn.training.loop import Callback, Interrupted, Record, Trainer
from verypoorcnn.training.metrics import Metrics, measure

BETWEEN_PICTURES = 0.1  # seconds: ten a second
BETWEEN_MODELS = 0.5  # seconds between two hand-overs to the other views, at least
READ = 20_000  # multiply-adds a second that reading the model there may cost, with all its numbers
TESTING = 0.1  # seconds that a test on the way may take, and one that is no longer wanted
TEST_SHARE = 0.2  # of the time, at most
AT_A_TIME = 0.02  # seconds of testing between two looks at whether it is still wanted
LARGEST = 64  # images, however fast the engine
TRIED = 1, 16  # images that tell how long one takes: the first alone, if that takes long


class Watch(Callback):
    """Looks on while the trainer works, from one start to the next stop, in the trainer's thread.

    Args:
        course: takes what is seen.
        engine: tells, by how long it takes, on how many images it is tested.
        images: to test on, all or some of them.
        mode: "play", or where to stop: after a "step", at the end of an "epoch".
        stop: whether to stop at once.
        show: lets the page see the course as it is now.
        hand_over: lets the other views have the parameters as they are now.
    """

    def __init__(
        self,
        course: Course,
        engine: Engine,
        images: Dataset,
        mode: str,
        stop: StopWhenAsked,
        show: Callable[[], object],
        hand_over: Callable[[], object],
    ) -> None:
        self.course, self.mode, self.stop = course, mode, stop
        self._show, self._hand_over = show, hand_over
        self._images = len(images)
        each = _seconds_an_image(engine, images)
        self._tested = spread(images, int(TESTING / each))
        self._at_a_time = min(LARGEST, max(1, int(AT_A_TIME / each)))
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
        """Test the parameters as they are now, if there is time for that."""
        try:
            metrics = self._measured(trainer.engine)
        except UserError:  # probabilities that are no numbers: the loss is about to run away
            return
        if metrics:
            self.course.tested(self._epoch(trainer), metrics, self._images)

    def _measured(self, engine: Engine) -> Metrics | None:
        """None if it was given up."""
        images, began = self._tested, perf_counter()
        rows: list[list[float]] = []
        while len(rows) < len(images):
            if self.stop.asked and perf_counter() - began > TESTING:
                return None
            following = range(len(rows), min(len(rows) + self._at_a_time, len(images)))
            rows += engine.probabilities(images, following)
        return measure(images.labels, rows, images.class_names)

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
                self._hand_over()
            self._show()

    def _epoch(self, trainer: Trainer) -> float:
        """Epochs done, with the part of the one under way."""
        position = trainer.position
        images = position.batch * trainer.settings.batch_size
        return position.epoch + min(1.0, images / len(trainer.train))


def _seconds_an_image(engine: Engine, images: Dataset) -> float:
    """How long the engine takes to say what one image is."""
    took = 0.0
    for count in TRIED:
        indices = range(min(count, len(images)))
        began = perf_counter()
        engine.probabilities(images, indices)
        took = (perf_counter() - began) / len(indices)
        if took > AT_A_TIME:
            break
    return took
