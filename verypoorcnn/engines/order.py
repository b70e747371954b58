"""The order of an epoch: all images once, shuffled, the same for every engine.

Fisher and Yates: of those that are left, one is drawn, and changes places with the last of them.
Which one is decided by numbers that are counted and then mixed (splitmix64, Steele, Lea and Flood
2014), so there is no state to keep: a key of 64 bits is all that the order depends on.  This is the
reference; the native engine has the same in machine code.
"""

from __future__ import annotations

from array import array

STEP = 0x9E3779B97F4A7C15  # 2⁶⁴ divided by the golden ratio: multiples of it are spread evenly
MIX = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))  # shift and factor, round by round
LAST_SHIFT = 31
BITS = 64
MASK = (1 << BITS) - 1


def shuffled(count: int, key: int) -> array[int]:
    """The numbers 0 … count − 1 in the order that the key decides."""
    order = list(range(count))
    for left in range(count, 1, -1):
        key = (key + STEP) & MASK
        drawn = mixed(key) * left >> BITS  # from 0 to left − 1, all equally likely
        order[drawn], order[left - 1] = order[left - 1], order[drawn]
    return array("q", order)


def mixed(number: int) -> int:
    """64 bits that look as if they had nothing to do with those of the number."""
    for shift, factor in MIX:
        number = ((number ^ number >> shift) * factor) & MASK
    return number ^ number >> LAST_SHIFT
