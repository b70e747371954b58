"""Asking the native engine: probabilities of any number of images, as one array of float32."""

from __future__ import annotations

import ctypes
from array import array

from verypoorcnn.compiler.native.drivers import forward_driver
from verypoorcnn.compiler.native.plans import ForwardPlan, Question
from verypoorcnn.engines.native_batches import Images
from verypoorcnn.engines.native_memory import Memory


class Asker:
    """Answers in calls of at most so many images."""

    def __init__(self, memory: Memory, kernel: int, plan: ForwardPlan, images: int) -> None:
        """`kernel` is the address of the forward pass of a group."""
        self._ask = forward_driver(plan)
        self._classes, self._most = plan.classes, images
        self._question = question = Question()
        self._address = ctypes.addressof(question)
        question.kernel, question.workspace = kernel, memory.workspace.address
        question.parameters, question.call = memory.parameters.address, memory.call.address

    def answer(self, images: Images) -> array[float]:
        """A row of probabilities for each of these images, at least one."""
        question, count = self._question, len(images.order)
        rows = array("f", bytes(4 * self._classes * count))
        question.pixels, question.labels = images.pixels.address, images.labels.address
        order, answers = images.order.buffer_info()[0], rows.buffer_info()[0]
        for first in range(0, count, self._most):
            question.order = order + 8 * first
            question.rows = answers + 4 * self._classes * first
            question.images = min(self._most, count - first)
            self._ask(self._address)
        return rows
