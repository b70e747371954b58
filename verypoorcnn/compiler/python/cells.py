"""Which elements of arrays wait in locals, where they are fetched, and where they are put back.

A *site* is a place in the function where an element is read or written.  Around it stand rolled
loops, and in each turn of such a loop some sites always mean the same elements: they differ only by
constants.  Such a group is fetched once at the beginning of the turn, by unpacking slices, lives in
locals, and is put back at its end:

    for s in range(len(maps)):
        images_s = images[s]
        images_0, images_1, … = images_s
        …
        maps_s[0:64] = (maps_0, maps_1, …)

This is done in the outermost loop where it is certain that no other name for the same element is
in use.  All other sites index the list.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from math import prod

from verypoorcnn.compiler.affine import Affine
from verypoorcnn.compiler.loops import Array, Index
from verypoorcnn.compiler.ranges import Range, Ranges, limits

Terms = tuple[tuple[str, int], ...]  # variables of rolled loops with their coefficients
Pattern = tuple[Terms, Terms]  # of the row that is indexed first, and of the place in it


class Site:
    """A place where an element is read or written.

    Arrays that carry the sample are lists of flat rows, all others are one flat list: `row` is the
    sample's index, `place` that within the row.
    """

    def __init__(
        self, array: Array, index: Index, ranges: Ranges, rolled: Collection[str], written: bool
    ) -> None:
        self.array = array
        self.written = written
        rows = has_rows(array)
        self.length = prod(array.shape[1:] if rows else array.shape)
        self.row = index[0] if rows else None
        self.place = flattened(index[rows:], array.shape[rows:])
        inside = _within(limits(self.place, ranges), self.length)
        if self.row:
            inside = inside and _within(limits(self.row, ranges), array.shape[0])
        self.inside = inside  # else a guard keeps it from being reached at times
        row_terms = _rolled(self.row, rolled) if self.row else ()
        self.pattern: Pattern = row_terms, _rolled(self.place, rolled)
        self.variables = {v for terms in self.pattern for v, _ in terms}
        lowest = limits(Affine(0, self.pattern[1]), ranges)[0]
        self.lowest = lowest  # of what the rolled loops add to the place
        # A number for each element of the pattern: row · length + place, counted from its lowest.
        every = self.place if self.row is None else self.place + self.row * self.length
        self.constant = every.constant + lowest
        self.steps = [(v, k) for v, k in every.terms if v not in rolled]
        # Whether the row is more than the rolled loops' part of it.
        self.row_moves = bool(self.row and (self.row.constant or self.row.terms != row_terms))
        self.scope: Scope | None = None  # the innermost around it
        self.group: Group | None = None

    def fixed(self, scope: Scope) -> bool:
        """Whether it means the same element, and a safe one, during all of a turn."""
        return self.inside and self.variables <= scope.bound


def has_rows(array: Array) -> bool:
    """Whether it is a list of rows, one a sample."""
    return array.per_sample and len(array.shape) > 1


def flattened(index: Index, shape: tuple[int, ...]) -> Affine:
    """The place in a row-major flat list."""
    place = Affine()
    for whole, size in zip(index, shape, strict=True):
        place = place * size + whole
    return place


def _within(found: Range, length: int) -> bool:
    return found[0] >= 0 and found[1] < length


def _rolled(whole: Affine, rolled: Collection[str]) -> Terms:
    return tuple((v, k) for v, k in whole.terms if v in rolled)


@dataclass(eq=False)
class Group:
    """Elements of an array that differ by constants, and the locals that hold them."""

    sites: list[Site]
    first: int  # of the statements of its scope; before it they are fetched
    last: int  # after it they are put back
    stem: str = ""
    locals: dict[int, str] = field(default_factory=dict)
    fetched: set[int] = field(default_factory=set)  # their numbers
    put_back: set[int] = field(default_factory=set)
    if_depth: int = 0  # how many ifs stand around its scope

    def __post_init__(self) -> None:
        self.site = self.sites[0]  # one of them
        self.several_rows = any(site.row_moves for site in self.sites)
        for site in self.sites:
            site.group = self

    def local(self, number: int) -> str:
        """The local that holds an element."""
        name = self.locals.get(number)
        if name is None:
            row, place = divmod(number, self.site.length)
            tail = f"{row}_{place}".replace("-", "m") if self.several_rows else f"{place}"
            name = self.locals[number] = f"{self.stem}_{tail}"
        return name


@dataclass(eq=False)
class Scope:
    """The function, or one turn of a rolled loop."""

    variable: str | None = None
    outer: Scope | None = None
    inner: list[Scope] = field(default_factory=list)
    steps: list[list[Site]] = field(default_factory=list)  # the sites of each of its statements
    groups: list[Group] = field(default_factory=list)
    prelude: dict[object, tuple[str, str]] = field(default_factory=dict)  # names with their texts

    def __post_init__(self) -> None:
        self.bound: set[str] = set(self.outer.bound) if self.outer else set()
        if self.outer and self.variable:
            self.bound.add(self.variable)
            self.outer.inner.append(self)

    def add(self, site: Site) -> None:
        """A site in the statement that is being read, here and in all scopes around."""
        scope: Scope | None = self
        site.scope = self
        while scope:
            scope.steps[-1].append(site)
            scope = scope.outer

    def home(self, variables: set[str]) -> Scope:
        """The outermost scope where all these variables have a value."""
        scope = self
        while scope.outer and variables <= scope.outer.bound:
            scope = scope.outer
        return scope


def runs(numbers: list[int], shortest: int) -> Iterator[range]:
    """Ascending numbers as ranges with a step; fewer than `shortest` each as range(n, n + 1)."""
    start = 0
    while start < len(numbers):
        stop = start + 1
        step = numbers[stop] - numbers[start] if stop < len(numbers) else 1
        while stop < len(numbers) and numbers[stop] - numbers[stop - 1] == step:
            stop += 1
        if stop - start < shortest:
            stop, step = start + 1, 1
        yield range(numbers[start], numbers[stop - 1] + 1, step)
        start = stop


def share(scope: Scope) -> None:
    """Find for every site the outermost scope in which its element can wait in a local."""
    by_array: dict[Array, dict[int, list[Site]]] = {}
    for step, sites in enumerate(scope.steps):
        for site in sites:
            if site.group is None:
                by_array.setdefault(site.array, {}).setdefault(step, []).append(site)
    for steps in by_array.values():
        for first, last, sites in _stretches(scope, steps):
            _gather(scope, first, last, sites)
    for inner in scope.inner:
        share(inner)


def _stretches(scope: Scope, steps: dict[int, list[Site]]) -> Iterator[tuple[int, int, list[Site]]]:
    """Statements in a row in which an array is only read, or always by the same elements."""
    first = last = -1
    together: list[Site] = []
    for step, sites in steps.items():
        if together and not _simple(scope, together + sites):
            yield first, last, together
            together = []
        first, last = (first if together else step), step
        together = together + sites
    yield first, last, together


def _simple(scope: Scope, sites: list[Site]) -> bool:
    if not any(site.written for site in sites):
        return True
    same = len({site.pattern for site in sites}) == 1
    return same and all(site.fixed(scope) for site in sites)


def _gather(scope: Scope, first: int, last: int, sites: list[Site]) -> None:
    """Make groups of the sites in a stretch whose elements are the same in all of a turn."""
    if not _simple(scope, sites):
        return
    waiting: dict[Pattern, list[Site]] = {}
    for site in sites:
        if site.fixed(scope):
            waiting.setdefault(site.pattern, []).append(site)
    for together in waiting.values():
        if not _used_once(scope, together):
            scope.groups.append(Group(together, first, last))


def _used_once(scope: Scope, sites: list[Site]) -> bool:
    """Whether the element is read at most once in the scope; a local would gain nothing."""
    reads = sum(not site.written for site in sites)
    return (
        reads <= 1
        and len(sites) - reads <= 1
        and all(site.scope is scope and not site.steps for site in sites)
    )
