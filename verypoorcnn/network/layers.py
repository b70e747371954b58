"""The layers: what each makes of a shape, what it learns, and which textbook functions run it.

Names and arguments are Keras's; names and shapes of parameters are PyTorch's.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import ClassVar

from verypoorcnn.errors import UserError
from verypoorcnn.network.initializers import Parameter, check_initializer
from verypoorcnn.network.layer import (
    Layer,
    Ports,
    Shape,
    check_counts,
    check_flag,
    maps_shape,
    times,
)
from verypoorcnn.network.program import Call
from verypoorcnn.textbook import activation, convolution, pooling
from verypoorcnn.textbook import dense as dense_chapter


@dataclass(frozen=True)
class Conv2D(Layer):
    """Kernels that slide over the image, `strides` pixels at a time, with a border of zeros.

    (channels, rows, columns) → (filters, rows', columns') with
    rows' = (rows + 2 · padding − kernel_size) // strides + 1, and columns' alike.
    """

    filters: int
    kernel_size: int
    strides: int = 1
    padding: int = 0
    use_bias: bool = True
    initializer: str = "auto"
    prefix: ClassVar[str] = "conv"

    def __post_init__(self) -> None:
        check_counts(self, "filters", "kernel_size", "strides")
        check_counts(self, "padding", least=0)
        check_flag(self, "use_bias")
        check_initializer(self.initializer, "Conv2D")
        if self.padding >= self.kernel_size:
            raise UserError(
                f"Conv2D: padding {self.padding} with kernel_size {self.kernel_size} would make "
                f"windows of nothing but zeros; use at most {self.kernel_size - 1}"
            )

    def output_shape(self, input_shape: Shape) -> Shape:
        """(filters, rows', columns')."""
        _, *sides = maps_shape(self, input_shape)
        if self.kernel_size > min(sides) + 2 * self.padding:
            raise UserError(
                f"Conv2D: kernel_size {self.kernel_size} is larger than its input of "
                f"{times(sides)} with padding {self.padding}; use a smaller kernel or more padding"
            )
        rows, columns = (
            (side + 2 * self.padding - self.kernel_size) // self.strides + 1 for side in sides
        )
        return self.filters, rows, columns

    def parameters(self, input_shape: Shape) -> dict[str, Parameter]:
        """weight [filter, channel, row, column] and, with use_bias, bias [filter]."""
        channels = input_shape[0]
        window = self.kernel_size * self.kernel_size
        shape = (self.filters, channels, self.kernel_size, self.kernel_size)
        weight = Parameter(shape, self.initializer, channels * window, self.filters * window)
        return {"weight": weight} | ({"bias": Parameter((self.filters,))} if self.use_bias else {})

    def multiply_adds(self, input_shape: Shape) -> int:
        """One for every number of the window of every output."""
        return prod(self.output_shape(input_shape)) * input_shape[0] * self.kernel_size**2

    def forward(self, at: Ports) -> list[Call]:
        """Correlate; add the bias."""
        kernels, sliding = at.parameters["weight"], (self.strides, self.padding)
        calls = [Call(convolution.conv2d, (at.input, kernels, at.output, *sliding))]
        if self.use_bias:
            calls += [Call(convolution.add_map_biases, (at.output, at.parameters["bias"]))]
        return calls

    def input_gradient(self, at: Ports) -> list[Call]:
        """Give every output's gradient back to its window."""
        arguments = (at.output_gradient, at.parameters["weight"], at.input_gradient)
        sliding = (self.strides, self.padding)
        return [Call(convolution.conv2d_image_gradient, (*arguments, *sliding))]

    def parameter_gradients(self, at: Ports) -> list[Call]:
        """Correlate the input with the output's gradient."""
        arguments = (at.input, at.output_gradient, at.gradients["weight"])
        sliding = (self.strides, self.padding)
        calls = [Call(convolution.conv2d_kernel_gradient, (*arguments, *sliding))]
        if self.use_bias:
            bias = (at.output_gradient, at.gradients["bias"])
            calls += [Call(convolution.map_bias_gradient, bias)]
        return calls


@dataclass(frozen=True)
class ReLU(Layer):
    """Cuts off what is negative; any shape stays as it is."""

    prefix: ClassVar[str] = "relu"

    def output_shape(self, input_shape: Shape) -> Shape:
        """The same."""
        return input_shape

    def forward(self, at: Ports) -> list[Call]:
        """Maximum with 0."""
        relu = activation.relu_maps if len(at.input.shape) == 3 else activation.relu_vectors
        return [Call(relu, (at.input, at.output))]

    def input_gradient(self, at: Ports) -> list[Call]:
        """Pass the gradient where the output is positive."""
        maps = len(at.input.shape) == 3
        gradient = activation.relu_maps_gradient if maps else activation.relu_vectors_gradient
        return [Call(gradient, (at.output, at.output_gradient, at.input_gradient))]


