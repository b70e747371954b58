"""Asks a network about its numbers: each one's arithmetic, by the function that computed it.

The function is the textbook's own.  It is read on traced numbers, over lists that know their names,
with a `range` that leaves out the turns of its loops that cannot reach the number in question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING, Any

from verypoorcnn.compiler.collector import without_collector
from verypoorcnn.engines import Engine
from verypoorcnn.errors import UserError, nearest
from verypoorcnn.explain.arithmetic import Arithmetic, written_down
from verypoorcnn.explain.beside import Beside
from verypoorcnn.explain.buffers import Buffers
from verypoorcnn.explain.difference import Difference, central_difference
from verypoorcnn.explain.flow import loops_of
from verypoorcnn.explain.narrowing import Narrowing, narrowing
from verypoorcnn.explain.reach import ReceptiveField, receptive_field
from verypoorcnn.explain.target import Of, Target, read_target
from verypoorcnn.explain.values import Values
from verypoorcnn.files.tensors import Tensor
from verypoorcnn.network import Network
from verypoorcnn.network.layer import Shape, times
from verypoorcnn.network.program import Argument, Buffer, Call, Scalar
from verypoorcnn.numbers.traced import Index, NamedList, Trace, Traced

if TYPE_CHECKING:
    from verypoorcnn.training.model import Model

RATE = 0.008  # of learning, for updates: the paper's


class Explainer:
    """A network and some images, and everything about every number in it.

        explainer = Explainer(network, parameters, [image], [label])
        explainer.arithmetic("conv1[2][3][4]").value

    Numbers are named as `conv1[2][3][4]` (what a layer gives), `image[0][3][4]` (a pixel from 0 to
    1), `probabilities[7]`, `loss`, `conv1.weight[2][0][1][4]`.  `of` says what is asked: the
    "value", the "gradient" of the images' mean loss, or the "update" of a parameter, which is its
    value after one step.

    Args:
        network: its layers.
        parameters: their values, by name.
        images: the bytes of each image.
        labels: of each image; None takes the classes that the network itself finds most probable.
        rate: of learning, for updates.
        compiled: take the python engine's functions: the same bits, after half a second for the
            first image seven times as fast.
        engine: another engine with the same parameters, whose numbers are shown beside.

    Raises:
        UserError: no image, one of another size, or labels that are not one class an image.
    """

    def __init__(
        self,
        network: Network,
        parameters: Mapping[str, Tensor],
        images: Sequence[bytes],
        labels: Sequence[int] | None = None,
        *,
        rate: float = RATE,
        compiled: bool = False,
        engine: Engine | None = None,
    ) -> None:
        _check(network, images, labels)
        self.network = network
        self.images = tuple(images)
        self.label_given = labels is not None
        start = labels or [0] * len(self.images)
        self._values = Values(network, parameters, images, start, rate, compiled)
        self._buffers = Buffers(network, self._values.buffers)
        self.labels = tuple(labels or self.predicted())
        if labels is None:
            self._values.relabel(self.labels)
        self._beside = Beside(engine, images, self.labels) if engine else None

    @classmethod
    def of(
        cls,
        model: Model,
        images: Sequence[bytes],
        labels: Sequence[int] | None = None,
        **options: Any,
    ) -> Explainer:
        """The explainer of a model, with its engine's numbers beside the textbook's."""
        return cls(model.network, model.parameters, images, labels, engine=model.engine, **options)

    def predicted(self) -> tuple[int, ...]:
        """The most probable class of each image."""
        rows = self._values.of("probabilities")
        return tuple(max(range(len(row)), key=row.__getitem__) for row in rows)

    def arrays(self, of: Of = "value") -> dict[str, Shape]:
        """What can be asked for, with the shapes of one sample.

        Raises:
            UserError: `of` is none of "value", "gradient", "update".
        """
        if of not in self._buffers.of:
            raise UserError(f"of is {of!r}; {nearest(of, [*self._buffers.of])}")
        return {name: buffer.shape for name, buffer in self._buffers.of[of].items()}

    def target(self, at: str | Target, of: Of = "value", sample: int = 0) -> Target:
        """The number that `at` names.

        Raises:
            UserError: there is none.
        """
        if isinstance(at, Target):
            return at
        target = read_target(at, self.arrays(of), of, sample)
        if not 0 <= sample < len(self.images):
            raise UserError(f"{at}: image {sample}; they count from 0 to {len(self.images) - 1}")
        return target if self._buffer(target).per_sample else Target(*_without_sample(target))

    def array(self, name: str, of: Of = "value", sample: int = 0) -> Any:
        """All numbers of an array, as nested lists, for one image."""
        buffer = self._buffers.of[of][name]
        numbers = self._values.of(buffer.name)
        return numbers[sample] if buffer.per_sample else numbers

    def tensor(self, name: str, of: Of = "value", sample: int = 0) -> Tensor:
        """The same, as one row of numbers with its shape."""
        return self._values.tensor(self._buffers.of[of][name], sample)

    def value(self, at: str | Target, of: Of = "value", sample: int = 0) -> float:
        """One number, the textbook engine's."""
        target = self.target(at, of, sample)
        if target.of == "update":
            return self.arithmetic(target).value
        return self._now(self._buffer(target), self._index(target))

    def arithmetic(self, at: str | Target, of: Of = "value", sample: int = 0) -> Arithmetic:
        """How a number came about."""
        target = self.target(at, of, sample)
        buffer, index = self._buffer(target), self._index(target)
        calls = self._calls(target)
        with without_collector():
            trace, number = self._traced(buffer, index, calls)
            return written_down(
                target,
                trace,
                number,
                functions=list(dict.fromkeys(call.function for call in calls)),
                named=self._buffers.named,
                place=(buffer.name, index),
                engine=self._beside.value(target) if self._beside else None,
            )

    def difference(self, at: str | Target, sample: int = 0) -> Difference:
        """The gradient of the loss by a number, held against differences of the loss itself."""
        gradient = self.target(at, "gradient", sample)
        value = Target(gradient.name, gradient.index, "value", gradient.sample)
        now = self.value(gradient), self.value(value), self._values.mean_loss()
        return central_difference(gradient, *now, lambda v: self.loss_with(value, v))

    def loss_with(self, at: str | Target, value: float, sample: int = 0) -> float:
        """The mean loss of the images if a number had this value."""
        target = self.target(at, "value", sample)
        return self._values.loss_with(self._buffer(target), self._index(target), value)

    def receptive_field(self, at: str | Target) -> ReceptiveField | None:
        """The pixels that can change a layer's output; None for what no pixel changes so."""
        target = self.target(at)
        names = list(self._values.program.outputs)
        if target.name not in names or target.of != "value":
            return None
        back = names[: names.index(target.name) + 1][::-1]
        layers = [
            self._inputs(name, before)
            for name, before in zip(back, [*back[1:], "image"], strict=True)
        ]
        return receptive_field(target.index, layers)

    def logit_gradient(self, label: int, sample: int = 0) -> Any:
        """∂(logit of a class)/∂pixel for one image, as nested lists [channel][row][column]."""
        if not 0 <= label < self.network.classes:
            raise UserError(f"class {label}: they count from 0 to {self.network.classes - 1}")
        return self._values.logit_gradient(label)[sample]

    # Numbers.

    def _buffer(self, target: Target) -> Buffer:
        return self._buffers.of[target.of][target.name]

    def _index(self, target: Target) -> Index:
        per_sample = self._buffer(target).per_sample
        return (target.sample, *target.index) if per_sample else target.index

    def _now(self, buffer: Buffer, index: Index) -> float:
        number = self._values.of(buffer.name)
        for position in index:
            number = number[position]
        return float(number)

    def _calls(self, target: Target) -> tuple[Call, ...]:
        buffer = self._buffer(target)
        if target.of == "update":
            return tuple(c for c in self._values.program.update if buffer in c.buffers)
        return self._values.writers(buffer)

    def _traced(self, buffer: Buffer, index: Index, calls: Sequence[Call]) -> tuple[Trace, Traced]:
        """The calls that compute one element, run on traced numbers."""
        trace = Trace()
        lists: dict[Buffer, NamedList] = {}
        plans = [_narrowing(call, buffer, len(self.images)) for call in calls]
        sound = all(plan.sound for plan in plans)
        for call, plan in zip(calls, plans, strict=True):
            turns = plan.range_for(index) if sound else range
            function = trace.reading(call.function, range=turns)
            function(*(self._argument(trace, lists, argument) for argument in call.arguments))
        return trace, self._list(trace, lists, buffer).at(index)

    def _argument(self, trace: Trace, lists: dict[Buffer, NamedList], argument: Argument) -> Any:
        if isinstance(argument, Buffer):
            return self._list(trace, lists, argument)
        if isinstance(argument, Scalar):
            return trace.element(argument.name, (), self._values.of(argument.name))
        return argument

    def _list(self, trace: Trace, lists: dict[Buffer, NamedList], buffer: Buffer) -> NamedList:
        if buffer not in lists:
            lists[buffer] = NamedList(trace, buffer.name, self._values.of(buffer.name))
        return lists[buffer]

    def _inputs(self, layer: str, before: str) -> tuple[Callable[[Index], Iterator[Index]], Shape]:
        """Which numbers of the array before it an output of a layer is made of."""
        output, source = self._buffers.of["value"][layer], self._buffers.of["value"][before]

        def inputs(index: Index) -> Iterator[Index]:
            _, number = self._traced(output, (0, *index), self._values.writers(output))
            found = (n for n in _all_operands(number) if n.array == source.name)
            return (element.index[1:] for element in found)

        return inputs, source.shape


