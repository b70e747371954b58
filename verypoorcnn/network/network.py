"""A network: the shape of its images, its layers one after another, and the program that runs it.

At its end always stands softmax with cross-entropy; it learns nothing and is not listed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Any

from verypoorcnn.errors import UserError, nearest
from verypoorcnn.files.tensors import Tensor
from verypoorcnn.network.initializers import Parameter, draw
from verypoorcnn.network.layer import Layer, Ports, Shape, layer_from_settings, times
from verypoorcnn.network.layers import ReLU
from verypoorcnn.network.program import RATE, SAMPLES, Argument, Buffer, Call, Program
from verypoorcnn.textbook import first_step, loss, optimizer

LARGEST = 2**28  # numbers in one array; more is a slip of the pen, or a file that lies
SGD = {1: optimizer.sgd_vector, 2: optimizer.sgd_matrix, 4: optimizer.sgd_kernels}


@dataclass(frozen=True)
class Stage:
    """One layer at its place in a network."""

    name: str  # "conv1", "fc2": its prefix, counted from 1
    layer: Layer
    input_shape: Shape
    output_shape: Shape
    parameters: Mapping[str, Parameter]  # by their short names: "weight"

    @property
    def multiply_adds(self) -> int:
        """Multiplications with an addition that one sample costs, forward."""
        return self.layer.multiply_adds(self.input_shape)

    @property
    def parameter_count(self) -> int:
        """Numbers it learns."""
        return sum(prod(p.shape) for p in self.parameters.values())


@dataclass(frozen=True)
class Network:
    """Layers for images of `input_shape` (channels, rows, columns).

    Raises:
        UserError: a layer that does not fit the one before it, by the layer's name.
    """

    input_shape: tuple[int, int, int]
    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        sizes = self.input_shape
        if len(sizes) != 3 or any(type(size) is not int or size < 1 for size in sizes):
            raise UserError(
                "network: input_shape must be three whole numbers of at least 1 "
                f"(channels, rows, columns), not {list(sizes)!r}"
            )
        output = self.stages[-1].output_shape if self.stages else self.input_shape
        if len(output) != 1 or output[0] < 2:
            raise UserError(
                f"network: the last layer gives {times(output)}, but one number for each of at "
                "least two classes is needed; end with Flatten and Dense(units = classes)"
            )

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """The layers with their names and shapes, in order."""
        stages: list[Stage] = []
        counts: Counter[str] = Counter()
        shape: Shape = self.input_shape
        _check_size("the input", shape)
        for index, layer in enumerate(self.layers):
            counts[layer.prefix] += 1
            name = f"{layer.prefix}{counts[layer.prefix]}"
            try:
                output = layer.output_shape(shape)
                parameters = layer.parameters(shape)
            except UserError as error:
                raise UserError(f"layer {index + 1} ({name}): {error}") from None
            for size in (output, *(p.shape for p in parameters.values())):
                _check_size(f"layer {index + 1} ({name})", size)
            stages.append(Stage(name, layer, shape, output, parameters))
            shape = output
        return tuple(stages)

    @property
    def classes(self) -> int:
        """How many classes it tells apart."""
        return self.stages[-1].output_shape[0]

    @cached_property
    def parameters(self) -> dict[str, Parameter]:
        """Everything it learns, by PyTorch's names: "conv1.weight", "fc1.bias"."""
        return {
            f"{stage.name}.{name}": replace(p, initializer=self._initializer(index, p))
            for index, stage in enumerate(self.stages)
            for name, p in stage.parameters.items()
        }

    @property
    def parameter_count(self) -> int:
        """Numbers it learns."""
        return sum(stage.parameter_count for stage in self.stages)

    @property
    def multiply_adds(self) -> int:
        """Multiplications with an addition that one sample costs, forward."""
        return sum(stage.multiply_adds for stage in self.stages)

    def initial_parameters(self, seed: int) -> dict[str, Tensor]:
        """First values of everything it learns; the same seed gives the same values."""
        from random import Random

        random = Random(f"parameters {seed}")
        return {name: draw(parameter, random) for name, parameter in self.parameters.items()}

    def program(self, *, input_gradient: bool = False) -> Program:
        """The calls that train it; with `input_gradient` also ∂L/∂images ("input.gradient")."""
        return _Assembly(self, input_gradient).program()

    def settings(self) -> dict[str, Any]:
        """The network as it stands in configuration and model files."""
        layers = [layer.settings() for layer in self.layers]
        return {"input_shape": list(self.input_shape), "layers": layers}

    def _initializer(self, index: int, parameter: Parameter) -> str:
        """Resolve "auto": He's rule if a ReLU comes before the next layer that learns."""
        if parameter.initializer != "auto":
            return parameter.initializer
        for stage in self.stages[index + 1 :]:
            if isinstance(stage.layer, ReLU):
                return "he_normal"
            if stage.parameters:
                break
        return "glorot_uniform"


