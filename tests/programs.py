"""Random functions inside the subset, as source text, with arguments to call them with.

They are nonsense, but nonsense of every kind that the compiler must get right: sums, prefix sums,
recurrences, in-place updates, reversals, strides, borders with guards, choices by data, locals that
go from one turn to the next, several nests after one another over the same arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from random import Random
from typing import Any

from verypoorcnn.compiler.loops import Array, Scalar

CARELESS = 0.01  # how often a program does with samples what must be refused
COST = 2500  # statements that a program runs at most
VALUES = (0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -0.25, 3.0)  # ties and signed zeros are met often


@dataclass
class Program:
    """A function's text and one call of it."""

    name: str
    text: str
    parameters: list[Array | Scalar | int] = field(default_factory=list)  # as the compiler is told
    values: list[Any] = field(default_factory=list)  # as CPython is given

    def fresh_values(self) -> list[Any]:
        """The arguments as they are before a run."""
        return deepcopy(self.values)


def random_program(seed: int | str, name: str = "program") -> Program:
    """The program of a seed: every other one does the same for every sample."""
    random = Random(f"program {seed}")
    author = random.choice((_Author, _AuthorOfSamples))
    return author(random, name).program()


class _Author:
    """Writes one program."""

    def __init__(self, random: Random, name: str) -> None:
        self.random = random
        self.name = name
        self.lines: list[str] = []
        self.loops: list[tuple[str, int, int]] = []  # variable, first, last
        self.numbers: list[str] = []  # locals that have a value here
        self.cost = 1  # turns of the loops around
        self.spent = 0
        self.count = 0
        self.samples = random.randint(1, 4)
        self.arrays = [self.array(k) for k in range(random.randint(2, 4))]

    def array(self, k: int) -> Array:
        per_sample = k == 0 or self.random.random() < 0.5
        shape = [self.random.choice((1, 2, 3, 4, 5, 7)) for _ in range(self.random.randint(0, 2))]
        shape = [self.samples, *shape] if per_sample else [self.random.randint(1, 6), *shape]
        return Array("abcd"[k], tuple(shape), per_sample)

    def program(self) -> Program:
        for _ in range(self.random.randint(1, 3)):
            self.nest()
        values: list[Any] = [self.nested(a.shape) for a in self.arrays]
        values += [self.number(), 2]
        names = [*(a.name for a in self.arrays), "rate", "two"]
        head = f"def {self.name}({', '.join(names)}):"
        body = self.lines or ["    a[0] = 0.0"]
        text = "\n".join([head, *body, ""])
        return Program(self.name, text, [*self.arrays, Scalar("rate"), 2], values)

    def nested(self, shape: tuple[int, ...]) -> Any:
        return [self.nested(shape[1:]) for _ in range(shape[0])] if shape else self.number()

    def number(self) -> float:
        if self.random.random() < 0.4:
            return self.random.choice(VALUES)
        return self.random.uniform(-2, 2)

    def line(self, text: str) -> None:
        self.lines.append(f"{'    ' * (1 + self.depth)}{text}")

    depth = 0

    # Statements.

    def nest(self) -> None:
        """Loops, mostly over the samples first, and something in them."""
        known = len(self.numbers)
        if self.random.random() < 0.3:
            self.assign_new()
        self.loop(3)
        del self.numbers[known:]

    def loop(self, deeper: int) -> None:
        first, last, bound = self.bounds()
        turns = last - first + 1
        if self.cost * turns > COST / 8 or self.spent > COST:
            self.simple()
            return
        variable = f"{'sfijkmn'[min(len(self.loops), 6)]}"
        if any(variable == v for v, _, _ in self.loops):
            variable += str(self.count)
        self.line(f"for {variable} in {bound}:")
        self.loops.append((variable, first, last))
        self.cost *= turns
        self.body(deeper - 1)
        self.cost //= turns
        self.loops.pop()

    def bounds(self) -> tuple[int, int, str]:
        array = self.random.choice(self.arrays)
        level = self.random.randrange(len(array.shape)) if self.loops else 0
        size = array.shape[level]
        text = f"len({array.name}{'[0]' * level})"
        if size > 1 and self.random.random() < 0.25:
            return 1, size - 1, f"range(1, {text})"
        if size > 1 and self.random.random() < 0.15:
            return 0, size - 2, f"range({text} - 1)"
        if self.random.random() < 0.1:
            return 0, 1, "range(two)"
        return 0, size - 1, f"range({text})"

    def body(self, deeper: int) -> None:
        """An indented block."""
        self.depth += 1
        known = len(self.numbers)
        for _ in range(self.random.choice((1, 1, 2, 3))):
            self.statement(deeper)
        del self.numbers[known:]
        self.depth -= 1

    def statement(self, deeper: int) -> None:
        kinds = [self.simple, self.simple, self.assign_new]
        if deeper >= 0:
            kinds += [self.choose, self.guarded]
        if deeper > 0:
            kinds += [self.sum, self.sum, self.carry]
            if self.random.random() < 0.4:
                return self.loop(deeper)
        return self.random.choice(kinds)()

    def simple(self) -> None:
        """An element or a local gets a value."""
        self.spent += self.cost
        operator = self.random.choice(("=", "=", "+=", "-=", "*="))
        if self.numbers and self.random.random() < 0.35:
            place = self.random.choice(self.numbers)
        else:
            place = self.target()
        self.line(f"{place} {operator} {self.expression(2)}")

    def assign_new(self) -> None:
        self.count += 1
        self.spent += self.cost
        name = f"{self.random.choice(('total', 'share', 'largest'))}{self.count}"
        self.line(f"{name} = {self.expression(2)}")
        self.numbers.append(name)

    def sum(self) -> None:
        """A local total over a loop, stored at the end."""
        self.count += 1
        name = f"total{self.count}"
        self.line(
            f"{name} = {self.random.choice(('0.0', '0.0', '0.0', '1.0', self.expression(1)))}"
        )
        self.numbers.append(name)
        first, last, bound = self.bounds()
        variable = f"t{self.count}"
        self.line(f"for {variable} in {bound}:")
        self.loops.append((variable, first, last))
        self.cost *= last - first + 1
        self.depth += 1
        if self.random.random() < 0.2:
            self.guard_open()
            self.depth += 1
        self.spent += self.cost
        change = self.random.choice(("+=", "+=", "+=", "-=", "max", "min"))
        if change in ("max", "min"):
            self.line(f"{name} = {change}({name}, {self.expression(1)})")
        else:
            self.line(f"{name} {change} {self.expression(2)}")
        self.depth = self.depth_at_loop(variable)
        self.cost //= last - first + 1
        self.loops.pop()
        self.line(f"{self.target()} = {self.random.choice((name, name, f'{name} * rate'))}")

    def depth_at_loop(self, variable: str) -> int:
        for text in reversed(self.lines):
            if text.lstrip().startswith(f"for {variable} in"):
                return (len(text) - len(text.lstrip())) // 4 - 1
        raise AssertionError

    def carry(self) -> None:
        """A local that goes from turn to turn, and is seen on the way."""
        self.count += 1
        name = f"carry{self.count}"
        self.line(f"{name} = {self.expression(1)}")
        self.numbers.append(name)
        first, last, bound = self.bounds()
        if self.cost * (last - first + 1) > COST / 8:
            return
        variable = f"r{self.count}"
        self.line(f"for {variable} in {bound}:")
        self.loops.append((variable, first, last))
        self.cost *= last - first + 1
        self.depth += 1
        self.spent += 3 * self.cost
        self.line(f"{name} = {name} * 0.5 + {self.expression(1)}")
        if self.random.random() < 0.5:
            self.line(f"if {name} > {self.expression(0)}:")
            self.depth += 1
            self.line(f"{name} = {self.expression(1)}")
            self.depth -= 1
        self.line(f"{self.target()} = {name}")
        self.depth -= 1
        self.cost //= last - first + 1
        self.loops.pop()

    def choose(self) -> None:
        """An if by data, at times with else and elif."""
        self.spent += self.cost
        self.line(f"if {self.condition()}:")
        self.body(deeper=self.random.choice((-1, -1, -1, 0)))
        if self.random.random() < 0.3:
            self.line(f"elif {self.condition()}:")
            self.body(deeper=self.random.choice((-1, -1, -1, 0)))
        if self.random.random() < 0.5:
            self.line("else:")
            self.body(deeper=self.random.choice((-1, -1, -1, 0)))

    def guarded(self) -> None:
        """An if by whole numbers, and an element that only it makes safe."""
        self.spent += self.cost
        self.guard_open()
        self.body(deeper=self.random.choice((-1, -1, -1, 0)))
        if self.random.random() < 0.3:
            self.line("else:")
            self.body(deeper=self.random.choice((-1, -1, -1, 0)))

    def guard_open(self) -> None:
        if not self.loops:
            self.line("if two == 2:")
            return
        array = self.random.choice(self.arrays)
        first = self.random.choice(self.loops)[0]
        second = self.random.choice(self.loops)[0]
        whole = self.random.choice(
            (f"{first} + {second} - 1", f"{first} - 1", f"{first} - {second}", f"two * {first} - 1",
             f"{first} * two + {second} - two")
        )  # fmt: skip
        size = array.shape[0]
        if self.random.random() < 0.5:
            self.count += 1
            self.line(f"y{self.count} = {whole}")
            self.line(f"if 0 <= y{self.count} < len({array.name}):")
            rest = "".join(f"[{self.index(n)}]" for n in array.shape[1:])
            self.depth += 1
            target = f"{array.name}[y{self.count}]{rest}"
            self.line(f"{target} {self.random.choice(('=', '+='))} {self.expression(1)}")
            self.depth -= 1
            return
        test = self.random.choice(
            (f"{whole} >= 1", f"{first} == {second}", f"{first} != {size // 2}",
             f"{whole} < {size}", f"0 < {first} or {second} > 1")
        )  # fmt: skip
        self.line(f"if {test}:")

    # Expressions.

    def target(self) -> str:
        """An element that is written."""
        return self.element()

    def element(self) -> str:
        array = self.random.choice(self.arrays)
        return array.name + "".join(
            f"[{self.index(n, sample=array.per_sample and not k)}]"
            for k, n in enumerate(array.shape)
        )

    def index(self, size: int, *, sample: bool = False) -> str:
        """A whole number from 0 to size − 1."""
        fitting = []
        for v, first, last in self.loops:
            if first >= 0 and last < size:
                fitting += [v] * (6 if sample and v == "s" else 2)
            if last < size:
                fitting.append(f"{size - 1} - {v}")
            if last + 1 < size:
                fitting.append(f"{v} + 1")
            if first >= 1 and last - 1 < size:
                fitting.append(f"{v} - 1")
            if two_fits(last, size):
                fitting.append(f"two * {v}")
            for w, _, other in self.loops:
                if v != w and last + other < size:
                    fitting.append(f"{v} + {w}")
                if v != w and two_fits(last, size - other):
                    fitting.append(f"{v} * 2 + {w}")
        if not fitting or self.random.random() < 0.1:
            fitting.append(str(self.random.randrange(size)))
        return self.random.choice(fitting)

    def expression(self, depth: int) -> str:
        kind = self.random.random()
        if depth <= 0 or kind < 0.3:
            return self.atom()
        a, b = self.expression(depth - 1), self.expression(depth - 1)
        if kind < 0.75:
            return f"{self.wrapped(a)} {self.random.choice('+-*')} {self.wrapped(b)}"
        return self.random.choice(
            (f"max({a}, {b})", f"min({a}, {b})", f"exp(min({a}, 2.0))", f"-({a})",
             f"sqrt({self.wrapped(a)} * {self.wrapped(a)})", f"({a}) / (({b}) * ({b}) + 1.0)",
             f"log(max({a}, 0.125))", f"({a}) / two", f"rate * ({a})")
        )  # fmt: skip

    def wrapped(self, text: str) -> str:
        return f"({text})" if " " in text else text

    def atom(self) -> str:
        kind = self.random.random()
        if self.numbers and kind < 0.35:
            return self.random.choice(self.numbers)
        if kind < 0.85:
            return self.element()
        return self.random.choice(("0.5", "0.0", "1.0", "-0.75", "rate", "2.0", "two * 0.25"))

    def condition(self) -> str:
        operator = self.random.choice(("<", "<=", ">", ">=", "==", "!="))
        test = f"{self.expression(1)} {operator} {self.expression(1)}"
        kind = self.random.random()
        if kind < 0.15:
            return f"{test} and {self.expression(0)} > {self.expression(0)}"
        if kind < 0.3:
            return f"{test} or {self.expression(0)} < 0.5"
        if kind < 0.4 and self.loops:
            return f"{self.atom()} == {self.random.choice(self.loops)[0]}"
        return test


