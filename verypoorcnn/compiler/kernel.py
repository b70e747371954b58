"""From functions of the loop IR to machine code: layout, passes, schedule, operations, bytes.

    layout = Layout()
    kernel = compile_functions([read(dense, arguments)], layout, AVX512)
    kernel.run(workspace_address, parameters_address, call_address)

A kernel does what its functions do, one after another, for one group of up to sixteen samples.  Its
numbers lie in three regions that the caller owns; `Layout` says where in them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from verypoorcnn.compiler.collector import without_collector
from verypoorcnn.compiler.loops import Array, Function, Statement
from verypoorcnn.compiler.lowering.x86 import AVX2, AVX512, Isa, lower
from verypoorcnn.compiler.native.memory import GroupCode
from verypoorcnn.compiler.native.x86.abi import Convention, Frame, convention
from verypoorcnn.compiler.native.x86.assembler import Assembler
from verypoorcnn.compiler.native.x86.assembler import Code as MachineCode
from verypoorcnn.compiler.native.x86.operands import Label
from verypoorcnn.compiler.native.x86.registers import GENERAL, MASKS, YMM, ZMM, rdi, rdx, rsi, rsp
from verypoorcnn.compiler.schedule.accumulate import accumulate
from verypoorcnn.compiler.schedule.collapse import collapse
from verypoorcnn.compiler.schedule.legality import Flow, NotVectorizable
from verypoorcnn.compiler.schedule.passes import rearranged
from verypoorcnn.compiler.schedule.plan import Nest, plan
from verypoorcnn.compiler.schedule.samples import check_samples
from verypoorcnn.compiler.schedule.tiles import Target
from verypoorcnn.compiler.vector.code import Code, Op
from verypoorcnn.compiler.vector.generate import Generator
from verypoorcnn.compiler.vector.layout import Layout

ISAS = {isa.name: isa for isa in (AVX512, AVX2)}


@dataclass
class Scheduled:
    """Functions as vector code, and the decisions on the way."""

    nests: list[Nest]
    code: Code
    sums: tuple[Array, ...] = ()  # what is added to, group after group

    def __str__(self) -> str:
        return "\n".join(map(str, self.nests))


def vector_code(
    functions: Sequence[Function],
    layout: Layout,
    target: Target,
    *,
    groups: bool = False,
    keep: Collection[Array] | None = None,
    generator_of: Callable[[Layout, int], Generator] = Generator,
) -> Scheduled:
    """The vector code of functions that run one after another for one group of samples.

    With `groups`, sums over samples are added to what is in memory, so that a batch may have many
    groups; `sums` of the result are to be zeroed first.  Of the arrays with samples that nobody
    reads here only those in `keep` are written (None: all).

    Raises:
        NotVectorizable: a function mixes samples in another way than by a sum.
    """
    for function in functions:
        check_samples(function)
        layout.add(function.arguments)
    body = rearranged(functions)
    sums: tuple[Array, ...] = ()
    if groups:
        body, sums = accumulate(body)
    body = collapse(body, layout)
    flow = Flow(body)
    generator, nests = generator_of(layout, target.width), []
    for statement in body:
        with placed(statement, functions):
            nests.append(plan(statement, layout, target, flow))
            generator.nest(nests[-1], flow)
    code = generator.finish()
    if keep is not None:
        code.ops = without_unread_stores(code.ops, keep)
    return Scheduled(nests, code, sums)


@contextmanager
def placed(statement: Statement, functions: Sequence[Function]) -> Iterator[None]:
    """A refusal says where: in the function whose number the names of the nest have."""
    try:
        yield
    except NotVectorizable as refusal:
        name = getattr(statement, "variable", getattr(statement, "name", ""))
        number = name.rpartition(".")[2]
        file = functions[int(number) if number.isdigit() else 0].file
        raise NotVectorizable(f"{file}:{statement.line}: {refusal}") from None


def without_unread_stores(ops: list[Op], keep: Collection[Array]) -> list[Op]:
    """Without the stores to arrays with samples that nothing here reads and nobody wants."""
    read = {op.place.array for op in ops if op.place and op.name not in ("store", "clear")}
    return [
        op
        for op in ops
        if op.name != "store"
        or op.place is None
        or op.place.array is None
        or not op.place.array.per_sample
        or op.place.array in read
        or op.place.array in keep
    ]


@dataclass
class Kernel:
    """Machine code, what it was made from, and where its numbers lie."""

    scheduled: Scheduled
    layout: Layout
    machine: MachineCode
    entry: int  # offset of the function that C calling conventions reach

    @cached_property
    def loaded(self) -> GroupCode:
        """Its machine code where it can run; it must be kept as long as `address` is used."""
        return GroupCode(self.machine.data, self.entry)

    @property
    def address(self) -> int:
        """Where the function begins."""
        return self.loaded.address

    @property
    def run(self) -> Callable[[int, int, int], None]:
        """Call it with the addresses of workspace, parameters and call."""
        return self.loaded.run


def compile_functions(
    functions: Sequence[Function],
    layout: Layout,
    isa: Isa,
    *,
    groups: bool = False,
    keep: Collection[Array] | None = None,
) -> Kernel:
    """Machine code for functions that run one after another for one group of samples.

    Arrays and scalars that `layout` does not know yet are added to it; `groups` and `keep` are
    explained at `vector_code`.

    Raises:
        NotVectorizable: a function mixes samples in another way than by a sum.
    """
    target = Target(isa.width, isa.vectors)
    asm = Assembler()
    with without_collector():
        scheduled = vector_code(functions, layout, target, groups=groups, keep=keep)
        entry = function(asm, lower(scheduled.code, isa, asm), isa)
        machine = asm.finish()
    assert entry.position is not None
    return Kernel(scheduled, layout, machine, entry.position)


def function(asm: Assembler, body: Label, isa: Isa, abi: Convention | None = None) -> Label:
    """A function of the C calling convention round a subroutine."""
    abi = abi or convention()
    vectors: Any = ZMM if isa.masks else YMM
    general = [register for register in GENERAL if register is not rsp]
    frame = Frame(abi, [*general, *vectors[: isa.vectors], *MASKS], calls=True)
    asm.align(64)
    entry = asm.here("kernel")
    frame.enter(asm)
    for register, given in zip((rdi, rsi, rdx), abi.arguments, strict=False):
        if register is not given:
            asm.mov(register, given)
    asm.call(body)
    frame.leave(asm)
    return entry
