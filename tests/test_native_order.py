"""Loops that must not be reordered: machine code is right, or the compiler refuses."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.compiled import (
    mean_shift,
    position_of_largest,
    prefix_sums,
    recurrence,
    reversal_in_place,
    shifted_both_ways,
)
from tests.native import ISAS, TOLERANCE, largest_error, per_sample, shared
from verypoorcnn.compiler.loops import Array
from verypoorcnn.compiler.lowering.x86 import Isa
from verypoorcnn.compiler.schedule.legality import NotVectorizable

pytestmark = pytest.mark.skipif(not ISAS, reason="machine code cannot run here")


def running(images, outputs):
    for s in range(len(images)):
        carry = 0.0
        for i in range(len(images[s])):
            carry = max(carry * 0.9, images[s][i]) - min(images[s][i], 0.25)
            if carry > 0.5:
                carry = carry - 0.5
            else:
                carry = carry * 0.5
            outputs[s][i] = carry


def last_one_stays(images, outputs):
    for s in range(len(images)):
        last = 0.0
        for i in range(len(images[s])):
            last = images[s][i]
            outputs[s][i] = last * 2.0
        outputs[s][0] = last


def name_used_twice(images, outputs):
    for s in range(len(images)):
        value = images[s][0]
        for i in range(len(images[s])):
            outputs[s][i] = value
            value = outputs[s][i] + 1.0
        for i in range(len(images[s])):
            value = images[s][i] * 3.0
            outputs[s][i] += value


def nested_carry(images, outputs):
    for s in range(len(images)):
        carry = 1.0
        for i in range(len(images[s])):
            twice = carry * 2.0
            for _j in range(3):
                carry = carry * 0.5 + images[s][i]
                twice = carry * 2.0
            outputs[s][i] = twice + carry * 2.0


def loop_in_one_branch(images, outputs):
    for s in range(len(images)):
        value = images[s][0]
        if images[s][1] > 0.0:
            for i in range(len(images[s])):
                value = images[s][i] * 2.0
                outputs[s][i] = value
        else:
            for i in range(len(images[s])):
                outputs[s][i] = value + images[s][i]


def given_anew_after_an_inner_loop(images, outputs):
    for s in range(len(images)):
        last = images[s][0]
        for i in range(1, len(images[s])):
            share = last
            for j in range(2):
                outputs[s][j] += share
                last = 1.0
            total = 0.0
            for _j in range(2):
                total -= outputs[s][i]
            last = total * 0.5
        outputs[s][0] += last


def grows_from_turn_to_turn(images, outputs):
    weight = 0.5
    for _k in range(3):
        weight += 0.25
        for s in range(len(images)):
            for i in range(len(images[s])):
                outputs[s][i] += weight * images[s][i]


def read_after_the_loops(images, outputs):
    weight = 0.5
    for _k in range(3):
        weight = 0.25
        for s in range(len(images)):
            for i in range(len(images[s])):
                outputs[s][i] += weight * images[s][i]
    for s in range(len(images)):
        outputs[s][0] = weight


FUNCTIONS = [
    given_anew_after_an_inner_loop,
    grows_from_turn_to_turn,
    read_after_the_loops,
    loop_in_one_branch,
    prefix_sums,
    recurrence,
    reversal_in_place,
    position_of_largest,
    running,
    shifted_both_ways,
    mean_shift,
    last_one_stays,
    name_used_twice,
    nested_carry,
]


@pytest.mark.parametrize("isa", ISAS, ids=lambda isa: isa.name)
@pytest.mark.parametrize("length", [5, 12, 60, 200])
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_order_is_kept(function: Callable[..., None], length: int, isa: Isa) -> None:
    arguments = [per_sample("images", length), per_sample("outputs", length)]
    assert largest_error(function, arguments, isa, samples=13) < TOLERANCE


def sums_of_products(images, totals):
    for s in range(len(images)):
        for i in range(len(images[s])):
            totals[i] += images[s][i] * images[s][0]


def ones(images, totals):
    for s in range(len(images)):
        for i in range(len(images[s])):
            if images[s][i] == images[s][i]:
                totals[i] += 1.0


def sum_of_exponentials(images, totals):
    for i in range(len(totals)):
        total = 0.5
        for s in range(len(images)):
            if images[s][i] > 0.0:
                total += exp(images[s][i])  # noqa: F821
        totals[i] = total


@pytest.mark.parametrize("isa", ISAS, ids=lambda isa: isa.name)
@pytest.mark.parametrize("samples", [16, 7, 1])
@pytest.mark.parametrize("function", [sums_of_products, ones, sum_of_exponentials])
def test_sums_over_the_samples_that_exist(
    function: Callable[..., None], samples: int, isa: Isa, monkeypatch: pytest.MonkeyPatch
) -> None:
    from math import exp

    monkeypatch.setitem(function.__globals__, "exp", exp)
    arguments = [per_sample("images", 20), shared("totals", 20)]
    assert largest_error(function, arguments, isa, samples=samples) < TOLERANCE


def largest_of_all(images, totals):
    for i in range(len(totals)):
        largest = images[0][i]
        for s in range(len(images)):
            largest = max(largest, images[s][i])
        totals[i] = largest


def largest_of_samples(images, totals):
    for i in range(len(totals)):
        largest = 0.0
        for s in range(len(images)):
            largest = max(largest, images[s][i])
        totals[i] = largest


def next_sample(images, outputs):
    for s in range(len(images) - 1):
        for i in range(len(images[s])):
            outputs[s][i] = images[s + 1][i]


def sample_to_sample(images, outputs):
    carry = 0.0
    for s in range(len(images)):
        for i in range(len(images[s])):
            carry = carry * 0.5 + images[s][i]
            outputs[s][i] = carry


def last_sample_wins(images, totals):
    for s in range(len(images)):
        for i in range(len(images[s])):
            totals[i] = images[s][i]


@pytest.mark.parametrize(
    ("function", "result"),
    [
        (largest_of_all, shared("totals", 9)),
        (largest_of_samples, shared("totals", 9)),
        (next_sample, per_sample("outputs", 9)),
        (sample_to_sample, per_sample("outputs", 9)),
        (last_sample_wins, shared("totals", 9)),
    ],
)
def test_what_mixes_samples_is_refused(function: Callable[..., None], result: object) -> None:
    with pytest.raises(NotVectorizable):
        largest_error(function, [per_sample("images", 9), result], ISAS[0])  # type: ignore[list-item]


def halved_sum(images, totals):
    for i in range(len(totals)):
        total = 0.0
        for s in range(len(images)):
            total += images[s][i]
        totals[i] = total / 2.0


def test_what_needs_the_whole_batch_is_refused_group_by_group() -> None:
    arguments = [per_sample("images", 9), shared("totals", 9)]
    assert largest_error(halved_sum, arguments, ISAS[0]) < TOLERANCE
    with pytest.raises(NotVectorizable, match="whole batch"):
        largest_error(halved_sum, arguments, ISAS[0], samples=32)


def less_the_sum(images, outputs):
    total = 0.5
    for s in range(len(images)):
        total += images[s][0]
    for s in range(len(images)):
        outputs[s][0] = images[s][0] - total


def read_before_it_is_added_to(images, totals):
    start = totals[0] * 0.5
    for s in range(len(images)):
        totals[0] += images[s][0] * start


def sum_of_weights(images, totals):
    for s in range(len(images)):
        images[s][0] = 1.0
    weight = 0.0
    for _i in range(len(totals)):
        weight += 0.5
    totals[0] = weight


@pytest.mark.parametrize(
    ("function", "result", "reason"),
    [
        (read_before_it_is_added_to, shared("totals", 9), "totals is read before all groups"),
        (less_the_sum, per_sample("outputs", 9), "'total' is read before all groups"),
        (sum_of_weights, shared("totals", 9), "totals gets no sum over samples"),
    ],
)
def test_what_is_more_than_a_sum_is_refused_group_by_group(
    function: Callable[..., None], result: Array, reason: str
) -> None:
    arguments = [per_sample("images", 9), result]
    assert largest_error(function, arguments, ISAS[0]) < TOLERANCE
    with pytest.raises(NotVectorizable, match=reason):
        largest_error(function, arguments, ISAS[0], samples=32)


def along_rows(values, others):
    for k in range(len(values)):
        for d in range(1, len(values[k])):
            values[k][d] = values[k][d - 1] + others[k][d]


def upside_down(values, others):
    for k in range(len(values)):
        for d in range(len(values[k])):
            values[k][d] = others[len(values) - 1 - k][d] - values[k][d]


def turned_round(values, others):
    for k in range(len(values)):
        for d in range(len(values[k])):
            values[k][d] = others[k][len(values[k]) - 1 - d]


def less_the_first_column(values, others):
    total = 0.0
    for k in range(len(values)):
        total += values[k][0]
    for k in range(len(values)):
        others[k][0] = values[k][0] - total


def to_scalars(values, others):
    for k in range(len(values)):
        largest = others[k][0]
        for d in range(len(others[k])):
            if others[k][d] > largest:
                largest = others[k][d]
        for d in range(len(values[k])):
            values[k][d] += largest


@pytest.mark.parametrize("isa", ISAS, ids=lambda isa: isa.name)
@pytest.mark.parametrize("columns", [3, 16, 37])
@pytest.mark.parametrize(
    "function", [along_rows, upside_down, turned_round, to_scalars, less_the_first_column]
)
def test_without_samples(function: Callable[..., None], columns: int, isa: Isa) -> None:
    arguments = [shared("values", 5, columns), shared("others", 5, columns)]
    assert largest_error(function, arguments, isa) < TOLERANCE
