"""What every layer is: a frozen record of settings that names the calls which run it.

A layer computes nothing itself.  It answers questions about shapes and parameters, and the calls
that it names are the whole of its behaviour.  Whoever adds a layer writes a chapter of the textbook
and a subclass of `Layer`; the class is known by its name to configuration files, model files and
the command line without being registered anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, ClassVar

from verypoorcnn.errors import UserError, nearest
from verypoorcnn.network.initializers import Parameter
from verypoorcnn.network.program import Buffer, Call

Shape = tuple[int, ...]  # of one sample: (channels, rows, columns) or (dimensions,)


@dataclass(frozen=True)
class Ports:
    """The buffers that a layer's calls read and write."""

    input: Buffer
    output: Buffer
    input_gradient: Buffer
    output_gradient: Buffer
    parameters: Mapping[str, Buffer]
    gradients: Mapping[str, Buffer]  # of the parameters, by the same names


class Layer:
    """What every layer answers.  Subclasses are frozen dataclasses of their settings."""

    prefix: ClassVar[str]  # of its name in a network: "conv" in "conv1"
    kinds: ClassVar[dict[str, type[Layer]]] = {}  # every layer class by its name

    def __init_subclass__(cls) -> None:
        Layer.kinds[cls.__name__] = cls

    def output_shape(self, input_shape: Shape) -> Shape:
        """The shape of one sample after this layer; UserError where it cannot be."""
        raise NotImplementedError

    def parameters(self, input_shape: Shape) -> dict[str, Parameter]:
        """What it learns, by name."""
        return {}

    def multiply_adds(self, input_shape: Shape) -> int:
        """Multiplications with an addition that one sample costs, forward."""
        return 0

    def forward(self, at: Ports) -> list[Call]:
        """The calls that write `at.output`."""
        raise NotImplementedError

    def input_gradient(self, at: Ports) -> list[Call]:
        """The calls that write `at.input_gradient`."""
        raise NotImplementedError

    def parameter_gradients(self, at: Ports) -> list[Call]:
        """The calls that write `at.gradients`."""
        return []

    def settings(self) -> dict[str, Any]:
        """The layer as it stands in a configuration file."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]
        return {"type": type(self).__name__, **values}


def layer_from_settings(settings: Mapping[str, Any], where: str) -> Layer:
    """The layer that `settings` describes: `{"type": "Conv2D", "filters": 4, "kernel_size": 5}`.

    Raises:
        UserError: beginning with `where`; an unknown type or setting, a missing one, a bad value.
    """
    kind = settings.get("type")
    if not isinstance(kind, str) or kind not in Layer.kinds:
        raise UserError(f"{where}: no layer type {kind!r}; {nearest(str(kind), [*Layer.kinds])}")
    known = {f.name: f.default for f in fields(Layer.kinds[kind])}  # type: ignore[arg-type]
    given = {key: value for key, value in settings.items() if key != "type"}
    for key in given:
        if key not in known:
            raise UserError(f"{where}: {kind} has no setting {key!r}; {nearest(key, [*known])}")
    for key, default in known.items():
        if default is MISSING and key not in given:
            raise UserError(f"{where}: {kind} needs {key!r}; add it, as {key} = 5")
    try:
        return Layer.kinds[kind](**given)
    except UserError as error:
        raise UserError(f"{where}: {error}") from None


def check_counts(layer: Layer, *names: str, least: int = 1) -> None:
    """Raise UserError unless these settings are whole numbers of at least `least`."""
    for name in names:
        value = getattr(layer, name)
        if type(value) is not int or value < least:
            raise UserError(
                f"{type(layer).__name__}: {name} must be a whole number of at least {least}, "
                f"not {value!r}"
            )


def check_flag(layer: Layer, name: str) -> None:
    """Raise UserError unless this setting is true or false."""
    value = getattr(layer, name)
    if type(value) is not bool:
        raise UserError(f"{type(layer).__name__}: {name} must be true or false, not {value!r}")


def maps_shape(layer: Layer, shape: Shape) -> Shape:
    """The shape itself, (channels, rows, columns); UserError if it is another."""
    if len(shape) != 3:
        raise UserError(
            f"{type(layer).__name__}: its input is a vector of {times(shape)}, but it takes "
            "maps (channels × rows × columns); put it before Flatten"
        )
    return shape


def times(shape: Shape | list[int]) -> str:
    """`4×8×8`."""
    return "×".join(map(str, shape))
