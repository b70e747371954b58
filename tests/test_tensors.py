"""From nested lists to one row of numbers, and back."""

from __future__ import annotations

from array import array
from itertools import product

import pytest

from verypoorcnn.files.tensors import Nested, Tensor, Typecode, from_nested, nested, zeros


def test_the_last_index_runs_fastest() -> None:
    tensor = from_nested([[1, 2, 3], [4, 5, 6]])
    assert tensor.shape == (2, 3)
    assert list(tensor.values) == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


def test_four_indices() -> None:
    shape = (2, 3, 4, 5)
    tensor = Tensor(shape, array("d", range(120)))
    lists = nested(tensor)
    for s, c, i, j in product(*map(range, shape)):
        assert lists[s][c][i][j] == ((s * 3 + c) * 4 + i) * 5 + j
    assert from_nested(lists) == tensor


def test_a_single_number_has_no_shape() -> None:
    assert from_nested(2.5) == Tensor((), array("d", [2.5]))
    assert nested(Tensor((), array("f", [2.5]))) == 2.5


@pytest.mark.parametrize(
    ("lists", "shape"),
    [([], (0,)), ([[], []], (2, 0)), ([[[]]], (1, 1, 0)), ([[[1.0]], [[2.0]]], (2, 1, 1))],
)
def test_empty_and_flat_dimensions(lists: Nested, shape: tuple[int, ...]) -> None:
    tensor = from_nested(lists)
    assert tensor.shape == shape
    assert nested(tensor) == lists


def test_nothing_of_three_columns_has_no_rows() -> None:
    assert nested(Tensor((0, 3), array("d"))) == []


def test_rows_may_be_tuples_or_arrays() -> None:
    assert from_nested([(1.0, 2.0), array("d", [3.0, 4.0])]) == from_nested([[1, 2], [3, 4]])


def test_float32_rounds_and_float64_does_not() -> None:
    assert nested(from_nested([0.1], "f")) == [0.10000000149011612]
    assert nested(from_nested([0.1], "d")) == [0.1]


def test_nested_lists_are_the_readers_own() -> None:
    tensor = from_nested([[1, 2], [3, 4]])
    nested(tensor)[0][0] = 9.0
    assert tensor.values[0] == 1.0


@pytest.mark.parametrize(
    "lists",
    [
        [[1, 2], [3]],
        [[1], 2],
        [1, [2]],
        [[], 1],
        [1, []],
        [[[1], [2]], [[3]]],
        [[[1]], [2]],
        [[1], [[2]]],
    ],
)
def test_ragged_lists_are_refused(lists: Nested) -> None:
    with pytest.raises(ValueError, match="give"):
        from_nested(lists)


@pytest.mark.parametrize("typecode", ["f", "d"])
@pytest.mark.parametrize(("shape", "count"), [((), 1), ((3,), 3), ((2, 3), 6), ((2, 0), 0)])
def test_zeros(shape: tuple[int, ...], count: int, typecode: Typecode) -> None:
    tensor = zeros(shape, typecode)
    assert tensor == Tensor(shape, array(typecode, [0.0] * count))
    assert tensor.values.typecode == typecode
