"""The native engine: the textbook's loops as machine code, in float32.

The compiler turns the calls of a program into one kernel that does all of them for a group of up to
sixteen samples, one in each lane.  A batch is worked through group after group in one workspace, so
only one group's activations are alive at a time:

    up to 16 samples    one kernel: prepare, forward, loss, backward, update
    more                one kernel a group, which adds up the gradients; then one that updates

Everything that goes on in between is done by drivers, in machine code too: fetching images, calling
kernels, adding up losses.  So many batches are one call, and so are many questions.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from math import isfinite, prod
from typing import Any, ClassVar

from verypoorcnn.compiler import arguments
from verypoorcnn.compiler.cached import Argument, Machine, machine_code
from verypoorcnn.compiler.native.drivers import Driver, largest, shuffler, training_driver
from verypoorcnn.compiler.native.memory import Refused
from verypoorcnn.compiler.native.plans import ForwardPlan, Place, Shuffle, TrainingPlan
from verypoorcnn.compiler.native.x86.cpu import support
from verypoorcnn.compiler.vector.layout import GROUP
from verypoorcnn.engines.engine import (
    NOTHING,
    BatchPause,
    BatchResult,
    Engine,
    Pause,
    Samples,
    go_on,
    in_turn,
)
from verypoorcnn.engines.native_batches import Crew, Images, Kernels, threads_that_gain
from verypoorcnn.engines.native_forward import Asker
from verypoorcnn.engines.native_memory import Memory, Still
from verypoorcnn.engines.order import LAST_SHIFT, MIX, STEP
from verypoorcnn.files.tensors import Tensor
from verypoorcnn.network import Network
from verypoorcnn.network.program import RATE, SAMPLES, Buffer, Call, Scalar

RESULTS = ("losses", "hits")  # what a group leaves for the driver
MOST_CREWS = 4  # that are kept; each may have copies of all gradients
LONGEST_CALL = 500_000_000  # multiply-adds of the forward pass: some 0.03 s of training


class NativeEngine(Engine):
    """Runs machine code that was compiled for the network."""

    name: ClassVar[str] = "native"
    typecode: ClassVar[str] = "f"
    typical_speed = 1e11
    longest_call: ClassVar[int] = 1 << 16

    @classmethod
    def obstacle(cls) -> str | None:
        found = support()
        return None if found.isa else found.reason

    def __init__(self, network: Network, parameters: Mapping[str, Tensor]) -> None:
        isa = support().isa
        if isa is None:
            raise Refused(f"the native engine: {support().reason}")
        self._isa = isa
        self._program = network.program()
        self._memory = Memory(self._program)
        self._kernels: dict[str, Machine] = {}
        self._drivers: dict[str, Driver] = {}
        self._crews: dict[tuple[str, int, int], Crew] = {}  # by phase, batch size, threads
        self._asks: Asker | None = None
        self._samples: Samples | None = None  # that were checked last
        self._multiply_adds = max(1, network.multiply_adds)
        super().__init__(network, parameters)

    @in_turn
    def prepare(self, batch_size: int | None) -> None:
        if batch_size is not None:
            self._batch_kernels(_phase(batch_size))

    def about(self) -> str:
        return f", machine code for {self._isa}"

    @in_turn
    def set_parameters(self, parameters: Mapping[str, Tensor]) -> None:
        for buffer in self._program.parameters:
            self._memory.write(buffer, parameters[buffer.name])

    @in_turn
    def parameters(self) -> dict[str, Tensor]:
        return {buffer.name: self._memory.read(buffer) for buffer in self._program.parameters}

    def shuffled(self, count: int, key: int) -> array[int]:
        order = array("q", bytes(8 * count))
        self._shuffle(order.buffer_info()[0], count, key)
        return order

    def train_batch(
        self, samples: Samples, indices: Sequence[int], rate: float, pause: BatchPause = go_on
    ) -> BatchResult:
        size = len(indices)
        return self.train_batches(samples, indices, size, rate, pause=lambda so_far: pause())

    @in_turn
    def train_batches(
        self,
        samples: Samples,
        order: Sequence[int],
        batch_size: int,
        rate: float,
        so_far: BatchResult = NOTHING,
        pause: Pause = go_on,
    ) -> BatchResult:
        images, whole = self._images(samples, order), len(order) // batch_size * batch_size
        self._memory.give(RATE, rate)
        for first, stop, size in ((0, whole, batch_size), (whole, len(order), len(order) - whole)):
            if first < stop and isfinite(so_far.loss):
                batches = (stop - first) // size
                crew = self._crew(_phase(size), size, batches)
                so_far = crew.train(images, first, batches, so_far, pause)
        return so_far

    def probabilities(self, samples: Samples, indices: Sequence[int]) -> list[list[float]]:
        numbers, classes = self.probability_array(samples, indices).tolist(), self.network.classes
        return [numbers[at : at + classes] for at in range(0, len(numbers), classes)]

    @in_turn
    def probability_array(self, samples: Samples, indices: Sequence[int]) -> array[float]:
        if not len(indices):
            return array("f")
        images = self._images(samples, indices)
        return self._asker().answer(images)

    @in_turn
    def gradients(self, samples: Samples, indices: Sequence[int]) -> dict[str, Tensor]:
        self._crew("accumulate", len(indices)).add_up(self._images(samples, indices))
        pairs = zip(self._program.parameters, self._program.gradients, strict=True)
        return {value.name: self._memory.read(gradient) for value, gradient in pairs}

    @in_turn
    def activations(self, samples: Samples, indices: Sequence[int]) -> dict[str, Any]:
        self._images(samples, indices)
        kernel = self._kernel("everything")
        found: dict[str, Any] = {name: [] for name in self._program.outputs}
        for group in _groups(indices):
            self._memory.load(samples, group)
            kernel.run(*self._memory.regions)
            for name, buffer in self._program.outputs.items():
                found[name] += self._memory.values(buffer.name, len(group))
        return found

    # Kernels.

    def _kernel(self, phase: str) -> Machine:
        """Compiled when it is needed first; kernels share the layout, so the workspace may grow."""
        if phase not in self._kernels:
            self._kernels[phase] = self._compiled(phase)
            if self._memory.make_room():  # they know where the old one was
                self._crews.clear()
                self._asks = None
        return self._kernels[phase]

    def _compiled(self, phase: str) -> Machine:
        program = self._program
        forward = program.prepare + program.forward
        calls, kept = {
            "step": (program.training_step, RESULTS),
            "accumulate": (forward + program.loss + program.backward, RESULTS),
            "update": (program.update, ()),
            "forward": (forward, ("probabilities",)),
            "everything": (forward, tuple(b.name for b in program.outputs.values())),
        }[phase]
        called = [(call.function, self._arguments(call)) for call in calls]
        keep = [array for buffer, array in self._memory.arrays.items() if buffer.name in kept]
        layout, groups = self._memory.layout, phase == "accumulate"
        return machine_code(called, layout, self._isa, groups=groups, keep=keep)

    def _arguments(self, call: Call) -> list[Argument]:
        return [
            self._memory.arrays[a]
            if isinstance(a, Buffer)
            else arguments.Scalar(a.name)
            if isinstance(a, Scalar)
            else a
            for a in call.arguments
        ]

    # Samples, as machine code wants them.

    def _images(self, samples: Samples, indices: Sequence[int]) -> Images:
        """Addresses, after everything is checked that machine code would take on trust."""
        if self._samples is not samples:
            self._take(samples)
        ready = isinstance(indices, array) and indices.typecode == "q"
        order: array[int] = indices if ready else array("q", indices)  # type: ignore[assignment]
        if not self._within(order):
            raise IndexError(f"an index beyond the {len(self._labels)} images")
        return Images(*self._still, order)

    def _within(self, order: array[int]) -> bool:
        """Whether all of these are images; a few are looked at here, many by machine code."""
        count = len(self._labels)
        if len(order) <= GROUP:
            return all(0 <= index < count for index in order)
        return self._largest(*order.buffer_info()) < count

    def _take(self, samples: Samples) -> None:
        pixels, labels = samples.pixels, samples.labels
        if len(pixels) < prod(self.network.input_shape) * len(labels):
            raise IndexError(f"{len(labels)} labels, but fewer images")
        if max(labels) >= self.network.classes:
            raise IndexError(f"a label of {max(labels)}: {self.network.classes} classes")
        self._samples, self._labels = samples, labels
        self._still = Still(pixels), Still(labels)

    @cached_property
    def _largest(self) -> Callable[[int, int], int]:
        return largest()

    @cached_property
    def _shuffle(self) -> Callable[[int, int, int], None]:
        return shuffler(Shuffle(STEP, MIX, LAST_SHIFT))

    def _place(self) -> Place:
        pixels, labels = map(self._memory.offset, ("pixels", "labels"))
        return Place(pixels, labels, prod(self.network.input_shape))

    # Who does it.

    def _crew(self, phase: str, size: int, batches: int = 1) -> Crew:
        """Who works on so many batches of this size; every call of theirs is told the size."""
        if size < 1:
            raise ValueError(f"a batch of {size} images; give at least one")
        kernels = self._batch_kernels(phase)
        threads = self.threads or threads_that_gain(size, batches, self._multiply_adds)
        key = phase, size, threads
        if key not in self._crews:
            if len(self._crews) == MOST_CREWS:
                del self._crews[next(iter(self._crews))]
            groups = LONGEST_CALL // (GROUP * self._multiply_adds)
            self._crews[key] = Crew(self._memory, kernels, *key[1:], groups)
        self._memory.give(SAMPLES, size)
        self._memory.give_count(size % GROUP or GROUP)
        return self._crews[key]

    def _batch_kernels(self, phase: str) -> Kernels:
        update = self._kernel("update").address if phase == "accumulate" else 0
        group = self._kernel(phase)
        if phase not in self._drivers:
            sums = self._memory.ranges(group.sums) if update else ()
            losses, hits = map(self._memory.offset, RESULTS)
            plan = TrainingPlan(self._place(), losses, hits, sums, self._memory.rest(sums))
            self._drivers[phase] = training_driver(plan)
        return Kernels(self._drivers[phase], group.address, update)

    def _asker(self) -> Asker:
        kernel = self._kernel("forward").address
        if self._asks is None:
            offset, classes = self._memory.offset("probabilities"), self.network.classes
            images = max(1, LONGEST_CALL // (GROUP * self._multiply_adds)) * GROUP
            plan = ForwardPlan(self._place(), offset, classes)
            self._asks = Asker(self._memory, kernel, plan, images)
        return self._asks


def _phase(size: int) -> str:
    """The kernel for batches of this size."""
    return "step" if size <= GROUP else "accumulate"


def _groups(indices: Sequence[int]) -> Iterator[Sequence[int]]:
    """At most sixteen at a time."""
    return (indices[start : start + GROUP] for start in range(0, len(indices), GROUP))
