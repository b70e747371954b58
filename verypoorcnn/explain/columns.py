"""Long sums as columns: what hundreds of terms have in common is said once.

A dictionary a term repeats `"array": "conv1.weight"` for each.  Where terms are alike, products of
elements of the same arrays, a column for each index, factor, product and running total says the
same in a third of the bytes, and sooner.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from verypoorcnn.explain.expression import Expression, Term

SHORTEST = 16  # terms that are worth a table


def with_columns(expression: Expression) -> dict[str, Any]:
    """For JSON: as `Expression.as_dict`, but of many terms that are alike `columns` stand for them.

    Terms that follow and are of another kind, as a bias, are `terms` as ever.
    """
    kind = _kind(expression.terms[0]) if len(expression.terms) >= SHORTEST else None
    alike = [*takewhile(lambda term: _kind(term) == kind, expression.terms)] if kind else []
    if len(alike) < SHORTEST:
        return expression.as_dict()
    rest = [term.as_dict() for term in expression.terms[len(alike) :]]
    known = {"kind": expression.kind, "value": expression.value}
    return {**known, "columns": _columns(alike), "terms": rest}


def _kind(term: Term) -> tuple[Any, ...] | None:
    """What terms that are alike have in common; None where a factor is no element."""
    elements = [factor.element for factor in term.factors]
    if None in elements:
        return None
    return term.sign, *((it.name, it.of, it.sample, len(it.index)) for it in elements if it)


def _columns(terms: Sequence[Term]) -> dict[str, Any]:
    sides = zip(*(term.factors for term in terms), strict=True)
    return {
        "sign": terms[0].sign,
        "value": [term.expression.value for term in terms],
        "running": [term.running for term in terms],
        "factors": [_side(side) for side in sides],
    }


def _side(factors: Sequence[Expression]) -> dict[str, Any]:
    """One factor of each term: what array it is of, its indices, its values."""
    elements = [factor.element for factor in factors if factor.element]
    indices = zip(*(element.index for element in elements), strict=True)
    return {
        **elements[0].as_dict(),
        "index": [*map(list, indices)],
        "value": [factor.value for factor in factors],
    }
