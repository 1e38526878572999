"""Categories and exemplars."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_brainscore.data.simulated import objects
from pytest_brainscore.data.simulated.objects import CATEGORIES, REACH, distractor, exemplar, radius, unit

ALL = [*objects.BENCHMARK_EXEMPLARS, *objects.TRAINING_EXEMPLARS, *objects.HELD_OUT_EXEMPLARS]
ANGLES = np.arange(360) * (np.pi / 180)


def test_two_categories_of_the_benchmark_are_unseen_in_training():
    benchmark, training = set(objects.BENCHMARK_CATEGORIES), set(objects.TRAINING_CATEGORIES)
    assert (len(benchmark), len(training), len(benchmark & training)) == (8, 12, 6)
    assert benchmark | training == set(CATEGORIES)


def test_no_exemplar_serves_two_purposes():
    assert len(set(ALL)) == len(ALL)
    assert max(objects.BENCHMARK_EXEMPLARS) < 1000 <= min(objects.TRAINING_EXEMPLARS)


@pytest.mark.parametrize("category", CATEGORIES)
def test_no_exemplar_reaches_further_than_is_said(category):
    for number in ALL:
        shape = exemplar(category, number)
        knobs = [np.hypot(knob.x, knob.y) + knob.radius for knob in shape.knobs]
        assert max([radius(shape, np.cos(ANGLES), np.sin(ANGLES)).max(), *knobs]) < REACH


def test_no_distractor_reaches_further_either():
    shapes = [distractor(seed, number) for seed in range(40) for number in range(5)]
    assert max(radius(shape, np.cos(ANGLES), np.sin(ANGLES)).max() for shape in shapes) < REACH
    assert {shape.texture.kind for shape in shapes} == set(objects.KINDS)


@given(st.sampled_from(CATEGORIES), st.integers(0, 3000), st.floats(0, 2 * np.pi))
def test_the_outline_is_the_sum_of_its_harmonics(category, number, angle):
    shape = exemplar(category, number)
    k = np.arange(1, objects.HARMONICS + 1)
    expected = 1 + np.cos(k * angle) @ shape.cosines + np.sin(k * angle) @ shape.sines
    found = radius(shape, np.array([np.cos(angle)]), np.array([np.sin(angle)]))[0]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@given(st.floats(-1, 1))
def test_a_unit_vector_has_the_angle_of_its_tangent(tangent):
    cosine, sine = unit(tangent)
    np.testing.assert_allclose(np.arctan2(sine, cosine), 2 * np.arctan(tangent), atol=1e-12)
    np.testing.assert_allclose(cosine * cosine + sine * sine, 1, rtol=1e-12)


def outlines(category: str) -> np.ndarray:
    return np.array([exemplar(category, n).cosines + exemplar(category, n).sines for n in range(8)])


@pytest.mark.parametrize("category", CATEGORIES)
def test_an_exemplar_is_near_its_category_and_categories_are_apart(category):
    """In outline, or, where that is alike, in texture."""
    middle = outlines(category).mean(0)
    assert 0 < np.linalg.norm(outlines(category) - middle, axis=1).max() < 0.13
    for other in set(CATEGORIES) - {category}:
        apart = np.linalg.norm(middle - outlines(other).mean(0))
        assert apart > 0.13 or exemplar(category, 0).texture.kind != exemplar(other, 0).texture.kind


def test_exemplars_differ_in_outline_texture_and_colour():
    shapes = [exemplar("fipo", number) for number in range(8)]
    for aspect in ("cosines", "sines", "texture", "knobs", "colours"):
        assert len({getattr(shape, aspect) for shape in shapes}) == 8


def test_colours_are_reflectances_and_tell_nothing_of_the_category():
    colours = np.array([[exemplar(c, n).colours for n in ALL] for c in CATEGORIES])
    assert colours.min() >= 0
    assert colours.max() <= 1
    assert np.abs(colours.mean(1) - colours.mean((0, 1))).max() < 4 * colours.std() / np.sqrt(len(ALL))


def test_an_unknown_category_is_a_key_error():
    with pytest.raises(KeyError, match="cat"):
        exemplar("cat", 0)
