"""x86-64, from the operand to the byte.

`registers` and `operands` are what instructions work on; `encoding` says how an instruction becomes
bytes; the two tables name every instruction; `forms` reads them; `assembler` strings instructions
together and `text` prints them.  `cpu` asks the processor what it can do, and `abi` knows how
functions call each other.
"""
