"""Every textbook function on an example that one can check by hand."""

from __future__ import annotations

import importlib
import pkgutil
from math import e, log
from types import FunctionType

import pytest

import verypoorcnn.textbook
from verypoorcnn.textbook.activation import (
    relu_maps,
    relu_maps_gradient,
    relu_vectors,
    relu_vectors_gradient,
)
from verypoorcnn.textbook.convolution import (
    add_map_biases,
    conv2d,
    conv2d_image_gradient,
    conv2d_kernel_gradient,
    map_bias_gradient,
)
from verypoorcnn.textbook.dense import (
    add_unit_biases,
    dense,
    dense_input_gradient,
    dense_weight_gradient,
    flatten,
    flatten_gradient,
    unit_bias_gradient,
)
from verypoorcnn.textbook.first_step import one_hot, scale_pixels
from verypoorcnn.textbook.loss import (
    count_hits,
    cross_entropy,
    softmax,
    softmax_cross_entropy_gradient,
)
from verypoorcnn.textbook.optimizer import sgd_kernels, sgd_matrix, sgd_vector
from verypoorcnn.textbook.pooling import max_pool, max_pool_gradient

OLD = 99.0  # stood in the result before, and must be written over


def empty(*shape: int):
    """Nested lists of this shape, full of something old."""
    if not shape:
        return OLD
    return [empty(*shape[1:]) for _ in range(shape[0])]


def test_every_function_of_the_textbook_has_an_example_here():
    modules = [m.name for m in pkgutil.iter_modules(verypoorcnn.textbook.__path__)]
    chapters = [importlib.import_module(f"verypoorcnn.textbook.{name}") for name in modules]
    functions = [
        name for c in chapters for name, f in vars(c).items() if isinstance(f, FunctionType)
    ]
    examples = [name for name in globals() if name.startswith("test_")]
    assert len(functions) >= 25
    for function in functions:
        assert any(example.startswith(f"test_{function}") for example in examples), function


# The first step.


def test_scale_pixels():
    images = empty(1, 1, 1, 3)
    scale_pixels([[[bytes([0, 51, 255])]]], images)
    assert images == [[[[0.0, 0.2, 1.0]]]]  # 0/255  51/255  255/255


def test_one_hot():
    targets = empty(3, 3)
    one_hot([2, 0, 1], targets)
    assert targets == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]


# Convolution.

IMAGE = [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0], [6.0, 7.0, 8.0]]


def test_conv2d():
    kernel = [[0.0, 1.0], [2.0, 3.0]]
    maps = empty(1, 1, 2, 2)
    conv2d([[IMAGE]], [[kernel]], maps, 1, 0)
    assert maps == [
        [
            [
                [19, 25],  # 0*0 + 1*1 + 3*2 + 4*3   1*0 + 2*1 + 4*2 + 5*3
                [37, 43],  # 3*0 + 4*1 + 6*2 + 7*3   4*0 + 5*1 + 7*2 + 8*3
            ]
        ]
    ]


def test_conv2d_is_a_cross_correlation_and_does_not_turn_the_kernel():
    maps = empty(1, 1, 2, 2)
    conv2d([[IMAGE]], [[[[1.0, 0.0], [0.0, 0.0]]]], maps, 1, 0)
    assert maps == [[[[0, 1], [3, 4]]]]  # the upper left pixel of each window


def test_conv2d_with_stride_and_padding():
    maps = empty(1, 1, 2, 2)
    conv2d([[IMAGE]], [[[[1.0, 10.0], [100.0, 1000.0]]]], maps, 3, 1)
    # Windows begin at rows and columns -1 and 2; what is outside counts 0.
    assert maps == [
        [
            [
                [0, 200],  # 0*1000   2*100
                [60, 8],  # 6*10     8*1
            ]
        ]
    ]


def test_conv2d_of_several_samples_channels_and_filters():
    images = [[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]]  # 2 samples of 2 channels of 1×1
    kernels = [[[[1.0]], [[10.0]]], [[[0.0]], [[1.0]]], [[[2.0]], [[0.0]]]]  # 3 filters
    maps = empty(2, 3, 1, 1)
    conv2d(images, kernels, maps, 1, 0)
    assert maps == [
        [[[21]], [[2]], [[2]]],  # 1*1 + 2*10   1*0 + 2*1   1*2 + 2*0
        [[[43]], [[4]], [[6]]],  # 3*1 + 4*10   3*0 + 4*1   3*2 + 4*0
    ]


