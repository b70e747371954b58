"""Whatever bytes come: a right answer or one line, and the safetensors library agrees."""

from __future__ import annotations

import json
from array import array
from math import prod
from pathlib import Path
from struct import pack
from typing import Any

import pytest

pytest.importorskip("hypothesis", reason="hypothesis draws the files")

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from verypoorcnn.errors import UserError
from verypoorcnn.files.safetensors import Contents, decode, encode
from verypoorcnn.files.tensors import Tensor, from_nested, nested

TYPECODES = {"F64": "d", "F32": "f"}

some = settings(deadline=None, max_examples=100)
many = settings(deadline=None, max_examples=400)

texts = st.text(max_size=12)  # all of Unicode but surrogates
shapes = st.lists(st.integers(0, 3), max_size=4).map(tuple)


@st.composite
def tensors(draw: st.DrawFn) -> Tensor:
    shape = draw(shapes)
    typecode = draw(st.sampled_from("fd"))
    number = st.floats(width=32 if typecode == "f" else 64)
    values = draw(st.lists(number, min_size=prod(shape), max_size=prod(shape)))
    return Tensor(shape, array(typecode, values))


contents = st.tuples(
    st.dictionaries(texts.filter(lambda name: name != "__metadata__"), tensors(), max_size=4),
    st.dictionaries(texts, texts, max_size=3),
)


def bits(tensor: Tensor) -> tuple[tuple[int, ...], str, bytes]:
    """Equal bits, since NaN is not equal to itself."""
    return tensor.shape, tensor.values.typecode, tensor.values.tobytes()


def accepted(data: bytes) -> Contents | str:
    """What we read in the bytes, or why we refuse them."""
    try:
        return decode(data, "x.safetensors")
    except UserError as error:
        line = str(error)
    assert "\n" not in line
    return line


@some
@given(tensors())
def test_nested_lists_and_back(tensor: Tensor) -> None:
    if 0 not in tensor.shape:  # nothing of three columns is just nothing
        typecode = tensor.values.typecode
        again = from_nested(nested(tensor), "f" if typecode == "f" else "d")
        assert bits(again) == bits(tensor)


@some
@given(contents)
def test_round_trip(content: Contents) -> None:
    data = encode(*content)
    read, metadata = decode(data, "x.safetensors")
    assert {name: bits(read[name]) for name in read} == {n: bits(t) for n, t in content[0].items()}
    assert metadata == content[1]
    assert encode(read, metadata) == data


@some
@given(st.binary(max_size=200))
def test_random_bytes(data: bytes) -> None:
    accepted(data)


@some
@given(st.binary(max_size=200))
def test_random_headers(header: bytes) -> None:
    accepted(pack("<Q", len(header)) + header)


@some
@given(contents, st.data())
def test_random_damage(content: Contents, data: st.DataObject) -> None:
    accepted(damaged(encode(*content), data))


def damaged(file: bytes, data: st.DataObject) -> bytes:
    """A few bytes put in place of a few others."""
    begin = data.draw(st.integers(0, len(file)))
    end = data.draw(st.integers(begin, min(begin + 4, len(file))))
    return file[:begin] + data.draw(st.binary(max_size=4)) + file[end:]


# Right headers with a wrong thing in them.

ITEM_BYTES = {"F32": 4, "F64": 8, "F16": 2, "BF16": 2, "I64": 8}
ODD = """null true false -1 0 1 2 4 8 4294967296 2305843009213693952 9223372036854775808
18446744073709551616 0.0 1.0 1e300 "" "F64" "I8" "value" [] {} [0] ["F32",[0],[0,0]]"""
odd = st.sampled_from(ODD.split()).map(json.loads)


@st.composite
def headers(draw: st.DrawFn) -> tuple[dict[str, Any], int]:
    """A right header, and the bytes of values it needs."""
    header: dict[str, Any] = {}
    end = 0
    for name in draw(st.lists(st.sampled_from("abcdé"), unique=True, max_size=4)):
        dtype = draw(st.sampled_from(["F32", "F32", "F32", "F64", "F16", "BF16", "I64"]))
        shape = list(draw(shapes))
        begin, end = end, end + prod(shape) * ITEM_BYTES[dtype]
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}
    if draw(st.booleans()):
        header["__metadata__"] = draw(st.dictionaries(st.text("ab"), st.text("ab"), max_size=2))
    return dict(draw(st.permutations(list(header.items())))), end


def places(tree: Any) -> list[tuple[Any, Any]]:
    """Every place in nested lists and dicts, as the container and the index or key."""
    if not isinstance(tree, list | dict):
        return []
    keys = list(tree) if isinstance(tree, dict) else range(len(tree))
    return [(tree, key) for key in keys] + [place for key in keys for place in places(tree[key])]


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """A right file, or one with a thing or two gone, added or replaced."""
    header, size = draw(headers())
    for _ in range(draw(st.integers(0, 2))):
        if header:
            container, key = draw(st.sampled_from(places(header)))
            container[key] = draw(odd)
            if draw(st.integers(0, 5)) == 5:
                del container[key]
    raw = json.dumps(header).encode() + draw(st.sampled_from([b"", b"", b"  ", b"\n", b"\0"]))
    return pack("<Q", len(raw)) + raw + bytes(size + draw(st.sampled_from([0, 0, 0, 0, 1])))


@some
@given(files())
def test_headers_nearly_right(file: bytes) -> None:
    accepted(file)


# The judge: the safetensors library itself.

