"""What one tries out on a model, as a layer on top of what was learned."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from verypoorcnn.errors import UserError
from verypoorcnn.files.tensors import Tensor
from verypoorcnn.network import Network


@dataclass(frozen=True)
class WhatIf:
    """What one has tried out: single weights of other values, filters that are silent."""

    edits: Mapping[tuple[str, tuple[int, ...]], float] = field(default_factory=dict)
    silenced: frozenset[tuple[str, int]] = frozenset()  # layer, filter or unit


def applied(network: Network, learned: Mapping[str, Tensor], what_if: WhatIf) -> dict[str, Tensor]:
    """Parameters with single values changed, and all that leads to a silent filter zero.

    A filter of a convolution, or a unit of a dense layer, is the first index of its parameters;
    without weights and bias, what it gives is 0 everywhere.  Tensors in which nothing changes are
    those given.

    Raises:
        UserError: no such parameter, place or filter.
    """
    places = {(name, index): place(network, name, index) for name, index in what_if.edits}
    silent = [(n, unit) for layer, unit in what_if.silenced for n in _of_unit(network, layer, unit)]
    touched = {name for name, _ in [*places, *silent]}
    changed = {name: Tensor(learned[name].shape, learned[name].values[:]) for name in touched}
    for (name, index), value in what_if.edits.items():
        changed[name].values[places[name, index]] = value
    for name, unit in silent:
        shape, values = changed[name]
        size = len(values) // shape[0]
        values[unit * size : (unit + 1) * size] = array("d", bytes(8 * size))
    return {**learned, **changed}


def place(network: Network, name: str, index: Sequence[int]) -> int:
    """Where an element of a parameter stands in its row of numbers.

    Raises:
        UserError: there is no such parameter, or no such element.
    """
    if name not in network.parameters:
        known = ", ".join(network.parameters)
        raise UserError(f"there is no parameter {name[:40]!r}; choose from {known}")
    shape, at = network.parameters[name].shape, 0
    if len(index) != len(shape) or not all(0 <= i < n for i, n in zip(index, shape, strict=True)):
        raise UserError(f"{name} has no place {[*index][:8]}; its shape is {[*shape]}")
    for i, size in zip(index, shape, strict=True):
        at = at * size + i
    return at


def _of_unit(network: Network, layer: str, unit: int) -> list[str]:
    """The parameters whose first index is the layer's filters or units."""
    stage = next((stage for stage in network.stages if stage.name == layer), None)
    if stage is None or not stage.parameters:
        known = ", ".join(stage.name for stage in network.stages if stage.parameters)
        raise UserError(f"no filters in a layer {layer[:40]!r}; choose from {known}")
    if not 0 <= unit < stage.output_shape[0]:
        last = stage.output_shape[0] - 1
        raise UserError(f"{layer} has no filter {unit}; they are 0 to {last}")
    return [f"{layer}.{name}" for name in stage.parameters]
