"""Runs vector operations in plain Python, with float32 rounding: what machine code must equal.

It is slow, and there for tests and for looking at: no processor is needed.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping

from verypoorcnn.compiler.loops import compare
from verypoorcnn.compiler.vector.builder import float32
from verypoorcnn.compiler.vector.code import Code, Op, Place, Value
from verypoorcnn.compiler.vector.layout import COUNT, GROUP

Lanes = list[float]
Memory = Mapping[str, bytearray]


def rounded(number: float) -> float:
    """The nearest float32."""
    return float(struct.unpack("<f", float32(number))[0])


def interpret(code: Code, memory: Memory) -> None:
    """Run code over the regions "workspace", "parameters" and "call"."""
    _Machine(code, memory).run(0, len(code.ops))


class _Machine:
    def __init__(self, code: Code, memory: Memory) -> None:
        self.code, self.memory = code, memory
        self.registers: dict[int, Lanes] = {}
        self.trips: dict[int, int] = {}
        self.ends = _ends(code.ops)

    def run(self, start: int, stop: int) -> None:
        at = start
        while at < stop:
            op = self.code.ops[at]
            if op.name == "repeat":
                loop, times = op.detail
                for self.trips[loop] in range(times):
                    self.run(at + 1, self.ends[at])
                at = self.ends[at]
            else:
                self.step(op)
            at += 1

    def step(self, op: Op) -> None:
        arguments = [self.registers[a.number] for a in op.arguments]
        match op.name:
            case "load":
                assert op.place is not None
                self.put(op.dest, self.load(op.place))
            case "store" | "store_element" | "clear" | "transpose":
                self.write(op, arguments)
            case "keep":
                start = op.detail
                assert isinstance(start, int)
                count = struct.unpack_from("<i", self.memory["call"], COUNT)[0]
                lanes = [v if start + k < count else 0.0 for k, v in enumerate(arguments[0])]
                self.put(op.dest, lanes)
            case "total":
                sums = [sum(a) for a in arguments] + [0.0] * self.code.width
                self.put(op.dest, sums[: self.code.width])
            case "element":
                assert isinstance(op.detail, int)
                self.put(op.dest, [arguments[0][op.detail]] * self.code.width)
            case "constant":
                assert isinstance(op.detail, float)
                self.put(op.dest, [op.detail] * self.code.width)
            case "compare":
                operator = op.detail
                lanes = [compare(operator, a, b) for a, b in zip(*arguments, strict=True)]
                self.put(op.dest, [float(x) for x in lanes])
            case _:
                function = ARITHMETIC[op.name]
                self.put(op.dest, [function(*at) for at in zip(*arguments, strict=True)])

    def put(self, dest: Value | None, lanes: Lanes) -> None:
        assert dest is not None
        self.registers[dest.number] = [rounded(x) for x in lanes]

    def address(self, place: Place) -> int:
        moving = sum(step * self.trips[loop] for loop, step in place.steps)
        start = 0 if place.array is None else self.code.layout.arrays[place.array].offset
        return start + place.offset + moving

    def load(self, place: Place) -> Lanes:
        memory, at = self.memory[place.region], self.address(place)
        if place.kind == "byte":
            return [float(b) for b in memory[at : at + self.code.width]]
        if place.vector:
            return list(struct.unpack_from(f"<{self.code.width}f", memory, at))
        return list(struct.unpack_from("<f", memory, at)) * self.code.width

    def write(self, op: Op, arguments: list[Lanes]) -> None:
        assert op.place is not None
        memory, at = self.memory[op.place.region], self.address(op.place)
        match op.name:
            case "store":
                lanes = arguments[0] if op.place.vector else arguments[0][:1]
                struct.pack_into(f"<{len(lanes)}f", memory, at, *lanes)
            case "store_element":
                struct.pack_into("<f", memory, at, arguments[0][op.detail])
            case "clear":
                self.clear(at, op.detail)
            case "transpose":
                self.transpose(op.place, op.detail)

    def clear(self, at: int, size: int) -> None:
        count = struct.unpack_from("<i", self.memory["call"], COUNT)[0]
        for line in range(at, at + size, 4 * GROUP):
            for sample in range(count, GROUP):
                struct.pack_into("<f", self.memory["workspace"], line + 4 * sample, 0.0)

    def transpose(self, place: Place, to: Place) -> None:
        assert place.array is not None
        assert to.array is not None
        arrays = self.code.layout.arrays
        source, target = arrays[place.array], arrays[to.array]
        memory = self.memory["workspace"]
        for s in range(GROUP):
            for d in range(place.array.shape[1]):
                value = bytes(memory[source.at((s, d)) : source.at((s, d)) + 4])
                memory[target.at((s, d)) : target.at((s, d)) + 4] = value


def _ends(ops: list[Op]) -> dict[int, int]:
    """Where the loop that begins at an operation ends."""
    ends, open_loops = {}, []
    for at, op in enumerate(ops):
        if op.name == "repeat":
            open_loops.append(at)
        elif op.name == "end":
            ends[open_loops.pop()] = at
    return ends


def _quotient(a: float, b: float) -> float:
    if b == 0.0:
        sign = math.copysign(1.0, a) * math.copysign(1.0, b)
        return math.nan if a == 0.0 or a != a else sign * math.inf
    return a / b


def _root(a: float) -> float:
    return math.sqrt(a) if a >= 0.0 else math.nan


ARITHMETIC: dict[str, Callable[..., float]] = {
    "move": lambda a: a,
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": _quotient,
    "max": lambda a, b: b if b > a else a,
    "min": lambda a, b: b if b < a else a,
    "fma": lambda a, b, c: a * b + c,
    "fnma": lambda a, b, c: c - a * b,
    "neg": lambda a: -a,
    "sqrt": _root,
    "rint": lambda a: float(round(a)),
    "power": lambda a: 2.0**a,
    "exponent": lambda a: math.frexp(a)[1] - 1.0,
    "mantissa": lambda a: math.frexp(a)[0] * 2.0,
    "and": lambda a, b: float(bool(a) and bool(b)),
    "or": lambda a, b: float(bool(a) or bool(b)),
    "not": lambda a: float(not a),
    "select": lambda a, b, c: b if a else c,
}
