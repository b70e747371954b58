"""Narrowed runs: fewer turns, the same bits.  Where leaving turns out would be wrong, none is."""

from __future__ import annotations

from contextlib import suppress
from copy import deepcopy
from itertools import product
from random import Random

import pytest

from tests import compiled
from tests.engines import NETWORKS, random_images
from tests.fuzz import programs
from verypoorcnn.compiler.loops import Array
from verypoorcnn.compiler.source import read
from verypoorcnn.explain import Explainer
from verypoorcnn.explain.narrowing import Narrowing, narrowing
from verypoorcnn.numbers.traced import NamedList, Trace
from verypoorcnn.textbook import convolution, dense, loss, pooling

SOME = 5  # elements of an array that are asked for


def plan(function, shapes, result, *more):
    """The narrowing of a function for one of its lists; `more` are its whole numbers."""
    arrays = {name: Array(name, shape) for name, shape in shapes.items()}
    return narrowing(read(function, [*arrays.values(), *more]), arrays[result])


def stored(function, shapes, result, element, *more):
    """The elements that a narrowed run stores, one after the other."""
    found = plan(function, shapes, result, *more)
    trace = Trace()
    lists = [NamedList(trace, name, filled(shape, Random(1))) for name, shape in shapes.items()]
    trace.reading(function, range=found.range_for(element))(*lists, *more)
    return [step.operands[0].index for step in trace.steps if step.operation == "="]


def filled(shape, random):
    if not shape:
        return random.uniform(-1, 1)
    return [filled(shape[1:], random) for _ in range(shape[0])]


def test_a_convolution_computes_one_number_for_one_number():
    shapes = {"images": (2, 1, 6, 6), "kernels": (3, 1, 3, 3), "maps": (2, 3, 4, 4)}
    arguments = convolution.conv2d, shapes, "maps", (1, 2, 0, 3), 1, 0
    assert stored(*arguments) == [(1, 2, 0, 3)]


def test_a_pixels_gradient_meets_only_the_outputs_whose_window_covers_it():
    shapes = {"dm": (1, 2, 3, 3), "kernels": (2, 1, 3, 3), "di": (1, 1, 7, 7)}
    found = stored(convolution.conv2d_image_gradient, shapes, "di", (0, 0, 2, 2), 2, 0)
    assert found == [(0, 0, 2, 2)] * (1 + 2 * 4)  # set to 0; of two filters four windows each


def test_what_is_given_away_once_is_not_taken_from_its_order():
    """A window in which an earlier pixel is as large must be gone through from its start."""
    shapes = {"images": (1, 1, 2, 2), "maps": (1, 1, 1, 1), "dm": (1, 1, 1, 1), "di": (1, 1, 2, 2)}
    found = stored(pooling.max_pool_gradient, shapes, "di", (0, 0, 1, 1), 2, 2)
    assert found[0] == (0, 0, 1, 1)  # the zero; of the four windows' turns none is left out
    trace = Trace()
    values = [[[[3.0, 1.0], [1.0, 3.0]]]], [[[[3.0]]]], [[[[5.0]]]], [[[[9.0, 9.0], [9.0, 9.0]]]]
    lists = [NamedList(trace, n, v) for n, v in zip(shapes, values, strict=True)]
    narrowed = plan(pooling.max_pool_gradient, shapes, "di", 2, 2).range_for((0, 0, 1, 1))
    trace.reading(pooling.max_pool_gradient, range=narrowed)(*lists, 2, 2)
    assert lists[3].at((0, 0, 1, 1)).value == 0.0  # the first of the two has it


def test_softmax_adds_up_all_but_divides_once():
    shapes = {"logits": (2, 4), "probabilities": (2, 4)}
    found = stored(loss.softmax, shapes, "probabilities", (1, 2))
    assert found == [(1, 0), (1, 1), (1, 2), (1, 3), (1, 2)]


def test_a_dense_gradient():
    shapes = {"x": (3, 5), "dz": (3, 2), "dw": (2, 5)}
    assert stored(dense.dense_weight_gradient, shapes, "dw", (1, 4)) == [(1, 4)]


