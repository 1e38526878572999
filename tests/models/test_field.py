"""The field of view: grey around small images, the centre of large ones, and no pixel resampled."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pytest_brainscore.data.stimuli import Stimuli
from pytest_brainscore.errors import DataError
from pytest_brainscore.models.field import in_field


def picture(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.RandomState(1).randint(0, 120, (height, width, 3), dtype=np.uint8))


def test_a_wider_field_surrounds_with_grey():
    field = np.asarray(in_field(picture(50, 30), 8, 4))
    assert field.shape == (60, 100, 3)
    assert (field[15:45, 25:75] == np.asarray(picture(50, 30))).all()
    field = field.copy()
    field[15:45, 25:75] = 128
    assert (field == 128).all()


def test_a_narrower_field_keeps_the_centre():
    image = picture(100, 60)
    assert (np.asarray(in_field(image, 4, 8)) == np.asarray(image)[15:45, 25:75]).all()


@pytest.mark.parametrize("degrees", [8, None])
def test_the_same_or_no_size_leaves_the_image_alone(degrees):
    image = picture(31, 17)
    assert in_field(image, 8, degrees) is image


@given(st.integers(1, 300), st.integers(1, 300), st.floats(0.1, 8), st.floats(1, 10))
def test_the_field_has_the_rounded_size(width, height, field, degrees):
    found = in_field(picture(width, height), field, degrees)
    assert found.size == tuple(max(1, round(field / degrees * side)) for side in (width, height))


@pytest.mark.parametrize(("side", "before"), [(5, 0), (7, 2), (9, 2), (11, 4)])
def test_half_a_pixel_of_margin_is_rounded_to_an_even_number_as_brain_score_does(side, before):
    field = np.asarray(in_field(picture(4, 4), side, 4))
    assert field.shape == (side, side, 3)
    inside = slice(before, before + 4)
    assert (field[inside, inside] == np.asarray(picture(4, 4))).all()
    cropped = np.asarray(in_field(picture(side, side), 4, side))
    assert (cropped == np.asarray(picture(side, side))[inside, inside]).all()


@pytest.mark.parametrize("degrees", [1e-3, 1e-320])
def test_a_field_beyond_all_measure_is_an_error(degrees):
    with pytest.raises(DataError, match=rf"image {degrees:g} degrees wide in a field of 8 degrees"):
        in_field(picture(10, 5), 8, degrees)


def test_a_large_image_in_a_narrow_field_is_no_error(monkeypatch):
    monkeypatch.setattr("pytest_brainscore.models.field.LARGEST", 20)
    assert in_field(picture(60, 40), 4, 8).size == (30, 20)
    assert in_field(picture(5, 5), 8, 2).size == (20, 20)


def grey_share(image: Image.Image, field_degrees: float, degrees: float) -> float:
    """Pixels of (128, 128, 128) over the numbers of an image in its field: what Brain-Score's tests count."""
    shown = Stimuli(("s",), (np.asarray(image),)).open(0)
    field = np.asarray(in_field(shown, field_degrees, degrees))
    return float((field == 128).all(axis=2).sum() / field.size)


def partly_grey(side: int, centre: int, inner: int, outer: int, channels: int) -> Image.Image:
    """A square image with so many grey pixels within its central square and outside it."""
    rim = (side - centre) // 2
    inside = np.zeros((side, side), bool)
    inside[rim : rim + centre, rim : rim + centre] = True
    pixels = np.full((side, side), 7, np.uint8)
    for region, count in ((inside, inner), (~inside, outer)):
        rows, columns = (axis[:count] for axis in np.nonzero(region))
        pixels[rows, columns] = 128
    return Image.fromarray(pixels if channels == 1 else np.repeat(pixels[:, :, None], 3, axis=2))


@pytest.mark.parametrize(
    ("side", "degrees", "inner", "outer", "channels", "published"),
    [
        pytest.param(256, 8, 509, 15_278, 3, {14: 0.25071, 6: 0.00460}, id="MajajHong2015.public"),
        pytest.param(256, 8, 107, 116, 3, {14: 0.22486, 6: 0.00097}, id="Rajalingham2018.public"),
        pytest.param(320, 4, 20_000, 11_756, 1, {14: 0.314561, 6: 0.23113}, id="FreemanZiemba2013.public"),
    ],
)
def test_published_shares_of_grey(side, degrees, inner, outer, channels, published):
    """Brain-Score's figures for one image each, from a synthetic one with as many grey pixels of its own.

    Its count divides by the numbers of the image, so by three times its pixels. What is due to the field
    follows from the sizes alone: 0.22449 at 14 of 8 degrees; 0.30612 at 14 and 0.18519 at 6 of 4 degrees.
    The image's own pixels were counted back from the figures; of the two enlargements (4 degrees), one count
    fits both.
    """
    image = partly_grey(side, 192, inner, outer, channels)
    for field, share in published.items():
        digits = 6 if field == 14 and degrees == 4 else 5
        assert round(grey_share(image, field, degrees), digits) == share


@pytest.mark.parametrize(
    ("side", "degrees", "field", "share"),
    [(256, 8, 14, 0.224490), (320, 4, 14, 0.306122), (320, 4, 6, 0.185185)],
)
def test_the_share_of_grey_that_the_field_adds_follows_from_the_sizes(side, degrees, field, share):
    assert grey_share(partly_grey(side, 2, 0, 0, 3), field, degrees) == pytest.approx(share, abs=5e-7)
