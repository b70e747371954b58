"""One function at every level: textbook, loops, schedule, vector code, Python, assembly.

Each level is text, made by the same passes that make the code which runs.  Machine code is only
written here and never run, so all of it can be read on any computer.
"""

from __future__ import annotations

import inspect
import linecache
import re
import struct
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from verypoorcnn.compiler.kernel import ISAS, Scheduled, function, vector_code
from verypoorcnn.compiler.loops import Array
from verypoorcnn.compiler.native.x86.abi import SYSTEM_V
from verypoorcnn.compiler.native.x86.assembler import Assembler
from verypoorcnn.compiler.native.x86.assembler import Code as MachineCode
from verypoorcnn.compiler.native.x86.listing import ListingLine, constant_lines, lines
from verypoorcnn.compiler.native.x86.registers import Register, rdi, rdx, rsi
from verypoorcnn.compiler.passes import samples_outside, simplified
from verypoorcnn.compiler.python import python_source
from verypoorcnn.compiler.python.writer import Written
from verypoorcnn.compiler.remarks import Remarked, Remarks, line_of, lines_of_loops
from verypoorcnn.compiler.schedule.tiles import Target
from verypoorcnn.compiler.source import Argument, read
from verypoorcnn.compiler.vector.layout import Layout

Textbook = Callable[..., None]

REGIONS: dict[Register, str] = {rdi: "workspace", rsi: "parameters", rdx: "call"}
TEXT_AT, REMARK_AT = 32, 100  # columns of a listing
_NUMBERED = re.compile(r"\b([A-Za-z_]\w*)\.0\b")  # total.0: total of the first function


class Levels:
    """A textbook function with the arguments of one call; the native levels are for one ISA.

    Arrays with samples have sixteen of them, as in a group of the native back end.
    """

    def __init__(self, function: Textbook, arguments: Sequence[Argument], isa: str) -> None:
        self.function, self.arguments, self.isa = function, arguments, ISAS[isa]

    def level(self, name: str) -> str:
        """The text of a level: one of `LEVELS`.

        Raises:
            UserError: the function leaves the subset, or is none that vector code can be made of.
        """
        return LEVELS[name](self)

    def textbook(self) -> str:
        """The source as it stands in its file, with line numbers."""
        return source(self.function)

    def loops(self) -> str:
        """The loop IR as it is read, and after the simplifying passes."""
        loops = read(self.function, self.arguments)
        simple = simplified(loops)
        if str(simple) == str(loops):
            return f"as read; there is nothing to simplify\n\n{loops}"
        return f"as read\n\n{loops}\n\nsimplified\n\n{simple}"

    def schedule(self) -> str:
        """Where every number lies, and how every loop runs."""
        layout = Layout()
        scheduled, _ = self._scheduled(layout)
        isa = self.isa
        head = f"{isa.name}: {isa.vectors} registers of {isa.width} floats"
        return "\n".join([head, *_places(layout), "", _plain(str(scheduled))])

    def vector(self) -> str:
        """The operations on virtual registers."""
        return str(self._scheduled(Layout())[0].code)

    def python(self) -> str:
        """The specialised source."""
        return self._python().text.rstrip()

    def assembly(self) -> str:
        """Addresses, bytes, text, and the lines of the textbook."""
        code = self.machine_code()
        names = f"for {self.isa.name}, {code.end} bytes of instructions; in the registers "
        given = ", ".join(f"{register} {what}" for register, what in REGIONS.items())
        return "\n".join([f"; {self.function.__name__} {names}{given}", *_listing(code)])

    def machine_code(self) -> MachineCode:
        """The machine code, with remarks for a listing."""
        asm, layout = Assembler(), Layout()
        scheduled, remarks = self._scheduled(layout)
        file = inspect.getsourcefile(self.function) or "?"
        of_loops = lines_of_loops(read(self.function, self.arguments).body)
        body = Remarked(scheduled.code, self.isa, asm, remarks, file, of_loops).run()
        function(asm, body, self.isa, SYSTEM_V)
        return asm.finish()

    def origins(self, name: str) -> tuple[int, ...]:
        """Of each line of "python" or "vector", the line of the textbook's file; 0 for none."""
        if name == "python":
            return self._python().origins
        scheduled, remarks = self._scheduled(Layout())
        of_loops = lines_of_loops(read(self.function, self.arguments).body)
        return tuple(line_of(op, remarks, of_loops) for op in scheduled.code.ops)

    def _python(self) -> Written:
        return python_source(samples_outside(simplified(read(self.function, self.arguments))))

    def _scheduled(self, layout: Layout) -> tuple[Scheduled, Remarks]:
        remarks = Remarks()
        target = Target(self.isa.width, self.isa.vectors)
        loops = read(self.function, self.arguments)
        return vector_code([loops], layout, target, generator_of=remarks.generator), remarks


