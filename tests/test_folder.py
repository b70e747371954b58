"""Image files: what the network sees of pictures of every kind, and folders of them."""

from __future__ import annotations

import random
import struct
import sys
import zlib
from pathlib import Path
from types import ModuleType

import pytest

from verypoorcnn.data import folder
from verypoorcnn.data.folder import read_folder, read_image
from verypoorcnn.errors import UserError

GREY = (1, 2, 2)
FOUR = bytes([0, 100, 200, 255])


@pytest.fixture
def pillow() -> ModuleType:
    return pytest.importorskip("PIL.Image", reason="Pillow reads the image files")


def error(call, *arguments) -> str:
    with pytest.raises(UserError) as caught:
        call(*arguments)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_without_pillow_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    path = tmp_path / "a.png"
    path.write_bytes(b"\x89PNG")
    assert error(read_image, path, GREY) == (
        f"{path}: reading image files needs Pillow: pip install 'verypoorcnn[images]'"
    )


class TestOneImage:
    @pytest.fixture
    def path(self, tmp_path, pillow) -> Path:
        return tmp_path / "image.png"

    @pytest.fixture
    def four(self, path, pillow) -> Path:
        pillow.frombytes("L", (2, 2), FOUR).save(path)
        return path

    def test_grey_of_the_right_size_stays_as_it_is(self, four):
        assert read_image(four, GREY) == FOUR

    def test_inverted(self, four):
        assert read_image(four, GREY, invert=True) == bytes([255, 155, 55, 0])

    def test_grey_for_a_network_of_colours(self, four):
        assert read_image(four, (3, 2, 2)) == FOUR * 3

    def test_colours_come_channel_by_channel(self, path, pillow):
        pillow.frombytes("RGB", (2, 1), bytes([1, 2, 3, 4, 5, 6])).save(path)
        assert read_image(path, (3, 1, 2)) == bytes([1, 4, 2, 5, 3, 6])

    def test_colours_for_a_grey_network(self, path, pillow):
        pillow.frombytes("RGB", (2, 1), bytes([255, 0, 0, 0, 255, 0])).save(path)
        assert list(read_image(path, (1, 1, 2))) == [76, 150]  # 0.299 and 0.587 of 255

    def test_transparent_parts_become_white(self, path, pillow):
        pillow.frombytes("RGBA", (2, 1), bytes([0, 0, 0, 0, 0, 0, 0, 255])).save(path)
        assert list(read_image(path, (1, 1, 2))) == [255, 0]
        pillow.frombytes("LA", (2, 1), bytes([0, 0, 0, 255])).save(path)
        assert list(read_image(path, (1, 1, 2))) == [255, 0]
        pillow.frombytes("L", (2, 1), bytes([0, 7])).save(path, transparency=0)
        assert list(read_image(path, (1, 1, 2))) == [255, 7]

    def test_palette_with_and_without_transparency(self, path, pillow):
        picture = pillow.frombytes("P", (2, 1), bytes([0, 1]))
        picture.putpalette([90, 90, 90, 30, 30, 30])
        picture.save(path)
        assert list(read_image(path, (1, 1, 2))) == [90, 30]
        picture.save(path, transparency=bytes([0, 255]))
        assert list(read_image(path, (1, 1, 2))) == [255, 30]

    def test_one_bit(self, path, pillow):
        pillow.frombytes("L", (2, 2), bytes([0, 255, 255, 0])).convert("1").save(path)
        assert list(read_image(path, GREY)) == [0, 255, 255, 0]

    def test_sixteen_bits(self, path, pillow):
        values = struct.pack("<4H", 0, 257, 128 * 257, 65535)
        pillow.frombytes("I;16", (2, 2), values).save(path)
        assert list(read_image(path, GREY)) == [0, 1, 128, 255]

    def test_sixteen_bits_of_which_few_are_used_stay_dark(self, path, pillow):
        pillow.frombytes("I;16", (2, 2), struct.pack("<4H", 0, 257, 514, 1028)).save(path)
        assert list(read_image(path, GREY)) == [0, 1, 2, 4]

    @pytest.mark.parametrize(
        ("mode", "form", "values"),
        [
            ("F", "<4f", (-1.0, -0.5, 0.0, 1.0)),
            ("F", "<4f", (0.0, 0.25, 0.5, 1.0)),
            ("I", "<4i", (-100_000, -50_000, 0, 100_000)),
        ],
    )
    def test_fractions_and_large_numbers_are_stretched(self, tmp_path, pillow, mode, form, values):
        path = tmp_path / "image.tiff"
        pillow.frombytes(mode, (2, 2), struct.pack(form, *values)).save(path)
        assert list(read_image(path, GREY)) == [0, 64, 128, 255]

    def test_fractions_all_alike(self, tmp_path, pillow):
        path = tmp_path / "image.tiff"
        pillow.frombytes("F", (2, 2), struct.pack("<4f", 5, 5, 5, 5)).save(path)
        assert len(set(read_image(path, GREY))) == 1

    def test_inks(self, tmp_path, pillow):
        path = tmp_path / "image.tiff"
        pillow.frombytes("CMYK", (2, 1), bytes([0, 0, 0, 0, 0, 0, 0, 255])).save(path)
        assert list(read_image(path, (1, 1, 2))) == [255, 0]

    @pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX"])
    def test_modes(self, tmp_path, pillow, mode):
        path = tmp_path / "image.tiff"
        pillow.new(mode, (9, 9), 0).save(path)
        expected = 255 if mode in ("LA", "RGBA", "PA") else 0
        assert read_image(path, GREY) == bytes([expected] * 4)

    def test_turned_as_the_camera_noted(self, tmp_path, pillow):
        path = tmp_path / "image.png"
        exif = pillow.Exif()
        exif[0x0112] = 6  # the camera was held upright: turn by 90° clockwise
        pillow.frombytes("L", (2, 2), FOUR).save(path, exif=exif)
        assert list(read_image(path, GREY)) == [200, 0, 255, 100]

    def test_a_wide_picture_keeps_its_proportions_and_stands_in_the_middle(self, path, pillow):
        pillow.new("L", (80, 40), 200).save(path)
        assert set(read_image(path, (1, 8, 8))) == {200}
        bar = pillow.new("L", (80, 40), 0)
        bar.paste(255, (20, 0, 60, 40))
        bar.save(path)
        rows = [read_image(path, (1, 8, 8))[i : i + 8] for i in range(0, 64, 8)]
        assert [row[4] for row in rows] == [0, 0, 255, 255, 255, 255, 0, 0]
        assert [value // 128 for value in rows[4]] == [0, 0, 1, 1, 1, 1, 0, 0]

    @pytest.mark.parametrize("background", [0, 255])
    def test_the_rest_takes_the_colour_of_the_corners(self, path, pillow, background):
        picture = pillow.new("L", (40, 80), background)
        picture.paste(128, (10, 10, 30, 70))
        picture.save(path)
        seen = read_image(path, (1, 16, 16))
        assert {seen[16 * row + i] for row in range(16) for i in (0, 15)} == {background}
        assert seen[16 * 8 + 7] == seen[16 * 8 + 8] == pytest.approx(128, abs=3)

    @pytest.mark.parametrize("size", [(1000, 1), (1, 1000), (1, 1), (3, 2000)])
    def test_extreme_proportions(self, path, pillow, size):
        pillow.new("L", size, 77).save(path)
        assert read_image(path, (1, 28, 28)) == bytes([77]) * 784

    def test_shrinking_averages(self, path, pillow):
        stripes = pillow.frombytes("L", (80, 80), bytes([0, 255]) * 3200)
        stripes.save(path)
        assert all(abs(value - 127.5) < 8 for value in read_image(path, (1, 4, 4)))

    def test_a_large_jpeg(self, tmp_path, pillow):
        path = tmp_path / "image.jpg"
        halves = pillow.new("RGB", (1600, 1600), (10, 10, 10))
        halves.paste((240, 240, 240), (800, 0, 1600, 1600))
        halves.save(path, quality=95)
        seen = read_image(path, (1, 10, 10))
        assert [round(value / 230) for value in seen[:10]] == [0] * 5 + [1] * 5

    def test_a_small_jpeg_keeps_its_stripes(self, tmp_path, pillow):
        path = tmp_path / "image.jpg"
        stripes = (bytes([0] * 4 + [255] * 4) * 8) * 64
        pillow.frombytes("L", (64, 64), stripes).save(path, quality=95)
        seen = read_image(path, (1, 32, 32))
        assert [value // 128 for value in seen[:32]] == [0, 0, 1, 1] * 8

    def test_the_first_image_of_an_animation(self, tmp_path, pillow):
        path = tmp_path / "image.gif"
        frames = [pillow.new("L", (4, 4), value) for value in (0, 255)]
        frames[0].save(path, save_all=True, append_images=frames[1:])
        assert read_image(path, GREY) == bytes(4)

    def test_no_image_file(self, path):
        path.write_text("hello")
        assert error(read_image, path, GREY) == (
            f"{path}: not an image file; remove it or save it as PNG"
        )
        path.write_bytes(b"")
        assert error(read_image, path, GREY) == f"{path}: the file is empty; give an image"

    def test_damaged(self, path, pillow):
        pillow.frombytes("L", (64, 64), random.Random(1).randbytes(64 * 64)).save(path)
        path.write_bytes(path.read_bytes()[:900])
        assert error(read_image, path, GREY).startswith(f"{path}: damaged image (")

    def test_a_program_is_not_run(self, path, pillow):
        pillow.new("L", (4, 4)).save(path, "EPS")
        assert error(read_image, path, GREY).endswith(
            "EPS is a program to run; save the image as PNG"
        )

    @pytest.mark.parametrize("side", [10_000, 100_000])
    def test_decompression_bomb(self, path, side):
        # Pillow only warns of the smaller one, and refuses the larger
        def chunk(kind: bytes, data: bytes) -> bytes:
            return (
                struct.pack(">I", len(data))
                + kind
                + data
                + struct.pack(">I", zlib.crc32(kind + data))
            )

        header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(9))))
        assert error(read_image, path, GREY) == f"{path}: too many pixels; scale the image down"

    def test_a_decoder_that_talks_much(self, four, monkeypatch):
        def fail(_: object) -> None:
            raise ValueError("one thing\nand another")

        monkeypatch.setattr(folder, "_upright", fail)
        assert "damaged image (one thing and another)" in error(read_image, four, GREY)

    def test_missing_file_and_folder(self, path, tmp_path):
        assert error(read_image, path, GREY) == (
            f"{path}: there is no such file or folder; check the name"
        )
        assert error(read_image, tmp_path, GREY) == f"{tmp_path}: this is a folder; give a file"

    def test_channels_that_no_image_file_has(self, four):
        assert "image files give 1 or 3 channels; the network takes 2" in error(
            read_image, four, (2, 2, 2)
        )


