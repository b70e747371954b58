"""Machine code of the layers equals CPython's, whatever the shapes and however many samples."""

from __future__ import annotations

import pytest

pytest.importorskip("hypothesis", reason="property tests need hypothesis")

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.native import ISAS, TOLERANCE, largest_error, per_sample, shared
from verypoorcnn.compiler.loops import Array
from verypoorcnn.textbook import convolution, dense, loss, pooling

pytestmark = pytest.mark.skipif(not ISAS, reason="machine code cannot run here")

size = st.integers(1, 5)
isa = st.sampled_from(ISAS)
samples = st.sampled_from([1, 3, 16, 17])
few = settings(max_examples=25, deadline=None)


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
