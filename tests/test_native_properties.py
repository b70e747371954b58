"""Machine code of the layers equals CPython's, whatever the shapes and however many samples."""

from __future__ import annotations

import struct
from fractions import Fraction

import pytest

pytest.importorskip("hypothesis", reason="property tests need hypothesis")

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.native import ISAS, TOLERANCE, largest_error, per_sample, shared
from verypoorcnn.compiler.loops import Array, Scalar
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

size = st.integers(1, 5)
isa = st.sampled_from(ISAS)
samples = st.sampled_from([1, 3, 16, 17, 1, 3, 16, 17, 128])  # the last is slow
EXACT_TOLERANCE = 2e-6  # relative to 1 + |number|; sums are short
few = settings(max_examples=25, deadline=None)
fewer = settings(max_examples=10, deadline=None)  # of many functions each


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[Array, Array, Array, int, int]:
    """Images, kernels, maps, stride, padding."""
    channels, filters, kernel = draw(size), draw(size), draw(st.integers(1, 4))
    stride, padding = draw(st.integers(1, 3)), draw(st.integers(0, kernel - 1))
    rows, columns = draw(st.integers(kernel, 9)), draw(st.integers(kernel, 9))
    high = (rows + 2 * padding - kernel) // stride + 1
    wide = (columns + 2 * padding - kernel) // stride + 1
    return (
        per_sample("images", channels, rows, columns),
        shared("kernels", filters, channels, kernel, kernel),
        per_sample("maps", filters, high, wide),
        stride,
        padding,
    )


@few
@given(convolutions(), isa, samples)
def test_convolution(shapes, isa, samples):
    assert largest_error(convolution.conv2d, shapes, isa, samples=samples) < TOLERANCE


@few
@given(convolutions(), isa, samples)
def test_kernel_gradient(shapes, isa, samples):
    images, kernels, maps, *rest = shapes
    arguments = [images, maps, kernels, *rest]
    function = convolution.conv2d_kernel_gradient
    assert largest_error(function, arguments, isa, samples=samples) < TOLERANCE


@few
@given(convolutions(), isa, samples)
def test_image_gradient(shapes, isa, samples):
    images, kernels, maps, *rest = shapes
    arguments = [maps, kernels, images, *rest]
    function = convolution.conv2d_image_gradient
    assert largest_error(function, arguments, isa, samples=samples) < TOLERANCE


@few
@given(st.integers(1, 70), st.integers(1, 40), isa, samples)
def test_dense(inputs, units, isa, samples):
    x, z = per_sample("inputs", inputs), per_sample("outputs", units)
    w = shared("weights", units, inputs)
    assert largest_error(dense.dense, [x, w, z], isa, samples=samples) < TOLERANCE
    gradient = dense.dense_weight_gradient
    assert largest_error(gradient, [x, z, w], isa, samples=samples) < TOLERANCE
    assert largest_error(dense.dense_input_gradient, [z, w, x], isa, samples=samples) < TOLERANCE


@few
@given(
    size, st.integers(1, 6), st.integers(1, 6), st.integers(1, 3), st.integers(1, 3), isa, samples
)
def test_pooling(channels, high, wide, window, stride, isa, samples):
    rows, columns = (high - 1) * stride + window, (wide - 1) * stride + window
    images, gradient = (per_sample(name, channels, rows, columns) for name in ("images", "g"))
    maps, share = (per_sample(name, channels, high, wide) for name in ("maps", "share"))
    tied = {"samples": samples, "whole": True}
    assert largest_error(pooling.max_pool, [images, maps, window, stride], isa, **tied) == 0
    arguments = [images, maps, share, gradient, window, stride]
    assert largest_error(pooling.max_pool_gradient, arguments, isa, **tied) < TOLERANCE


@few
@given(st.integers(2, 40), isa, samples)
def test_loss(classes, isa, samples):
    logits, others = per_sample("logits", classes), per_sample("others", classes)
    assert largest_error(loss.softmax, [logits, others], isa, samples=samples) < TOLERANCE
    arguments = [logits, others, per_sample("losses")]
    assert largest_error(loss.cross_entropy, arguments, isa, samples=samples) < TOLERANCE


