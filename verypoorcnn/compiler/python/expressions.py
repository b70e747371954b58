"""Expressions as Python text.

Each expression of the IR becomes once a small function that gives its text for the turn that is
being written out; how tightly its outermost operator binds is known beforehand.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite

from verypoorcnn.compiler.affine import Affine
from verypoorcnn.compiler.loops import (
    Array,
    Binary,
    Both,
    Choice,
    Compare,
    Comparison,
    Condition,
    Constant,
    Either,
    Expression,
    Guard,
    Index,
    Load,
    Local,
    Not,
    Number,
    Scalar,
    Unary,
    compare,
)
from verypoorcnn.compiler.python.names import Names

Text = Callable[[], str]
Answer = Callable[[], str | bool]  # of a condition: its text, or what is known already

TIGHTNESS = {"+": 1, "-": 1, "*": 2, "/": 2, "max": 0, "min": 0}
ATOM = 9


class Expressions:
    """Makes the functions that give texts; `turn` holds the values of the unrolled variables."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.turn: dict[str, int] = {}
        self.tables: dict[str, str] = {}  # their names, by the rule that fills them
        self.named: dict[str, str] = {}  # locals, scalars and rolled variables in the text

    def name(self, name: str) -> str:
        """What a local, scalar or loop variable is called in the text."""
        if name not in self.named:
            self.named[name] = self.names.fresh(name)
        return self.named[name]

    def element(self, array: Array, index: Index) -> Text:
        """An element that is read."""
        raise NotImplementedError

    def text(self, expression: Expression) -> Text:
        """The text of an expression."""
        match expression:
            case Constant(value):
                return _always(number(value))
            case Scalar(name) | Local(name):
                return _always(self.name(name))
            case Number(whole):
                return self.whole_number(whole)
            case Load(array, index):
                return self.element(array, index)
            case Binary("max" | "min"):
                return self.extreme(expression)
            case Binary(operator, Load(array, index), Constant(value)) if array.kind == "byte" and (
                operator,
                value,
            ) != ("/", 0.0):
                return self.looked_up(f"byte {operator} {number(value)}", array, index)
            case Binary(operator, left, right):
                tight = TIGHTNESS[operator]
                return _joined(
                    f" {operator} ", self.operand(left, tight), self.operand(right, tight + 1)
                )
            case Unary("-", operand):
                inner = self.operand(operand, 3)
                return lambda: f"-{inner()}"
            case Unary(operator, operand):
                inner = self.text(operand)
                return lambda: f"{operator}({inner()})"
            case Choice(condition, then, otherwise):
                return self.choice(condition, then, otherwise)

    def operand(self, expression: Expression, tight: int) -> Text:
        """In brackets unless it binds at least so tightly."""
        text = self.text(expression)
        return text if tightness(expression) >= tight else lambda: f"({text()})"

    def looked_up(self, rule: str, array: Array, index: Index) -> Text:
        """What is computed of a byte and a constant stands in a table of all bytes."""
        if rule not in self.tables:
            self.tables[rule] = self.names.fresh("table")
        table, element = self.tables[rule], self.element(array, index)
        return lambda: f"{table}[{element()}]"

    def whole_number(self, whole: Affine) -> Text:
        def text() -> str:
            known = self.known(whole)
            return f"{known.constant}.0" if known.is_constant else f"({self.affine(known)})"

        return text

    def extreme(self, expression: Binary) -> Text:
        """max and min, which give the left one unless the right one is larger, smaller."""
        sign = ">" if expression.operator == "max" else "<"
        (b, first_b), (a, first_a) = map(self.twice, (expression.right, expression.left))
        return lambda: f"{b()} if {first_b()} {sign} {first_a()} else {a()}"

    def twice(self, expression: Expression) -> tuple[Text, Text]:
        """Texts for an operand that is needed twice: again, and the first time."""
        text = self.text(expression)
        if isinstance(expression, Constant | Scalar | Local | Load | Number):
            return text, text
        kept = self.names.fresh("kept")
        return _always(kept), lambda: f"({kept} := {text()})"

    def choice(self, condition: Condition, then: Expression, otherwise: Expression) -> Text:
        answer = self.condition(condition)
        texts = self.operand(then, 1), self.operand(otherwise, 1)

        def text() -> str:
            known = answer()
            if isinstance(known, bool):
                return f"({texts[not known]()})"
            return f"{texts[0]()} if {known} else {texts[1]()}"

        return text

    # Conditions.

    def condition(self, condition: Condition) -> Answer:
        """The text of a condition, or True or False."""
        match condition:
            case Guard(operator, whole):
                return self.guard(operator, whole)
            case Comparison(operator, left, right):
                return _joined(f" {operator} ", self.operand(left, 1), self.operand(right, 1))
            case Both(left, right):
                return _both(self.condition(left), self.condition(right), " and ", True)
            case Either(left, right):
                return _both(self.condition(left), self.condition(right), " or ", False)
            case Not(inner):
                answer = self.condition(inner)
                return lambda: _opposite(answer())

    def guard(self, operator: Compare, whole: Affine) -> Answer:
        def text() -> str | bool:
            known = self.known(whole)
            if known.is_constant:
                return compare(operator, known.constant)
            return f"{self.affine(known - known.constant)} {operator} {-known.constant}"

        return text

    # Whole numbers.

    def known(self, whole: Affine) -> Affine:
        """With the values of the unrolled variables in it."""
        constant = whole.constant
        terms = []
        for variable, factor in whole.terms:
            value = self.turn.get(variable)
            if value is None:
                terms.append((variable, factor))
            else:
                constant += factor * value
        return Affine(constant, terms)

    def affine(self, whole: Affine) -> str:
        """A whole number in terms of the rolled variables."""
        terms = sorted(whole.terms, key=lambda term: -abs(term[1]))
        words = [self.name(v) if k == 1 else f"{k}*{self.name(v)}" for v, k in terms]
        if whole.constant or not words:
            words.append(str(whole.constant))
        return " + ".join(words).replace("+ -", "- ")


def number(value: float) -> str:
    """A float as Python reads it, infinity too."""
    if isfinite(value):
        return repr(value)
    return "1e999" if value > 0 else "-1e999"


def tightness(expression: Expression) -> int:
    """How tightly its outermost operator binds; brackets are needed where more is wanted."""
    match expression:
        case Binary(operator, _, _):
            return TIGHTNESS[operator]
        case Unary("-", _):
            return 3
        case Choice():
            return 0
    return ATOM


def _always(text: str) -> Text:
    return lambda: text


def _joined(between: str, left: Text, right: Text) -> Text:
    return lambda: f"{left()}{between}{right()}"


def _opposite(known: str | bool) -> str | bool:
    return not known if isinstance(known, bool) else f"not ({known})"


def _both(left: Answer, right: Answer, between: str, neutral: bool) -> Answer:
    def text() -> str | bool:
        first = left()
        if first is (not neutral):
            return first
        second = right()
        if first is neutral or (second is not neutral and isinstance(second, bool)):
            return second
        return first if second is neutral else f"({first}{between}{second})"

    return text
