"""CSV, the format of the paper: a row an image, its label first, then its pixels from 0 to 255.

The `csv` module would take longer to read 60,000 images than the compiled network takes to learn
them a hundred times.  So a row is cut at its commas and each piece looked up in a table of all the
ways in which a byte is commonly written.  A row with a piece that is not in the table is read again
with patience, which finds the value after all, or says where and what the trouble is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from math import isqrt, prod
from pathlib import Path
from typing import BinaryIO

from verypoorcnn.data.dataset import Dataset, Found, Shape
from verypoorcnn.data.fashion_mnist import CLASS_NAMES
from verypoorcnn.data.reading import MAX_BYTES, check_labels, opened
from verypoorcnn.errors import UserError

MAX_ROW = 1 << 24  # bytes of text; what is longer is no row
BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # Excel's "CSV UTF-8" begins with it

VALUE_OF = {
    written: value
    for value in range(256)
    for written in (b"%d" % value, b" %d" % value, b'"%d"' % value)
}


@dataclass(frozen=True)
class Columns:
    """What a row holds: a label or none, then the pixels."""

    labelled: bool
    pixels: int

    @property
    def count(self) -> int:
        """Values of one row."""
        return self.labelled + self.pixels

    def __str__(self) -> str:
        return "a label and " * self.labelled + f"{self.pixels} pixels"


@dataclass(frozen=True)
class Table:
    """What was read of a file."""

    columns: Columns
    first_row: int  # as an editor counts; 2 under a header
    labels: bytes  # one a row; empty where the rows have none
    pixels: bytes  # of all rows, or the first ones


def read_csv(
    path: str | Path,
    shape: Shape | None = None,
    class_names: Sequence[str] | None = None,
    source: str | None = None,
) -> Dataset:
    """The labelled images of a CSV file, which may be gzipped and may have a header.

    A first row whose first value is not a number is a header.  Spaces and quotes round a value,
    either kind of line end, and blank lines at the end do no harm.

    Args:
        path: the file; each row holds a label and channels × rows × columns pixels.
        shape: of one image; None takes grey square images as the number of columns demands.
        class_names: one name a class; None takes Fashion-MNIST's where the file's name has
            "fashion" in it, else "0", "1", … up to the largest label.
        source: what to call the data; None takes the path.

    Raises:
        UserError: the file cannot be read or has no images; a row has too many or too few values;
            a label or pixel is not a whole number in its range.
    """
    return first_of_csv(Path(path), shape, class_names, source, None).dataset


def first_of_csv(
    path: Path,
    shape: Shape | None,
    class_names: Sequence[str] | None,
    source: str | None,
    limit: int | None,
) -> Found:
    """As `read_csv`, but at most `limit` images; of the rows behind them, only the labels.

    That those rows have as many values is checked, what their pixels are is not.
    """
    table = _read(path, partial(_labelled, shape), limit)
    if class_names is None and "fashion" in path.name.lower():
        class_names = CLASS_NAMES
    names = check_labels(table.labels, class_names, lambda i: f"{path}, row {table.first_row + i}")
    side = isqrt(table.columns.pixels)
    labels, size = table.labels[:limit], shape or (1, side, side)
    return Found(Dataset(table.pixels, labels, size, names, source or str(path)), table.labels)


def _labelled(shape: Shape | None, place: str, values: int) -> Columns:
    """The columns of a row of so many values that begins with a label."""
    if shape is None:
        return Columns(True, _square(place, values - 1) ** 2)
    if values != 1 + prod(shape):
        raise UserError(
            f"{place}: found {values} values, expected {1 + prod(shape)}: a label and "
            f"{prod(shape)} pixels; for images of another size set network.input_shape"
        )
    return Columns(True, prod(shape))


def read_csv_rows(
    path: Path, shape: Shape, labelled: bool | None = None
) -> tuple[bytes, bytes | None]:
    """The images of a CSV file for a network to name, and their labels where it has them.

    Args:
        path: the file, as for `read_csv`, with or without the column of labels.
        shape: of one image.
        labelled: whether the rows begin with a label; None lets their length decide.

    Returns:
        The pixels, image after image, and one label an image or None.

    Raises:
        UserError: as `read_csv`.
    """

    def columns(place: str, values: int) -> Columns:
        if labelled is None and values not in (prod(shape), prod(shape) + 1):
            raise UserError(
                f"{place}: found {values} values, expected {prod(shape)} pixels, "
                "or one more with a label first"
            )
        return Columns(values > prod(shape) if labelled is None else labelled, prod(shape))

    table = _read(path, columns)
    return table.pixels, table.labels if table.columns.labelled else None


def _square(place: str, pixels: int) -> int:
    side = isqrt(max(pixels, 0))
    if side == 0 or side * side != pixels:
        raise UserError(
            f"{place}: a label and {max(pixels, 0)} pixels, which make no square image; "
            "separate the values with commas, or give the shape: channels, rows, columns"
        )
    return side


def _read(path: Path, choose: Callable[[str, int], Columns], limit: int | None = None) -> Table:
    """Read the rows; `choose` is told the place and length of the first and decides the columns."""
    labels, pixels = bytearray(), BytesIO()
    columns, first_row = None, 0
    with opened(path) as file:
        for count, (row, line) in enumerate(_rows(path, file)):
            if columns is None:
                columns, first_row = choose(f"{path}, row {row}", line.count(b",") + 1), row
            if limit is None or count < limit:
                values = _values(path, row, line.split(b","), columns)
                labels += values[: columns.labelled]
                pixels.write(values[columns.labelled :])
            else:
                labels.append(_label(path, row, line, columns))
            if pixels.tell() > MAX_BYTES:
                raise UserError(f"{path}: more than {MAX_BYTES >> 30} GiB of images; split it")
    if columns is None:
        raise UserError(f"{path}: there is no row of values; give a file with images")
    return Table(columns, first_row, bytes(labels), pixels.getvalue())


def _label(path: Path, row: int, line: bytes, columns: Columns) -> int:
    """The label of a row whose pixels nobody wants."""
    label = VALUE_OF.get(line[: line.find(b",")])
    if label is None or line.count(b",") + 1 != columns.count:
        return _values(path, row, line.split(b","), columns)[0]
    return label


def _rows(path: Path, file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The rows below the header, each with its number as an editor shows it."""
    blank = 0
    for row, line in enumerate(iter(partial(file.readline, MAX_ROW), b""), start=1):
        if len(line) == MAX_ROW:
            raise UserError(f"{path}, row {row}: longer than {MAX_ROW} bytes; is this a CSV file?")
        if row == 1:
            line = line.removeprefix(BYTE_ORDER_MARK)
        if not line.strip():
            blank = blank or row
        elif blank:
            raise UserError(f"{path}, row {blank}: blank, but values follow; remove the row")
        elif row > 1 or not _is_header(path, line):
            yield row, line.rstrip(b"\r\n")


