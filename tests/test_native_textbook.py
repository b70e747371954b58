"""Machine code of every textbook function equals CPython running the same function."""

from __future__ import annotations

import pytest

from tests.native import ISAS, TOLERANCE, Apart, largest_error, per_sample, shared
from verypoorcnn.compiler.loops import Array, Scalar
from verypoorcnn.compiler.lowering.x86 import Isa
from verypoorcnn.textbook import (
    activation,
    convolution,
    dense,
    first_step,
    loss,
    optimizer,
    pooling,
)

pytestmark = pytest.mark.skipif(not ISAS, reason="machine code cannot run here")

IMAGES, MAPS = per_sample("images", 2, 7, 6), per_sample("maps", 3, 7, 6)
SMALL = per_sample("small", 3, 3, 2)
KERNELS, BIASES = shared("kernels", 3, 2, 3, 3), shared("biases", 3)
LIKE, ALSO = per_sample("like", 3, 7, 6), per_sample("also", 3, 7, 6)
INPUTS, UNITS, MORE = per_sample("inputs", 21), per_sample("units", 13), per_sample("more", 13)
WEIGHTS, STEP = shared("weights", 13, 21), shared("step", 13, 21)
LOGITS, TARGETS, RESULT = (per_sample(name, 10) for name in ("logits", "targets", "result"))
POOLED, POOLED_TOO = per_sample("pooled", 3, 3, 3), per_sample("pooled_too", 3, 3, 3)
OVER, OVER_TOO = per_sample("over", 3, 5, 4), per_sample("over_too", 3, 5, 4)

CASES = {
    "conv2d": (convolution.conv2d, [IMAGES, KERNELS, MAPS, 1, 1]),
    "conv2d, stride 2": (convolution.conv2d, [IMAGES, KERNELS, SMALL, 2, 0]),
    "conv2d_kernel_gradient": (convolution.conv2d_kernel_gradient, [IMAGES, MAPS, KERNELS, 1, 1]),
    "conv2d_image_gradient": (convolution.conv2d_image_gradient, [MAPS, KERNELS, IMAGES, 1, 1]),
    "conv2d_image_gradient, stride 2": (
        convolution.conv2d_image_gradient,
        [SMALL, KERNELS, IMAGES, 2, 0],
    ),
    "add_map_biases": (convolution.add_map_biases, [MAPS, BIASES]),
    "map_bias_gradient": (convolution.map_bias_gradient, [MAPS, BIASES]),
    "flatten": (dense.flatten, [MAPS, per_sample("vectors", 126)]),
    "flatten_gradient": (dense.flatten_gradient, [per_sample("vectors", 126), MAPS]),
    "dense": (dense.dense, [INPUTS, WEIGHTS, UNITS]),
    "dense_weight_gradient": (dense.dense_weight_gradient, [INPUTS, UNITS, WEIGHTS]),
    "dense_input_gradient": (dense.dense_input_gradient, [UNITS, WEIGHTS, INPUTS]),
    "add_unit_biases": (dense.add_unit_biases, [UNITS, shared("biases", 13)]),
    "unit_bias_gradient": (dense.unit_bias_gradient, [UNITS, shared("biases", 13)]),
    "relu_maps": (activation.relu_maps, [MAPS, LIKE]),
    "relu_maps_gradient": (activation.relu_maps_gradient, [MAPS, LIKE, ALSO]),
    "relu_vectors": (activation.relu_vectors, [UNITS, MORE]),
    "relu_vectors_gradient": (
        activation.relu_vectors_gradient,
        [UNITS, MORE, per_sample("third", 13)],
    ),
    "max_pool": (pooling.max_pool, [MAPS, POOLED, 2, 2]),
    "max_pool, overlapping": (pooling.max_pool, [MAPS, OVER, 3, 1]),
    "max_pool_gradient": (pooling.max_pool_gradient, [MAPS, POOLED, POOLED_TOO, LIKE, 2, 2]),
    "max_pool_gradient, overlapping": (
        pooling.max_pool_gradient,
        [MAPS, OVER, OVER_TOO, LIKE, 3, 1],
    ),
    "softmax": (loss.softmax, [LOGITS, RESULT]),
    "cross_entropy": (loss.cross_entropy, [LOGITS, TARGETS, per_sample("losses")]),
    "softmax_cross_entropy_gradient": (
        loss.softmax_cross_entropy_gradient,
        [LOGITS, TARGETS, RESULT, Scalar("samples")],
    ),
    "count_hits": (loss.count_hits, [LOGITS, TARGETS, per_sample("hits")]),
    "scale_pixels": (first_step.scale_pixels, [per_sample("pixels", 2, 7, 6, kind="byte"), IMAGES]),
    "one_hot": (first_step.one_hot, [per_sample("labels", kind="byte"), TARGETS]),
}
UPDATES = {
    "sgd_vector": (optimizer.sgd_vector, [BIASES, shared("g", 3), Scalar("rate")]),
    "sgd_matrix": (optimizer.sgd_matrix, [WEIGHTS, STEP, Scalar("rate")]),
    "sgd_kernels": (optimizer.sgd_kernels, [KERNELS, shared("g", 3, 2, 3, 3), Scalar("rate")]),
}
WHOLE = ("max_pool", "relu", "count_hits")  # where ties matter, numbers are whole


@pytest.mark.parametrize("isa", ISAS, ids=lambda isa: isa.name)
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("samples", [16, 5, 32, 41])
def test_of_samples(name: str, samples: int, isa: Isa) -> None:
    function, arguments = CASES[name]
    whole = function.__name__.startswith(WHOLE)
    error = largest_error(function, arguments, isa, samples=samples, whole=whole)
    assert error < TOLERANCE


@pytest.mark.parametrize("isa", ISAS, ids=lambda isa: isa.name)
@pytest.mark.parametrize("name", UPDATES)
@pytest.mark.parametrize("guard", ["start", "end"])
def test_of_parameters(name: str, guard: str, isa: Isa) -> None:
    function, arguments = UPDATES[name]
    assert largest_error(function, arguments, isa, guard=guard) < TOLERANCE


@pytest.mark.parametrize("isa", ISAS, ids=lambda isa: isa.name)
@pytest.mark.parametrize("name", {**CASES, **UPDATES})
@pytest.mark.parametrize("guard", ["start", "end"])
def test_no_array_is_left_on_either_side(name: str, guard: str, isa: Isa) -> None:
    """Every array stands between forbidden pages, flush against one of them."""
    function, arguments = {**CASES, **UPDATES}[name]
    whole = function.__name__.startswith(WHOLE)
    apart = Apart(guard)
    assert largest_error(function, arguments, isa, whole=whole, layout=apart) < TOLERANCE
    assert len(apart.guards) >= 2 * sum(isinstance(a, Array) for a in arguments)


@pytest.mark.parametrize("isa", ISAS, ids=lambda isa: isa.name)
@pytest.mark.parametrize("name", CASES)
def test_nothing_is_touched_before_the_first_number(name: str, isa: Isa) -> None:
    function, arguments = CASES[name]
    whole = function.__name__.startswith(WHOLE)
    assert largest_error(function, arguments, isa, whole=whole, guard="start") < TOLERANCE
