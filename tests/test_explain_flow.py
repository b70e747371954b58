"""Which calls run for a number, and which again when another changes: no fewer than are needed."""

from __future__ import annotations

from array import array

import pytest

from tests.engines import NETWORKS, random_images
from verypoorcnn.explain import Explainer
from verypoorcnn.explain.flow import flow
from verypoorcnn.files.tensors import Tensor
from verypoorcnn.network.presets import paper

SOME = NETWORKS["padded, biased, two convolutions"], NETWORKS["toy layer"]
BOTH_WAYS = pytest.mark.parametrize("compiled", [False, True], ids=["as it stands", "compiled"])


def functions(places):
    calls = flow(paper(), 1).calls
    return [calls[place].function.__name__ for place in places]


def test_a_value_needs_what_leads_to_it():
    found = functions(flow(paper(), 1).needed("relu1.output"))
    assert found == ["scale_pixels", "conv2d", "relu_maps"]
    assert flow(paper(), 1).needed("conv1.weight") == ()


def test_a_gradient_needs_no_other_parameters_gradients():
    found = functions(flow(paper(), 1).needed("conv1.weight.gradient"))
    assert "conv2d_kernel_gradient" in found
    assert not {"dense_weight_gradient", "conv2d_image_gradient", "count_hits"} & {*found}


def test_a_change_reaches_what_comes_after_it():
    found = functions(flow(paper(), 1).reached("fc1.weight"))
    assert found[0] == "dense"
    assert not {"conv2d", "max_pool"} & {*found}


def test_what_a_bias_is_added_to_is_computed_anew():
    network = NETWORKS["padded, biased, two convolutions"]
    known = flow(network, 1)
    first, second = (known.calls[place] for place in known.reached("conv1.bias")[:2])
    assert str(first).startswith("conv2d(images, conv1.weight, ")
    assert second.function.__name__ == "add_map_biases"


@BOTH_WAYS
@pytest.mark.parametrize("network", SOME, ids=["two convolutions", "toy layer"])
def test_arrays_are_the_same_in_whatever_order_they_are_asked_for(network, compiled):
    images, parameters = random_images(network, 2), network.initial_parameters(0)
    pixels = [images.image(k) for k in range(2)]
    there, back = (
        Explainer(network, parameters, pixels, [*images.labels], compiled=compiled)
        for _ in range(2)
    )
    asked = [(name, of) for of in ("value", "gradient") for name in there.arrays(of)]
    forwards = {question: repr(there.array(*question, 1)) for question in asked}
    assert forwards == {question: repr(back.array(*question, 1)) for question in asked[::-1]}


@BOTH_WAYS
@pytest.mark.parametrize("network", SOME, ids=["two convolutions", "toy layer"])
def test_a_changed_parameter_gives_the_loss_of_a_network_that_has_it(network, compiled):
    images, parameters = random_images(network, 1), network.initial_parameters(0)
    given = [images.image(0)], [*images.labels]
    known = Explainer(network, parameters, *given, compiled=compiled)
    before = {name: repr(known.array(name)) for name in known.arrays()}
    for name, (shape, values) in parameters.items():
        changed = {**parameters, name: Tensor(shape, array("d", [0.5, *values[1:]]))}
        expected = Explainer(network, changed, *given).value("loss")
        assert known.loss_with(name + "[0]" * len(shape), 0.5) == expected, name
    assert before == {name: repr(known.array(name)) for name in known.arrays()}


@BOTH_WAYS
def test_a_changed_number_in_between_goes_on_from_there(compiled):
    network = SOME[0]
    images, parameters = random_images(network, 1), network.initial_parameters(0)
    known = Explainer(network, parameters, [images.image(0)], [1], compiled=compiled)
    loss = known.value("loss")
    for name, shape in known.arrays("gradient").items():
        at = name + "[0]" * len(shape)
        assert known.loss_with(at, known.value(at)) == loss, name
        known.difference(at)
    assert known.value("loss") == loss
    assert known.loss_with("fc1[0]", known.value("fc1[0]") + 9.0) != loss
