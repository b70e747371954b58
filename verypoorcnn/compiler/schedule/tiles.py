"""How many copies of a loop body to jam: the register tile, from a small model of the machine.

A tile of P copies costs, each time the innermost statements run,

    max(P · operations, loads, latency) + 0.1 · loads + overhead of the loop

in operations' time, where loads are the different addresses that the copies read: a tile of 4
filters and 6 columns of a convolution needs 10 for 24 multiply-adds.  It must fit the registers:
one for each local of each copy, and for the loads all but the largest group, which come one at a
time.  All tiles of up to three loops are tried, whole ones and what is left over at the edge.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from verypoorcnn.compiler.loops import (
    Array,
    Binary,
    Block,
    Comparison,
    If,
    Index,
    Let,
    Loop,
    Store,
    Unary,
)
from verypoorcnn.compiler.schedule.legality import Flow
from verypoorcnn.compiler.schedule.walk import (
    Node,
    accesses,
    assigned,
    expressions_of,
    stores,
)

STRAIGHT = 400  # operations that a loop body may become by unrolling
LATENCY = 4  # operations that must be on their way to hide that of one
FUNCTION = 20  # operations of an exp or a log
FACTORS = (*range(1, 15), 16, 18, 20, 24)
Tile = dict[str, int]


@dataclass(frozen=True)
class Target:
    """What a processor has."""

    width: int  # floats in a register
    registers: int


@dataclass(frozen=True)
class Candidate:
    """A loop that may be jammed."""

    variable: str
    trips: int


def operations(block: Block) -> int:
    """About how many operations a block takes, its loops counted."""
    total = 0
    for s in block:
        if isinstance(s, Loop):
            total += (s.stop - s.start) * operations(s.body)
        elif isinstance(s, If):
            total += 1 + operations(s.then) + operations(s.otherwise)
        else:
            total += max(1, sum(map(_weight, expressions_of(s))) - _fused(s))
    return total


def _weight(node: Node) -> int:
    if isinstance(node, Unary):
        return FUNCTION if node.operator in ("exp", "log") else 1
    return int(isinstance(node, Binary | Comparison))


def _fused(s: Let | Store) -> int:
    """Products that are added and so cost nothing."""
    return sum(
        isinstance(e, Binary)
        and e.operator in ("+", "-")
        and (_is_product(e.left) or _is_product(e.right))
        for e in expressions_of(s)
    )


def _is_product(node: Node) -> bool:
    return isinstance(node, Binary) and node.operator == "*"


class TileModel:
    """What tiles of one loop body cost."""

    def __init__(self, body: Block, flow: Flow, target: Target, halves: int, sums: int) -> None:
        """`halves`: registers for the samples of a group; `sums`: locals summed over lanes."""
        self.body, self.target, self.halves = body, target, halves
        self.leaf, self.trips, self.inner = _hot(body, 1, None)
        simple = tuple(s for s in self.leaf if not isinstance(s, Loop))
        self.operations = max(1, operations(simple))
        self.places = list(dict.fromkeys(accesses(simple)))
        self.written = {(s.array, s.index) for s in stores(simple)}
        self.locals = len(assigned(body))
        carried = flow.carried.get(self.inner.variable, set()) if self.inner else set()
        self.latency = LATENCY * 16 // target.width if carried & assigned(simple) else 0
        self.shared_lanes = sums > 0

    def best(self, candidates: list[Candidate]) -> Tile:
        """The cheapest tile: copies of each loop that has more than one."""
        best, choice = self.cost_of({}, candidates), {}
        for tile in self._tiles(candidates):
            cost = self.cost_of(tile, candidates)
            if cost < best:
                best, choice = cost, tile
        return choice

    def _tiles(self, candidates: list[Candidate]) -> Iterator[Tile]:
        """All tiles of up to three loops that may fit the registers."""
        halves = 1 if self.shared_lanes else self.halves
        limit = self.target.registers // max(1, self.locals) // halves
        return _grown({}, 1, candidates, limit)

    def cost_of(self, tile: Tile, candidates: list[Candidate]) -> float:
        """The cost of all of a nest, edges included; infinite if a part does not fit."""
        total, times = 0.0, 1
        parts = []
        for c in candidates:
            u = tile.get(c.variable, 1)
            if u == 1:
                times *= c.trips
            else:
                rest = [(c.trips % u, 1)] if c.trips % u else []
                parts.append([(c.variable, u, c.trips // u), *((c.variable, *r) for r in rest)])
        for part in product(*parts):
            cost = self._part({v: u for v, u, _ in part})
            for _, _, n in part:
                cost *= n
            total += cost
        uneven = sum(len(part) > 1 for part in parts)
        return total * times * (1 + 0.02 * len(tile) + 0.01 * uneven)

    def _part(self, tile: Tile) -> float:
        key = tuple(sorted(tile.items()))
        known = self._costs.get(key)
        if known is None:
            known = self._costs[key] = self._cost(tile)
        return known

    @cached_property
    def _costs(self) -> dict[tuple[tuple[str, int], ...], float]:
        return {}

    def _cost(self, tile: Tile) -> float:
        """The cost of one tile."""
        copies = self.halves
        for u in tile.values():
            copies *= u
        groups = [self._distinct(array, index, tile) for array, index in self.places]
        accumulators = copies * self.locals
        if self.shared_lanes:  # one half after the other is added to the same registers
            groups = [g // self.halves for g in groups]
            accumulators //= self.halves
        groups += [g for g, place in zip(groups, self.places, strict=True) if place in self.written]
        if accumulators + sum(groups) - max(groups, default=0) + 1 > self.target.registers:
            return float("inf")
        work = copies * self.operations
        unrolled = dict(tile)
        rounds = 1
        if self.inner is not None and self.trips * work <= STRAIGHT:
            rounds = self.inner.stop - self.inner.start
            unrolled[self.inner.variable] = rounds
        fetched = sum(
            self._distinct(array, index, unrolled) * (3 if (array, index) in self.written else 1)
            for array, index in self.places
        )
        loaded = fetched / rounds
        overhead = 1.5 / max(1, min(self.trips, 96 // work))
        return (
            self.trips
            * (max(work, loaded, self.latency * self.operations) + 0.1 * loaded + overhead)
            + 4
        )

    def _distinct(self, array: Array, index: Index, tile: Mapping[str, int]) -> int:
        """How many different elements the copies touch."""
        count = self.halves if array.per_sample else 1
        for whole in index:
            steps = [(k, tile[v]) for v, k in whole.terms if tile.get(v, 1) > 1]
            if len(steps) == 1:
                count *= steps[0][1]
            elif steps:
                ranges = product(*(range(u) for _, u in steps))
                count *= len(
                    {sum(k * x for (k, _), x in zip(steps, at, strict=True)) for at in ranges}
                )
        return count


def _grown(tile: Tile, copies: int, candidates: list[Candidate], limit: int) -> Iterator[Tile]:
    """The tile as it is, and with every choice of copies for the loops that are left."""
    if not candidates or len(tile) == 3:
        yield tile
        return
    first, *rest = candidates
    yield from _grown(tile, copies, rest, limit)
    for u in even_factors(first.trips):
        if u > 1 and copies * u <= limit:
            yield from _grown({**tile, first.variable: u}, copies * u, rest, limit)


def even_factors(trips: int) -> list[int]:
    """Numbers of copies worth trying, evened out: 64 in tiles of 14 is five of 13 and one of 12."""
    found = {-(-trips // -(-trips // u)) for u in FACTORS if u <= trips}
    return sorted(found | ({trips} if trips <= 28 else set()))


def _hot(block: Block, trips: int, loop: Loop | None) -> tuple[Block, int, Loop | None]:
    """The statements that run most often, how often, and the loop directly around them."""
    best = block, trips, loop
    weight = trips * sum(not isinstance(s, Loop) for s in block)
    for s in block:
        if isinstance(s, If):
            inner = _hot(s.then, trips, loop)
        elif isinstance(s, Loop):
            inner = _hot(s.body, trips * (s.stop - s.start), s)
        else:
            continue
        heavy = inner[1] * sum(not isinstance(x, Loop) for x in inner[0])
        if heavy > weight:
            best, weight = inner, heavy
    return best


def reuse(body: Block, variable: str) -> int:
    """How many numbers of memory do not move with a loop: those stay in the cache inside it."""
    sizes = {
        array: _size(array)
        for array, index in accesses(body)
        if not any(variable in whole.variables() for whole in index)
    }
    return sum(sizes.values())


def _size(array: Array) -> int:
    total = 1
    for n in array.shape:
        total *= n
    return total
