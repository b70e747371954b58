"""Writes x86.txt: what the GNU assembler makes of every instruction form of the tables.

Run it from the root of the checkout where `as` and `objdump` are installed, after a line of a table
was added or changed:

    python3 -m tests.golden.make_x86

Each line is the bytes, a tab, and the instruction in Intel's notation.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

from tests.x86_cases import Case, corner_cases

GOLDEN = Path(__file__).with_name("x86.txt")


def source(case: Case) -> str:
    """As the assembler wants it: a jump relative to itself, a move between registers as a load."""
    if case.start:
        mnemonic, target = case.text.split()
        return f"{mnemonic} . + {int(target, 16) - case.start}"
    mnemonic = case.text.partition(" ")[0]
    swapped = mnemonic.startswith(("vmov", "kmov")) and "[" not in case.text
    return "{load} " * (swapped and not re.match(r"v?\w+ e", case.text)) + case.text


def assembled(cases: list[Case]) -> list[str]:
    """The bytes of each case in hexadecimal, read from the assembler's own listing."""
    lines = [f"{source(case)}\n" for case in cases]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x86.s"
        path.write_text(".intel_syntax noprefix\n" + "".join(lines))
        command = ["as", "-aln", "--listing-rhs-width=200", "--listing-lhs-width=9", path, "-o"]
        result = subprocess.run(
            [*command, path.with_suffix(".o")], capture_output=True, text=True, check=False
        )
    if result.returncode:
        raise SystemExit(result.stderr)
    rows = re.findall(r"^\s*(\d+) [0-9a-f]{4} ([0-9A-F ]+?)\s*\t", result.stdout, re.MULTILINE)
    return [data.replace(" ", "").lower() for _, data in rows]


def main() -> None:
    """Ask the assembler and write the file."""
    cases = list(dict.fromkeys(corner_cases()))
    data = assembled(cases)
    assert len(data) == len(cases), (len(data), len(cases))
    rows = [f"{golden}\t{case.text}\n" for golden, case in zip(data, cases, strict=True)]
    GOLDEN.write_text("".join(rows))
    print(f"{len(rows)} instructions in {GOLDEN}")


if __name__ == "__main__":
    main()