def lost(images, outputs):
    """The sum reads what other turns wrote."""
    for s in range(len(outputs)):
        for i in range(len(outputs[s])):
            outputs[s][i] = images[s][i] * 2.0
        total = 0.0
        for i in range(len(outputs[s])):
            outputs[s][i] = outputs[s][i] * 2.0
            total += outputs[s][i]
        for i in range(len(outputs[s])):
            outputs[s][i] = outputs[s][i] / total


def overwritten(images, outputs):
    """What was set is set again by another turn before it is looked at."""
    for s in range(len(outputs)):
        for i in range(len(outputs[s])):
            outputs[s][i] = 1.0
            for j in range(len(outputs[s])):
                outputs[s][j] = images[s][j]
            outputs[s][i] += 0.0
    for s in range(len(outputs)):
        total = 0.0
        for i in range(len(outputs[s])):
            total += outputs[s][i]
        outputs[s][0] = total


@pytest.mark.parametrize(
    "function", [*compiled.HARD, lost, overwritten], ids=lambda function: function.__name__
)
def test_functions_whose_turns_hang_together(function):
    arrays = compiled.two_arrays(3, 4)
    for array in arrays:
        assert_same_bits(function, arrays, compiled.random_lists(arrays), array)


@pytest.mark.parametrize("function", [lost, overwritten, compiled.reversal_in_place])
def test_functions_that_look_at_others_results_run_in_full(function):
    assert not plan(function, {"images": (2, 3), "outputs": (2, 3)}, "outputs").sound


def test_random_programs(tmp_path):
    compared = 0
    for program, function in programs(0, 15, tmp_path):
        arrays = [p for p in program.parameters if isinstance(p, Array)]
        for array in arrays:
            with suppress(ArithmeticError, ValueError):  # where CPython itself fails
                assert_same_bits(function, program.parameters, program.values, array)
                compared += 1
    assert compared > 25


def assert_same_bits(function, parameters, values, array):
    """Some elements of an array, by a narrowed run and by the function itself."""
    found = narrowing(read(function, parameters), array)
    whole = deepcopy(values)
    function(*whole)
    place = parameters.index(array)
    elements = [*product(*map(range, array.shape))]
    for index in Random(0).sample(elements, min(SOME, len(elements))):
        trace = Trace()
        arguments = [
            NamedList(trace, p.name, v) if isinstance(p, Array) else v
            for p, v in zip(parameters, values, strict=True)
        ]
        trace.reading(function, range=found.range_for(index))(*arguments)
        expected = whole[place]
        for position in index:
            expected = expected[position]
        assert repr(arguments[place].at(index).value) == repr(expected), (array.name, index)


def at_random(shape, random):
    return "".join(f"[{random.randrange(size)}]" for size in shape)


@pytest.mark.parametrize(
    "name", sorted(NETWORKS.keys() - {"paper"})
)  # whose full runs take seconds
def test_every_number_of_a_network_is_the_same_narrowed_and_in_full(name, monkeypatch):
    network = NETWORKS[name]
    images = random_images(network, 2)
    parameters = network.initial_parameters(1)
    explainer = Explainer(network, parameters, [images.image(0), images.image(1)], [*images.labels])
    random = Random(5)
    asked = [
        explainer.target(
            name + "".join(f"[{random.randrange(size)}]" for size in shape), of, sample
        )
        for of in ("value", "gradient", "update")
        for name, shape in explainer.arrays(of).items()
        for sample in range(2)
    ]
    narrowed = [explainer.arithmetic(target) for target in asked]
    monkeypatch.setattr(Narrowing, "range_for", lambda self, element: range)
    for target, one in zip(asked, narrowed, strict=True):
        whole = explainer.arithmetic(target)
        assert repr(one.value) == repr(whole.value), str(target)
        assert one.expression == whole.expression, str(target)
        assert one.parts == whole.parts, str(target)
        if target.of != "update":
            assert repr(one.value) == repr(explainer.value(target)), str(target)


def test_narrowing_is_why_it_is_fast():
    """Twelve products of a window, not the 288 of all windows."""
    network = NETWORKS["padded, biased, two convolutions"]
    explainer = Explainer(network, network.initial_parameters(0), [bytes(2 * 7 * 6)], [0])
    moments = explainer.arithmetic("conv2[1][1][1]").moments
    assert [m.operation for m in moments] == ["multiply-add"] * 12 + ["=", "+", "="]
