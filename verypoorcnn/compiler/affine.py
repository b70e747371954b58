"""Whole numbers that a compiler knows: a constant plus multiples of loop variables.

Every index, bound and guard of a textbook function has this form once the shapes of a call are
known, and so the address of every number is a constant plus constant steps of the loops around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping


class Affine:
    """constant + Σ coefficient · variable.  Immutable; equal ones compare and hash equal."""

    __slots__ = ("_hash", "constant", "terms")

    def __init__(self, constant: int = 0, terms: Iterable[tuple[str, int]] = ()) -> None:
        self.constant = constant
        self.terms = tuple(sorted((v, k) for v, k in terms if k))
        self._hash = hash((constant, self.terms))

    @classmethod
    def variable(cls, name: str) -> Affine:
        """The loop variable itself."""
        return cls(0, ((name, 1),))

    @property
    def is_constant(self) -> bool:
        """Whether no loop variable is in it."""
        return not self.terms

    def coefficient(self, variable: str) -> int:
        """How far it moves when the variable moves by 1."""
        return next((k for v, k in self.terms if v == variable), 0)

    def variables(self) -> list[str]:
        """The loop variables in it."""
        return [v for v, _ in self.terms]

    def at(self, values: Mapping[str, int]) -> int:
        """Its value where every variable has one."""
        return self.constant + sum(k * values[v] for v, k in self.terms)

    def replaced(self, values: Mapping[str, Affine]) -> Affine:
        """With affine numbers in the place of some variables."""
        if not any(v in values for v, _ in self.terms):
            return self
        result = Affine(self.constant)
        for v, k in self.terms:
            result += values.get(v, Affine.variable(v)) * k
        return result

    def __add__(self, other: Affine | int) -> Affine:
        if isinstance(other, int):
            return Affine(self.constant + other, self.terms)
        if not other.terms:
            return Affine(self.constant + other.constant, self.terms)
        terms = dict(self.terms)
        for v, k in other.terms:
            terms[v] = terms.get(v, 0) + k
        return Affine(self.constant + other.constant, terms.items())

    def __sub__(self, other: Affine | int) -> Affine:
        return self + other * -1

    def __mul__(self, factor: int) -> Affine:
        return Affine(self.constant * factor, ((v, k * factor) for v, k in self.terms))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Affine)
            and self.constant == other.constant
            and self.terms == other.terms
        )

    def __hash__(self) -> int:
        return self._hash

    def __str__(self) -> str:
        parts = [{1: v, -1: f"-{v}"}.get(k, f"{k}*{v}") for v, k in self.terms]
        if self.constant or not parts:
            parts.append(str(self.constant))
        return " + ".join(parts).replace("+ -", "- ")

    __repr__ = __str__
