"""Image files: a single one, and a folder in which every class has a folder of its own.

Pillow decodes them (an extra: `pip install 'verypoorcnn[images]'`); what this file decides is what
the network gets to see.  A picture is turned upright as its camera noted, transparent parts become
white, 16 bits a channel are scaled to 8, colours become grey if the network sees grey.  Then it is
made as large as fits the network's input with its proportions kept, and centred; what is left
of the input takes the average colour of the picture's four corners.  Of an animation the first
image counts.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from verypoorcnn.data.dataset import MAX_CLASSES, Dataset, Shape
from verypoorcnn.data.reading import reading
from verypoorcnn.data.splits import require_classes
from verypoorcnn.errors import UserError, nearest

if TYPE_CHECKING:
    from PIL.Image import Image

NO_IMAGES = {"thumbs.db", "desktop.ini"}  # what Windows leaves in folders of images
MODES = {1: "L", 3: "RGB"}  # Pillow's name of the network's channels
NEGATIVE = bytes(range(255, -1, -1))


def read_folder(
    folder: str | Path,
    shape: Shape,
    class_names: Sequence[str] | None = None,
    source: str | None = None,
) -> Dataset:
    """The images of `folder/<class>/<file>`, class by class, in the order of their names.

    Hidden files and folders are passed over; anything else that is no image is an error.

    Args:
        folder: holds one folder a class, which holds image files and no further folders.
        shape: channels (1 or 3), rows and columns of the network's input.
        class_names: the classes by label; each folder must be one of them.  None takes the sorted
            names of the folders, at least two.
        source: what to call the data; None takes the path.

    Raises:
        UserError: Pillow is missing; a file is no image, damaged or far too large; a class has no
            image; a file or folder stands where it should not; there is one class only.
    """
    folders = _class_folders(Path(folder))
    names = tuple(class_names or (path.name for path in folders))
    pixels, labels = bytearray(), bytearray()
    for class_folder in folders:
        label = _label(class_folder, names)
        for path in _image_files(class_folder):
            pixels += read_image(path, shape)
            labels.append(label)
    dataset = Dataset(bytes(pixels), bytes(labels), shape, names, source or str(folder))
    if class_names is None:
        require_classes(dataset)
    return dataset


def _class_folders(folder: Path) -> list[Path]:
    folders = _visible(folder, Path.is_dir, "not a class's folder; move it into one or away")
    if not folders:
        raise UserError(f"{folder}: holds no folder of images; make one for each class")
    if len(folders) > MAX_CLASSES:
        raise UserError(f"{folder}: holds {len(folders)} classes; {MAX_CLASSES} is the most")
    return folders


def _image_files(class_folder: Path) -> list[Path]:
    fault = "not a file; a class's folder may hold nothing but image files"
    paths = _visible(class_folder, Path.is_file, fault)
    if not paths:
        raise UserError(f"{class_folder}: the class has no image; add some or remove the folder")
    return paths


def _visible(folder: Path, is_right: Callable[[Path], bool], fault: str) -> list[Path]:
    """What a folder holds, by name, without what is hidden; all of it must be of the right kind."""
    with reading(folder):
        paths = sorted(folder.iterdir(), key=lambda path: path.name)
        paths = [p for p in paths if not p.name.startswith(".") and p.name.lower() not in NO_IMAGES]
        for path in paths:
            if not is_right(path):
                raise UserError(f"{path}: {fault}")
    return paths


def _label(class_folder: Path, names: tuple[str, ...]) -> int:
    if class_folder.name not in names:
        raise UserError(f"{class_folder}: no such class; {nearest(class_folder.name, [*names])}")
    return names.index(class_folder.name)


def read_image(path: Path, shape: Shape, *, invert: bool = False) -> bytes:
    """An image file of any size and colours as the network will see it.

    Args:
        path: anything that Pillow opens.
        shape: channels (1 grey, 3 red, green and blue), rows, columns.
        invert: give the negative; for dark drawings on white, where the network learned light
            ones on black.

    Returns:
        channels × rows × columns bytes, channel by channel, row by row.

    Raises:
        UserError: Pillow is missing; the file cannot be read, is no image, is damaged, or has more
            pixels than Pillow thinks safe.
    """
    channels, rows, columns = shape
    if channels not in MODES:
        raise UserError(f"{path}: image files give 1 or 3 channels; the network takes {channels}")
    with _decoding(path) as picture:
        picture.draft(None, (4 * columns, 4 * rows))  # large JPEGs: decode fewer pixels, fast
        seen = _fitted(_opaque(_upright(picture)), columns, rows).convert(MODES[channels])
        pixels = b"".join(channel.tobytes() for channel in seen.split())
    return pixels.translate(NEGATIVE) if invert else pixels


@contextmanager
def _decoding(path: Path) -> Iterator[Image]:
    """The opened picture; whatever goes wrong with it becomes a UserError of one line."""
    with reading(path), path.open("rb") as file, warnings.catch_warnings():
        if not file.peek(1):
            raise UserError(f"{path}: the file is empty; give an image")
        try:
            import PIL.Image
        except ImportError as error:
            raise UserError(
                f"{path}: reading image files needs Pillow: pip install 'verypoorcnn[images]'"
            ) from error
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", PIL.Image.DecompressionBombWarning)
        try:
            with PIL.Image.open(file) as picture:
                if picture.format == "EPS":
                    raise UserError(f"{path}: EPS is a program to run; save the image as PNG")
                yield picture
        except UserError:
            raise
        except PIL.UnidentifiedImageError as error:
            raise UserError(f"{path}: not an image file; remove it or save it as PNG") from error
        except (PIL.Image.DecompressionBombWarning, PIL.Image.DecompressionBombError) as error:
            raise UserError(f"{path}: too many pixels; scale the image down") from error
        except Exception as error:  # decoders raise nearly anything on a damaged file
            reason = " ".join(str(error).split()) or type(error).__name__
            raise UserError(f"{path}: damaged image ({reason}); save it again as PNG") from error


def _upright(picture: Image) -> Image:
    from PIL import ImageOps

    return ImageOps.exif_transpose(picture)


def _opaque(picture: Image) -> Image:
    """Red, green and blue of eight bits each, laid on white."""
    import PIL.Image

    if picture.mode.startswith(("I", "F")):
        return _eight_bits(picture).convert("RGB")
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layer = picture.convert("RGBA")
    white = PIL.Image.new("RGBA", layer.size, "white")
    return PIL.Image.alpha_composite(white, layer).convert("RGB")


def _eight_bits(picture: Image) -> Image:
    """Grey of 16 bits, where 65535 is white, or of more.

    Whole numbers beyond 16 bits, and fractions, have no agreed white: they are stretched from the
    least to the largest that the picture has.
    """
    wide = picture.convert("F")
    low, high = cast(tuple[float, float], wide.getextrema())
    if picture.mode != "F" and low >= 0 and high <= 65535:
        low, high = 0, 65535
    scale = 255 / ((high - low) or 1)
    return wide.point(lambda value: value * scale + (0.5 - low * scale)).convert("L")


def _fitted(picture: Image, columns: int, rows: int) -> Image:
    """The picture as large as fits, in the middle of what is left."""
    import PIL.Image

    scale = min(columns / picture.width, rows / picture.height)
    width = max(1, round(picture.width * scale))
    height = max(1, round(picture.height * scale))
    fitted = picture.resize((width, height), PIL.Image.Resampling.LANCZOS)
    canvas = PIL.Image.new("RGB", (columns, rows), _corner_colour(fitted))
    canvas.paste(fitted, ((columns - width) // 2, (rows - height) // 2))
    return canvas


def _corner_colour(picture: Image) -> tuple[int, ...]:
    right, bottom = picture.width - 1, picture.height - 1
    corners = [picture.getpixel((x, y)) for x in (0, right) for y in (0, bottom)]
    return tuple(round(sum(channel) / 4) for channel in zip(*corners, strict=True))