def explain(
    model: Model,
    image: bytes,
    label: int | None,
    target: str,
    *,
    gradient: bool = False,
) -> Arithmetic:
    """The arithmetic of one number for one image: `explain(model, image, 9, "conv1[2][3][4]")`."""
    explainer = Explainer.of(model, [image], None if label is None else [label])
    return explainer.arithmetic(target, "gradient" if gradient else "value")


def _check(network: Network, images: Sequence[bytes], labels: Sequence[int] | None) -> None:
    if not images:
        raise UserError("there is no image to explain; give at least one")
    size = prod(network.input_shape)
    for place, image in enumerate(images):
        if len(image) != size:
            raise UserError(
                f"image {place}: {len(image)} bytes, but the network takes {size} "
                f"({times(network.input_shape)}); scale it"
            )
    if labels is not None and len(labels) != len(images):
        raise UserError(f"{len(labels)} labels for {len(images)} images; give one for each")
    for label in labels or ():
        if not 0 <= label < network.classes:
            raise UserError(f"label {label}: classes count from 0 to {network.classes - 1}")


@lru_cache(maxsize=1024)
def _narrowing(call: Call, buffer: Buffer, samples: int) -> Narrowing:
    function, arrays = loops_of(call, samples)
    return narrowing(function, arrays[buffer])


def _without_sample(target: Target) -> tuple[str, Index, Of]:
    return target.name, target.index, target.of


def _all_operands(number: Traced) -> Iterator[Traced]:
    """All numbers that a number was made of, each once."""
    waiting, seen = [number], set()
    while waiting:
        number = waiting.pop()
        if id(number) not in seen:
            seen.add(id(number))
            yield number
            waiting.extend(number.operands)