def two_fits(last: int, size: int) -> bool:
    """Whether twice a loop's variable stays below the size."""
    return 2 * last < size


class _AuthorOfSamples(_Author):
    """Writes programs that never ask which sample it is, so that samples may be in the lanes.

    A sample's number is the first index of arrays with samples and nothing else; what a loop over
    samples leaves behind are mostly sums.
    """

    sample = ""  # the variable of the loop over samples around
    outside = 0  # locals that were given outside of it
    added: Sequence[Array] = ()  # what it only adds to

    def __init__(self, random: Random, name: str) -> None:
        self.most = random.choice((1, 2, 3, 5, 8, 15, 16, 16, 17, 33))
        super().__init__(random, name)

    def array(self, k: int) -> Array:
        self.samples = self.most
        per_sample = k == 0 or (k > 1 and self.random.random() < 0.6)
        sizes = (1, 2, 3, 4, 5, 7, 9, 16, 17) if k % 2 else (1, 2, 3, 4, 5)
        shape = [self.random.choice(sizes) for _ in range(self.random.randint(0, 2))]
        shape = [self.samples, *shape] if per_sample else [self.random.choice(sizes), *shape]
        return Array("abcd"[k], tuple(shape), per_sample)

    def number(self) -> float:
        return round(super().number() * 64) / 64

    @property
    def shared(self) -> list[Array]:
        return [a for a in self.arrays if not a.per_sample]

    # Loops.

    def loop(self, deeper: int) -> None:
        if self.sample or self.random.random() < (0.25 if self.loops else 0.15):
            super().loop(deeper)
            return
        self.count += 1
        self.sample, self.outside = f"s{self.count}", len(self.numbers)
        self.added = [a for a in self.shared if self.random.random() < 0.4]
        self.line(f"for {self.sample} in range(len({self.of_samples()})):")
        self.loops.append((self.sample, 0, self.samples - 1))
        self.cost *= self.samples
        self.body(deeper - 1)
        self.cost //= self.samples
        self.loops.pop()
        self.sample, self.outside = "", 0

    def of_samples(self) -> str:
        return self.random.choice([a.name for a in self.arrays if a.per_sample])

    def bounds(self) -> tuple[int, int, str]:
        """Those of an index that is no sample."""
        levels = [(a, k) for a in self.arrays for k in range(a.per_sample, len(a.shape))]
        array, level = self.random.choice(levels)
        size, text = array.shape[level], f"len({array.name}{'[0]' * level})"
        if size > 1 and self.random.random() < 0.3:
            return 1, size - 1, f"range(1, {text})"
        return (
            (0, 1, "range(two)") if self.random.random() < 0.1 else (0, size - 1, f"range({text})")
        )

    def sum(self) -> None:
        """A local total, at times over samples, stored at the end."""
        if self.sample or self.random.random() < 0.4:
            super().sum()
            return
        self.count += 1
        name, self.sample = f"total{self.count}", f"s{self.count}"
        self.line(f"{name} = {self.random.choice(('0.0', '0.0', '0.0', '0.5'))}")
        self.line(f"for {self.sample} in range(len({self.of_samples()})):")
        self.loops.append((self.sample, 0, self.samples - 1))
        self.cost *= self.samples
        self.depth += 1
        self.spent += self.cost
        terms = (f"{self.element()} * {self.element()}", self.element(), self.expression(2), "1.0")
        self.line(f"{name} {self.random.choice(('+=', '+=', '-='))} {self.random.choice(terms)}")
        self.depth -= 1
        self.cost //= self.samples
        self.loops.pop()
        self.sample = ""
        self.line(f"{self.target()} = {self.random.choice((name, name, f'{name} * rate'))}")

    # Statements.

    def simple(self) -> None:
        """What all samples share is only added to, mostly."""
        own, self.spent = self.numbers[self.outside :], self.spent + self.cost
        operator = self.random.choice(("=", "=", "+=", "-=", "*="))
        if own and self.random.random() < 0.35:
            place = self.random.choice(own)
        elif self.sample and self.added and self.random.random() < 0.3:
            operator = self.random.choice(("+=", "+=", "-="))
            place = self.of(self.random.choice(self.added))
        else:
            place = self.target()
        self.line(f"{place} {operator} {self.expression(2)}")

    def guard_open(self) -> None:
        variables = [v for v, _, _ in self.loops if v != self.sample]
        if not variables:
            self.line("if two == 2:")
            return
        first, second = self.random.choice(variables), self.random.choice(variables)
        tests = (f"{first} + {second} - 1 >= 1", f"{first} == {second}", f"{first} != 1",
                 f"two * {first} - 1 < 4", f"0 < {first} or {second} > 1")  # fmt: skip
        self.line(f"if {self.random.choice(tests)}:")

    # Expressions.

    def target(self) -> str:
        own = [a for a in self.arrays if a.per_sample == bool(self.sample)]
        careless = self.random.random() < CARELESS
        return self.element() if careless else self.of(self.random.choice(own))

    def element(self) -> str:
        """Of an array with samples only inside of a loop over them."""
        arrays = self.arrays if self.sample else self.shared
        if self.sample and self.random.random() > CARELESS:
            arrays = [a for a in arrays if a not in self.added]
        return self.of(self.random.choice(arrays))

    def of(self, array: Array) -> str:
        """An element of this array."""
        first = f"[{self.sample}]" if array.per_sample else ""
        sizes = array.shape[array.per_sample :]
        return array.name + first + "".join(f"[{self.index(n)}]" for n in sizes)

    def index(self, size: int, *, sample: bool = False) -> str:
        """Samples are no index here."""
        loops, self.loops = self.loops, [loop for loop in self.loops if loop[0] != self.sample]
        text = super().index(size)
        self.loops = loops
        return text

    def condition(self) -> str:
        loops, self.loops = self.loops, [loop for loop in self.loops if loop[0] != self.sample]
        text = super().condition()
        self.loops = loops
        return text