@dataclass(frozen=True)
class MaxPool2D(Layer):
    """Keeps the largest value of each window; `strides` is the window's size unless given.

    (channels, rows, columns) → (channels, rows', columns') with
    rows' = (rows − pool_size) // strides + 1, and columns' alike.
    """

    pool_size: int
    strides: int | None = None
    prefix: ClassVar[str] = "pool"

    def __post_init__(self) -> None:
        check_counts(self, "pool_size")
        if self.strides is not None:
            check_counts(self, "strides")

    @property
    def stride(self) -> int:
        """Pixels from one window to the next."""
        return self.pool_size if self.strides is None else self.strides

    def output_shape(self, input_shape: Shape) -> Shape:
        """(channels, rows', columns')."""
        channels, *sides = maps_shape(self, input_shape)
        if self.pool_size > min(sides):
            raise UserError(
                f"MaxPool2D: pool_size {self.pool_size} is larger than its input of "
                f"{times(sides)}; use at most {min(sides)}"
            )
        rows, columns = ((side - self.pool_size) // self.stride + 1 for side in sides)
        return channels, rows, columns

    def forward(self, at: Ports) -> list[Call]:
        """The largest of each window."""
        window = (self.pool_size, self.stride)
        return [Call(pooling.max_pool, (at.input, at.output, *window))]

    def input_gradient(self, at: Ports) -> list[Call]:
        """To the first largest of each window."""
        arguments = (at.input, at.output, at.output_gradient, at.input_gradient)
        return [Call(pooling.max_pool_gradient, (*arguments, self.pool_size, self.stride))]


@dataclass(frozen=True)
class Flatten(Layer):
    """(channels, rows, columns) → (channels · rows · columns,), row by row."""

    prefix: ClassVar[str] = "flatten"

    def output_shape(self, input_shape: Shape) -> Shape:
        """(channels · rows · columns,)."""
        return (prod(maps_shape(self, input_shape)),)

    def forward(self, at: Ports) -> list[Call]:
        """Lay out."""
        return [Call(dense_chapter.flatten, (at.input, at.output))]

    def input_gradient(self, at: Ports) -> list[Call]:
        """Put back."""
        return [Call(dense_chapter.flatten_gradient, (at.output_gradient, at.input_gradient))]


@dataclass(frozen=True)
class Dense(Layer):
    """Every input weighed for every unit: (dimensions,) → (units,)."""

    units: int
    use_bias: bool = True
    initializer: str = "auto"
    prefix: ClassVar[str] = "fc"

    def __post_init__(self) -> None:
        check_counts(self, "units")
        check_flag(self, "use_bias")
        check_initializer(self.initializer, "Dense")

    def output_shape(self, input_shape: Shape) -> Shape:
        """(units,)."""
        if len(input_shape) != 1:
            raise UserError(
                f"Dense: its input is {times(input_shape)}, but it takes a vector; "
                "put Flatten before it"
            )
        return (self.units,)

    def parameters(self, input_shape: Shape) -> dict[str, Parameter]:
        """weight [unit, dimension] and, with use_bias, bias [unit]."""
        dimensions = input_shape[0]
        shape = (self.units, dimensions)
        weight = Parameter(shape, self.initializer, dimensions, self.units)
        return {"weight": weight} | ({"bias": Parameter((self.units,))} if self.use_bias else {})

    def multiply_adds(self, input_shape: Shape) -> int:
        """One for every weight."""
        return input_shape[0] * self.units

    def forward(self, at: Ports) -> list[Call]:
        """W x; add the bias."""
        calls = [Call(dense_chapter.dense, (at.input, at.parameters["weight"], at.output))]
        if self.use_bias:
            calls += [Call(dense_chapter.add_unit_biases, (at.output, at.parameters["bias"]))]
        return calls

    def input_gradient(self, at: Ports) -> list[Call]:
        """Wᵀ times the output's gradient."""
        arguments = (at.output_gradient, at.parameters["weight"], at.input_gradient)
        return [Call(dense_chapter.dense_input_gradient, arguments)]

    def parameter_gradients(self, at: Ports) -> list[Call]:
        """The output's gradient times xᵀ."""
        weight = (at.input, at.output_gradient, at.gradients["weight"])
        calls = [Call(dense_chapter.dense_weight_gradient, weight)]
        if self.use_bias:
            bias = (at.output_gradient, at.gradients["bias"])
            calls += [Call(dense_chapter.unit_bias_gradient, bias)]
        return calls
