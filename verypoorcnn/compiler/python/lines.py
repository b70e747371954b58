"""The lines of a Python function: indentation, sums that wait, elements fetched and put back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence

from verypoorcnn.compiler.loops import Array, Function
from verypoorcnn.compiler.python.cells import Group, Scope
from verypoorcnn.compiler.python.elements import Elements
from verypoorcnn.compiler.python.layout import assignment, listed

Action = Callable[[], None]  # writes a statement, for the turn that is being written out
Step = tuple[int, Action]  # with the statement's line of the textbook
Line = tuple[str, int]  # with the line of the textbook that it is of; 0 for none


class Sum:
    """A local whose value is still being added up, and of which nothing is written yet."""

    def __init__(self, name: str, start: str, origin: int, loose: bool = False) -> None:
        self.name = name
        self.origin = origin  # the line that added to it last
        self.terms = [start]
        self.loose = loose  # needs brackets before something is added to it

    def add(self, term: str, origin: int) -> None:
        """Add a term that begins with its sign."""
        self.origin = origin
        if self.loose:
            self.terms[0] = f"({self.terms[0]})"
            self.loose = False
        self.terms.append(term)


class Lines(Elements):
    """Collects them, statement by statement and scope by scope."""

    def __init__(
        self,
        function: Function,
        rolled: Collection[str],
        private: Collection[Array],
        shortest: int,
    ) -> None:
        super().__init__(function, rolled, shortest)
        self.private = private
        self.touched: Counter[Array] = Counter()  # by how many sites
        self.lines: list[Line] = []
        self.depth = 1  # of indentation
        self.origin = 0  # the line of the textbook that is being written
        self.sum: Sum | None = None

    def line(self, text: str) -> None:
        self.lines.append((f"{'    ' * self.depth}{text}", self.origin))

    def assign(self, target: str, terms: Sequence[str], origin: int) -> None:
        self.lines += [(text, origin) for text in assignment(target, terms, self.depth)]

    def flush(self) -> None:
        """Write the sum that is waiting."""
        if self.sum:
            found, self.sum = self.sum, None
            self.assign(found.name, found.terms, found.origin)

    # Scopes.

    def turn_of(self, scope: Scope, actions: Sequence[Step]) -> None:
        """One turn of a scope: its statements, with fetching before them and putting back after."""
        outside, self.lines, outer, self.scope = self.lines, [], self.scope, scope
        for group in scope.groups:
            group.if_depth = self.if_depth
        before: list[list[Line]] = []  # the lines of each statement
        for step, (self.origin, action) in enumerate(actions):
            action()
            if any(group.last == step and group.put_back for group in scope.groups):
                self.flush()
                self.put_back(scope, step)
            before.append(self.lines)
            self.lines = []
        self.flush()
        rest, self.lines = self.lines, []
        for step, lines in enumerate(before):
            for group in scope.groups:
                if group.first == step:
                    self.move(group, group.fetched, back=False)
            self.lines += lines
        done, self.lines = self.lines + rest, outside
        self.origin = 0
        for name, text in scope.prelude.values():
            self.line(f"{name} = {text}")
        self.lines += done
        if not (scope.prelude or done):
            self.line("pass")
        self.scope = outer

    def put_back(self, scope: Scope, step: int) -> None:
        for group in scope.groups:
            if group.last == step and not self.forgotten(group):
                self.move(group, group.put_back, back=True)

    def forgotten(self, group: Group) -> bool:
        """Whether its elements are needed nowhere else, neither in the text nor after it."""
        array = group.site.array
        alone = len(group.sites) == self.touched[array]
        return alone and not group.fetched and array in self.private

    def run(self, actions: Sequence[Step]) -> None:
        for self.origin, action in actions:
            action()

    def move(self, group: Group, numbers: set[int], *, back: bool) -> None:
        """Unpack slices of a list into locals, or put locals back into it."""
        for there, found in self.slices(group, numbers):
            self.lines += [(text, 0) for text in listed(there, found, self.depth, back=back)]
