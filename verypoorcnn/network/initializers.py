"""Where training starts from: the first values of the parameters.

    he_normal        normal with standard deviation √(2 / fan_in)          He et al., 2015
    glorot_uniform   uniform within ±√(6 / (fan_in + fan_out))             Glorot & Bengio, 2010
    uniform          uniform within ±√(1 / fan_in)                         as PyTorch does
    zeros, ones      for biases and scales

The fan-in is the number of inputs that one output is summed from, the fan-out the number of outputs
that one input goes to.  He's rule keeps the size of the numbers through a ReLU, which cuts half of
them off; Glorot's does without one.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from math import prod, sqrt
from typing import TYPE_CHECKING

from verypoorcnn.errors import UserError, nearest
from verypoorcnn.files.tensors import Tensor

if TYPE_CHECKING:
    from random import Random


@dataclass(frozen=True)
class Parameter:
    """One array that a layer learns: its shape, and how its first values are drawn.

    The initializer "auto" is He's before a ReLU and Glorot's otherwise; the network decides.
    """

    shape: tuple[int, ...]
    initializer: str = "zeros"
    fan_in: int = 1
    fan_out: int = 1


def check_initializer(name: str, where: str) -> None:
    """Raise UserError unless an initializer has this name."""
    if name not in (*_DRAW, "auto"):
        raise UserError(
            f"{where}: there is no initializer {name!r}; {nearest(str(name), ['auto', *_DRAW])}"
        )


def draw(parameter: Parameter, random: Random) -> Tensor:
    """First values for a parameter, drawn in row-major order."""
    one = _DRAW[parameter.initializer]
    count = prod(parameter.shape)
    return Tensor(parameter.shape, array("d", (one(parameter, random) for _ in range(count))))


def _he_normal(p: Parameter, random: Random) -> float:
    return random.gauss(0.0, sqrt(2 / p.fan_in))


def _glorot_uniform(p: Parameter, random: Random) -> float:
    limit = sqrt(6 / (p.fan_in + p.fan_out))
    return random.uniform(-limit, limit)


def _uniform(p: Parameter, random: Random) -> float:
    limit = sqrt(1 / p.fan_in)
    return random.uniform(-limit, limit)


def _zeros(p: Parameter, random: Random) -> float:
    return 0.0


def _ones(p: Parameter, random: Random) -> float:
    return 1.0


_DRAW = {
    "he_normal": _he_normal,
    "glorot_uniform": _glorot_uniform,
    "uniform": _uniform,
    "zeros": _zeros,
    "ones": _ones,
}
