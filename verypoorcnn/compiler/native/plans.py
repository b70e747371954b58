"""What drivers work by: plans, on which their code depends, and structures that come with a call.

A plan has no addresses: code is kept like that of the kernels.  Addresses come with the call, in
structures that are read, and partly written, by machine code, which finds their fields where ctypes
says they are.
"""

from __future__ import annotations

import ctypes
from typing import NamedTuple

STOP = 0  # in a thread's line: go no further

Range = tuple[int, int]  # offset and bytes, both whole lines


class Place(NamedTuple):
    """Where a group's images go: offsets in a workspace, and how many bytes an image has."""

    pixels: int
    labels: int
    image_bytes: int


class TrainingPlan(NamedTuple):
    """What training depends on besides its kernels."""

    place: Place
    losses: int  # offset in the workspace
    hits: int
    sums: tuple[Range, ...] = ()  # of the parameters' region: what groups are added to
    copied: tuple[Range, ...] = ()  # the rest of it


class ForwardPlan(NamedTuple):
    """What asking for probabilities depends on."""

    place: Place
    probabilities: int  # offset in the workspace
    classes: int


class Shuffle(NamedTuple):
    """The numbers by which a shuffle draws: splitmix64's."""

    step: int
    mix: tuple[tuple[int, int], ...]  # shift and factor, round by round
    last_shift: int


class Shard(ctypes.Structure):
    """A part of a batch; what is marked * the driver writes."""

    _fields_ = [
        ("parameters", ctypes.c_uint64),  # address of its copy of the region
        ("first", ctypes.c_uint64),  # bytes from the batch's first index to its own
        ("images", ctypes.c_uint64),  # at least 1
        ("loss", ctypes.c_double),  # * of the batch under way
        ("hits", ctypes.c_double),  # *
    ]


class Work(ctypes.Structure):
    """What one thread does in one call: all are addresses, unless it says how many.

    What is marked * the driver writes.  Threads have lines of memory, 64 bytes one behind the
    other, by which they tell each other where they are.
    """

    _fields_ = [
        ("pixels", ctypes.c_uint64),
        ("labels", ctypes.c_uint64),
        ("order", ctypes.c_uint64),  # * of the next batch's first index, 64 bits each
        ("batches", ctypes.c_uint64),  # * how many are still to do
        ("stride", ctypes.c_uint64),  # how many bytes from a batch's first index to the next one's
        ("workspace", ctypes.c_uint64),
        ("full", ctypes.c_uint64),  # the call of a group of sixteen images
        ("partial", ctypes.c_uint64),  # the call of a smaller one
        ("group", ctypes.c_uint64),  # the kernel of a group
        ("shards", ctypes.c_uint64),  # its first shard
        ("own", ctypes.c_uint64),  # how many shards it has
        ("main", ctypes.c_uint64),  # the parameters' region
        ("begins", ctypes.c_uint64),  # 0: go on with the batch of the last call
        ("line", ctypes.c_uint64),
        ("first_line", ctypes.c_uint64),
        ("give_way", ctypes.c_uint64),  # the system's function that does; 0: there is none
        # Of the first thread alone:
        ("leads", ctypes.c_uint64),  # 1
        ("others", ctypes.c_uint64),  # how many threads
        ("all", ctypes.c_uint64),  # how many shards a batch has
        ("copies", ctypes.c_uint64),  # the second shard's parameters
        ("distance", ctypes.c_uint64),  # how many bytes from there to the third's, and so on
        ("ends", ctypes.c_uint64),  # 0: this batch goes on in the next call
        ("update", ctypes.c_uint64),  # the kernel after the last group; 0: there is none
        ("loss", ctypes.c_double),  # * sum over all samples so far
        ("hits", ctypes.c_double),  # *
    ]


class Question(ctypes.Structure):
    """Which images, and where their probabilities go: all are addresses but one."""

    _fields_ = [
        ("pixels", ctypes.c_uint64),
        ("labels", ctypes.c_uint64),
        ("order", ctypes.c_uint64),  # of the first index, 64 bits each
        ("images", ctypes.c_uint64),  # how many, at least 1
        ("rows", ctypes.c_uint64),  # of the first float32, row after row
        ("kernel", ctypes.c_uint64),
        ("workspace", ctypes.c_uint64),
        ("parameters", ctypes.c_uint64),
        ("call", ctypes.c_uint64),
    ]
