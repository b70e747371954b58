"""A few hundred of the random programs; `python3 -m tests.fuzz` runs as many as one likes."""

from __future__ import annotations

import pytest

from tests.fuzz import (
    BACK_ENDS,
    Case,
    back_ends_here,
    bits,
    differences,
    exactly,
    flat_of,
    main,
    nested_of,
    programs,
)
from tests.programs import Program, random_program
from verypoorcnn.compiler.loops import Array


@pytest.mark.parametrize("first", range(0, 240, 40))
def test_random_programs_give_the_bits_of_cpython(first, tmp_path):
    for program, original in programs(first, 40, tmp_path):
        for difference in differences(Case(program, original), back_ends_here()):
            pytest.fail(f"{program.text}\n{difference}")


def test_a_seed_gives_the_same_program_always():
    first, again = random_program(7), random_program(7)
    assert (first.text, first.values) == (again.text, again.values)
    assert random_program(7).text != random_program(8).text


def test_the_programs_are_of_every_kind():
    text = "\n".join(random_program(n).text for n in range(200))
    kinds = "for s in|if 0 <=|else:|elif|max(|min(|exp(|log(|sqrt(|/|+=|-=|*=|range(1, |- s]|two * "
    for what in [*kinds.split("|"), " and ", " or "]:
        assert what in text


def test_a_difference_is_found(tmp_path, monkeypatch, capsys):
    def wrong(function):
        yield "off by one", lambda values: values[0].append(1.0)

    monkeypatch.setitem(BACK_ENDS, "wrong", exactly(wrong))
    assert main(["--count", "3", "--against", "wrong"]) == 1
    assert "wrong, off by one" in capsys.readouterr().out
    assert main(["--count", "3", "--against", "interpreter"]) == 0


def test_bits_tell_zeros_apart_and_nans_alike():
    nan = float("nan")
    assert bits([[0.0], nan]) == bits([[0.0], -nan])
    assert bits([0.0]) != bits([-0.0])


def test_lists_go_flat_and_back():
    nested = [[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]]
    samples = Array("a", (2, 2, 2), per_sample=True)
    assert flat_of(nested, samples) == [[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]
    assert nested_of(flat_of(nested, samples), samples) == nested
    whole = Array("a", (2, 2, 2))
    assert nested_of(flat_of(nested, whole), whole) == nested
    assert Program("p", "").fresh_values() == []