class TestFolder:
    @pytest.fixture
    def folder(self, tmp_path, pillow) -> Path:
        """Two cats, of different sizes and formats, and a dog."""
        for name, value, size in (("cat/1.png", 1, 4), ("cat/2.bmp", 2, 9), ("dog/1.gif", 3, 2)):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            pillow.new("L", (size, size), value).save(tmp_path / name)
        return tmp_path

    def test_class_by_class_in_the_order_of_names(self, folder):
        dataset = read_folder(folder, GREY)
        assert dataset.class_names == ("cat", "dog")
        assert list(dataset.labels) == [0, 0, 1]
        assert [dataset.image(i)[0] for i in range(3)] == [1, 2, 3]
        assert dataset.shape == GREY
        assert dataset.source == str(folder)
        assert read_folder(folder, GREY, source="pets").source == "pets"

    def test_hidden_files_are_passed_over(self, folder):
        for name in (".DS_Store", "cat/.DS_Store", "cat/Thumbs.db", "dog/desktop.ini"):
            (folder / name).write_text("nothing")
        (folder / ".ipynb_checkpoints").mkdir()
        assert len(read_folder(folder, GREY)) == 3

    def test_given_names_decide_the_labels(self, folder):
        dataset = read_folder(folder, GREY, ["dog", "bird", "cat"])
        assert list(dataset.labels) == [2, 2, 0]
        assert dataset.class_names == ("dog", "bird", "cat")

    def test_a_folder_that_is_no_class(self, folder):
        assert error(read_folder, folder, GREY, ["cat", "dogs"]) == (
            f"{folder / 'dog'}: no such class; did you mean 'dogs'?"
        )

    def test_a_file_that_is_no_image(self, folder):
        path = folder / "cat" / "notes.txt"
        path.write_text("my cats")
        assert error(read_folder, folder, GREY).startswith(f"{path}: not an image file")

    def test_a_file_beside_the_classes(self, folder):
        path = folder / "readme.txt"
        path.write_text("my cats")
        assert error(read_folder, folder, GREY) == (
            f"{path}: not a class's folder; move it into one or away"
        )

    def test_a_folder_within_a_class(self, folder):
        (folder / "cat" / "old").mkdir()
        assert error(read_folder, folder, GREY) == (
            f"{folder / 'cat' / 'old'}: not a file; "
            "a class's folder may hold nothing but image files"
        )

    def test_a_class_without_images(self, folder):
        (folder / "bird").mkdir()
        (folder / "bird" / ".DS_Store").write_text("nothing")
        assert error(read_folder, folder, GREY).startswith(
            f"{folder / 'bird'}: the class has no image"
        )

    def test_one_class_only(self, folder):
        (folder / "dog" / "1.gif").unlink()
        (folder / "dog").rmdir()
        assert "all 2 images are of one class, 'cat'" in error(read_folder, folder, GREY)
        assert len(read_folder(folder, GREY, ["cat", "dog"])) == 2

    def test_no_class(self, tmp_path):
        assert error(read_folder, tmp_path, GREY) == (
            f"{tmp_path}: holds no folder of images; make one for each class"
        )

    def test_more_classes_than_a_label_can_tell_apart(self, tmp_path):
        for label in range(257):
            (tmp_path / str(label)).mkdir()
        assert "holds 257 classes; 256 is the most" in error(read_folder, tmp_path, GREY)

    def test_missing_folder_and_file_instead_of_folder(self, tmp_path):
        nowhere = tmp_path / "nowhere"
        assert "there is no such file or folder" in error(read_folder, nowhere, GREY)
        nowhere.write_text("a file now")
        assert error(read_folder, nowhere, GREY) == f"{nowhere}: this is a file; give a folder"