def test_conv2d_kernel_gradient():
    gradients = empty(1, 1, 2, 2)
    conv2d_kernel_gradient([[IMAGE]], [[[[1.0, 0.0], [0.0, 10.0]]]], gradients, 1, 0)
    assert gradients == [
        [
            [
                [40, 51],  # 1*0 + 10*4   1*1 + 10*5
                [73, 84],  # 1*3 + 10*7   1*4 + 10*8
            ]
        ]
    ]


def test_conv2d_kernel_gradient_sums_over_samples():
    images = [[[[2.0]]], [[[3.0]]]]
    gradients = empty(1, 1, 1, 1)
    conv2d_kernel_gradient(images, [[[[10.0]]], [[[100.0]]]], gradients, 1, 0)
    assert gradients == [[[[320]]]]  # 2*10 + 3*100


def test_conv2d_kernel_gradient_with_stride_and_padding():
    gradients = empty(1, 1, 2, 2)
    conv2d_kernel_gradient([[IMAGE]], [[[[1.0, 10.0], [100.0, 1000.0]]]], gradients, 3, 1)
    # Each number of the kernel meets one pixel inside the image, as in the forward example.
    assert gradients == [[[[8000, 600], [20, 0]]]]  # 1000*8   100*6   10*2   1*0


def test_conv2d_image_gradient():
    gradients = empty(1, 1, 3, 3)
    conv2d_image_gradient(
        [[[[1.0, 0.0], [0.0, 10.0]]]], [[[[1.0, 2.0], [3.0, 4.0]]]], gradients, 1, 0
    )
    assert gradients == [
        [
            [
                [1, 2, 0],  # 1*1   1*2
                [3, 14, 20],  # 1*3   1*4 + 10*1   10*2
                [0, 30, 40],  # 10*3   10*4
            ]
        ]
    ]


def test_conv2d_image_gradient_with_stride_and_padding():
    gradients = empty(1, 1, 3, 3)
    kernels = [[[[1.0, 10.0], [100.0, 1000.0]]]]
    conv2d_image_gradient([[[[1.0, 2.0], [3.0, 4.0]]]], kernels, gradients, 3, 1)
    # Only the corners of the image are seen, each by one output.
    assert gradients == [[[[1000, 0, 200], [0, 0, 0], [30, 0, 4]]]]  # 1*1000  2*100  3*10  4*1


def test_conv2d_image_gradient_of_several_samples_channels_and_filters():
    kernels = [[[[1.0]], [[10.0]]], [[[2.0]], [[20.0]]]]  # 2 filters for 2 channels
    gradients = empty(2, 2, 1, 1)
    conv2d_image_gradient([[[[1.0]], [[100.0]]], [[[0.0]], [[3.0]]]], kernels, gradients, 1, 0)
    assert gradients == [
        [[[201]], [[2010]]],  # 1*1 + 100*2   1*10 + 100*20
        [[[6]], [[60]]],  # 0*1 + 3*2   0*10 + 3*20
    ]


def test_add_map_biases():
    maps = [[[[1.0, 2.0]], [[3.0, 4.0]]], [[[5.0, 6.0]], [[7.0, 8.0]]]]
    add_map_biases(maps, [10.0, 20.0])
    assert maps == [[[[11, 12]], [[23, 24]]], [[[15, 16]], [[27, 28]]]]


def test_map_bias_gradient():
    gradients = empty(2)
    map_bias_gradient([[[[1.0, 2.0]], [[3.0, 4.0]]], [[[5.0, 6.0]], [[7.0, 8.0]]]], gradients)
    assert gradients == [14, 22]  # 1 + 2 + 5 + 6   3 + 4 + 7 + 8


# Activation.


def test_relu_maps():
    maps = empty(1, 2, 1, 2)
    relu_maps([[[[-1.0, 2.0]], [[0.0, -0.5]]]], maps)
    assert maps == [[[[0, 2]], [[0, 0]]]]


