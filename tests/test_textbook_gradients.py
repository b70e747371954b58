"""Every gradient of the textbook equals the derivative that dual numbers give, whatever the shape.

The loss is L = Σ G · output with random G.  For every single value that a function reads, the
forward function runs once with that value changing at speed 1; the derivative of L is then what the
gradient function must have written in that place.

The values are small multiples of 1/8.  They are often equal and often zero, so that the corners of
max are met; and their sums and products are exact in binary, so that equal means equal.
"""

from __future__ import annotations

import importlib
import pkgutil
from random import Random

import pytest

pytest.importorskip("hypothesis", reason="hypothesis, which draws the shapes, is not installed")

from hypothesis import given, settings
from hypothesis import strategies as st

import verypoorcnn.textbook
from verypoorcnn.numbers.dual import Dual, derivative_of, on_duals
from verypoorcnn.textbook import activation, convolution, dense, loss, pooling

prove = settings(max_examples=50, deadline=None)

SIZES = st.integers(1, 3)
VECTORS = st.tuples(SIZES, SIZES)  # [s][d]
MAPS = st.tuples(SIZES, SIZES, SIZES, SIZES)  # [s][c][i][j]
RANDOM = st.integers(0, 2**32).map(Random)


def test_every_gradient_of_the_textbook_is_proved_here():
    modules = [m.name for m in pkgutil.iter_modules(verypoorcnn.textbook.__path__)]
    chapters = [importlib.import_module(f"verypoorcnn.textbook.{name}") for name in modules]
    gradients = [name for chapter in chapters for name in vars(chapter) if "gradient" in name]
    assert len(gradients) >= 11
    assert {f"test_{name}" for name in gradients} <= globals().keys()


# The proof.


def prove_gradient(forward, backward, values, output_gradients):
    """`forward(values, outputs)` and `backward(gradients of the values)` must agree."""
    gradients = array(shape_of(values))
    backward(gradients)
    assert numbers(gradients) == derivatives(forward, values, output_gradients)


def derivatives(forward, values, output_gradients):
    """∂(Σ output gradients · outputs)/∂value, for one single value after the other."""
    found = []
    for place in range(len(numbers(values))):
        outputs = array(shape_of(output_gradients))
        forward(moving(values, place), outputs)
        pairs = zip(numbers(output_gradients), numbers(outputs), strict=True)
        found.append(sum(weight * derivative_of(output) for weight, output in pairs))
    return found


def moving(lists, place):
    """The same nested lists, in which the number at this place, in reading order, moves."""
    flat = enumerate(numbers(lists))
    return array(shape_of(lists), lambda: next(Dual(n, 1.0) if i == place else n for i, n in flat))


def array(shape, number=lambda: 99.0):
    """Nested lists of this shape; what is in an output before must not matter: 99."""
    return [array(shape[1:], number) for _ in range(shape[0])] if shape else number()


def shape_of(lists):
    return (len(lists), *shape_of(lists[0])) if isinstance(lists, list) else ()


def numbers(lists):
    return [n for row in lists for n in numbers(row)] if isinstance(lists, list) else [lists]


def eighths(random, *shape, most=16):
    return array(shape, lambda: random.randint(-most, most) / 8)


# Convolution.


@st.composite
def convolutions(draw):
    """images, kernels, map gradients, stride, padding."""
    samples, channels, filters, kernel_rows, kernel_columns, stride = (
        draw(SIZES) for _ in "scfmni"
    )
    padding = draw(st.integers(0, min(kernel_rows, kernel_columns) - 1))
    rows = draw(st.integers(max(1, kernel_rows - 2 * padding), 5))
    columns = draw(st.integers(max(1, kernel_columns - 2 * padding), 5))
    map_rows = (rows + 2 * padding - kernel_rows) // stride + 1
    map_columns = (columns + 2 * padding - kernel_columns) // stride + 1
    random = draw(RANDOM)
    images = eighths(random, samples, channels, rows, columns)
    kernels = eighths(random, filters, channels, kernel_rows, kernel_columns)
    return (
        images,
        kernels,
        eighths(random, samples, filters, map_rows, map_columns),
        stride,
        padding,
    )


@prove
@given(convolutions())
def test_conv2d_kernel_gradient(case):
    images, kernels, map_gradients, *sliding = case
    conv2d, gradient = on_duals(convolution.conv2d), convolution.conv2d_kernel_gradient
    prove_gradient(
        lambda kernels, maps: conv2d(images, kernels, maps, *sliding),
        lambda gradients: gradient(images, map_gradients, gradients, *sliding),
        kernels,
        map_gradients,
    )


@prove
@given(convolutions())
def test_conv2d_image_gradient(case):
    images, kernels, map_gradients, *sliding = case
    conv2d, gradient = on_duals(convolution.conv2d), convolution.conv2d_image_gradient
    prove_gradient(
        lambda images, maps: conv2d(images, kernels, maps, *sliding),
        lambda gradients: gradient(map_gradients, kernels, gradients, *sliding),
        images,
        map_gradients,
    )


