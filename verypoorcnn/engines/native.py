"""The native engine: the textbook's loops as machine code, in float32.

The compiler turns the calls of a program into one kernel that does all of them for a group of up to
sixteen samples, one in each lane.  A batch is worked through group after group in one workspace, so
only one group's activations are alive at a time:

    up to 16 samples    one kernel: prepare, forward, loss, backward, update
    more                one kernel a group, which adds up the gradients; then one that updates

Whole epochs go to the processor in one call (`train_batches`): a driver gathers the images of every
batch and calls the kernels.  For a single batch Python lays the images out itself.
"""

from __future__ import annotations

import ctypes
from array import array
from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any, ClassVar

from verypoorcnn.compiler import loops
from verypoorcnn.compiler.kernel import ISAS, Kernel, compile_functions
from verypoorcnn.compiler.native.memory import Refused
from verypoorcnn.compiler.native.x86.batches import Batch, Driver, driver
from verypoorcnn.compiler.native.x86.cpu import support
from verypoorcnn.compiler.source import Argument, read
from verypoorcnn.compiler.vector.layout import GROUP, LINE
from verypoorcnn.engines.engine import BatchResult, Engine, Samples
from verypoorcnn.engines.native_memory import Memory, address_of
from verypoorcnn.files.tensors import Tensor
from verypoorcnn.network import Network
from verypoorcnn.network.program import RATE, SAMPLES, Buffer, Call, Scalar

RESULTS = ("losses", "hits")  # what a driver keeps of every group