def test_relu_maps_gradient():
    gradients = empty(1, 2, 1, 2)
    relu_maps_gradient([[[[0.0, 2.0]], [[0.0, 3.0]]]], [[[[5.0, 6.0]], [[7.0, 8.0]]]], gradients)
    assert gradients == [[[[0, 6]], [[0, 8]]]]


def test_relu_vectors():
    outputs = empty(2, 2)
    relu_vectors([[-1.0, 2.0], [0.0, 3.0]], outputs)
    assert outputs == [[0, 2], [0, 3]]


def test_relu_vectors_gradient():
    gradients = empty(2, 2)
    relu_vectors_gradient([[0.0, 2.0], [0.0, 3.0]], [[5.0, 6.0], [7.0, 8.0]], gradients)
    assert gradients == [[0, 6], [0, 8]]


# Pooling.


def test_max_pool():
    maps = empty(1, 1, 2, 2)
    max_pool([[[[1.0, 7.0, 3.0], [4.0, 2.0, 6.0], [-1.0, -2.0, -3.0]]]], maps, 2, 1)
    assert maps == [[[[7, 7], [4, 6]]]]


def test_max_pool_of_negative_numbers():
    maps = empty(1, 1, 1, 1)
    max_pool([[[[-3.0, -2.0], [-4.0, -5.0]]]], maps, 2, 2)
    assert maps == [[[[-2]]]]


def test_max_pool_leaves_over_what_fills_no_window():
    maps = empty(1, 2, 1, 1)
    max_pool([[IMAGE, [[0.0, -1.0, 9.0], [1.0, -2.0, 9.0], [9.0, 9.0, 9.0]]]], maps, 2, 2)
    assert maps == [[[[4]], [[1]]]]


def test_max_pool_gradient():
    images = [[[[1.0, 7.0, 3.0], [4.0, 2.0, 6.0], [-1.0, -2.0, -3.0]]]]
    gradients = empty(1, 1, 3, 3)
    max_pool_gradient(
        images, [[[[7.0, 7.0], [4.0, 6.0]]]], [[[[1.0, 2.0], [3.0, 4.0]]]], gradients, 2, 1
    )
    assert gradients == [[[[0, 3, 0], [3, 0, 4], [0, 0, 0]]]]  # the 7 is largest twice: 1 + 2


def test_max_pool_gradient_goes_to_the_first_of_equals():
    gradients = empty(1, 2, 2, 2)
    equal, late = [[0.0, 0.0], [0.0, 0.0]], [[0.0, 1.0], [1.0, 1.0]]
    max_pool_gradient([[equal, late]], [[[[0.0]], [[1.0]]]], [[[[5.0]], [[6.0]]]], gradients, 2, 2)
    assert gradients == [[[[5, 0], [0, 0]], [[0, 6], [0, 0]]]]


# Dense layers.


IN_ORDER = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0]
AS_MAPS = [[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]], [[6.0, 7.0, 8.0], [9.0, 10.0, 11.0]]]


def test_flatten():
    vectors = empty(1, 12)
    flatten([AS_MAPS], vectors)
    assert vectors == [IN_ORDER]


def test_flatten_gradient():
    gradients = empty(2, 2, 2, 3)
    flatten_gradient([IN_ORDER, IN_ORDER], gradients)
    assert gradients == [AS_MAPS, AS_MAPS]


def test_dense():
    outputs = empty(2, 2)
    dense([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]], [[1.0, 2.0, 3.0], [0.0, -1.0, 0.0]], outputs)
    assert outputs == [
        [8, -1],  # 0*1 + 1*2 + 2*3   1*-1
        [26, -4],  # 3*1 + 4*2 + 5*3   4*-1
    ]


def test_dense_weight_gradient():
    gradients = empty(2, 3)
    dense_weight_gradient([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]], [[1.0, 0.0], [10.0, 2.0]], gradients)
    assert gradients == [
        [30, 41, 52],  # 1*0 + 10*3   1*1 + 10*4   1*2 + 10*5
        [6, 8, 10],  # 0*0 + 2*3    0*1 + 2*4    0*2 + 2*5
    ]