LENIENT = (  # the library accepts these, against its own text or because it knows more dtypes
    "is given twice",
    "not dtype, shape, data_offsets",
    "has dtype",
    "instead of b'{'",
    "__metadata__ is None",
    "has the impossible shape",  # beside a size of zero
)


def judged(file: bytes) -> dict[str, dict[str, Any]] | str:
    library = pytest.importorskip("safetensors", reason="the judge of the format")
    try:
        return dict(library.deserialize(file))
    except library.SafetensorError as error:
        return str(error)


def agree(file: bytes) -> None:
    """Both accept, with the same tensors, or both refuse; else the library is the lenient one."""
    ours, theirs = accepted(file), judged(file)
    if isinstance(ours, str):
        assert isinstance(theirs, str) or any(reason in ours for reason in LENIENT), ours
        return
    assert not isinstance(theirs, str), theirs
    assert {name: list(tensor.shape) for name, tensor in ours[0].items()} == {
        name: tensor["shape"] for name, tensor in theirs.items()
    }
    for name, tensor in theirs.items():
        if tensor["dtype"] in TYPECODES:
            assert ours[0][name].values.tobytes() == bytes(tensor["data"])


@many
@given(files())
def test_the_library_accepts_what_we_accept(file: bytes) -> None:
    agree(file)


@many
@given(contents, st.data())
def test_the_library_agrees_on_damage(content: Contents, data: st.DataObject) -> None:
    agree(damaged(encode(*content), data))


ALPHABET = '{}[]",:0123456789-+.eE \n\\u_dFBITnulltruefalse\x00é'


@many
@given(st.data())
def test_the_library_agrees_on_changed_headers(data: st.DataObject) -> None:
    metadata = '{"__metadata__":{"k":"v"},'
    rest = '"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}'
    header = metadata + rest
    for _ in range(data.draw(st.integers(1, 2))):
        at = data.draw(st.integers(0, len(header)))
        cut = data.draw(st.integers(0, 2))
        header = header[:at] + data.draw(st.text(ALPHABET, max_size=2)) + header[at + cut :]
    raw = header.encode()
    agree(pack("<Q", len(raw)) + raw + pack("<ff", 1.0, 2.0))


@some
@given(contents)
def test_the_library_writes_the_same_bytes(content: Contents) -> None:
    numpy = pytest.importorskip("numpy", reason="the library writes NumPy's arrays")
    library = pytest.importorskip("safetensors.numpy", reason="the judge of the format")
    tensors, metadata = content
    metadata = dict(list(metadata.items())[:1])  # the library has no order among metadata
    arrays = {name: numpy.array(values).reshape(shape) for name, (shape, values) in tensors.items()}
    assert encode(tensors, metadata) == library.save(arrays, metadata or None)


@settings(some, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contents)
def test_numpy_reads_what_we_write(tmp_path: Path, content: Contents) -> None:
    numpy = pytest.importorskip("numpy", reason="the library reads into NumPy's arrays")
    library = pytest.importorskip("safetensors", reason="the judge of the format")
    path = tmp_path / "ours.safetensors"
    path.write_bytes(encode(*content))
    with library.safe_open(path, framework="numpy") as file:
        assert set(file.keys()) == set(content[0])
        assert (file.metadata() or {}) == content[1]
        for name, (shape, values) in content[0].items():
            found = file.get_tensor(name)
            assert found.shape == shape
            assert found.dtype == numpy.dtype(values.typecode)
            assert found.tobytes() == values.tobytes()


@some
@given(shapes, st.sampled_from(["float16", "float32", "float64"]), st.data())
def test_we_read_what_numpy_writes(shape: tuple[int, ...], dtype: str, data: st.DataObject) -> None:
    numpy = pytest.importorskip("numpy", reason="the library writes NumPy's arrays")
    library = pytest.importorskip("safetensors.numpy", reason="the judge of the format")
    size = prod(shape) * numpy.dtype(dtype).itemsize
    raw = data.draw(st.binary(min_size=size, max_size=size))
    written = numpy.frombuffer(raw, dtype).reshape(shape)
    read, metadata = decode(library.save({"w": written}, {"by": "numpy"}), "")
    assert metadata == {"by": "numpy"}
    assert read["w"].shape == shape
    assert read["w"].values.typecode == ("d" if dtype == "float64" else "f")
    expected = written.astype(numpy.float32) if dtype == "float16" else written
    assert numpy.array_equal(numpy.array(nested(read["w"])).reshape(shape), expected, True)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_every_half_precision_number(dtype: str) -> None:
    torch = pytest.importorskip("torch", reason="NumPy has no bfloat16")
    library = pytest.importorskip("safetensors.torch", reason="the judge of the format")
    every = torch.arange(-(2**15), 2**15).to(torch.int16).view(getattr(torch, dtype))
    ours = decode(library.save({"w": every}), "")[0]["w"]
    theirs = every.to(torch.float32).tolist()
    assert ours.shape == (65_536,)
    assert [repr(x) for x in ours.values] == [repr(x) for x in theirs]  # tells -0.0 and nan


def test_torch_reads_what_we_write() -> None:
    torch = pytest.importorskip("torch", reason="models go to PyTorch")
    library = pytest.importorskip("safetensors.torch", reason="the judge of the format")
    data = encode({"fc1.weight": from_nested([[1, 2, 3], [4, 5, 6]], "f")}, {"by": "us"})
    found = library.load(data)
    assert torch.equal(found["fc1.weight"], torch.tensor([[1.0, 2, 3], [4, 5, 6]]))