@prove
@given(RANDOM, MAPS)
def test_map_bias_gradient(random, shape):
    maps, map_gradients = eighths(random, *shape), eighths(random, *shape)

    def forward(biases, outputs):
        outputs[:] = array(shape, iter(numbers(maps)).__next__)
        on_duals(convolution.add_map_biases)(outputs, biases)

    prove_gradient(
        forward,
        lambda gradients: convolution.map_bias_gradient(map_gradients, gradients),
        eighths(random, shape[1]),
        map_gradients,
    )


# Activation and pooling: few different values, so that zeros and ties are frequent.


@prove
@given(RANDOM, MAPS)
def test_relu_maps_gradient(random, shape):
    images, map_gradients = eighths(random, *shape, most=2), eighths(random, *shape)
    maps = array(shape)
    activation.relu_maps(images, maps)
    prove_gradient(
        on_duals(activation.relu_maps),
        lambda gradients: activation.relu_maps_gradient(maps, map_gradients, gradients),
        images,
        map_gradients,
    )


@prove
@given(RANDOM, VECTORS)
def test_relu_vectors_gradient(random, shape):
    inputs, output_gradients = eighths(random, *shape, most=2), eighths(random, *shape)
    outputs = array(shape)
    activation.relu_vectors(inputs, outputs)
    prove_gradient(
        on_duals(activation.relu_vectors),
        lambda gradients: activation.relu_vectors_gradient(outputs, output_gradients, gradients),
        inputs,
        output_gradients,
    )


@prove
@given(RANDOM, SIZES, SIZES, SIZES, SIZES, st.integers(0, 3), st.integers(0, 3))
def test_max_pool_gradient(random, samples, channels, size, stride, more_rows, more_columns):
    images = eighths(random, samples, channels, size + more_rows, size + more_columns, most=2)
    map_rows, map_columns = more_rows // stride + 1, more_columns // stride + 1
    map_gradients = eighths(random, samples, channels, map_rows, map_columns)
    maps = array(shape_of(map_gradients))
    pooling.max_pool(images, maps, size, stride)
    max_pool, gradient = on_duals(pooling.max_pool), pooling.max_pool_gradient
    prove_gradient(
        lambda images, maps: max_pool(images, maps, size, stride),
        lambda gradients: gradient(images, maps, map_gradients, gradients, size, stride),
        images,
        map_gradients,
    )


# Dense layers.


@prove
@given(RANDOM, MAPS)
def test_flatten_gradient(random, shape):
    samples, channels, rows, columns = shape
    vector_gradients = eighths(random, samples, channels * rows * columns)
    prove_gradient(
        on_duals(dense.flatten),
        lambda gradients: dense.flatten_gradient(vector_gradients, gradients),
        eighths(random, *shape),
        vector_gradients,
    )


@prove
@given(RANDOM, SIZES, SIZES, SIZES)
def test_dense_weight_gradient(random, samples, dimensions, units):
    inputs, output_gradients = eighths(random, samples, dimensions), eighths(random, samples, units)
    prove_gradient(
        lambda weights, outputs: on_duals(dense.dense)(inputs, weights, outputs),
        lambda gradients: dense.dense_weight_gradient(inputs, output_gradients, gradients),
        eighths(random, units, dimensions),
        output_gradients,
    )


@prove
@given(RANDOM, SIZES, SIZES, SIZES)
def test_dense_input_gradient(random, samples, dimensions, units):
    weights, output_gradients = eighths(random, units, dimensions), eighths(random, samples, units)
    prove_gradient(
        lambda inputs, outputs: on_duals(dense.dense)(inputs, weights, outputs),
        lambda gradients: dense.dense_input_gradient(output_gradients, weights, gradients),
        eighths(random, samples, dimensions),
        output_gradients,
    )


@prove
@given(RANDOM, VECTORS)
def test_unit_bias_gradient(random, shape):
    before, output_gradients = eighths(random, *shape), eighths(random, *shape)

    def forward(biases, outputs):
        outputs[:] = array(shape, iter(numbers(before)).__next__)
        on_duals(dense.add_unit_biases)(outputs, biases)

    prove_gradient(
        forward,
        lambda gradients: dense.unit_bias_gradient(output_gradients, gradients),
        eighths(random, shape[1]),
        output_gradients,
    )


# The loss, whose exponentials are not exact: to 1e-12.


@prove
@given(RANDOM, SIZES, st.integers(1, 5), st.sampled_from([1.0, 30.0, 1e4]))
def test_softmax_cross_entropy_gradient(random, samples, classes, scale):
    logits = array((samples, classes), lambda: scale * random.randint(-16, 16) / 8)
    labels = [random.randrange(classes) for _ in range(samples)]
    targets = [[float(k == label) for k in range(classes)] for label in labels]
    probabilities, gradients = array((samples, classes)), array((samples, classes))
    loss.softmax(logits, probabilities)
    loss.softmax_cross_entropy_gradient(probabilities, targets, gradients, samples)

    def forward(logits, losses):
        on_duals(loss.cross_entropy)(logits, targets, losses)

    expected = derivatives(forward, logits, [1 / samples] * samples)
    # p - y and its derivative are differences of numbers near 1: 1e-15 of that may remain.
    assert numbers(gradients) == pytest.approx(expected, rel=1e-12, abs=1e-15)
