"""From an element's index to its place in memory, for one copy of a statement.

The index is affine in the loops' variables, a layout gives bytes for each index, and so a place is
a constant plus a step for each loop that runs.  An element is a whole vector where it moves with
the lanes, and one number for all lanes where it does not.
"""

from __future__ import annotations

from verypoorcnn.compiler.affine import Affine
from verypoorcnn.compiler.loops import Array, Index, Scalar
from verypoorcnn.compiler.schedule.legality import Refused
from verypoorcnn.compiler.vector.code import Place
from verypoorcnn.compiler.vector.layout import Layout
from verypoorcnn.compiler.vector.points import Point

Flat = tuple[Array, int, tuple[tuple[str, int], ...], bool]


class Addresses:
    """Knows what every loop variable is at this place of the code."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.variables: dict[str, tuple[int, int, int, int]] = {}  # start, loop, step, trips
        self.lanes: set[str] = set()
        self.transposed: dict[Array, Array] = {}  # [s][d] with d in the lanes: where it is copied
        self._flat: dict[tuple[Array, Index], Flat] = {}

    def once(self, variable: str, value: int) -> None:
        """The variable is a constant here."""
        self.variables[variable] = value, 0, 0, 1

    def loop(self, variable: str, start: int, loop: int, step: int, trips: int) -> None:
        """The variable is start + step · (trips of a loop so far)."""
        self.variables[variable] = start, loop, step, trips

    def place(self, array: Array, index: Index, point: Point) -> Place:
        """Where an element lies."""
        flat = self._flat.get((array, index))
        if flat is None:
            flat = self._flat[array, index] = self._flattened(array, index)
        base, offset, terms, vector = flat
        steps: dict[int, int] = {}
        offsets = point.offsets
        for variable, size in terms:
            start, loop, step, _ = self.variables[variable]
            offset += size * (start + offsets.get(variable, 0))
            if loop:
                steps[loop] = steps.get(loop, 0) + size * step
        moving = tuple(sorted((loop, size) for loop, size in steps.items() if size))
        region = self.layout.arrays[base].region
        return Place(region, base, offset, moving, vector, array.kind)

    def scalar(self, scalar: Scalar) -> Place:
        """Where a number lies that is given when the code runs."""
        return Place("call", None, self.layout.scalars[scalar.name], (), False)

    def place_of_all(self, array: Array) -> Place:
        """Where an array begins."""
        base = self.layout.base(array)
        return Place(self.layout.arrays[base].region, base, 0, (), True, array.kind)

    def ends(self, whole: Affine, point: Point) -> tuple[int, int]:
        """The smallest and largest value of a whole number while the loops run."""
        low = high = whole.constant
        for variable, k in whole.terms:
            start, _, step, trips = self.variables[variable]
            first = k * (start + point.offsets.get(variable, 0))
            last = first + k * step * (trips - 1)
            low, high = low + min(first, last), high + max(first, last)
        return low, high

    def changed_lanes(self) -> None:
        """Other loops are in the lanes now: what is a vector has changed."""
        self._flat.clear()

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
            raise Refused(
                f"{array}[{', '.join(map(str, index))}]: lanes are not neighbours in memory here; "
                "use the sample, or the last index, as it stands"
            )
        return self.layout.base(array), whole.constant, whole.terms, bool(along)
