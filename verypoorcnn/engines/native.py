"""The native engine: the textbook's loops as machine code, in float32.

The compiler turns the calls of a program into one kernel that does all of them for a group of up to
sixteen samples, one in each lane.  A batch is worked through group after group in one workspace, so
only one group's activations are alive at a time:

    up to 16 samples    one kernel: prepare, forward, loss, backward, update
    more                one kernel a group, which adds up the gradients; then one that updates

Whole epochs go to the processor in one call (`train_batches`): a driver gathers the images of every
batch and calls the kernels.  For a single batch Python lays the images out itself, one strided copy
an image: byte p of sample s stands at 16 · p + s.
"""

from __future__ import annotations

import ctypes
from array import array
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any, ClassVar

from verypoorcnn.compiler import loops
from verypoorcnn.compiler.kernel import ISAS, Kernel, compile_functions
from verypoorcnn.compiler.native.memory import Arena, Refused
from verypoorcnn.compiler.native.x86.batches import Batch, Driver, driver
from verypoorcnn.compiler.native.x86.cpu import support
from verypoorcnn.compiler.source import Argument, read
from verypoorcnn.compiler.vector.layout import COUNT, GROUP, LINE, MASK, Layout, padded
from verypoorcnn.engines.engine import BatchResult, Engine, Samples
from verypoorcnn.files.tensors import Tensor
from verypoorcnn.network import Network
from verypoorcnn.network.program import RATE, SAMPLES, Buffer, Call, Scalar