def network_from_settings(settings: Mapping[str, Any], where: str) -> Network:
    """The network that `Network.settings` describes.

    Raises:
        UserError: beginning with `where`, the file's name.
    """
    for key in settings:
        if key not in ("input_shape", "layers"):
            raise UserError(
                f"{where}: network has no {key!r}; {nearest(key, ['input_shape', 'layers'])}"
            )
    shape, layers = settings.get("input_shape"), settings.get("layers")
    if not isinstance(shape, list) or not isinstance(layers, list):
        raise UserError(f"{where}: network needs the lists 'input_shape' and 'layers'")
    built = []
    for number, layer in enumerate(layers, 1):
        if not isinstance(layer, dict):
            raise UserError(f"{where}: layer {number} is {layer!r}, not a table with a 'type'")
        built.append(layer_from_settings(layer, f"{where}: layer {number}"))
    try:
        return Network(tuple(shape), tuple(built))
    except UserError as error:
        raise UserError(f"{where}: {error}") from None


class _Assembly:
    """Puts a network's program together: names the buffers and collects the layers' calls."""

    def __init__(self, network: Network, input_gradient: bool) -> None:
        self.network = network
        self.wants_input_gradient = input_gradient
        self.parameters = {n: Buffer(n, p.shape, False) for n, p in network.parameters.items()}
        self.gradients = {
            n: Buffer(f"{n}.gradient", p.shape, False) for n, p in network.parameters.items()
        }
        self.images = Buffer("images", network.input_shape)
        self.ports = self._ports()

    def program(self) -> Program:
        classes = (self.network.classes,)
        targets, probabilities = Buffer("targets", classes), Buffer("probabilities", classes)
        logits = self.ports[-1].output
        pixels = Buffer("pixels", self.network.input_shape, kind="byte")
        labels = Buffer("labels", (), kind="byte")
        pairs = zip(self.network.stages, self.ports, strict=True)
        return Program(
            prepare=(
                Call(first_step.scale_pixels, (pixels, self.images)),
                Call(first_step.one_hot, (labels, targets)),
            ),
            forward=(
                *(call for stage, at in pairs for call in stage.layer.forward(at)),
                Call(loss.softmax, (logits, probabilities)),
            ),
            loss=(
                Call(loss.cross_entropy, (logits, targets, Buffer("losses", ()))),
                Call(loss.count_hits, (probabilities, targets, Buffer("hits", ()))),
            ),
            backward=(self._loss_gradient(probabilities, targets), *self._backward()),
            update=tuple(self._step(name) for name in self.parameters),
            parameters=tuple(self.parameters.values()),
            gradients=tuple(self.gradients.values()),
            outputs={
                stage.name: at.output
                for stage, at in zip(self.network.stages, self.ports, strict=True)
            },
        )

    def _ports(self) -> list[Ports]:
        """The buffers of every layer; each layer's input is the output of the one before."""
        ports = []
        before, before_gradient = self.images, replace(self.images, name="input.gradient")
        for stage in self.network.stages:
            output = Buffer(f"{stage.name}.output", stage.output_shape)
            gradient = Buffer(f"{output.name}.gradient", stage.output_shape)
            own = {short: f"{stage.name}.{short}" for short in stage.parameters}
            ports.append(
                Ports(
                    input=before,
                    output=output,
                    input_gradient=before_gradient,
                    output_gradient=gradient,
                    parameters={short: self.parameters[name] for short, name in own.items()},
                    gradients={short: self.gradients[name] for short, name in own.items()},
                )
            )
            before, before_gradient = output, gradient
        return ports

    def _loss_gradient(self, probabilities: Buffer, targets: Buffer) -> Call:
        gradient = self.ports[-1].output_gradient
        arguments: tuple[Argument, ...] = (probabilities, targets, gradient, SAMPLES)
        return Call(loss.softmax_cross_entropy_gradient, arguments)

    def _backward(self) -> list[Call]:
        """Last layer first; an input's gradient only where something before it learns."""
        calls: list[Call] = []
        learners = [i for i, stage in enumerate(self.network.stages) if stage.parameters]
        first = -1 if self.wants_input_gradient else min(learners, default=len(self.ports))
        for index in reversed(range(len(self.ports))):
            layer, at = self.network.stages[index].layer, self.ports[index]
            calls += layer.parameter_gradients(at)
            if index > first:
                calls += layer.input_gradient(at)
        return calls

    def _step(self, name: str) -> Call:
        value, gradient = self.parameters[name], self.gradients[name]
        if len(value.shape) not in SGD:
            raise UserError(
                f"parameter {name}: gradient descent steps parameters of 1, 2 or 4 indices, "
                f"not {len(value.shape)}; give it such a shape"
            )
        return Call(SGD[len(value.shape)], (value, gradient, RATE))


def _check_size(where: str, shape: Shape) -> None:
    if prod(shape) > LARGEST:
        raise UserError(
            f"{where}: an array of {times(shape)} numbers is too large; the limit is {LARGEST:,}"
        )
