"""The network as data: shapes, parameters, first values, programs, and what cannot be."""

from __future__ import annotations

from math import sqrt
from statistics import pstdev

import pytest

from tests.engines import NETWORKS, ToyScale
from verypoorcnn.errors import UserError
from verypoorcnn.network import Conv2D, Dense, Flatten, MaxPool2D, Network, ReLU
from verypoorcnn.network.layer import Layer
from verypoorcnn.network.network import network_from_settings
from verypoorcnn.network.presets import lenet5, paper, preset


def test_the_papers_network():
    network = paper()
    assert [(s.name, s.output_shape, s.parameter_count) for s in network.stages] == [
        ("conv1", (4, 8, 8), 100),
        ("relu1", (4, 8, 8), 0),
        ("pool1", (4, 6, 6), 0),
        ("flatten1", (144,), 0),
        ("fc1", (32,), 144 * 32 + 32),
        ("relu2", (32,), 0),
        ("fc2", (10,), 32 * 10 + 10),
    ]
    assert network.parameter_count == 5070
    assert network.multiply_adds == 4 * 8 * 8 * 25 + 144 * 32 + 32 * 10


def test_lenet5_has_the_sizes_everyone_knows():
    assert lenet5().parameter_count == 61_706
    assert lenet5().stages[6].output_shape == (400,)


def test_parameters_have_pytorchs_names_and_shapes():
    shapes = {name: p.shape for name, p in paper().parameters.items()}
    assert shapes == {
        "conv1.weight": (4, 1, 5, 5),
        "fc1.weight": (32, 144),
        "fc1.bias": (32,),
        "fc2.weight": (10, 32),
        "fc2.bias": (10,),
    }


@pytest.mark.parametrize(
    ("layer", "before", "after"),
    [
        (Conv2D(filters=4, kernel_size=5, strides=3), (1, 28, 28), (4, 8, 8)),
        (Conv2D(filters=2, kernel_size=3, padding=1), (3, 7, 5), (2, 7, 5)),
        (Conv2D(filters=2, kernel_size=2, strides=2), (1, 5, 4), (2, 2, 2)),  # (5 − 2) // 2 + 1
        (Conv2D(filters=1, kernel_size=1), (1, 1, 1), (1, 1, 1)),
        (MaxPool2D(pool_size=3, strides=1), (4, 8, 8), (4, 6, 6)),
        (MaxPool2D(pool_size=2), (4, 5, 6), (4, 2, 3)),
        (ReLU(), (4, 8, 8), (4, 8, 8)),
        (ReLU(), (9,), (9,)),
        (Flatten(), (4, 6, 6), (144,)),
        (Dense(units=10), (144,), (10,)),
    ],
)
def test_output_shapes(layer, before, after):
    assert layer.output_shape(before) == after


def test_initializers_by_rule():
    network = paper()
    rules = {name: p.initializer for name, p in network.parameters.items()}
    assert rules == {
        "conv1.weight": "he_normal",
        "fc1.weight": "he_normal",
        "fc1.bias": "zeros",
        "fc2.weight": "glorot_uniform",  # no ReLU behind it
        "fc2.bias": "zeros",
    }
    values = network.initial_parameters(0)
    assert set(values["fc1.bias"].values) == {0.0}
    # He: √(2 / 144) = 0.118; 4,608 draws give the deviation to about 1 %
    assert abs(pstdev(values["fc1.weight"].values) / sqrt(2 / 144) - 1) < 0.05
    limit = sqrt(6 / (32 + 10))
    assert max(map(abs, values["fc2.weight"].values)) <= limit
    assert max(map(abs, values["fc2.weight"].values)) > 0.95 * limit


def test_an_initializer_by_choice():
    layers = (Conv2D(2, 3, initializer="uniform"), ReLU(), Flatten(), Dense(2))
    network = Network((1, 5, 5), layers)
    values = network.initial_parameters(0)["conv1.weight"].values
    assert 0.2 < max(map(abs, values)) <= 1 / 3  # √(1 / 9)


def test_he_also_where_pooling_stands_between_layer_and_relu():
    network = Network((1, 6, 6), (Conv2D(2, 3), MaxPool2D(2), ReLU(), Flatten(), Dense(2)))
    assert network.parameters["conv1.weight"].initializer == "he_normal"


def test_first_values_depend_on_the_seed_alone():
    assert paper().initial_parameters(7) == paper().initial_parameters(7)
    assert paper().initial_parameters(7) != paper().initial_parameters(8)


def test_the_program_is_the_textbook_in_order():
    names = [call.function.__name__ for call in paper().program().training_step]
    assert names == [
        *("scale_pixels", "one_hot"),
        *("conv2d", "relu_maps", "max_pool", "flatten"),
        *("dense", "add_unit_biases", "relu_vectors", "dense", "add_unit_biases", "softmax"),
        *("cross_entropy", "count_hits"),
        "softmax_cross_entropy_gradient",
        *("dense_weight_gradient", "unit_bias_gradient", "dense_input_gradient"),
        "relu_vectors_gradient",
        *("dense_weight_gradient", "unit_bias_gradient", "dense_input_gradient"),
        *("flatten_gradient", "max_pool_gradient", "relu_maps_gradient"),
        "conv2d_kernel_gradient",  # and no image gradient: nothing before it learns
        *("sgd_kernels", "sgd_matrix", "sgd_vector", "sgd_matrix", "sgd_vector"),
    ]


def test_the_program_prints_itself():
    text = str(paper().program())
    assert "    conv2d(images, conv1.weight, conv1.output, 3, 0)\n" in text
    assert "    sgd_kernels(conv1.weight, conv1.weight.gradient, rate)\n" in text


