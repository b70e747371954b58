"""Elements of arrays as Python text: locals where they wait in one, else subscripts of lists."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from verypoorcnn.compiler.affine import Affine
from verypoorcnn.compiler.loops import Array, Function, Index
from verypoorcnn.compiler.python.cells import Group, Scope, Site, runs
from verypoorcnn.compiler.python.expressions import Expressions, Text
from verypoorcnn.compiler.python.names import Names


class Elements(Expressions):
    """Knows the scope that is being read or written, and what stands for each of its sites."""

    def __init__(self, function: Function, rolled: Collection[str], shortest: int) -> None:
        super().__init__(Names())
        self.shortest = shortest  # elements that are worth a slice
        self.function = function
        self.rolled_variables = rolled
        self.arrays: dict[Array, str] = {}
        for argument in function.arguments:
            name = self.name(argument.name)
            if isinstance(argument, Array):
                self.arrays[argument] = name
        self.listed: set[Array] = set()  # those that are lists in the text
        self.ranges: dict[str, tuple[int, int]] = {}  # of the loops around
        self.scope = Scope()
        self.if_depth = 0

    def site(self, array: Array, index: Index, *, stored: bool) -> Site:
        site = Site(array, index, self.ranges, self.rolled_variables, stored)
        self.scope.add(site)
        return site

    def number(self, site: Site) -> int:
        """The number of the element that a site means in this turn."""
        number = site.constant
        for variable, step in site.steps:
            number += step * self.turn[variable]
        return number

    def element(self, array: Array, index: Index) -> Text:
        site, turn = self.site(array, index, stored=False), self.turn
        constant, steps = site.constant, site.steps

        def text() -> str:  # written out: it runs for every element in the text
            number, group = constant, site.group
            for variable, step in steps:
                number += step * turn[variable]
            if group is None:
                return self.subscript(site, number)
            name = group.locals.get(number)
            if name is None:
                name = group.local(number)
                group.fetched.add(number)
            return name

        return text

    def target(self, site: Site) -> str:
        """An element that is written."""
        number, group = self.number(site), site.group
        if group is None:
            return self.subscript(site, number)
        if number not in group.locals and self.if_depth > group.if_depth:
            group.fetched.add(number)  # else it would be put back without a value at times
        group.put_back.add(number)
        return group.local(number)

    def subscript(self, site: Site, number: int) -> str:
        if not site.inside:
            self.listed.add(site.array)
            outer = f"[{self.affine(self.known(site.row))}]" if site.row else ""
            return f"{self.arrays[site.array]}{outer}[{self.affine(self.known(site.place))}]"
        row, place = divmod(number, site.length)
        return f"{self.list_name(site, row)}[{self.place(site, place - site.lowest)}]"

    # Lists.

    def slices(self, group: Group, numbers: Collection[int]) -> Iterator[tuple[str, list[str]]]:
        """Slices of lists that hold elements of a group, each with the elements' locals."""
        site = group.site
        rows: dict[int, list[int]] = {}
        for number in sorted(numbers):
            row, place = divmod(number, site.length)
            rows.setdefault(row, []).append(place)
        for row, places in rows.items():
            name = self.list_name(site, row)
            for run in runs(places, self.shortest):
                found = [group.locals[row * site.length + place] for place in run]
                yield self.slice(site, name, run), found

    def slice(self, site: Site, name: str, run: range) -> str:
        start = run.start - site.lowest
        if len(run) == 1:
            return f"{name}[{self.place(site, start)}]"
        whole = len(run) == site.length and run.step == 1 and not site.pattern[1]
        if whole:
            return name
        ends = f"{self.place(site, start)}:{self.place(site, start + run[-1] - run[0] + 1)}"
        return f"{name}[{ends}{f':{run.step}' * (run.step != 1)}]"

    def list_name(self, site: Site, row: int) -> str:
        """The flat list that holds an element: the array, or one row of it."""
        array = self.arrays[site.array]
        self.listed.add(site.array)
        if site.row is None:
            return array
        text = self.affine(Affine(row, site.pattern[0]))
        home = self.scope.home({v for v, _ in site.pattern[0]})
        wish = f"{array}_row_{text}" if text.isdigit() else f"{array}_{text}"
        return self.given(home, (site.array, text), wish, f"{array}[{text}]")

    def place(self, site: Site, constant: int) -> str:
        """The index within the list, from a constant and the rolled loops' part."""
        terms = site.pattern[1]
        if not terms:
            return str(constant)
        moving = self.affine(Affine(0, terms))
        if moving not in self.named.values():
            home = self.scope.home({v for v, _ in terms})
            ordered = sorted(terms, key=lambda term: -abs(term[1]))
            wish = "_".join(["at", *(v for v, _ in ordered)])
            moving = self.given(home, moving, wish, moving)
        return f"{moving} {'+-'[constant < 0]} {abs(constant)}" if constant else moving

    def given(self, scope: Scope, key: object, wish: str, text: str) -> str:
        """A name for a text, given once at the beginning of a scope."""
        if key not in scope.prelude:
            scope.prelude[key] = self.names.fresh(wish), text
        return scope.prelude[key][0]