LEVELS: dict[str, Callable[[Levels], str]] = {
    "textbook": Levels.textbook,
    "loops": Levels.loops,
    "schedule": Levels.schedule,
    "python": Levels.python,
    "vector": Levels.vector,
    "assembly": Levels.assembly,
}


def source(function: Textbook) -> str:
    """The source of a function as it stands in its file, with line numbers."""
    rows, first = inspect.getsourcelines(function)
    numbered = [f"{first + k:4}  {row.rstrip()}".rstrip() for k, row in enumerate(rows)]
    return "\n".join([_short(inspect.getsourcefile(function) or "?"), *numbered])


def _short(file: str) -> str:
    """The last two parts of a path: textbook/convolution.py."""
    return "/".join(Path(file).parts[-2:])


def _plain(text: str) -> str:
    """With the names of one function alone."""
    return _NUMBERED.sub(r"\1", text)


def _places(layout: Layout) -> Iterator[str]:
    """A line for each array: its shape, and bytes from one element to the next."""
    width = max((len(array.name) for array in layout.arrays), default=0)
    for array, placement in layout.arrays.items():
        shape = "×".join(map(str, array.shape))
        steps = ", ".join(map(str, placement.steps))
        yield (
            f"{array.name:<{width}}  {shape:<12} {placement.region} + {placement.offset:<7}"
            f"{_kind(array, layout)}, bytes from one to the next: {steps}"
        )


def _kind(array: Array, layout: Layout) -> str:
    seen = "the same in one row, " * (array in layout.views)
    return f"{seen}{array.kind}s{', sample innermost' * array.per_sample}"


def _listing(code: MachineCode) -> Iterator[str]:
    """Instructions, and above each block the line of the textbook that it comes from."""
    origin = None
    for filler, group in groupby(lines(code, REGIONS), lambda line: line.text == "nop"):
        if filler:
            yield _filler([*group])
            continue
        for line in group:
            if line.origin != origin:
                origin = line.origin
                yield from _source_line(*origin) if origin and origin[1] else ("",)
            yield from (f"{_label(label, line.address)}:" for label in line.labels)
            yield _instruction(line)
    if code.constants:
        yield "\n; constants"
    yield from (_constant(line) for line in constant_lines(code))


def _filler(nops: list[ListingLine]) -> str:
    """Instructions that do nothing, up to an address at which a loop may begin."""
    size = sum(len(line.data) for line in nops)
    start = f"{nops[0].address:6x}  …"
    return f"{start:<{TEXT_AT}}{'nop':<13}{size} byte{'s' * (size > 1)} of them"


def _label(name: str, address: int) -> str:
    """A label without a name is called as jumps call it."""
    return f"{address:#x}" if name.startswith("label at ") else name


def _constant(line: ListingLine) -> str:
    """A number, and for how many lanes it stands there."""
    number = line.data[:4]
    lanes = f" in {len(line.data) // 4} lanes" if len(line.data) > 4 else ""
    return f"{line.address:6x}  {number.hex():<24}{struct.unpack('<f', number)[0]:.9g}{lanes}"


def _source_line(file: str, number: int) -> Iterator[str]:
    yield ""
    yield f"; {Path(file).name}:{number}   {linecache.getline(file, number).strip()}"


def _instruction(line: ListingLine) -> str:
    start = f"{line.address:6x}  {line.data.hex():<22}"
    mnemonic, _, operands = line.text.partition(" ")
    text = f"{start:<{TEXT_AT}}{mnemonic:<13}{operands}"
    return f"{text:<{REMARK_AT}} ; {line.comment}" if line.comment else text.rstrip()