def _is_header(path: Path, line: bytes) -> bool:
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path}, row 1: byte 0x{line[error.start]:02x} is no UTF-8 text; is this a CSV file?"
        ) from error
    try:
        float(text.split(",")[0].strip(' \t\r\n"'))
    except ValueError:
        _check_commas(path, line)
        return True
    return False


def _check_commas(path: Path, line: bytes) -> None:
    """Tell of what spreadsheets write in many countries, and databases everywhere."""
    for mark, name in ((b";", "semicolons"), (b"\t", "tabs")):
        if mark in line and b"," not in line:
            raise UserError(
                f"{path}, row 1: {name} stand between the values; save the file with commas"
            )


def _values(path: Path, row: int, fields: list[bytes], columns: Columns) -> bytes:
    if len(fields) != columns.count:
        raise UserError(
            f"{path}, row {row}: found {len(fields)} values, expected {columns.count}: {columns}"
        )
    try:
        return bytes(map(VALUE_OF.__getitem__, fields))
    except KeyError:
        return bytes(_patiently(path, row, fields, columns))


def _patiently(path: Path, row: int, fields: list[bytes], columns: Columns) -> Iterator[int]:
    """The values of a row that is written in an unusual way, or what is wrong with it."""
    for column, field in enumerate(fields, start=1):
        value = _value(field)
        if value is None:
            what = "label" if columns.labelled and column == 1 else "pixel"
            written = repr(field[:20])[1:] + "…" * (len(field) > 20)
            raise UserError(
                f"{path}, row {row}, column {column}: "
                f"{what} {written} is not a whole number from 0 to 255"
            )
        yield value


def _value(field: bytes) -> int | None:
    digits = field.strip()
    if digits.startswith(b'"') and digits.endswith(b'"'):
        digits = digits[1:-1].strip()
    return VALUE_OF.get(digits.lstrip(b"0") or b"0") if digits.isdigit() else None
