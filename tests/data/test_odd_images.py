"""Images that are odd: shown as the file says, or refused in one line that names file and stimulus."""

from __future__ import annotations

import os
import re
import struct
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pytest_brainscore.data.images import in_folder
from pytest_brainscore.data.stimuli import LARGEST, Stimuli
from pytest_brainscore.errors import DataError

COLOURS = np.random.RandomState(0).randint(0, 256, (6, 8, 3), dtype=np.uint8)


def shown(path: Path) -> np.ndarray:
    return np.asarray(Stimuli(("one",), (path,)).open(0))


def png(width: int, height: int, bits: int = 8, pixels: bytes = b"", kind: int = 2) -> bytes:
    """A PNG file that says so, whatever pixels it has (kind 2: colour)."""
    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(pixels)), (b"IEND", b""))
    chunks = (struct.pack(">I", len(c)) + t + c + struct.pack(">I", zlib.crc32(t + c)) for t, c in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


# what can be shown


@pytest.mark.parametrize(
    ("mode", "suffix"), [("CMYK", "tif"), ("CMYK", "jpg"), ("YCbCr", "tif"), ("LAB", "tif")]
)
def test_other_colour_spaces_are_shown_in_the_colours_that_they_mean(tmp_path, mode, suffix):
    """Cyan, magenta, yellow and black are not red, green and blue with a fourth channel."""
    smooth = np.asarray(Image.fromarray(COLOURS).resize((64, 48), Image.Resampling.BICUBIC))
    path = tmp_path / f"image.{suffix}"
    Image.fromarray(smooth).convert(mode).save(path, **({"quality": 98} if suffix == "jpg" else {}))
    with Image.open(path) as image:
        assert image.mode == mode
    assert np.abs(shown(path).astype(int) - smooth).mean() < 4


def test_one_pixel_and_a_very_wide_image(tmp_path):
    Image.fromarray(COLOURS[:1, :1]).save(tmp_path / "one.png")
    np.testing.assert_array_equal(shown(tmp_path / "one.png"), COLOURS[:1, :1])
    wide = np.tile(COLOURS, (1, 2500, 1))
    Image.fromarray(wide).save(tmp_path / "wide.png")
    assert wide.shape == (6, 20_000, 3)
    np.testing.assert_array_equal(shown(tmp_path / "wide.png"), wide)


@pytest.mark.parametrize("suffix", ["png", "gif"])
def test_a_palette_shows_its_colours_also_where_they_are_transparent(tmp_path, suffix):
    palette = Image.fromarray(COLOURS).quantize(4)
    palette.save(tmp_path / f"p.{suffix}", transparency=0)
    np.testing.assert_array_equal(shown(tmp_path / f"p.{suffix}"), np.asarray(palette.convert("RGB")))
    assert (np.asarray(palette) == 0).any()


def test_a_palette_whose_colours_are_more_or_less_transparent(tmp_path):
    palette = Image.fromarray(COLOURS).quantize(4)
    palette.save(tmp_path / "p.png", transparency=bytes([0, 100, 200, 255]))
    np.testing.assert_array_equal(shown(tmp_path / "p.png"), np.asarray(palette.convert("RGB")))


@pytest.mark.parametrize(("values", "expected"), [([[False, True]], [0, 255]), ([[0, 200]], [0, 200])])
def test_grey_and_black_and_white(tmp_path, values, expected):
    pixels = np.array(values, bool if isinstance(values[0][0], bool) else np.uint8)
    Image.fromarray(pixels).save(tmp_path / "g.png")
    np.testing.assert_array_equal(shown(tmp_path / "g.png")[0], np.repeat(np.array(expected)[:, None], 3, 1))


def test_colours_of_16_bits_are_those_of_8_within_one(tmp_path):
    values = np.random.RandomState(1).randint(0, 65536, (1, 40, 3)).astype(">u2")
    (tmp_path / "deep.png").write_bytes(png(40, 1, 16, b"\0" + values.tobytes()))
    assert np.abs(shown(tmp_path / "deep.png") - values / 257).max() <= 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_that_exif_turns_is_shown_as_its_pixels_lie(tmp_path, orientation):
    """As in the reference implementation, torchvision and the programs that laboratories present with."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(COLOURS).save(tmp_path / "turned.png", exif=exif)
    np.testing.assert_array_equal(shown(tmp_path / "turned.png"), COLOURS)


def test_the_jpeg_of_a_camera_that_keeps_a_second_picture_shows_the_first(tmp_path):
    first, second = (Image.fromarray(np.full((8, 8, 3), value, np.uint8)) for value in (40, 200))
    first.save(tmp_path / "camera.jpg", format="MPO", save_all=True, append_images=[second])
    with Image.open(tmp_path / "camera.jpg") as image:
        assert image.format == "MPO"
    assert np.abs(shown(tmp_path / "camera.jpg").astype(int) - 40).max() < 3


# what is refused


def refused(path: Path, why: str) -> None:
    """Refused in one line, which names the file and the stimulus."""
    with pytest.raises(DataError) as caught:
        shown(path)
    assert re.search(rf"{re.escape(path.name)}: stimulus one {why}", str(caught.value))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", ["gif", "png", "webp", "tif"])
def test_films_are_refused(tmp_path, suffix):
    frames = [Image.fromarray(np.roll(COLOURS, i, 0)) for i in range(3)]
    frames[0].save(tmp_path / f"film.{suffix}", save_all=True, append_images=frames[1:])
    refused(tmp_path / f"film.{suffix}", "has several frames, .* is unknown: save that one as an image")


@pytest.mark.parametrize("side", [(20_000, 20_000), (100_000, 100_000), (2**31 - 1, 1), (LARGEST + 1, 1)])
@pytest.mark.parametrize("strict", [False, True])
def test_a_small_file_that_says_it_is_huge_is_not_decoded(tmp_path, monkeypatch, side, strict):
    monkeypatch.setattr(Image.Image, "copy", lambda _: pytest.fail("decoded"))
    (tmp_path / "bomb.png").write_bytes(png(*side))
    with warnings.catch_warnings():
        warnings.simplefilter("error" if strict else "ignore")
        refused(tmp_path / "bomb.png", "is too large an image")


def test_a_bomb_is_refused_also_where_pillows_own_limit_is_off(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    (tmp_path / "bomb.png").write_bytes(png(100_000, 100_000))
    refused(tmp_path / "bomb.png", r"is too large an image \(100000 x 100000 pixels, and 89,478,485 is the")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n(%pipe%touch ran) (w) file\n",
        b"%PDF-1.4\n",
        png(0, 0),
        png(4, 4),
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
    ],
)
def test_what_is_no_image_is_refused_and_postscript_not_run(tmp_path, monkeypatch, content):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "odd.png").write_bytes(content)
    refused(tmp_path / "odd.png", "is not an image that can be read")
    assert [path.name for path in tmp_path.iterdir()] == ["odd.png"]


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "gif", "webp", "bmp"])
def test_an_image_cut_off_is_never_shown(tmp_path, suffix):
    path, rng = tmp_path / f"cut.{suffix}", np.random.RandomState(2)
    Image.fromarray(rng.randint(0, 256, (60, 60, 3), dtype=np.uint8)).save(path)
    content = path.read_bytes()
    for part in rng.uniform(0.05, 0.97, 12):
        path.write_bytes(content[: int(part * len(content))])
        refused(path, "is not an image that can be read")


def test_a_folder_in_the_place_of_an_image(tmp_path):
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(DataError, match=r"folder\.png: cannot be read \(Is a directory\)"):
        _ = Stimuli(("one",), (tmp_path / "folder.png",)).digest
    refused(tmp_path / "folder.png", "is not an image")
    with pytest.raises(DataError, match="no image in it"):
        in_folder(tmp_path)


# names


ODD_NAMES = [
    "naïve ☃",
    "'q\" $(id) `id`",
    "-rf",
    "=1+1",
    "a b",
    "%s{0}",
    "C_\\x",
    "日本語",
    "x" * 240,
    "a.b. ",
    "#1",
]


def test_names_with_odd_letters_are_names(tmp_path):
    for i, name in enumerate(ODD_NAMES):
        Image.fromarray(np.full((2, 2, 3), i, np.uint8)).save(tmp_path / f"{name}.png")
    stimuli = in_folder(tmp_path)
    assert set(stimuli.ids) == set(ODD_NAMES)
    for i, name in enumerate(ODD_NAMES):
        assert (np.asarray(stimuli.open(stimuli.ids.index(name))) == i).all()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
@pytest.mark.parametrize(
    ("name", "said"), [(b"caf\xe9", r"'caf\\udce9.png'"), (b"a\nb", r"'a\\nb.png'"), (b"\x1b[2J", r"x1b\[2J")]
)
def test_names_that_cannot_be_written_into_a_line_are_refused(tmp_path, name, said):
    Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name + b".png"))).write_bytes(png(1, 1))  # noqa: PTH118
    with pytest.raises(DataError, match=said) as caught:
        in_folder(tmp_path)
    assert str(caught.value).isprintable()


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_are_followed_where_they_lead_to_images_only(tmp_path):
    """A folder is its owner's: links out of it are allowed, unlike those in an archive."""
    (tmp_path / "folder").mkdir()
    Image.fromarray(COLOURS).save(tmp_path / "outside.png")
    (tmp_path / "folder" / "a.png").symlink_to(tmp_path / "outside.png")
    (tmp_path / "folder" / "loop.png").symlink_to("loop.png")
    (tmp_path / "folder" / "gone.png").symlink_to("nowhere")
    (tmp_path / "folder" / "up.png").symlink_to(tmp_path)
    stimuli = in_folder(tmp_path / "folder")
    assert stimuli.ids == ("a",)
    np.testing.assert_array_equal(np.asarray(stimuli.open(0)), COLOURS)
