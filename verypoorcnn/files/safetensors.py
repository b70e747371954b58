"""Reads and writes safetensors, the file format that models are exchanged in.

A file has three parts: eight bytes that say how long the header is (an unsigned little-endian
number), the header, and the values of all tensors one after the other.  The header is a JSON object
that says of each tensor what its numbers are, its shape, and where among the values they stand:

    {"__metadata__":{"made by":"hand"},"fc1.bias":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}

Nothing in a file is believed before it is checked: a damaged or malicious one gives an error that
names the place, never a wrong tensor, and no memory is set aside for a size that is only claimed.
What is checked stands at https://github.com/huggingface/safetensors; where that project's own
reader is more lenient than its text (a name given twice, unknown keys), the text counts.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from math import prod
from pathlib import Path
from reprlib import Repr
from struct import pack, unpack
from typing import Any, NamedTuple

from verypoorcnn.errors import UserError
from verypoorcnn.files.atomic import write_atomically
from verypoorcnn.files.dtypes import DTYPES, ITEM_BYTES, from_bytes, to_bytes
from verypoorcnn.files.tensors import Tensor

Contents = tuple[dict[str, Tensor], dict[str, str]]  # tensors by name, and the metadata

METADATA = "__metadata__"
LENGTH_BYTES = 8  # the length of the header, in front of it
MAX_HEADER_BYTES = 100_000_000  # the format's own limit
MAX_TENSOR_BYTES = 2**60  # more than any file has; keeps products of sizes within 64 bits

_DAMAGED = "the file is damaged, save or copy it again"
_FOREIGN = "give a safetensors file"

_shortened = Repr()  # what a file says goes into messages, and can be of any length
_shortened.maxstring = _shortened.maxother = 80
_show = _shortened.repr


# Writing.


def write(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write tensors and metadata to a file, whole or not at all.

    Raises:
        UserError: the file cannot be written, or a name or text has no UTF-8.
    """
    write_atomically(path, encode_for(path, tensors, metadata))


def encode_for(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    """As `encode`; its errors begin with the name of the file that is to hold it."""
    with _naming(path):
        return encode(tensors, metadata)


def encode(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    """The bytes of a safetensors file, as the reference implementation writes them.

    Raises:
        UserError: a name or a metadata text has no UTF-8.
        ValueError: a tensor whose shape and values disagree, or one called `__metadata__`.
    """
    _check_text(chain(tensors, *metadata.items()))
    header: dict[str, Any] = {METADATA: dict(metadata)} if metadata else {}
    parts: list[bytes] = []
    end = 0
    for name in sorted(tensors, key=lambda name: (-tensors[name].values.itemsize, name)):
        shape, values = tensors[name]
        _check_writable(name, tensors[name])
        parts.append(to_bytes(values))
        begin, end = end, end + len(parts[-1])
        dtype = DTYPES[values.typecode]
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}
    return _encode_header(header) + b"".join(parts)


def _check_writable(name: str, tensor: Tensor) -> None:
    shape, values = tensor
    if name == METADATA:
        raise ValueError(f"a tensor cannot be called {METADATA}, the format keeps that name")
    if values.typecode not in DTYPES:
        raise ValueError(f"tensor {name!r} has typecode {values.typecode!r}, not 'f' or 'd'")
    if prod(shape) != len(values) or any(size < 0 for size in shape):
        raise ValueError(f"tensor {name!r} has shape {shape} but {len(values)} values")


def _encode_header(header: dict[str, Any]) -> bytes:
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # so that float64 values stand at multiples of 8
    if len(text) > MAX_HEADER_BYTES:
        raise ValueError(f"a header of {len(text)} bytes; the format allows {MAX_HEADER_BYTES}")
    return pack("<Q", len(text)) + text


# Reading.


def read(path: Path) -> Contents:
    """The tensors of a file by name, and its metadata (empty where it has none).

    F64 becomes float64; F32, F16 and BF16 become float32, which holds all their values.

    Raises:
        UserError: there is no such file, or it breaks a rule of the format.
    """
    try:
        with path.open("rb") as file, _naming(path):
            size = os.fstat(file.fileno()).st_size
            _header_length(file.read(LENGTH_BYTES + 1), size)  # before all of a film is read
            file.seek(0)
            data = file.read()
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f"{path}: cannot be read ({reason}); {_FOREIGN}") from error
    return decode(data, str(path))


def decode(data: bytes, name: str) -> Contents:
    """The tensors and the metadata in the bytes of a safetensors file; `name` is for messages.

    Raises:
        UserError: the bytes break a rule of the format.
    """
    with _naming(name):
        start = LENGTH_BYTES + _header_length(data, len(data))
        header = _parse(data[LENGTH_BYTES:start])
        metadata = _metadata(header.pop(METADATA, {}))
        entries = [_entry(tensor, info) for tensor, info in header.items()]
        _check_ranges(entries, len(data) - start)
    raw = memoryview(data)[start:]
    tensors = {}
    for tensor, dtype, shape, begin, end in entries:
        tensors[tensor] = Tensor(shape, from_bytes(dtype, raw[begin:end]))
    return tensors, metadata


@contextmanager
def _naming(file: object) -> Iterator[None]:
    """The checks below say what is wrong; this puts the file's name in front."""
    try:
        yield
    except UserError as error:
        raise UserError(f"{file}: {error}") from error


