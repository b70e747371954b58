"""The textbook and PyTorch, in float64, compute the same to 1e-12: forward and gradients."""

from __future__ import annotations

import pytest

pytest.importorskip("hypothesis", reason="hypothesis, which draws the shapes, is not installed")
pytest.importorskip("torch", reason="PyTorch, the judge, is not installed")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from verypoorcnn.textbook import activation, convolution, dense, loss, optimizer, pooling
from verypoorcnn.textbook.first_step import one_hot, scale_pixels

judge = settings(max_examples=50, deadline=None)

SIZES = st.integers(1, 4)
VECTORS = st.tuples(SIZES, SIZES)  # [s][d]
MAPS = st.tuples(SIZES, SIZES, SIZES, SIZES)  # [s][c][i][j]
SEEDS = st.integers(0, 2**32)


def normal(seed, *shape):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64, requires_grad=True)


def textbook(function, *arguments, shape, after=()):
    """What the function writes into nested lists of this shape, given tensors and numbers."""
    output = torch.full(shape, 99.0).tolist()
    lists = [a.tolist() if isinstance(a, torch.Tensor) else a for a in arguments]
    function(*lists, output, *after)
    return torch.tensor(output, dtype=torch.float64)


def assert_same(ours, theirs):
    torch.testing.assert_close(ours, theirs.detach(), rtol=1e-12, atol=1e-12)


# Convolution.


@st.composite
def convolutions(draw):
    """The shapes of images and kernels, stride, padding."""
    samples, channels, filters = draw(SIZES), draw(SIZES), draw(SIZES)
    rows, columns, stride = draw(SIZES), draw(SIZES), draw(SIZES)
    padding = draw(st.integers(0, 3))
    more_rows, more_columns = draw(st.integers(0, 5)), draw(st.integers(0, 5))
    image = (max(1, rows + more_rows - 2 * padding), max(1, columns + more_columns - 2 * padding))
    return (samples, channels, *image), (filters, channels, rows, columns), stride, padding


@judge
@given(SEEDS, convolutions())
def test_convolution(seed, case):
    image_shape, kernel_shape, *sliding = case
    images, kernels = normal(seed, *image_shape), normal(seed + 1, *kernel_shape)
    biases = normal(seed + 2, kernel_shape[0])
    maps = functional.conv2d(images, kernels, biases, *sliding)
    given_back = normal(seed + 3, *maps.shape).detach()
    maps.backward(given_back)

    ours = textbook(convolution.conv2d, images, kernels, shape=maps.shape, after=sliding).tolist()
    convolution.add_map_biases(ours, biases.tolist())
    assert_same(torch.tensor(ours, dtype=torch.float64), maps)
    gradients = [
        (convolution.conv2d_kernel_gradient, (images, given_back), kernels, sliding),
        (convolution.conv2d_image_gradient, (given_back, kernels), images, sliding),
        (convolution.map_bias_gradient, (given_back,), biases, ()),
    ]
    for function, arguments, of, after in gradients:
        assert_same(textbook(function, *arguments, shape=of.shape, after=after), of.grad)


# Activation and pooling: whole numbers from −2 to 2, so that zeros and ties are frequent.


def whole(seed, *shape):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(-2, 3, shape, generator=generator).double().requires_grad_()


@judge
@given(SEEDS, MAPS)
def test_relu_of_maps(seed, shape):
    images, given_back = whole(seed, *shape), normal(seed, *shape).detach()
    maps = functional.relu(images)
    maps.backward(given_back)
    assert_same(textbook(activation.relu_maps, images, shape=shape), maps)
    ours = textbook(activation.relu_maps_gradient, maps, given_back, shape=shape)
    assert_same(ours, images.grad)


@judge
@given(SEEDS, VECTORS)
def test_relu_of_vectors(seed, shape):
    inputs, given_back = whole(seed, *shape), normal(seed, *shape).detach()
    outputs = functional.relu(inputs)
    outputs.backward(given_back)
    assert_same(textbook(activation.relu_vectors, inputs, shape=shape), outputs)
    ours = textbook(activation.relu_vectors_gradient, outputs, given_back, shape=shape)
    assert_same(ours, inputs.grad)


