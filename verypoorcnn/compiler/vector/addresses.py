"""From an element's index to its place in memory, for one copy of a statement.

The index is affine in the loops' variables, a layout gives bytes for each index, and so a place is
a constant plus a step for each loop that runs.  An element is a whole vector where it moves with
the lanes, and one number for all lanes where it does not.
"""

from __future__ import annotations

from verypoorcnn.compiler.affine import Affine
from verypoorcnn.compiler.loops import Array, Index, Scalar
from verypoorcnn.compiler.schedule.legality import NotVectorizable
from verypoorcnn.compiler.vector.code import Place
from verypoorcnn.compiler.vector.layout import Layout
from verypoorcnn.compiler.vector.points import Point

Terms = tuple[tuple[str, int], ...]  # variables with bytes
Flat = tuple[Array, int, Terms, bool]
Here = tuple[Index, Place, Terms]


class Addresses:
    """Knows what every loop variable is at this place of the code."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.variables: dict[str, tuple[int, int, int, int]] = {}  # start, loop, step, trips
        self.lanes: set[str] = set()
        self.transposed: dict[Array, Array] = {}  # [s][d] with d in the lanes: where it is copied
        self._flat: dict[tuple[Array, Index], Flat] = {}
        # Both by the identity of their first entry, which they keep alive.
        self._here: dict[int, Here] = {}
        self._ends: dict[int, tuple[Affine, int, int]] = {}

    def once(self, variable: str, value: int) -> None:
        """The variable is a constant here."""
        self.variables[variable] = value, 0, 0, 1
        self._moved()

    def loop(self, variable: str, start: int, loop: int, step: int, trips: int) -> None:
        """The variable is start + step · (trips of a loop so far)."""
        self.variables[variable] = start, loop, step, trips
        self._moved()

    def _moved(self) -> None:
        self._here.clear()
        self._ends.clear()

    def place(self, array: Array, index: Index, point: Point) -> Place:
        """Where an element lies."""
        here = self._here.get(id(index))
        if here is None:
            here = self._here[id(index)] = self._found(array, index)
        _, place, terms = here
        offset, offsets = place.offset, point.offsets
        for variable, size in terms:
            if variable in offsets:
                offset += size * offsets[variable]
        return Place(place.region, place.array, offset, place.steps, place.vector, place.kind)

    def _found(self, array: Array, index: Index) -> Here:
        """Where an element lies but for what a point adds: bytes for each variable."""
        flat = self._flat.get((array, index))
        if flat is None:
            flat = self._flat[array, index] = self._flattened(array, index)
        base, offset, terms, vector = flat
        steps: dict[int, int] = {}
        for variable, size in terms:
            start, loop, step, _ = self.variables[variable]
            offset += size * start
            if loop:
                steps[loop] = steps.get(loop, 0) + size * step
        moving = tuple(sorted((loop, size) for loop, size in steps.items() if size))
        region = self.layout.arrays[base].region
        return index, Place(region, base, offset, moving, vector, array.kind), terms

    def scalar(self, scalar: Scalar) -> Place:
        """Where a number lies that is given when the code runs."""
        return Place("call", None, self.layout.scalars[scalar.name], (), False)

    def place_of_all(self, array: Array) -> Place:
        """Where an array begins."""
        base = self.layout.base(array)
        return Place(self.layout.arrays[base].region, base, 0, (), True, array.kind)

    def ends(self, whole: Affine, point: Point) -> tuple[int, int]:
        """The smallest and largest value of a whole number while the loops run."""
        here = self._ends.get(id(whole))
        if here is None:
            here = self._ends[id(whole)] = self._limits(whole)
        _, low, high = here
        offsets = point.offsets
        shift = sum([k * offsets[v] for v, k in whole.terms if v in offsets])
        return low + shift, high + shift

    def _limits(self, whole: Affine) -> tuple[Affine, int, int]:
        """The same but for what a point adds."""
        low = high = whole.constant
        for variable, k in whole.terms:
            start, _, step, trips = self.variables[variable]
            first, last = k * start, k * (start + step * (trips - 1))
            low, high = low + min(first, last), high + max(first, last)
        return whole, low, high

    def changed_lanes(self) -> None:
        """Other loops are in the lanes now: what is a vector has changed."""
        self._flat.clear()
        self._here.clear()

    def _flattened(self, array: Array, index: Index) -> Flat:
        copied = self.transposed.get(array)
        if copied is not None and self.lanes & set(index[-1].variables()):
            array = copied
        placement = self.layout.arrays[array]
        whole = Affine(0)
        for at, step in zip(index, placement.steps, strict=True):
            whole += at * step
        along = sum(k for variable, k in whole.terms if variable in self.lanes)
        width = 1 if array.kind == "byte" else 4
        if along not in (0, width) or (width == 1 and not along):
            raise NotVectorizable(
                f"{array}[{', '.join(map(str, index))}]: lanes are not neighbours in memory here; "
                "use the sample, or the last index, as it stands"
            )
        return self.layout.base(array), whole.constant, whole.terms, bool(along)