def test_dense_input_gradient():
    gradients = empty(2, 3)
    dense_input_gradient([[1.0, 0.0], [10.0, 2.0]], [[1.0, 2.0, 3.0], [0.0, -1.0, 0.0]], gradients)
    assert gradients == [
        [1, 2, 3],  # 1*1 + 0*0     1*2 - 0*1    1*3 + 0*0
        [10, 18, 30],  # 10*1 + 2*0   10*2 - 2*1   10*3 + 2*0
    ]


def test_add_unit_biases():
    outputs = [[1.0, 2.0], [3.0, 4.0]]
    add_unit_biases(outputs, [10.0, 20.0])
    assert outputs == [[11, 22], [13, 24]]


def test_unit_bias_gradient():
    gradients = empty(2)
    unit_bias_gradient([[1.0, 2.0], [3.0, 4.0]], gradients)
    assert gradients == [4, 6]  # 1 + 3   2 + 4


# The loss.


def test_softmax():
    probabilities = empty(2, 2)
    softmax([[0.0, 0.0], [0.0, log(3.0)]], probabilities)
    assert probabilities[0] == [0.5, 0.5]  # 1/2  1/2
    assert probabilities[1] == pytest.approx([0.25, 0.75])  # 1 / (1 + 3)   3 / (1 + 3)


def test_softmax_of_large_logits():
    probabilities = empty(2, 2)
    softmax([[10000.0, 10001.0], [-10000.0, 10000.0]], probabilities)
    assert probabilities[0] == pytest.approx([1 / (1 + e), e / (1 + e)])  # as of 0 and 1
    assert probabilities[1] == [0.0, 1.0]


def test_cross_entropy():
    losses = empty(3)
    logits = [[0.0, 0.0], [0.0, log(3.0)], [0.0, log(3.0)]]
    cross_entropy(logits, [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], losses)
    assert losses == pytest.approx([log(2), log(4), log(4 / 3)])  # -log of 1/2, 1/4, 3/4


def test_cross_entropy_of_large_logits():
    losses = empty(2)
    cross_entropy([[10000.0, -10000.0], [10000.0, -10000.0]], [[1.0, 0.0], [0.0, 1.0]], losses)
    assert losses == [0.0, 20000.0]  # certain and right; certain and wrong


def test_softmax_cross_entropy_gradient():
    gradients = empty(2, 2)
    probabilities, targets = [[0.25, 0.75], [0.5, 0.5]], [[1.0, 0.0], [0.0, 1.0]]
    softmax_cross_entropy_gradient(probabilities, targets, gradients, 2)
    assert gradients == [
        [-0.375, 0.375],  # (0.25 - 1) / 2   (0.75 - 0) / 2
        [0.25, -0.25],  # (0.5 - 0) / 2    (0.5 - 1) / 2
    ]


def test_count_hits():
    hits = empty(3)
    probabilities = [[0.1, 0.7, 0.2], [0.1, 0.7, 0.2], [0.8, 0.1, 0.1]]
    count_hits(probabilities, [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]], hits)
    assert hits == [1, 0, 1]


def test_count_hits_takes_the_first_of_equals_for_the_guess():
    hits = empty(2)
    count_hits([[0.2, 0.4, 0.4], [0.2, 0.4, 0.4]], [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], hits)
    assert hits == [1, 0]


# Gradient descent.


def test_sgd_vector():
    values = [1.0, 2.0]
    sgd_vector(values, [4.0, -8.0], 0.25)
    assert values == [0, 4]  # 1 - 0.25*4   2 + 0.25*8


def test_sgd_matrix():
    values = [[1.0, 2.0], [3.0, 4.0]]
    sgd_matrix(values, [[4.0, -8.0], [0.0, 2.0]], 0.25)
    assert values == [[0, 4], [3, 3.5]]


def test_sgd_kernels():
    values = [[[[1.0, 2.0]], [[3.0, 4.0]]]]
    sgd_kernels(values, [[[[4.0, -8.0]], [[0.0, 2.0]]]], 0.25)
    assert values == [[[[0, 4]], [[3, 3.5]]]]
