"""The format of model files: one file checked byte for byte, and every rule broken once."""

from __future__ import annotations

import json
import math
import sys
from array import array
from pathlib import Path
from struct import pack
from typing import Any

import pytest

from verypoorcnn.errors import UserError
from verypoorcnn.files import safetensors
from verypoorcnn.files.safetensors import decode, encode, read, write
from verypoorcnn.files.tensors import Tensor, from_nested

HEADER = (
    b'{"__metadata__":{"made by":"hand"},'
    b'"fc1.bias":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
)
FILE = (
    b"\x60\x00\x00\x00\x00\x00\x00\x00"  # 96 bytes of header
    + HEADER  # 95 bytes
    + b" "  # to the next multiple of 8
    + b"\x00\x00\x80\x3f"  # 1.0
    + b"\x00\x00\x00\xc0"  # -2.0
)


def file_of(header: bytes | str | dict[str, Any], values: bytes = b"") -> bytes:
    text = json.dumps(header) if isinstance(header, dict) else header
    raw = text.encode() if isinstance(text, str) else text
    return pack("<Q", len(raw)) + raw + values


def entry(dtype: object = "F32", shape: object = (2,), offsets: object = (0, 8)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


def decoded(dtype: str, *items: int) -> list[float]:
    """Values read from 16-bit patterns."""
    values = pack(f"<{len(items)}H", *items)
    header = {"w": entry(dtype, [len(items)], [0, len(values)])}
    tensor = decode(file_of(header, values), "w.safetensors")[0]["w"]
    assert tensor.values.typecode == "f"
    return tensor.values.tolist()


# One file by hand.


def test_writes_the_file_made_by_hand() -> None:
    assert encode({"fc1.bias": from_nested([1, -2], "f")}, {"made by": "hand"}) == FILE


def test_reads_the_file_made_by_hand() -> None:
    tensors, metadata = decode(FILE, "hand.safetensors")
    assert tensors == {"fc1.bias": Tensor((2,), array("f", [1.0, -2.0]))}
    assert tensors["fc1.bias"].values.typecode == "f"
    assert metadata == {"made by": "hand"}


def test_through_a_real_file(tmp_path: Path) -> None:
    path = tmp_path / "hand.safetensors"
    write(path, {"fc1.bias": from_nested([1, -2], "f")}, {"made by": "hand"})
    assert path.read_bytes() == FILE
    assert read(path) == decode(FILE, "")


# What may be in a file.


def test_an_empty_file_is_two_braces() -> None:
    assert encode({}, {}) == b"\x08" + bytes(7) + b"{}      "
    assert decode(file_of("{}"), "empty.safetensors") == ({}, {})


def test_float64_comes_first_so_that_it_is_aligned_then_names_in_order() -> None:
    tensors = {
        "b": from_nested([1.0], "f"),
        "z": from_nested([[2.0]], "d"),
        "a": from_nested(3.0, "f"),
    }
    data = encode(tensors, {})
    start = 8 + int.from_bytes(data[:8], "little")
    assert start % 8 == 0
    assert json.loads(data[8:start]) == {
        "z": {"dtype": "F64", "shape": [1, 1], "data_offsets": [0, 8]},
        "a": {"dtype": "F32", "shape": [], "data_offsets": [8, 12]},
        "b": {"dtype": "F32", "shape": [1], "data_offsets": [12, 16]},
    }
    assert data[start:] == pack("<dff", 2.0, 3.0, 1.0)
    assert decode(data, "") == (tensors, {})


def test_tensors_may_stand_in_another_order_than_their_names() -> None:
    header = {"a": entry(shape=[1], offsets=[4, 8]), "b": entry(shape=[1], offsets=[0, 4])}
    tensors, _ = decode(file_of(header, pack("<ff", 1.0, 2.0)), "")
    assert tensors["a"].values[0] == 2.0
    assert tensors["b"].values[0] == 1.0


def test_a_tensor_without_values() -> None:
    header = {"a": entry(shape=[0, 3], offsets=[0, 0]), "b": entry()}
    tensors, _ = decode(file_of(header, bytes(8)), "")
    assert tensors["a"] == Tensor((0, 3), array("f"))
    assert decode(encode(tensors, {}), "") == (tensors, {})


def test_names_and_metadata_in_any_script() -> None:
    tensors = {"вес ⚖️\n": from_nested([1.0], "d"), "": from_nested(2.0, "f")}
    metadata = {"классы": '["Кот", "\\"\x00"]', "": ""}
    assert decode(encode(tensors, metadata), "") == (tensors, metadata)


def test_no_value_is_changed_on_its_way() -> None:
    odd = [0.1, -0.0, math.inf, -math.inf, 5e-324, sys.float_info.max]
    for typecode in ("f", "d"):
        values = array(typecode, [*odd, math.nan])
        tensors, _ = decode(encode({"w": Tensor((7,), values)}, {}), "")
        assert tensors["w"].values.tobytes() == values.tobytes()


def test_float16_is_read_exactly() -> None:
    assert decoded("F16", 0x3C00, 0xC000, 0x7BFF, 0x3555) == [1.0, -2.0, 65504.0, 0.333251953125]
    assert decoded("F16", 0x0400, 0x03FF, 0x0001) == [2**-14, 1023 * 2**-24, 2**-24]  # subnormal
    assert decoded("F16", 0x7C00, 0xFC00) == [math.inf, -math.inf]
    assert math.isnan(decoded("F16", 0x7E00)[0])
    assert math.copysign(1.0, decoded("F16", 0x8000)[0]) == -1.0


def test_bfloat16_is_read_exactly() -> None:
    assert decoded("BF16", 0x3F80, 0xC000, 0x4049) == [1.0, -2.0, 3.140625]
    assert decoded("BF16", 0x7F7F, 0x0080) == [255 * 2.0**120, 2.0**-126]
    assert decoded("BF16", 0x0001, 0x007F) == [2.0**-133, 127 * 2.0**-133]  # subnormal
    assert decoded("BF16", 0x7F80, 0xFF80) == [math.inf, -math.inf]
    assert math.isnan(decoded("BF16", 0x7FC0)[0])
    assert math.copysign(1.0, decoded("BF16", 0x8000)[0]) == -1.0


def test_big_endian_machines_swap_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    other = "big" if sys.byteorder == "little" else "little"
    monkeypatch.setattr(sys, "byteorder", other)
    tensor = from_nested([1.0, -2.0], "f")
    here = tensor.values.tobytes()
    tensor.values.byteswap()  # the values 1 and -2 as the other machine holds them
    data = encode({"w": tensor}, {})
    assert data.endswith(here)
    assert tensor.values.tobytes() != here  # the caller's own values are left alone
    assert decode(data, "")[0]["w"] == tensor


# Every rule broken once.

UNCHECKED = '{"dtype":"F32","shape":[2],"data_offsets":[0,8]}'

BEGINNING = {
    "nothing": (b"", "0 bytes are too few for a header"),
    "seven bytes": (b"\x02" + bytes(6), "7 bytes are too few"),
    "a zip file": (
        b"PK\x03\x04\x14\x00\x08\x00" + bytes(9),
        "allowed are 2 to 100000000; give a s",
    ),
    "no header": (bytes(8), "8 bytes are too few"),
    "empty header": (bytes(8) + b"{}", "a header of 0 bytes is announced"),
    "header longer than the file": (pack("<Q", 3) + b"{}", "of 3 bytes is announced, but 2 bytes"),
    "header over 100 MB": (pack("<Q", 100_000_001) + b"{}", "100000001 bytes is announced, allow"),
    "header of 2^64 - 1 bytes": (b"\xff" * 8 + b"{}", "of 18446744073709551615 bytes is announced"),
    "another kind of file": (b"PK\x03\x04" + bytes(26), r"the header starts with b'\x00'"),
    "space before the brace": (file_of(" {}"), "the header starts with b' ' instead of b'{'"),
    "byte order mark": (file_of("\ufeff{}"), r"starts with b'\xef'"),
    "an array": (file_of("[]"), "the header starts with b'['"),
}

JSON = {
    "no UTF-8": (b'{"a\xff":1}', "not valid JSON: 'utf-8' codec can't decode byte 0xff in posit"),
    "half a character": (
        rf'{{"\ud800":{UNCHECKED}}}',
        r"'\ud800' holds '\ud800', half a character",
    ),
    "half in metadata": (r'{"__metadata__":{"a":"\udfff"}}', r"'\udfff' holds '\udfff', half"),
    "cut short": ('{"a":', "not valid JSON: Expecting value: line 1 column 6"),
    "zeros at the end": ("{}\0\0", "not valid JSON: Extra data"),
    "comma at the end": ("{},", "not valid JSON: Extra data"),
    "line end in a string": ('{"__metadata__":{"a":"\n"}}', "Invalid control character"),
    "NaN": ('{"a":NaN}', "NaN is not a number of JSON"),
    "infinity": ('{"a":-Infinity}', "-Infinity is not a number of JSON"),
    "a number of 5000 digits": (f'{{"a":{"9" * 5000}}}', "not valid JSON: Exceeds the limit"),
    "minus zero": ('{"a":-0}', "-0 is not a size"),
    "nested too deeply": ('{"a":' + "[" * 200_000, "the header is nested too deeply"),
    "a tensor twice": ('{"a":1,"a":1}', "'a' is given twice"),
    "a key twice": ('{"a":{"dtype":"F32","dtype":"F32"}}', "'dtype' is given twice"),
    "metadata twice": ('{"__metadata__":{},"__metadata__":{}}', "'__metadata__' is given twice"),
    "a metadata key twice": ('{"__metadata__":{"k":"","k":""}}', "'k' is given twice"),
}

METADATA: dict[str, tuple[object, str]] = {
    "null": (None, "__metadata__ is None, not an object"),
    "a list": (["a"], "__metadata__ is ['a'], not an object"),
    "a number": ({"epochs": 25}, "__metadata__ 'epochs' is 25, not a string"),
    "an object": ({"network": {}}, "__metadata__ 'network' is {}, not a string"),
}

ENTRY = {
    "null": (None, "tensor 'w' is None, not dtype, shape, data_offsets"),
    "a list": (["F32", [2], [0, 8]], "tensor 'w' is ['F32', [2], [0, 8]], not dtype, shape"),
    "nothing": ({}, "tensor 'w' is {}, not dtype, shape, data_offsets"),
    "no shape": ({"dtype": "F32", "data_offsets": [0, 8]}, "not dtype, shape, data_offsets"),
    "a key too many": ({**entry(), "strides": [1]}, "not dtype, shape, data_offsets"),
    "whole numbers": (entry("I64", [1]), "tensor 'w' has dtype 'I64'; convert it to F32"),
    "dtype in lower case": (entry("f32"), "tensor 'w' has dtype 'f32'"),
    "dtype a list": (entry(["F32"]), "tensor 'w' has dtype ['F32']"),
    "shape a number": (entry(shape=2), "tensor 'w' has shape 2, not a list of sizes"),
    "shape null": (entry(shape=None), "tensor 'w' has shape None"),
    "size a fraction": (entry(shape=[2.0]), "tensor 'w' has shape [2.0]"),
    "size a truth value": (entry(shape=[2, True]), "tensor 'w' has shape [2, True]"),
    "size a string": (entry(shape=["2"]), "tensor 'w' has shape ['2']"),
    "size below zero": (entry(shape=[-2]), "tensor 'w' has shape [-2], not a list of sizes"),
    "sizes below zero": (entry(shape=[-1, -2]), "tensor 'w' has shape [-1, -2]"),
    "one offset": (entry(offsets=[8]), "data_offsets [8], not [begin, end]"),
    "three offsets": (entry(offsets=[0, 4, 8]), "data_offsets [0, 4, 8], not [begin, end]"),
    "offsets an object": (entry(offsets={}), "data_offsets {}, not [begin, end]"),
    "offset a fraction": (entry(offsets=[0, 8.0]), "data_offsets [0, 8.0], not [begin, end]"),
    "offset a truth value": (entry(offsets=[False, 8]), "data_offsets [False, 8], not [begin"),
    "offset below zero": (entry(offsets=[-8, 0]), "data_offsets [-8, 0], not [begin, end]"),
    "end before begin": (entry(offsets=[8, 0]), "[8, 0], but F32 of shape [2] needs 8 bytes"),
    "shape too large": (entry(shape=[3]), "[0, 8], but F32 of shape [3] needs 12 bytes"),
    "shape too small": (entry(shape=[]), "[0, 8], but F32 of shape [] needs 4 bytes"),
    "size zero": (entry(shape=[2, 0]), "[0, 8], but F32 of shape [2, 0] needs 0 bytes"),
    "product of 2^64 + 8": (entry(shape=[2**32, 2**32]), "the impossible shape [4294967296, 4294"),
    "impossible size hidden by a zero": (
        entry(shape=[2**63, 2**63, 0], offsets=[0, 0]),
        "the impossible shape [9223372036854775808, 9223372036854775808, 0]",
    ),
    "impossible size after a zero": (
        entry(shape=[0, 2**63, 2**63], offsets=[0, 0]),
        "the impossible shape [0, 9223372036854775808, 9223372036854775808]",
    ),
    "a hundred thousand sizes": (entry(shape=[2] * 100_000), "impossible shape [2, 2, 2, 2, 2, 2,"),
    "begins after the first byte": (
        entry(shape=[1], offsets=[4, 8]),
        "tensor 'w' begins at byte 4 of the values, but must begin at 0",
    ),
    "ends before the last byte": (
        entry(shape=[1], offsets=[0, 4]),
        "the tensors have 4 bytes, but 8 are there",
    ),
    "ends after the last byte": (
        entry(shape=[3], offsets=[0, 12]),
        "the tensors have 12 bytes, but 8 are there",
    ),
    "claims an exabyte": (
        entry(shape=[2**58], offsets=[0, 2**60]),
        "the tensors have 1152921504606846976 bytes, but 8 are there",
    ),
}

RANGES = {
    "hole": ([[0, 4], [8, 12]], "tensor 'b' begins at byte 8 of the values, but must begin at 4"),
    "overlap": (
        [[0, 8], [4, 12]],
        "tensor 'b' begins at byte 4 of the values, but must begin at 8",
    ),
    "the same": (
        [[0, 12], [0, 12]],
        "tensor 'b' begins at byte 0 of the values, but must begin at",
    ),
    "empty in the middle": ([[0, 12], [4, 4]], "tensor 'b' begins at byte 4 of the values"),
}


def refused(data: bytes, message: str) -> None:
    with pytest.raises(UserError) as caught:
        decode(data, "bad.safetensors")
    line = str(caught.value)
    assert message in line
    assert line.startswith("bad.safetensors: ")
    assert "; " in line or ", " in line  # and then the fix
    assert "\n" not in line
    assert len(line) < 400


@pytest.mark.parametrize(("data", "message"), BEGINNING.values(), ids=BEGINNING)
def test_broken_beginnings(data: bytes, message: str) -> None:
    refused(data, message)


@pytest.mark.parametrize(("header", "message"), JSON.values(), ids=JSON)
def test_broken_json(header: bytes | str, message: str) -> None:
    refused(file_of(header, bytes(8)), message)


@pytest.mark.parametrize(("metadata", "message"), METADATA.values(), ids=METADATA)
def test_broken_metadata(metadata: object, message: str) -> None:
    refused(file_of({"__metadata__": metadata}), message)


@pytest.mark.parametrize(("info", "message"), ENTRY.values(), ids=ENTRY)
def test_broken_entries(info: object, message: str) -> None:
    refused(file_of({"w": info}, bytes(8)), message)


@pytest.mark.parametrize(("ranges", "message"), RANGES.values(), ids=RANGES)
def test_broken_ranges(ranges: list[list[int]], message: str) -> None:
    header = {
        name: entry(shape=[(end - begin) // 4], offsets=[begin, end])
        for name, (begin, end) in zip("ab", ranges, strict=True)
    }
    refused(file_of(header, bytes(12)), message)


@pytest.mark.parametrize("length", range(len(FILE)))
def test_a_file_cut_short_anywhere(length: int) -> None:
    with pytest.raises(UserError):
        decode(FILE[:length], "cut.safetensors")


def test_a_byte_too_many() -> None:
    refused(FILE + b"\0", "the tensors have 8 bytes, but 9 are there")


def test_a_name_of_a_million_characters_gives_a_short_line() -> None:
    refused(file_of({"n" * 1_000_000: entry("?" * 1_000_000)}, bytes(8)), "tensor 'nnn")


def test_line_ends_in_a_name_stay_out_of_the_message() -> None:
    refused(file_of({"a\nb": entry("I8\r\n")}, bytes(8)), r"tensor 'a\nb' has dtype 'I8\r\n'")


# Files that cannot be read, and contents that cannot be written.


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"x\.safetensors: cannot be read \(.*\); give a safetens"):
        read(tmp_path / "x.safetensors")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        read(tmp_path)


@pytest.mark.parametrize("data", [b"", FILE[:50], FILE[:-1], bytes(200), b"\x89PNG\r\n\x1a\n" * 9])
def test_errors_of_a_file_name_it_once(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "bad.safetensors"
    path.write_bytes(data)
    with pytest.raises(UserError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert str(caught.value).count(str(path)) == 1


def test_another_kind_of_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "film.safetensors"
    with path.open("wb") as file:
        file.truncate(2**40)  # a terabyte, of which nothing is stored
    with pytest.raises(UserError, match="a header of 0 bytes is announced"):
        read(path)


def test_names_without_utf8_are_not_written(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    with pytest.raises(UserError, match=r"w\.safetensors: '\\udcff' holds .*; rename it"):
        write(path, {}, {"class": "\udcff"})
    assert not path.exists()


@pytest.mark.parametrize(
    ("name", "tensor"),
    [
        ("__metadata__", from_nested([1.0])),
        ("w", Tensor((3,), array("d", [1.0]))),
        ("w", Tensor((-1, -1), array("d", [1.0]))),
        ("w", Tensor((1,), array("i", [1]))),  # type: ignore[arg-type]
    ],
)
def test_wrong_tensors_are_not_written(name: str, tensor: Tensor) -> None:
    with pytest.raises(ValueError, match="tensor"):
        encode({name: tensor}, {})


def test_a_header_over_the_limit_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safetensors, "MAX_HEADER_BYTES", 96)
    assert decode(FILE, "") == decode(encode(*decode(FILE, "")), "")
    with pytest.raises(ValueError, match="a header of 104 bytes; the format allows 96"):
        encode({}, {"long": "x" * 72})