@fewer
@given(size, st.integers(1, 9), st.integers(1, 9), isa, samples)
def test_functions_of_maps(channels, rows, columns, isa, samples):
    maps, others, more = (per_sample(name, channels, rows, columns) for name in ("x", "y", "z"))
    vectors, biases = per_sample("v", channels * rows * columns), shared("biases", channels)
    pixels = per_sample("pixels", channels, rows, columns, kind="byte")
    for function, arguments in (
        (activation.relu_maps, [maps, others]),
        (activation.relu_maps_gradient, [maps, others, more]),
        (convolution.add_map_biases, [maps, biases]),
        (convolution.map_bias_gradient, [maps, biases]),
        (dense.flatten, [maps, vectors]),
        (dense.flatten_gradient, [vectors, maps]),
        (first_step.scale_pixels, [pixels, maps]),
    ):
        whole = function.__module__ == activation.__name__
        error = largest_error(function, arguments, isa, samples=samples, whole=whole)
        assert error < TOLERANCE, function.__name__


@fewer
@given(st.integers(1, 70), isa, samples)
def test_functions_of_vectors(units, isa, samples):
    vectors, others, more = (per_sample(name, units) for name in ("x", "y", "z"))
    biases, counts = shared("biases", units), per_sample("counts")
    labels, number = per_sample("labels", kind="byte"), Scalar("samples")
    for function, arguments in (
        (activation.relu_vectors, [vectors, others]),
        (activation.relu_vectors_gradient, [vectors, others, more]),
        (dense.add_unit_biases, [vectors, biases]),
        (dense.unit_bias_gradient, [vectors, biases]),
        (loss.softmax_cross_entropy_gradient, [vectors, others, more, number]),
        (loss.count_hits, [vectors, others, counts]),
        (first_step.one_hot, [labels, vectors]),
    ):
        whole = function.__module__ == activation.__name__ or function is loss.count_hits
        error = largest_error(function, arguments, isa, samples=samples, whole=whole)
        assert error < TOLERANCE, function.__name__


@fewer
@given(st.lists(st.integers(1, 20), min_size=4, max_size=4), isa)
def test_updates(sizes, isa):
    for function, indices in (
        (optimizer.sgd_vector, 1),
        (optimizer.sgd_matrix, 2),
        (optimizer.sgd_kernels, 4),
    ):
        values, gradients = (shared(name, *sizes[:indices]) for name in ("values", "gradients"))
        assert largest_error(function, [values, gradients, Scalar("rate")], isa) < TOLERANCE


# Exact numbers instead of float64: what is lost is lost by machine code.


def exact(number: float) -> Fraction:
    """What float32 makes of a number, exactly."""
    return Fraction(struct.unpack("<f", struct.pack("<f", number))[0])


@fewer
@given(convolutions(), isa)
def test_convolution_in_fractions(shapes, isa):
    images, kernels, maps, *rest = shapes
    for function, arguments in (
        (convolution.conv2d, [images, kernels, maps]),
        (convolution.conv2d_kernel_gradient, [images, maps, kernels]),
        (convolution.conv2d_image_gradient, [maps, kernels, images]),
    ):
        error = largest_error(function, [*arguments, *rest], isa, samples=2, number=exact)
        assert error < EXACT_TOLERANCE


@fewer
@given(st.integers(1, 20), st.integers(1, 10), isa)
def test_dense_in_fractions(inputs, units, isa):
    x, z = per_sample("inputs", inputs), per_sample("outputs", units)
    w = shared("weights", units, inputs)
    for function, arguments in (
        (dense.dense, [x, w, z]),
        (dense.dense_weight_gradient, [x, z, w]),
        (dense.dense_input_gradient, [z, w, x]),
    ):
        assert largest_error(function, arguments, isa, samples=3, number=exact) < EXACT_TOLERANCE


@fewer
@given(size, st.integers(1, 4), st.integers(1, 4), isa)
def test_pooling_and_relu_in_fractions(channels, high, wide, isa):
    images, gradient = (per_sample(name, channels, high + 1, wide + 1) for name in ("x", "g"))
    maps, share = (per_sample(name, channels, high, wide) for name in ("maps", "share"))
    pooled = [images, maps, share, gradient, 2, 1]
    assert largest_error(pooling.max_pool, [*pooled[:2], 2, 1], isa, number=exact) == 0
    assert largest_error(pooling.max_pool_gradient, pooled, isa, number=exact) < EXACT_TOLERANCE
    assert largest_error(activation.relu_maps, [images, gradient], isa, number=exact) == 0