def _header_length(data: bytes, size: int) -> int:
    """Bytes of the header, from a file's beginning (nine bytes are enough) and its size."""
    if len(data) <= LENGTH_BYTES:
        raise UserError(f"{len(data)} bytes are too few for a header; {_FOREIGN}")
    (length,) = unpack("<Q", data[:LENGTH_BYTES])
    announced = f"a header of {length} bytes is announced"
    if not 2 <= length <= MAX_HEADER_BYTES:
        raise UserError(f"{announced}, allowed are 2 to {MAX_HEADER_BYTES}; {_FOREIGN}")
    first = data[LENGTH_BYTES : LENGTH_BYTES + 1]
    if first != b"{":
        raise UserError(f"the header starts with {first!r} instead of b'{{'; {_FOREIGN}")
    if length > size - LENGTH_BYTES:
        raise UserError(f"{announced}, but {size - LENGTH_BYTES} bytes follow; {_DAMAGED}")
    return int(length)


def _parse(header: bytes) -> dict[str, Any]:
    try:
        parsed: dict[str, Any] = json.loads(
            header.decode(),
            object_pairs_hook=_without_duplicates,
            parse_constant=_no_constant,
            parse_int=_integer,
        )
    except RecursionError as error:
        raise UserError(f"the header is nested too deeply; {_DAMAGED}") from error
    except ValueError as error:  # no UTF-8, no JSON, or refused by one of the hooks
        raise UserError(f"the header is not valid JSON: {error}; {_DAMAGED}") from error
    return parsed


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique: dict[str, Any] = {}
    for key, value in pairs:
        if key in unique:
            raise ValueError(f"{_show(key)} is given twice")
        unique[key] = value
    return unique


def _no_constant(word: str) -> float:
    raise ValueError(f"{word} is not a number of JSON")


def _integer(digits: str) -> int:
    if digits == "-0":  # int() would drop the sign, which no size may have
        raise ValueError("-0 is not a size")
    return int(digits)


def _metadata(metadata: object) -> dict[str, str]:
    if type(metadata) is not dict:
        raise UserError(f"{METADATA} is {_show(metadata)}, not an object; {_DAMAGED}")
    for key, value in metadata.items():
        if type(value) is not str:
            place = f"{METADATA} {_show(key)}"
            raise UserError(f"{place} is {_show(value)}, not a string; {_DAMAGED}")
    _check_text(chain(*metadata.items()))
    return metadata


def _check_text(texts: Iterable[str]) -> None:
    """Refuse half characters (lone surrogates), which JSON can spell but UTF-8 cannot."""
    for text in texts:
        try:
            text.encode()
        except UnicodeEncodeError as error:
            half = ascii(text[error.start])
            raise UserError(f"{_show(text)} holds {half}, half a character; rename it") from error


# What the header says of each tensor.


class _Entry(NamedTuple):
    tensor: str
    dtype: str
    shape: tuple[int, ...]
    begin: int  # bytes after the header
    end: int


def _entry(tensor: str, info: object) -> _Entry:
    """One tensor's entry, every part of it checked."""
    _check_text([tensor])
    where = f"tensor {_show(tensor)}"
    if type(info) is not dict or info.keys() != {"dtype", "shape", "data_offsets"}:
        raise UserError(f"{where} is {_show(info)}, not dtype, shape, data_offsets; {_DAMAGED}")
    dtype, shape, offsets = info["dtype"], info["shape"], info["data_offsets"]
    if type(dtype) is not str or dtype not in ITEM_BYTES:
        raise UserError(f"{where} has dtype {_show(dtype)}; convert it to F32 or leave it out")
    if not _are_sizes(shape):
        raise UserError(f"{where} has shape {_show(shape)}, not a list of sizes; {_DAMAGED}")
    if not _are_sizes(offsets) or len(offsets) != 2:
        raise UserError(f"{where} has data_offsets {_show(offsets)}, not [begin, end]; {_DAMAGED}")
    needed = _bytes_needed(dtype, shape, where)
    if offsets[1] - offsets[0] != needed:
        raise UserError(
            f"{where} has data_offsets {_show(offsets)}, but {dtype} of shape {_show(shape)} "
            f"needs {needed} bytes; {_DAMAGED}"
        )
    return _Entry(tensor, dtype, tuple(shape), *offsets)


def _are_sizes(values: object) -> bool:
    return type(values) is list and all(type(value) is int and value >= 0 for value in values)


def _bytes_needed(dtype: str, shape: list[int], where: str) -> int:
    needed = ITEM_BYTES[dtype]
    for size in shape:
        needed *= size or 1  # a zero must not hide an impossible size beside it
        if needed > MAX_TENSOR_BYTES:
            raise UserError(f"{where} has the impossible shape {_show(shape)}; {_DAMAGED}")
    return 0 if 0 in shape else needed


def _check_ranges(entries: list[_Entry], size: int) -> None:
    """The tensors must cover all bytes of values, without a hole or an overlap."""
    covered = 0
    for entry in sorted(entries, key=lambda entry: (entry.begin, entry.end)):
        if entry.begin != covered:
            raise UserError(
                f"tensor {_show(entry.tensor)} begins at byte {_show(entry.begin)} of the values, "
                f"but must begin at {covered}; {_DAMAGED}"
            )
        covered = entry.end
    if covered != size:
        raise UserError(f"the tensors have {covered} bytes, but {size} are there; {_DAMAGED}")
