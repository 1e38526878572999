"""The field of view: grey around small images, the centre of large ones, and no pixel resampled."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

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


def test_an_odd_margin_puts_the_spare_pixel_right_and_below():
    field = np.asarray(in_field(picture(4, 4), 7, 4))
    assert field.shape == (7, 7, 3)
    assert (field[1:5, 1:5] == np.asarray(picture(4, 4))).all()


@pytest.mark.parametrize("degrees", [1e-3, 1e-320])
def test_a_field_beyond_all_measure_is_an_error(degrees):
    with pytest.raises(DataError, match=rf"image {degrees:g} degrees wide in a field of 8 degrees"):
        in_field(picture(10, 5), 8, degrees)


def test_a_large_image_in_a_narrow_field_is_no_error(monkeypatch):
    monkeypatch.setattr("pytest_brainscore.models.field.LARGEST", 20)
    assert in_field(picture(60, 40), 4, 8).size == (30, 20)
    assert in_field(picture(5, 5), 8, 2).size == (20, 20)
