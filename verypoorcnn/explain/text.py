"""The arithmetic of a number as text, as a worked example in a textbook has it.

A sum stands as a table: one row a term, its factors with their places, the product, the sum so far.
All numbers are written in full: reading them back gives the same bits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from verypoorcnn.explain.arithmetic import Arithmetic, Condition
from verypoorcnn.explain.difference import Difference
from verypoorcnn.explain.expression import Expression, Term
from verypoorcnn.explain.formula import formula
from verypoorcnn.explain.reach import ReceptiveField
from verypoorcnn.explain.target import indices

FEW = 2  # terms that stand in one line
MOST = 30  # rows of a table that is shown in full
HEAD, TAIL = 10, 5  # rows of a longer one

Row = tuple[str, ...]


def arithmetic_text(arithmetic: Arithmetic, every: bool = False) -> str:
    """The worked example; with `every`, no row is left out."""
    lines = [f"{arithmetic.target} = {arithmetic.value!r}", *_origin(arithmetic)]
    if arithmetic.functions:
        lines += ["", *_worked(str(arithmetic.target), arithmetic.expression, every)]
    for name, part in arithmetic.parts.items():
        lines += ["", *_worked(name, part, every)]
    if arithmetic.conditions:
        lines += ["", "because", *_aligned([_condition(c) for c in arithmetic.conditions])]
    return "\n".join(lines)


def difference_text(difference: Difference) -> str:
    """The check of a gradient."""
    lines = [
        f"checked against the loss itself, nudged by ±{difference.step:g}:",
        f"  gradient          {difference.gradient!r}",
        f"  difference        {difference.difference!r}",
        f"  relative error    {difference.error:.1e}",
    ]
    if difference.corner:
        lines.append(
            f"  the loss has a corner here: slope {difference.left!r} on the left, "
            f"{difference.right!r} on the right; no difference can prove a gradient"
        )
    return "\n".join(lines)


def field_text(field: ReceptiveField) -> str:
    """`pixels that can change it: rows 6 to 16, columns 9 to 19`."""
    rows, columns = (" to ".join(map(str, ends)) for ends in (field.rows, field.columns))
    return f"pixels that can change it: rows {rows}, columns {columns}"


def _origin(arithmetic: Arithmetic) -> Iterator[str]:
    names = ", then ".join(f"{f.name} ({f.file}:{f.first_line})" for f in arithmetic.functions)
    yield f"{arithmetic.kind}, by {names}" if names else "given, not computed"
    if arithmetic.engine:
        name, value = arithmetic.engine
        yield f"the {name} engine has {value!r}"


def _worked(name: str, expression: Expression, every: bool) -> Iterator[str]:
    yield f"{name} = {formula(expression)}"
    match expression.kind:
        case "sum" if len(expression.terms) > FEW:
            yield from _aligned(_shortened(_sum(expression.terms), every))
        case "maximum" | "minimum":
            yield from _aligned(_shortened(_candidates(expression), every))
        case kind:
            numbers = formula(expression, numbers=True)
            if kind != "constant" and numbers != repr(expression.value):
                yield f"  = {numbers}"
            if kind != "constant":
                yield f"  = {expression.value!r}"


def _sum(terms: Sequence[Term]) -> list[Row]:
    """A heading, and a row a term: its factors, the product if it is one, the sum so far."""
    count = max(len(term.factors) for term in terms)
    heads = next([_array(f) for f in t.factors] for t in terms if len(t.factors) == count)
    rows = [[*_joined([(head, "") for head in heads]), "product"] if count > 1 else [*heads, ""]]
    for term in terms:
        cells = [_cells(f, head) for f, head in zip(term.factors, heads, strict=False)]
        row = [*_joined(cells), repr(term.expression.value)] if len(cells) > 1 else [*cells[0]]
        row[0] = f"{' ' if term.sign == '+' else term.sign} {row[0]}"
        rows.append(row + [""] * (len(rows[0]) - len(row)))
    rows[0][0] = f"  {rows[0][0]}"
    ends = ["sum so far", *(repr(term.running) for term in terms)]
    return [(*row, end) for row, end in zip(rows, ends, strict=True)]


def _joined(cells: Sequence[tuple[str, str]]) -> list[str]:
    """a × b =, a cell for each of the signs."""
    signs = ["×"] * (len(cells) - 1) + ["="]
    return [part for cell, sign in zip(cells, signs, strict=True) for part in (*cell, sign)]


def _cells(factor: Expression, head: str) -> tuple[str, str]:
    """Its place within the array that stands above, or all of its name; and its value."""
    if factor.element and _array(factor) == head and factor.element.index:
        return f"{indices(factor.element.index)}{_which(factor)}", repr(factor.value)
    return formula(factor), repr(factor.value)


def _which(factor: Expression) -> str:
    return f" of image {factor.element.sample}" if factor.element and factor.element.sample else ""


def _array(factor: Expression) -> str:
    """`∂conv1`; of what is no element nothing."""
    return str(replace(factor.element, index=(), sample=0)) if factor.element else ""


def _candidates(expression: Expression) -> list[Row]:
    """A row a candidate, the winner marked."""
    word = "largest" if expression.kind == "maximum" else "smallest"
    rows: list[Row] = [("", "", f"{word} so far")]
    for place, term in enumerate(expression.terms):
        mark = f"  ← the {word}" if place == expression.winner else ""
        name = f"  {formula(term.expression)}"
        rows.append((name, repr(term.expression.value), f"{term.running!r}{mark}"))
    return rows


def _condition(condition: Condition) -> Row:
    asked, found = (
        f"{formula(condition.left, n)} {condition.operator} {formula(condition.right, n)}"
        for n in (False, True)
    )
    answer = "holds" if condition.holds else "does not hold"
    return f"  {asked}", f"{found} {answer}", f"({condition.function}, line {condition.line})"


def _shortened(rows: Sequence[Row], every: bool) -> list[Row]:
    """The heading, the first and the last rows, and how many are not shown."""
    left_out = len(rows) - 1 - HEAD - TAIL
    if every or len(rows) - 1 <= MOST:
        return list(rows)
    dots = f"  … {left_out} more, which --all shows"
    return [*rows[: HEAD + 1], (dots,), *rows[-TAIL:]]


def _aligned(rows: Sequence[Row]) -> Iterator[str]:
    """Columns of equal width; a row of one cell stands as it is."""
    full = [row for row in rows if len(row) > 1]
    widths = [max(map(len, column)) for column in zip(*full, strict=True)]
    for row in rows:
        yield "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=False)
        ).rstrip()