def test_the_input_gradient_is_made_when_asked_for():
    last = paper().program(input_gradient=True).backward[-1]
    assert str(last).startswith("conv2d_image_gradient(")
    assert last.arguments[2].name == "input.gradient"


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS.keys())
def test_every_buffer_is_written_before_it_is_read(network):
    program = network.program()
    known = {"pixels", "labels"} | {buffer.name for buffer in program.parameters}
    for call in program.training_step:
        *read, written = _arrays(call)
        assert set(read) <= known, call
        known.add(written)


def _arrays(call):
    """Names of a call's buffers, the one that is written last."""
    names = [buffer.name for buffer in call.buffers]
    function = call.function
    parameters = [
        name
        for name, argument in zip(function.__code__.co_varnames, call.arguments, strict=False)
        if hasattr(argument, "per_sample")
    ]
    in_place = function.__name__.startswith(("sgd", "add"))
    written = parameters[0] if in_place else parameters[-1]
    return [*names, names[parameters.index(written)]] if in_place else names


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS.keys())
def test_settings_give_the_same_network_back(network):
    assert network_from_settings(network.settings(), "here") == network


def test_a_layer_of_ones_own_is_known_by_its_name():
    assert Layer.kinds["ToyScale"] is ToyScale


LAYERS = (Conv2D(filters=4, kernel_size=5), Flatten(), Dense(units=3))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Conv2D(0, 5), "Conv2D: filters must be a whole number of at least 1, not 0"),
        (lambda: Conv2D(4, 5.0), "kernel_size must be a whole number of at least 1, not 5.0"),
        (lambda: Conv2D(4, True), "kernel_size must be a whole number of at least 1, not True"),
        (lambda: Conv2D(4, 3, padding=3), "padding 3 with kernel_size 3 .* use at most 2"),
        (lambda: Conv2D(4, 3, use_bias=1), "use_bias must be true or false, not 1"),
        (
            lambda: Dense(5, initializer="he_norml"),
            "initializer 'he_norml'; did you mean 'he_normal'",
        ),
        (lambda: MaxPool2D(2, strides=0), "MaxPool2D: strides must be .* not 0"),
        (lambda: Network((1, 4, 9), LAYERS), r"layer 1 \(conv1\): .*kernel_size 5 .* of 4×9"),
        (lambda: Network((1, 9, 9), (Dense(3),)), r"layer 1 \(fc1\): .*1×9×9.*put Flatten before"),
        (lambda: Network((1, 9, 9), (Flatten(), ReLU(), Conv2D(1, 1))), "conv1.* takes maps"),
        (lambda: Network((1, 2, 2), (MaxPool2D(3),)), "pool_size 3 is larger .* use at most 2"),
        (lambda: Network((1, 9, 9), (ReLU(),)), "last layer gives 1×9×9, .* end with Flatten"),
        (lambda: Network((1, 9, 9), (Flatten(), Dense(1))), "at least two classes"),
        (lambda: Network((1, 9), LAYERS), r"input_shape must be three .* not \[1, 9\]"),
        (lambda: Network((1, 0, 9), LAYERS), "input_shape must be three"),
        (lambda: Network((1, 28, 28), ()), "last layer gives 1×28×28"),
        (lambda: Network((1, 99999, 99999), LAYERS), "99999×99999 numbers is too large"),
        (lambda: Network((1, 99, 99), (Flatten(), Dense(10**6))), r"fc1\): .*too large"),
        (lambda: preset("papr", (1, 28, 28), 10), "no preset 'papr'; did you mean 'paper'"),
        (lambda: preset("paper", (1, 4, 4), 10), "kernel_size 5 is larger"),
    ],
)
def test_what_cannot_be_says_where_and_what_to_do(build, message):
    with pytest.raises(UserError, match=message) as error:
        build()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "net.toml: network needs the lists"),
        ({"input_shape": [1, 9, 9], "layer": []}, "net.toml: network has no 'layer'"),
        ({"input_shape": [1, 9, 9], "layers": [3]}, "layer 1 is 3, not a table"),
        ({"input_shape": [1, 9, 9], "layers": [{}]}, "layer 1: no layer type None"),
        (
            {"input_shape": [1, 9, 9], "layers": [{"type": "Conv3D"}]},
            "layer 1: no layer type 'Conv3D'; did you mean 'Conv2D'",
        ),
        (
            {"input_shape": [1, 9, 9], "layers": [{"type": "Dense"}]},
            "layer 1: Dense needs 'units'",
        ),
        (
            {"input_shape": [1, 9, 9], "layers": [{"type": "Dense", "unit": 3}]},
            "layer 1: Dense has no setting 'unit'; did you mean 'units'",
        ),
        (
            {"input_shape": [1, 9, 9], "layers": [{"type": "Dense", "units": "3"}]},
            "layer 1: Dense: units must be a whole number of at least 1, not '3'",
        ),
    ],
)
def test_settings_that_say_no_network(settings, message):
    with pytest.raises(UserError, match=message):
        network_from_settings(settings, "net.toml")


def test_a_parameter_that_gradient_descent_cannot_step_is_told():
    class Cube(ToyScale):
        prefix = "cube"

        def parameters(self, input_shape):
            from verypoorcnn.network.initializers import Parameter

            return {"factor": Parameter((1, 2, 3), "ones")}

    try:
        network = Network((1, 3, 3), (Cube(), Flatten(), Dense(2)))
        with pytest.raises(UserError, match=r"cube1.factor: .* 1, 2 or 4 indices, not 3"):
            network.program()
    finally:
        del Layer.kinds["Cube"]
