"""Expressions and conditions of one copy of a statement, as operations.

Products that are added become one operation, a multiply-add.  Conditions on whole numbers are
decided here, since the loops' bounds are known; conditions on floats become masks, and both sides
of a choice are computed.  Dividing by a constant is multiplying by its reciprocal, which can differ
in the last bit.
"""

from __future__ import annotations

from math import isinf

from verypoorcnn.compiler.loops import (
    Binary,
    Both,
    Choice,
    Comparison,
    Condition,
    Constant,
    Either,
    Expression,
    Guard,
    Load,
    Local,
    Not,
    Number,
    Scalar,
    Unary,
)
from verypoorcnn.compiler.schedule.legality import NotVectorizable, plain
from verypoorcnn.compiler.vector import functions
from verypoorcnn.compiler.vector.addresses import Addresses
from verypoorcnn.compiler.vector.builder import Builder
from verypoorcnn.compiler.vector.code import Value
from verypoorcnn.compiler.vector.points import Locals, Point

NAMES = {"+": "add", "-": "sub", "*": "mul", "/": "div", "max": "max", "min": "min"}
NORMAL = 2.0**-126  # smaller numbers lose bits
SMALLEST, INFINITE = 2.0**-150, 2.0**128 - 2.0**103  # in float32 these are 0 and infinity already


def in_range(number: float) -> float:
    """A number as it is, unless float32 would make 0 or infinity of it.

    Raises:
        NotVectorizable: it would.
    """
    if number and not isinf(number) and not SMALLEST < abs(number) < INFINITE:
        raise NotVectorizable(
            f"{number} is beyond float32, in which machine code computes; write a number from "
            "1e-45 to 3.4e38, or take the python back end"
        )
    return number


class Evaluator:
    """What the generator asks about expressions."""

    builder: Builder
    addresses: Addresses
    locals: Locals

    def evaluate(self, node: Expression, point: Point) -> Value:
        """The value of an expression at a point."""
        b = self.builder
        match node:
            case Load(array, index):
                return b.load(self.addresses.place(array, index, point))
            case Binary(operator, left, right):
                return self.binary(operator, left, right, point)
            case Local(name):
                return self.local(name, point)
            case Constant(value):
                return b.constant(in_range(value))
            case Scalar():
                return b.load(self.addresses.scalar(node))
            case Unary(operator, operand):
                return self.unary(operator, self.evaluate(operand, point))
            case Number(whole):
                low, high = self.addresses.ends(whole, point)
                if low != high:
                    raise NotVectorizable(f"the whole number {whole} is used as a float in a loop "
                                  "that runs at run time")  # fmt: skip
                return b.constant(float(low))
            case Choice(condition, then, otherwise):
                return self.choice(condition, then, otherwise, point)

    def local(self, name: str, point: Point) -> Value:
        """The value of a local."""
        value = self.locals.get(name, point.key)
        if value is None:
            raise NotVectorizable(
                f"'{plain(name)}' may be read before it has a value; give it one before"
            )
        return value

    def binary(self, operator: str, left: Expression, right: Expression, point: Point) -> Value:
        """An operation of two numbers, or a multiply-add."""
        b = self.builder
        match operator, left, right:
            case "+", _, Binary("*", x, y):
                return self.multiply_add("fma", x, y, left, point)
            case "+", Binary("*", x, y), _:
                return self.multiply_add("fma", x, y, right, point)
            case "-", _, Binary("*", x, y):
                return self.multiply_add("fnma", x, y, left, point)
            case "/", _, Constant(c) if c and NORMAL <= abs(1 / c) < INFINITE:
                return b.apply("mul", self.evaluate(left, point), b.constant(1 / c))
        first, second = self.evaluate(left, point), self.evaluate(right, point)
        if operator == "+" and b.number(first) == 0.0:
            return second
        return b.apply(NAMES[operator], first, second)

    def multiply_add(
        self, name: str, x: Expression, y: Expression, to: Expression, point: Point
    ) -> Value:
        """to ± x · y"""
        base = self.evaluate(to, point)
        left, right = self.evaluate(x, point), self.evaluate(y, point)
        if name == "fma" and self.builder.number(base) == 0.0:
            return self.builder.apply("mul", left, right)
        return self.builder.apply(name, left, right, base)

    def unary(self, operator: str, operand: Value) -> Value:
        """An operation of one number."""
        match operator:
            case "exp":
                return functions.exp(self.builder, operand)
            case "log":
                return functions.log(self.builder, operand)
            case "-":
                return self.builder.apply("neg", operand)
        return self.builder.apply(operator, operand)

    def choice(
        self, condition: Condition, then: Expression, otherwise: Expression, point: Point
    ) -> Value:
        """`then if condition else otherwise`."""
        decision = self.condition(condition, point)
        if isinstance(decision, bool):
            return self.evaluate(then if decision else otherwise, point)
        values = self.evaluate(then, point), self.evaluate(otherwise, point)
        return self.builder.apply("select", decision, *values)

    def condition(self, node: Condition, point: Point) -> bool | Value:
        """A condition: decided, or a mask."""
        match node:
            case Guard(operator, whole):
                return decide(operator, *self.addresses.ends(whole, point))
            case Comparison(operator, left, right):
                values = self.evaluate(left, point), self.evaluate(right, point)
                return self.builder.apply("compare", *values, detail=operator)
            case Both(left, right):
                first = self.condition(left, point)
                if isinstance(first, bool):
                    return self.condition(right, point) if first else False
                second = self.condition(right, point)
                if isinstance(second, bool):
                    return first if second else False
                return self.builder.apply("and", first, second)
            case Either(left, right):
                first = self.condition(left, point)
                if isinstance(first, bool):
                    return True if first else self.condition(right, point)
                second = self.condition(right, point)
                if isinstance(second, bool):
                    return True if second else first
                return self.builder.apply("or", first, second)
            case Not(condition):
                decision = self.condition(condition, point)
                if isinstance(decision, bool):
                    return not decision
                return self.builder.apply("not", decision)

    def both(self, outer: Value | None, inner: Value) -> Value:
        """The mask of an if inside an if."""
        return inner if outer is None else self.builder.apply("and", outer, inner)


def decide(operator: str, low: int, high: int) -> bool:
    """Whether `whole operator 0`, for a whole number from low to high."""
    match operator:
        case "<":
            yes, no = high < 0, low >= 0
        case "<=":
            yes, no = high <= 0, low > 0
        case ">":
            yes, no = low > 0, high <= 0
        case ">=":
            yes, no = low >= 0, high < 0
        case "==":
            yes, no = low == high == 0, low > 0 or high < 0
        case _:
            yes, no = low > 0 or high < 0, low == high == 0
    if yes == no:
        raise NotVectorizable(
            "a condition on whole numbers changes inside a loop that runs at run time"
        )
    return yes
