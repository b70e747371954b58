"""Expressions as people write them: `exp(fc2[5] − largest) / total`, with names or with numbers."""

from __future__ import annotations

from verypoorcnn.explain.expression import Expression

SHOWN = 3  # operands of a sum or a maximum that stand there in full


def formula(expression: Expression, numbers: bool = False) -> str:
    """One line: the names of what it is made of, or their values in full digits."""
    match expression.kind:
        case "element" | "constant" | "part":
            return repr(expression.value) if numbers else expression.name
        case "sum":
            return _sum(expression, numbers)
        case "product":
            return " × ".join(_bracketed(t.expression, numbers) for t in expression.terms)
        case "quotient":
            return " / ".join(_bracketed(t.expression, numbers) for t in expression.terms)
        case "negative":
            return f"−{_bracketed(expression.terms[0].expression, numbers)}"
    name = {"maximum": "max", "minimum": "min"}.get(expression.kind, expression.kind)
    return f"{name}({', '.join(_few([formula(t.expression, numbers) for t in expression.terms]))})"


def _sum(expression: Expression, numbers: bool) -> str:
    first, *rest = expression.terms
    words = [_summand(first.expression, numbers)]
    words += [f"{term.sign} {_summand(term.expression, numbers)}" for term in rest]
    return " ".join(_few(words, "+ …"))


def _summand(expression: Expression, numbers: bool) -> str:
    text = formula(expression, numbers)
    return f"({text})" if expression.kind in ("sum", "negative") else text


def _bracketed(expression: Expression, numbers: bool) -> str:
    text = formula(expression, numbers)
    compound = expression.kind in ("sum", "product", "quotient", "negative")
    return f"({text})" if compound else text


def _few(words: list[str], dots: str = "…") -> list[str]:
    """The first, dots, and the last, of many."""
    return words if len(words) <= SHOWN else [words[0], dots, words[-1]]
