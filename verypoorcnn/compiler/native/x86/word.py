"""The instruction word: all that an instruction says before its address, as one number.

Its lowest five bytes are those of an EVEX prefix, the richest of the three encodings, with opcode
and ModRM behind them; the other two (VEX and REX) are shorter ways to write some of the same bits.

    byte 0        byte 1        byte 2          byte 3    byte 4         bytes 5, 6
    R X B R'0mmm  W v v v v1pp  z L L b V'aaa   opcode    mod reg r/m    flags (not written)

    R X B R' V'   extend reg, index, r/m, reg and vvvv beyond the eight that three bits can name
    mmm           opcode map: none, 0F, 0F38, 0F3A
    W             64 bits wide, or part of the opcode
    vvvv          a further register
    pp            another part of the opcode: none, 66, F3, F2
    z aaa         mask register aaa; z: lanes without a bit become 0 and do not stay as they were
    LL            vector length: 128, 256, 512 bits
    b             broadcast
    mod           3: r/m is a register; 0, 1, 2: an address with a displacement of 0, 1, 4 bytes

Each form of an instruction has such a word, and each operand flips some of its bits.
"""

from __future__ import annotations

R2, B, X, R = 1 << 4, 1 << 5, 1 << 6, 1 << 7
PP, VVVV, W = 1 << 8, 1 << 11, 1 << 15
V2, BROADCAST, LENGTH, ZEROING = 1 << 19, 1 << 20, 1 << 21, 1 << 23
OPCODE = 1 << 24
MODRM, MODRM_RM, MODRM_REG = 1 << 32, 1 << 32, 1 << 35
MOD_DISP8, MOD_DISP32, REGISTER_DIRECT = 1 << 38, 2 << 38, 3 << 38

VEX, EVEX = 1 << 40, 2 << 40  # how it is written; neither: legacy, with REX where it is needed
NO_MODRM = 4 << 40  # r/m, if any, is added to the opcode
REX_REG, REX_RM = 8 << 40, 16 << 40  # spl, bpl, sil or dil stands there: REX even if it is empty
HIGH_REG, HIGH_VVVV, HIGH_RM = 1 << 45, 1 << 46, 1 << 47  # xmm16–31: only EVEX can name them
NEEDS_MASK = 1 << 48  # gathers and scatters in EVEX
HIGH = HIGH_REG  # a word at least so large has one of these four

VEX_INVERTED = R | X | B | 15 * VVVV  # VEX and EVEX write these bits the other way round
EVEX_INVERTED = VEX_INVERTED | R2 | V2
