"""Stimuli as they are shown: RGB of 8 bits, whatever the file holds, or an error that names the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pytest_brainscore.data.opening import from_arrays
from pytest_brainscore.data.stimuli import Stimuli
from pytest_brainscore.errors import DataError

RAMP = np.array([[0, 128, 129, 257, 300], [32768, 40000, 65000, 65406, 65535]], np.uint16)


def shown(path: Path) -> np.ndarray:
    return np.asarray(Stimuli(("one",), (path,)).open(0))


def saved(path: Path, pixels: np.ndarray) -> Path:
    Image.fromarray(pixels).save(path)
    return path


@pytest.mark.parametrize("suffix", ["png", "tif", "pgm"])
def test_16_bit_grey_is_scaled_to_8(tmp_path, suffix):
    pixels = shown(saved(tmp_path / f"ramp.{suffix}", RAMP))
    expected = np.rint(RAMP / 257).astype(np.uint8)
    np.testing.assert_array_equal(pixels, np.repeat(expected[:, :, None], 3, axis=2))


@pytest.mark.parametrize(("dtype", "mode"), [(np.int32, "I"), (np.float32, "F")])
def test_numbers_whose_white_is_unknown_are_an_error(tmp_path, dtype, mode):
    path = saved(tmp_path / "odd.tif", RAMP.astype(dtype))
    with pytest.raises(DataError, match=rf"odd\.tif: its mode is {mode} .*save it with 8 bits"):
        shown(path)
    with Image.open(path) as image, pytest.raises(DataError, match=f"image 0: its mode is {mode}"):
        from_arrays([image], np.zeros((1, 1)), region="IT")


def test_transparency_is_ignored(tmp_path):
    """The reference pastes RGBA into a new RGB image without a mask."""
    pixels = np.array([[[255, 0, 0, 0], [0, 9, 0, 128], [7, 8, 9, 255]]], np.uint8)
    np.testing.assert_array_equal(shown(saved(tmp_path / "a.png", pixels)), pixels[:, :, :3])


def test_an_image_too_large_is_one_line(tmp_path, monkeypatch):
    path = saved(tmp_path / "large.png", np.zeros((10, 10), np.uint8))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40)
    with pytest.raises(DataError, match=r"large\.png: stimulus one is too large an image \(Image size \(100"):
        shown(path)


def test_a_broken_image_is_one_line(tmp_path):
    path = saved(tmp_path / "broken.png", np.random.default_rng(0).integers(0, 255, (90, 90), np.uint8))
    content = path.read_bytes()
    for cut in (b"", content[:20], content[:2000], content[:60] + b"\xff" * 50 + content[110:]):
        path.write_bytes(cut)
        with pytest.raises(DataError, match=r"broken\.png: stimulus one is not an image that can be read"):
            shown(path)


def numbered(*ids: str) -> Stimuli:
    return Stimuli(ids, tuple(np.full((1, 1), i, np.uint8) for i in range(len(ids))))


def test_what_is_taken_knows_its_place_in_the_table():
    listed = numbered("a", "b", "c", "d", "e")
    assert listed.as_listed().tolist() == [0, 1, 2, 3, 4]
    moved = listed.take([3, 0, 4, 1])
    assert moved.listed == (3, 0, 4, 1)
    assert moved.as_listed().tolist() == [1, 3, 0, 2]
    again = moved.take([2, 1, 0])
    assert (again.ids, again.listed) == (("e", "a", "d"), (4, 0, 3))
    assert again.take(again.as_listed()).ids == ("a", "d", "e")
    assert again.take([0, 1, 2]).digest == again.digest


def test_ids_that_are_numbers_are_sorted_as_numbers():
    assert numbered("10", "9", "0100", "2.5").by_name().tolist() == [3, 1, 0, 2]
    assert numbered("10", "9", "nan").by_name().tolist() == [0, 1, 2]
    assert numbered("im10", "im9", "b").by_name().tolist() == [2, 0, 1]
    assert numbered("12345678901234567891", "12345678901234567890").by_name().tolist() == [1, 0]