class NativeEngine(Engine):
    """Runs machine code that was compiled for the network."""

    name: ClassVar[str] = "native"
    typecode: ClassVar[str] = "f"
    longest_call: ClassVar[int] = 1 << 16

    @classmethod
    def obstacle(cls) -> str | None:
        found = support()
        return None if found.isa else found.reason

    def __init__(self, network: Network, parameters: Mapping[str, Tensor]) -> None:
        isa = support().isa
        if isa is None:
            raise Refused(f"the native engine: {support().reason}")
        self._isa = ISAS[isa]
        self._program = network.program()
        self._memory = Memory(self._program)
        self._kernels: dict[str, Kernel] = {}
        self._drivers: dict[int, Driver] = {}  # by groups in a batch
        self._checked: Samples | None = None  # whose labels are known to be classes
        super().__init__(network, parameters)

    def prepare(self, batch_size: int | None) -> None:
        if batch_size is not None:
            for phase in ("step",) if batch_size <= GROUP else ("accumulate", "update"):
                self._kernel(phase)

    def about(self) -> str:
        return f", machine code for {self._isa.name}"

    def set_parameters(self, parameters: Mapping[str, Tensor]) -> None:
        for buffer in self._program.parameters:
            self._memory.write(buffer, parameters[buffer.name])

    def parameters(self) -> dict[str, Tensor]:
        return {buffer.name: self._memory.read(buffer) for buffer in self._program.parameters}

    def train_batch(self, samples: Samples, indices: Sequence[int], rate: float) -> BatchResult:
        self._memory.give(RATE, rate)
        if len(indices) > GROUP:
            result = self._accumulate(samples, indices)
            self._run("update")
            return result
        self._memory.give(SAMPLES, len(indices))
        return self._group("step", samples, indices)

    def train_batches(
        self, samples: Samples, order: Sequence[int], batch_size: int, rate: float
    ) -> list[BatchResult]:
        self._check(samples, order)
        if batch_size > GROUP and batch_size % GROUP:
            return super().train_batches(samples, order, batch_size, rate)
        whole = len(order) // batch_size * batch_size
        results = self._drive(samples, order[:whole], batch_size, rate) if whole else []
        if whole < len(order):
            results.append(self.train_batch(samples, order[whole:], rate))
        return results

    def probabilities(self, samples: Samples, indices: Sequence[int]) -> list[list[float]]:
        rows: list[list[float]] = []
        for group in _groups(indices):
            self._load_and_run("forward", samples, group)
            rows += self._memory.values("probabilities", len(group))
        return rows

    def gradients(self, samples: Samples, indices: Sequence[int]) -> dict[str, Tensor]:
        self._accumulate(samples, indices)
        pairs = zip(self._program.parameters, self._program.gradients, strict=True)
        return {value.name: self._memory.read(gradient) for value, gradient in pairs}

    def activations(self, samples: Samples, indices: Sequence[int]) -> dict[str, Any]:
        found: dict[str, Any] = {name: [] for name in self._program.outputs}
        for group in _groups(indices):
            self._load_and_run("everything", samples, group)
            for name, buffer in self._program.outputs.items():
                found[name] += self._memory.values(buffer.name, len(group))
        return found

    # Kernels.

    def _kernel(self, phase: str) -> Kernel:
        """Compiled when it is needed first; kernels share the layout, so the workspace may grow."""
        if phase not in self._kernels:
            self._kernels[phase] = self._compiled(phase)
            if self._memory.make_room():
                self._drivers.clear()  # they know where the old one was
        return self._kernels[phase]

    def _compiled(self, phase: str) -> Kernel:
        program = self._program
        forward = program.prepare + program.forward
        calls, kept = {
            "step": (program.training_step, RESULTS),
            "accumulate": (forward + program.loss + program.backward, RESULTS),
            "update": (program.update, ()),
            "forward": (forward, ("probabilities",)),
            "everything": (forward, tuple(b.name for b in program.outputs.values())),
        }[phase]
        functions = [read(call.function, self._arguments(call)) for call in calls]
        keep = [array for buffer, array in self._memory.arrays.items() if buffer.name in kept]
        layout, groups = self._memory.layout, phase == "accumulate"
        return compile_functions(functions, layout, self._isa, groups=groups, keep=keep)

    def _arguments(self, call: Call) -> list[Argument]:
        return [
            self._memory.arrays[a]
            if isinstance(a, Buffer)
            else loops.Scalar(a.name)
            if isinstance(a, Scalar)
            else a
            for a in call.arguments
        ]

    # One group, or one batch, after another.

    def _run(self, phase: str) -> None:
        self._kernel(phase).run(*self._memory.regions)

    def _load_and_run(self, phase: str, samples: Samples, indices: Sequence[int]) -> None:
        self._check(samples, indices)
        self._kernel(phase)
        self._memory.load(samples, indices)
        self._run(phase)

    def _group(self, phase: str, samples: Samples, indices: Sequence[int]) -> BatchResult:
        self._load_and_run(phase, samples, indices)
        losses, hits = (self._memory.values(name, len(indices)) for name in RESULTS)
        return BatchResult(sum(losses), int(sum(hits)), len(indices))

    def _accumulate(self, samples: Samples, indices: Sequence[int]) -> BatchResult:
        """The gradients of the mean loss, left in memory; and the losses."""
        self._memory.give(SAMPLES, len(indices))
        for address, size in self._sums():
            ctypes.memset(address, 0, size)
        results = [self._group("accumulate", samples, group) for group in _groups(indices)]
        return BatchResult(*map(sum, zip(*results, strict=True)))

    def _sums(self) -> list[tuple[int, int]]:
        """Address and size of what groups are added to."""
        return self._memory.ranges(self._kernel("accumulate").scheduled.sums)

    def _check(self, samples: Samples, indices: Sequence[int]) -> None:
        """Machine code would read whatever a wrong index leads to."""
        if self._checked is not samples:
            size = prod(self.network.input_shape)
            if len(samples.pixels) < size * len(samples.labels):
                raise IndexError(f"{len(samples.labels)} labels, but fewer images")
            if max(samples.labels) >= self.network.classes:
                raise IndexError(
                    f"a label of {max(samples.labels)}: {self.network.classes} classes"
                )
            self._checked = samples
        if len(indices) and not 0 <= min(indices) <= max(indices) < len(samples.labels):
            raise IndexError(f"an index beyond the {len(samples.labels)} images")

    # Many batches in one call.

    def _drive(
        self, samples: Samples, order: Sequence[int], batch_size: int, rate: float
    ) -> list[BatchResult]:
        """Batches that are all of one size: at most one group, or whole groups."""
        groups = -(-batch_size // GROUP)
        run = self._driver(groups)
        self._memory.give(RATE, rate)
        self._memory.give(SAMPLES, batch_size)
        self._memory.give_count(min(batch_size, GROUP))
        batches = len(order) // batch_size
        indices = _in_whole_groups(order, batch_size)
        results = array("f", bytes(len(RESULTS) * LINE * groups * batches))
        pixels, labels = address_of(samples.pixels), address_of(samples.labels)
        places = indices.buffer_info()[0], batches, results.buffer_info()[0]
        call = array("q", (pixels, labels, *places))
        run(call.buffer_info()[0])
        return _batch_results(results, groups, batch_size)

    def _driver(self, groups: int) -> Driver:
        phase, update = ("step", None) if groups == 1 else ("accumulate", "update")
        for needed in filter(None, (phase, update)):
            self._kernel(needed)
        if groups not in self._drivers:
            memory = self._memory
            self._drivers[groups] = driver(
                Batch(
                    groups=groups,
                    image_bytes=prod(self.network.input_shape),
                    pixels=memory.address("pixels"),
                    labels=memory.address("labels"),
                    regions=memory.regions,
                    zeroed=self._sums() if update else [],
                    group=self._kernel(phase).address,
                    update=self._kernel(update).address if update else None,
                    results=[memory.address(name) for name in RESULTS],
                )
            )
        return self._drivers[groups]


def _groups(indices: Sequence[int]) -> Iterator[Sequence[int]]:
    """At most sixteen at a time."""
    return (indices[start : start + GROUP] for start in range(0, len(indices), GROUP))


def _in_whole_groups(order: Sequence[int], batch_size: int) -> array[int]:
    """The order as a driver wants it: a batch that is no whole group is filled up with anything."""
    missing = [order[0]] * (-batch_size % GROUP)
    if not missing:
        return array("q", order)
    indices = array("q")
    for start in range(0, len(order), batch_size):
        indices.extend(order[start : start + batch_size])
        indices.extend(missing)
    return indices


def _batch_results(lines: array[float], groups: int, samples: int) -> list[BatchResult]:
    """From the lines that each group has left: losses, hits, losses, hits, …"""
    count = min(samples, GROUP)
    sums = [sum(lines[start : start + count]) for start in range(0, len(lines), GROUP)]
    losses, hits = sums[::2], sums[1::2]
    return [
        BatchResult(sum(losses[k : k + groups]), int(sum(hits[k : k + groups])), samples)
        for k in range(0, len(losses), groups)
    ]