@judge
@given(SEEDS, MAPS, SIZES, SIZES)
def test_max_pooling(seed, more, size, stride):
    samples, channels, rows, columns = more
    images = whole(seed, samples, channels, size + rows - 1, size + columns - 1)
    maps = functional.max_pool2d(images, size, stride)
    given_back = normal(seed, *maps.shape).detach()
    maps.backward(given_back)
    window = (size, stride)
    assert_same(textbook(pooling.max_pool, images, shape=maps.shape, after=window), maps)
    arguments = (images, maps, given_back)
    ours = textbook(pooling.max_pool_gradient, *arguments, shape=images.shape, after=window)
    assert_same(ours, images.grad)


# Dense layers.


@judge
@given(SEEDS, MAPS)
def test_flatten(seed, shape):
    maps = normal(seed, *shape)
    vectors = maps.flatten(1)
    given_back = normal(seed + 1, *vectors.shape).detach()
    vectors.backward(given_back)
    assert_same(textbook(dense.flatten, maps, shape=vectors.shape), vectors)
    assert_same(textbook(dense.flatten_gradient, given_back, shape=shape), maps.grad)


@judge
@given(SEEDS, VECTORS, SIZES)
def test_dense(seed, shape, units):
    inputs, weights = normal(seed, *shape), normal(seed + 1, units, shape[1])
    biases = normal(seed + 2, units)
    outputs = functional.linear(inputs, weights, biases)
    given_back = normal(seed + 3, *outputs.shape).detach()
    outputs.backward(given_back)

    ours = textbook(dense.dense, inputs, weights, shape=outputs.shape).tolist()
    dense.add_unit_biases(ours, biases.tolist())
    assert_same(torch.tensor(ours, dtype=torch.float64), outputs)
    gradients = [
        (dense.dense_weight_gradient, (inputs, given_back), weights),
        (dense.dense_input_gradient, (given_back, weights), inputs),
        (dense.unit_bias_gradient, (given_back,), biases),
    ]
    for function, arguments, of in gradients:
        assert_same(textbook(function, *arguments, shape=of.shape), of.grad)


# The loss.

LOGITS = st.floats(-1e4, 1e4) | st.floats(-5.0, 5.0)


@st.composite
def guesses(draw):
    """Logits [s][k], of any size, and a label for each sample."""
    samples, classes = draw(SIZES), draw(st.integers(2, 5))
    row = st.lists(LOGITS, min_size=classes, max_size=classes)
    logits = draw(st.lists(row, min_size=samples, max_size=samples))
    labels = st.lists(st.integers(0, classes - 1), min_size=samples, max_size=samples)
    return torch.tensor(logits, dtype=torch.float64, requires_grad=True), torch.tensor(draw(labels))


@judge
@given(guesses())
def test_softmax_and_cross_entropy(case):
    logits, labels = case
    samples, _ = shape = logits.shape
    mean = functional.cross_entropy(logits, labels)
    mean.backward()

    targets = textbook(one_hot, labels, shape=shape)
    probabilities = textbook(loss.softmax, logits, shape=shape)
    losses = textbook(loss.cross_entropy, logits, targets, shape=(samples,))
    each = functional.cross_entropy(logits, labels, reduction="none")
    assert_same(targets, functional.one_hot(labels, shape[1]).double())
    assert_same(probabilities, functional.softmax(logits, dim=1))
    assert_same(losses, each)
    assert_same(losses.mean(), mean)

    gradient = loss.softmax_cross_entropy_gradient
    ours = textbook(gradient, probabilities, targets, shape=shape, after=(samples,))
    assert_same(ours, logits.grad)

    hits = textbook(loss.count_hits, probabilities, targets, shape=(samples,))
    assert hits.tolist() == (probabilities.argmax(dim=1) == labels).tolist()


# The first step and gradient descent.


@judge
@given(SEEDS, MAPS)
def test_scale_pixels(seed, shape):
    generator = torch.Generator().manual_seed(seed)
    pixels = torch.randint(0, 256, shape, generator=generator)
    assert_same(textbook(scale_pixels, pixels, shape=shape), pixels.double() / 255)


@judge
@given(
    SEEDS,
    st.sampled_from(
        [(optimizer.sgd_vector, 1), (optimizer.sgd_matrix, 2), (optimizer.sgd_kernels, 4)]
    ),
    st.tuples(SIZES, SIZES, SIZES, SIZES),
    st.floats(0.0, 1.0),
)
def test_gradient_descent(seed, case, sizes, rate):
    function, indices = case
    values = normal(seed, *sizes[:indices])
    values.grad = normal(seed + 1, *sizes[:indices]).detach()
    ours = values.tolist()
    function(ours, values.grad.tolist(), rate)
    torch.optim.SGD([values], lr=rate).step()
    assert_same(torch.tensor(ours, dtype=torch.float64), values)
