"""What one core can do at best: multiply-adds in registers and nothing else.

Whoever computes must do at least the network's multiply-adds; how long these alone take at that
speed is the limit that a step is measured against.  Memory is none here: what a group of sixteen
samples needs fits the second-level cache.
"""

from __future__ import annotations

from verypoorcnn.compiler.lowering.x86 import Isa
from verypoorcnn.compiler.native.memory import Executable
from verypoorcnn.compiler.native.x86.abi import Frame, convention
from verypoorcnn.compiler.native.x86.assembler import Assembler
from verypoorcnn.compiler.native.x86.registers import YMM, ZMM, rcx
from verypoorcnn.network import Network
from verypoorcnn.training.benchmark.contest import Side

CHAINS = 12  # sums at a time: more than the multiply-adds that are under way at any moment
TURNS = 10_000


def limit(isa: Isa) -> Side:
    """Nothing but multiply-adds; a unit is one call, `multiply_adds(isa)` of them."""
    registers = (ZMM if isa.masks else YMM)[: CHAINS + 1]
    asm = Assembler()
    frame = Frame(convention(), [*registers, rcx])
    frame.enter(asm)
    for register in registers:
        asm.vxorps(register, register, register)
    asm.mov(rcx, TURNS)
    again = asm.here()
    for register in registers[:CHAINS]:
        asm.vfmadd231ps(register, registers[CHAINS], registers[CHAINS])
    asm.dec(rcx)
    asm.jne(again)
    frame.leave(asm)
    run = Executable(asm.finish().data).function()

    def work(units: int) -> None:
        for _ in range(units):
            run()

    return Side("limit", work)


def multiply_adds(isa: Isa) -> int:
    """Of floats, in one unit of `limit`."""
    return CHAINS * TURNS * isa.width


def training_multiply_adds(network: Network) -> int:
    """Of one sample's step: forward, the parameters' gradients, and the inputs' but the first's."""
    costs = [stage.multiply_adds for stage in network.stages if stage.multiply_adds]
    return 3 * sum(costs) - costs[0]