RESULTS = ("losses", "hits")  # what a driver keeps of every group
MASKS = [array("i", [-1] * count + [0] * (GROUP - count)).tobytes() for count in range(GROUP + 1)]


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
        self._layout = Layout()
        self._arrays = {buffer: _array(buffer) for buffer in self._program.buffers}
        self._layout.add([*self._arrays.values(), loops.Scalar(RATE.name), _samples()])
        self._kernels: dict[str, Kernel] = {}
        self._drivers: dict[int, Driver] = {}  # by groups in a batch
        self._checked: Samples | None = None  # whose labels are known to be classes
        self._workspace = Arena(0)
        self._constants = Arena(self._layout.sizes["parameters"])
        self._call = Arena(self._layout.call_size)
        super().__init__(network, parameters)

    def prepare(self, batch_size: int | None) -> None:
        if batch_size is not None:
            for phase in ("step",) if batch_size <= GROUP else ("accumulate", "update"):
                self._kernel(phase)

    def about(self) -> str:
        return f", machine code for {self._isa.name}"

    def set_parameters(self, parameters: Mapping[str, Tensor]) -> None:
        for buffer in self._program.parameters:
            values = array("f", parameters[buffer.name].values)
            for row, place in self._rows(buffer):
                self._constants.view[place] = values[row].tobytes()

    def parameters(self) -> dict[str, Tensor]:
        return {buffer.name: self._tensor(buffer) for buffer in self._program.parameters}

    def train_batch(self, samples: Samples, indices: Sequence[int], rate: float) -> BatchResult:
        self._give(RATE, rate)
        if len(indices) > GROUP:
            result = self._accumulate(samples, indices)
            self._run("update")
            return result
        self._give(SAMPLES, len(indices))
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
            self._load("forward", samples, group)
            self._run("forward")
            rows += self._values("probabilities", len(group))
        return rows

    def gradients(self, samples: Samples, indices: Sequence[int]) -> dict[str, Tensor]:
        self._accumulate(samples, indices)
        pairs = zip(self._program.parameters, self._program.gradients, strict=True)
        return {value.name: self._tensor(gradient) for value, gradient in pairs}

    def activations(self, samples: Samples, indices: Sequence[int]) -> dict[str, Any]:
        found: dict[str, Any] = {name: [] for name in self._program.outputs}
        for group in _groups(indices):
            self._load("everything", samples, group)
            self._run("everything")
            for name, buffer in self._program.outputs.items():
                found[name] += self._values(buffer.name, len(group))
        return found

    # Kernels.

    def _kernel(self, phase: str) -> Kernel:
        """Compiled when it is needed first; kernels share the layout, so the workspace may grow."""
        if phase not in self._kernels:
            self._kernels[phase] = self._compiled(phase)
            needed = self._layout.sizes["workspace"]
            if needed > self._workspace.size:
                self._workspace = Arena(needed, huge_pages=True)
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
            "everything": (forward, (*(b.name for b in program.outputs.values()),)),
        }[phase]
        functions = [read(call.function, self._arguments(call)) for call in calls]
        keep = [array for buffer, array in self._arrays.items() if buffer.name in kept]
        groups = phase == "accumulate"
        return compile_functions(functions, self._layout, self._isa, groups=groups, keep=keep)

    def _arguments(self, call: Call) -> list[Argument]:
        return [
            self._arrays[a]
            if isinstance(a, Buffer)
            else loops.Scalar(a.name)
            if isinstance(a, Scalar)
            else a
            for a in call.arguments
        ]

    def _run(self, phase: str) -> None:
        kernel = self._kernel(phase)
        kernel.run(self._workspace.address, self._constants.address, self._call.address)

    def _accumulate(self, samples: Samples, indices: Sequence[int]) -> BatchResult:
        """The gradients of the mean loss, left in memory; and the losses."""
        self._give(SAMPLES, len(indices))
        for address, size in self._zeroed():
            ctypes.memset(address, 0, size)
        results = [self._group("accumulate", samples, group) for group in _groups(indices)]
        return BatchResult(*map(sum, zip(*results, strict=True)))

    def _zeroed(self) -> list[tuple[int, int]]:
        """Address and size of the sums over groups; neighbours are taken together."""
        places = [self._layout.arrays[total] for total in self._kernel("accumulate").scheduled.sums]
        ranges: list[tuple[int, int]] = []
        for place in sorted(places, key=lambda place: place.offset):
            address, size = self._constants.address + place.offset, padded(place.size, LINE)
            if ranges and sum(ranges[-1]) == address:
                address, size = ranges[-1][0], ranges[-1][1] + size
                ranges.pop()
            ranges.append((address, size))
        return ranges

    def _group(self, phase: str, samples: Samples, indices: Sequence[int]) -> BatchResult:
        self._load(phase, samples, indices)
        self._run(phase)
        losses, hits = (self._values(name, len(indices)) for name in RESULTS)
        return BatchResult(sum(losses), int(sum(hits)), len(indices))

    # Many batches in one call.

    def _drive(
        self, samples: Samples, order: Sequence[int], batch_size: int, rate: float
    ) -> list[BatchResult]:
        """Batches that are all of one size: at most one group, or whole groups."""
        groups = -(-batch_size // GROUP)
        run = self._driver(groups)
        self._give(RATE, rate)
        self._give(SAMPLES, batch_size)
        self._give_count(min(batch_size, GROUP))
        starts = range(0, len(order), batch_size)
        missing = [order[0]] * (groups * GROUP - batch_size)  # of a group that is not full
        indices = array("q")
        for start in starts:
            indices.extend(order[start : start + batch_size])
            indices.extend(missing)
        results = array("f", bytes(2 * LINE * groups * len(starts)))
        block = array(
            "q",
            (
                _address_of(samples.pixels),
                _address_of(samples.labels),
                indices.buffer_info()[0],
                len(starts),
                results.buffer_info()[0],
            ),
        )
        run(block.buffer_info()[0])
        return [
            _batch_result(results[k : k + 2 * GROUP * groups], batch_size)
            for k in range(0, len(results), 2 * GROUP * groups)
        ]

    def _driver(self, groups: int) -> Driver:
        for phase in ("step",) if groups == 1 else ("accumulate", "update"):
            self._kernel(phase)
        if groups not in self._drivers:
            base = self._workspace.address
            places = {name: base + self._placement(name).offset for name in RESULTS}
            batch = Batch(
                groups=groups,
                image_bytes=prod(self.network.input_shape),
                pixels=base + self._placement("pixels").offset,
                labels=base + self._placement("labels").offset,
                regions=(base, self._constants.address, self._call.address),
                zeroed=[] if groups == 1 else self._zeroed(),
                group=self._kernel("step" if groups == 1 else "accumulate").address,
                update=None if groups == 1 else self._kernel("update").address,
                results=[*places.values()],
            )
            self._drivers[groups] = driver(batch)
        return self._drivers[groups]

    def _check(self, samples: Samples, order: Sequence[int]) -> None:
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
        if order and not 0 <= min(order) <= max(order) < len(samples.labels):
            raise IndexError(f"an index beyond the {len(samples.labels)} images")

    # Memory.

    def _load(self, phase: str, samples: Samples, indices: Sequence[int]) -> None:
        """Lay out a group's images and labels."""
        self._kernel(phase)
        self._check(samples, indices)
        view, size = self._workspace.view, prod(self.network.input_shape)
        pixels, labels = (self._placement(name).offset for name in ("pixels", "labels"))
        for sample, index in enumerate(indices):
            start, stop = pixels + sample, pixels + GROUP * size
            view[start:stop:GROUP] = samples.pixels[index * size : (index + 1) * size]
            view[labels + sample] = samples.labels[index]
        self._give_count(len(indices))

    def _give_count(self, samples: int) -> None:
        call = self._call.view
        call[MASK : MASK + 4 * GROUP] = MASKS[samples]
        call[COUNT : COUNT + 4] = samples.to_bytes(4, "little")

    def _give(self, scalar: Scalar, value: float) -> None:
        offset = self._layout.scalars[scalar.name]
        self._call.view[offset : offset + 4] = array("f", [value]).tobytes()

    def _values(self, name: str, samples: int) -> list[Any]:
        """What stands in an array with samples: nested lists, sample first."""
        buffer = next(buffer for buffer in self._arrays if buffer.name == name)
        placement = self._placement(name)
        numbers = self._workspace.view.cast("f")
        elements = [
            numbers[at : at + samples].tolist()
            for index in product(*map(range, buffer.shape))
            for at in [placement.at((0, *index)) // 4]
        ]
        rows = (list(row) for row in zip(*elements, strict=True))
        return [_nested(row, buffer.shape) for row in rows]

    def _rows(self, buffer: Buffer) -> Iterable[tuple[slice, slice]]:
        """The rows of an array without samples: which values they hold, and which bytes."""
        placement = self._layout.arrays[self._arrays[buffer]]
        rows, *rest = buffer.shape if len(buffer.shape) > 1 else (1, *buffer.shape)
        step = placement.steps[0] if len(buffer.shape) > 1 else 0
        length = prod(rest)
        for row in range(rows):
            start = placement.offset + row * step
            yield slice(row * length, (row + 1) * length), slice(start, start + 4 * length)

    def _tensor(self, buffer: Buffer) -> Tensor:
        values = array("f")
        for _, place in self._rows(buffer):
            values.frombytes(self._constants.view[place])
        return Tensor(buffer.shape, values)

    def _placement(self, name: str) -> Any:
        array = next(array for buffer, array in self._arrays.items() if buffer.name == name)
        return self._layout.arrays[array]


def _array(buffer: Buffer) -> loops.Array:
    """A buffer as the compiler sees it."""
    shape = (GROUP, *buffer.shape) if buffer.per_sample else buffer.shape
    kind = "byte" if buffer.kind == "byte" else "float"
    return loops.Array(buffer.name, shape, buffer.per_sample, kind)  # type: ignore[arg-type]


def _samples() -> loops.Scalar:
    return loops.Scalar(SAMPLES.name)


def _groups(indices: Sequence[int]) -> Iterable[Sequence[int]]:
    """At most sixteen at a time."""
    return (indices[start : start + GROUP] for start in range(0, len(indices), GROUP))


def _address_of(data: bytes) -> int:
    """Where its bytes are; they must be kept as long as this is used."""
    return ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value or 0


def _batch_result(lines: Sequence[float], samples: int) -> BatchResult:
    """From the lines of losses and hits that each group of a batch has left."""
    count = min(samples, GROUP)
    starts = range(0, len(lines), 2 * GROUP)
    losses = (sum(lines[start : start + count]) for start in starts)
    hits = (sum(lines[start + GROUP : start + GROUP + count]) for start in starts)
    return BatchResult(sum(losses), int(sum(hits)), samples)


def _nested(values: list[float], shape: tuple[int, ...]) -> Any:
    """Numbers in a row as nested lists; one number for the shape ()."""
    for size in reversed(shape[1:]):
        values = [values[at : at + size] for at in range(0, len(values), size)]  # type: ignore[misc]
    return values if shape else values[0]
