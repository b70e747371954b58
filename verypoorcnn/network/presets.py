"""Networks that are known by a name."""

from __future__ import annotations

from collections.abc import Callable

from verypoorcnn.errors import UserError, nearest
from verypoorcnn.network.layers import Conv2D, Dense, Flatten, MaxPool2D, ReLU
from verypoorcnn.network.network import Network

ImageShape = tuple[int, int, int]


def paper(input_shape: ImageShape = (1, 28, 28), classes: int = 10) -> Network:
    """The paper's network (section III): 5,070 parameters for 28×28 images of ten classes.

    Of the sizes that the paper gives, this reading satisfies 8×8×4 after the convolution (stride
    3), 144 after flattening (pooling with stride 1: 6·6·4) and the parameter count (no bias in the
    convolution).  See docs/paper.md.
    """
    return Network(
        input_shape,
        (
            Conv2D(filters=4, kernel_size=5, strides=3, use_bias=False),
            ReLU(),
            MaxPool2D(pool_size=3, strides=1),
            Flatten(),
            Dense(units=32),
            ReLU(),
            Dense(units=classes),
        ),
    )


def lenet5(input_shape: ImageShape = (1, 28, 28), classes: int = 10) -> Network:
    """LeNet-5 (LeCun et al., 1998) as it is written today, with ReLU and max pooling."""
    return Network(
        input_shape,
        (
            Conv2D(filters=6, kernel_size=5, padding=2),
            ReLU(),
            MaxPool2D(pool_size=2),
            Conv2D(filters=16, kernel_size=5),
            ReLU(),
            MaxPool2D(pool_size=2),
            Flatten(),
            Dense(units=120),
            ReLU(),
            Dense(units=84),
            ReLU(),
            Dense(units=classes),
        ),
    )


PRESETS: dict[str, Callable[[ImageShape, int], Network]] = {"paper": paper, "lenet5": lenet5}


def preset(name: str, input_shape: ImageShape, classes: int) -> Network:
    """The network of this name for these images; UserError if there is none."""
    if name not in PRESETS:
        raise UserError(f"network.preset: no preset {name!r}; {nearest(name, [*PRESETS])}")
    return PRESETS[name](input_shape, classes)
