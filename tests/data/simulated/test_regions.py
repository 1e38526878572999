"""Each region has the properties that define it."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from pytest_brainscore.data.simulated import contour, gabor, identity, regions, texture
from pytest_brainscore.data.simulated.brain import brain_of
from pytest_brainscore.data.simulated.objects import BENCHMARK_CATEGORIES, exemplar
from pytest_brainscore.data.simulated.scenes import Scene, outline
from pytest_brainscore.specs.simulated import SimulatedStimuli

LINE = (np.arange(64) + 0.5) / 64 - 0.5
X, Y = np.meshgrid(LINE, LINE)
CIRCLE = np.linspace(0, 2 * np.pi, 180, endpoint=False)


def grating(angle: float, cycles: float, contrast: float = 1.0, phase: float = 0.0) -> np.ndarray:
    """Bars counterclockwise from horizontal; y goes downwards."""
    across = X * np.sin(angle) + Y * np.cos(angle)
    return contrast * np.cos(2 * np.pi * cycles * across + phase)


def scene(category: str = "bamu", number: int = 0, **seen) -> Scene:
    usual = {"x": 0.0, "y": 0.0, "size": 0.18, "rotation": (1.0, 0.0), "pose": 1.0}
    return Scene(category, number, **{**usual, "contrast": 1.0, "background": 3, **seen})


def sight(*scenes: Scene) -> regions.Sight:
    return regions.Sight(scenes, np.zeros((len(scenes), 64, 64, 3), np.uint8))


@pytest.mark.parametrize("frequency", range(3))
@pytest.mark.parametrize("orientation", range(8))
def test_v1_prefers_a_grating_of_its_own_frequency_and_orientation(frequency, orientation):
    shown = grating(gabor.angles()[orientation], gabor.CYCLES[frequency])
    energy = gabor.energy(shown[None])[0, :, :, 8, 8]
    assert np.unravel_index(energy.argmax(), energy.shape) == (frequency, orientation)
    assert energy.max() == pytest.approx(1, abs=0.02)
    assert energy[frequency, (orientation + 4) % 8] < 1e-3
    answer = gabor.normalised(gabor.energy(shown[None]))[0, frequency, :, 8, 8]
    assert answer.argmax() == orientation
    assert sorted(answer)[-2] < 0.5 * answer.max()


def test_v1_energy_is_blind_to_phase():
    energies = [gabor.energy(grating(0.0, 8.0, phase=phase)[None])[0, 1, 0, 8, 8] for phase in (0, 1, 2.5)]
    np.testing.assert_allclose(energies, energies[0], rtol=0.01)


def test_v1_saturates_with_contrast_and_is_bounded():
    contrasts = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
    answers = [gabor.normalised(gabor.energy(grating(0.0, 8.0, c)[None]))[0, 1, 0, 8, 8] for c in contrasts]
    gains = [b - a for a, b in pairwise(answers)]
    assert min(gains) > 0
    assert answers[1] / answers[0] > 2.3  # nearly linear while faint: 2.5 times the contrast
    assert answers[-1] / answers[-2] < 1.15
    noise = np.random.default_rng(0).integers(0, 256, (40, 64, 64, 3), np.uint8)
    bars = np.repeat(np.repeat(noise[:, :4, :1], 16, axis=1), 64, axis=2)
    for images in (noise, bars):
        answer = gabor.responses(images)
        assert answer.shape == (40, 3, 8, 16, 16)
        assert 0 <= answer.min() < answer.max() < np.inf
        assert (answer <= gabor.bound()).all()


def test_a_blank_is_answered_by_nothing():
    blank = np.full((1, 64, 64, 3), 90, np.uint8)
    v1 = gabor.responses(blank)
    assert np.abs(v1).max() < 1e-12
    assert max(abs(regions.v2_unit(i).of(v1)[0]) for i in range(12)) < 1e-20


def test_v2_is_zero_for_uniform_texture_and_signed_by_what_goes_together():
    v1 = np.random.default_rng(0).random((3, 3, 8, 16, 16))
    v1[0, 1, 2] = 0.7  # the same all over
    v1[1, 1, 5] = v1[1, 1, 2]  # strong at the same places
    v1[2, 1, 5] = 1 - v1[2, 1, 2]  # avoiding each other
    of = texture.Statistic("orientation", (1, 2), (1, 5), (0, 0), (0.0, 0.1), 0.1).of(v1)
    assert of[0] == pytest.approx(0, abs=1e-15)
    assert of[1] > 0.02
    assert of[2] == pytest.approx(-_variance_in_window(v1[2, 1, 2]), rel=1e-9)


def _variance_in_window(values: np.ndarray) -> float:
    places = np.arange(16) / 16 + 1 / 32 - 0.5
    total = mean = square = 0.0
    for i, y in enumerate(places):
        for j, x in enumerate(places):
            weight = np.exp(-0.5 * (y**2 + (x - 0.1) ** 2) / 0.01)
            total, mean = total + weight, mean + weight * values[i, j]
            square += weight * values[i, j] ** 2
    return square / total - (mean / total) ** 2


def test_v2_tells_a_plaid_from_two_gratings_side_by_side():
    """The spectrum is the same; which orientations are strong at the same place is not."""
    one, other = grating(0.0, 8.0), grating(np.pi / 2, 8.0)
    here = np.sin(2 * np.pi * 4 * X) > 0
    plaid, apart = np.where(here, one + other, 0) / 2, np.where(here, one, other) / 2
    v1 = gabor.normalised(gabor.energy(np.stack([plaid, apart])))
    together, alternating = texture.Statistic("orientation", (1, 0), (1, 4), (0, 0), (0.0, 0.0), 0.12).of(v1)
    assert together > 0
    assert alternating < 0


def test_statistics_in_space_compare_a_channel_with_itself_further_on():
    v1 = np.zeros((2, 3, 8, 16, 16))
    v1[0, 0, 0, :, ::6] = v1[1, 0, 0, :, ::4] = 1
    at_six = texture.Statistic("position", (0, 0), (0, 0), (0, 6), (0.0, 0.0), 0.15).of(v1)
    assert at_six[0] > 0.1 > 0 > at_six[1]
    assert texture.partner("position", (0, 3), 5) == ((0, 3), (3, 0))
    assert texture.partner("scale", (2, 3), 0) == ((1, 3), (0, 0))
    assert texture.partner("orientation", (1, 7), 0) == ((1, 0), (0, 0))


def test_curvature_of_known_outlines():
    circle = 0.2 * np.stack([np.cos(CIRCLE), np.sin(CIRCLE)], axis=1) + 0.1
    for way_round in (circle, circle[::-1]):
        np.testing.assert_allclose(contour.curvature(way_round, 0.2), np.tanh(0.5), atol=1e-3)
    ellipse = np.stack([0.3 * np.cos(CIRCLE), 0.1 * np.sin(CIRCLE)], axis=1)
    bent = np.arctanh(contour.curvature(ellipse, 1.0)) * 2
    np.testing.assert_allclose(bent[[0, 45]], [0.3 / 0.1**2, 0.1 / 0.3**2], rtol=0.02)
    r = 1 + 0.3 * np.cos(4 * CIRCLE)
    notched = contour.curvature(np.stack([r * np.cos(CIRCLE), r * np.sin(CIRCLE)], axis=1), 1.0)
    assert notched[0] > 0.9
    assert notched[23] < -0.9


def test_v4_is_tuned_to_a_convexity_at_an_angle():
    """An egg with its tip to the right, turned: the unit answers most where its tip points as it prefers."""
    stretch = np.where(np.cos(CIRCLE) > 0, 2.5, 0.6)
    egg = np.stack([stretch * np.cos(CIRCLE), 0.8 * np.sin(CIRCLE)], axis=1)
    turned = [egg @ [[np.cos(t), np.sin(t)], [-np.sin(t), np.cos(t)]] for t in np.arange(8) * np.pi / 4]
    eggs = contour.Contours(
        curvature=np.stack([contour.curvature(line, 1.0) for line in turned]),
        angle=np.stack([contour.angle(line, np.zeros(2)) for line in turned]),
        centre=np.zeros((8, 2)),
        size=np.full(8, 0.2),
        visibility=np.ones(8),
    )
    sharpest = eggs.curvature[0].max()
    for preferred in range(8):
        unit = contour.Unit(sharpest, preferred * np.pi / 4, (0.0, 0.0), 0.2)
        answer = unit.of(eggs)
        assert answer.argmax() == preferred
        assert answer.max() == pytest.approx(1, abs=0.01)
        assert answer[(preferred + 4) % 8] < 0.1
    concave = contour.Unit(-0.4, 0.0, (0.0, 0.0), 0.2).of(eggs)
    assert concave.max() < 0.2


def test_v4_tolerates_moderate_changes_of_place_and_size_and_fades_with_contrast():
    unit = contour.Unit(0.6, 0.3, (0.0, 0.0), 0.18)
    places = [scene(x=x) for x in (0.0, 0.05, 0.1, 0.3)]
    answer = unit.of(sight(*places).contours)
    np.testing.assert_allclose(answer / answer[0], np.exp([0, -(0.05**2) * 12.5, -(0.1**2) * 12.5, -1.125]))
    sizes = unit.of(sight(scene(), scene(size=0.09), scene(size=0.36)).contours)
    assert sizes[1] == pytest.approx(sizes[2], rel=1e-9)
    assert 0.2 < sizes[1] / sizes[0] < 0.3
    faint = unit.of(sight(*(scene(contrast=c) for c in (1.0, 0.5, 0.1))).contours)
    assert faint[0] > faint[1] > 10 * faint[2] > 0


def test_v4_sees_the_object_turn():
    unit = contour.Unit(0.8, 0.0, (0.0, 0.0), 0.18)
    turns = [scene(rotation=(np.cos(t), np.sin(t))) for t in (0.0, 0.5)]
    answer = unit.of(sight(*turns).contours)
    assert abs(answer[0] - answer[1]) > 0.05


def test_it_hardly_minds_place_size_and_contrast():
    seen = [scene(), scene(x=0.14, y=-0.14), scene(size=0.14), scene(contrast=0.5)]
    for i in range(20):
        answer = regions.it_unit(i).of(sight(*seen).views)
        assert (answer / answer[0] > 0.6).all()
        assert (answer / answer[0] < 1.3).all()


def test_it_population_is_the_same_at_other_places_and_sizes(brain):
    """The mean of neuroids' correlations over objects; V1's neuroids look at one place."""
    at = ({}, {"x": 0.14, "y": -0.14}, {"size": 0.14})
    seen = [sight(*(scene(c, e, **keys) for c in BENCHMARK_CATEGORIES for e in range(8))) for keys in at]
    usual, moved, smaller = (regions.signals("IT", one, 40) for one in seen)
    assert (usual * moved).mean() > 0.99
    assert (usual * smaller).mean() > 0.99


def test_harmonics_are_the_objects_own_where_it_is_upright_and_follow_its_turn():
    upright = scene("garn", 2, x=0.1, y=-0.05)
    line = outline(upright, 180)
    seen = identity.harmonics(line, np.asarray([0.1, -0.05]), 0.18)
    np.testing.assert_allclose(seen, upright.shape.cosines + upright.shape.sines, atol=1e-9)
    turned = outline(dataclasses.replace(upright, rotation=(np.cos(0.4), np.sin(0.4))), 180)
    seen_turned = identity.harmonics(turned, np.asarray([0.1, -0.05]), 0.18)
    phases = np.exp(-1j * 0.4 * np.arange(1, 7))
    wave, turned_wave = (part[:6] - 1j * part[6:] for part in (seen, seen_turned))
    np.testing.assert_allclose(turned_wave, wave * phases, atol=2e-3)


def test_it_is_smooth_over_shapes():
    codes = {
        category: [
            identity.code(category, shape, np.asarray(shape.cosines + shape.sines))
            for shape in (exemplar(category, number) for number in range(8))
        ]
        for category in BENCHMARK_CATEGORIES
    }
    within = max(np.linalg.norm(a - b) for group in codes.values() for a in group for b in group)
    between = [np.linalg.norm(codes[c][0] - codes[d][0]) for c in codes for d in codes if c != d]
    assert 0 < within < min(between)


def test_it_answers_an_object_alike_wherever_it_is_and_v1_does_not(brain):
    """The correlation of population responses to two views of one exemplar."""
    alike = {}
    for region in regions.REGIONS:
        views = brain.signals[region].reshape(64, 15, -1)
        alike[region] = np.mean([np.corrcoef(two)[0, 1] for two in views[:, :2]])
    assert alike["V1"] < 0.05
    assert alike["IT"] > 0.6  # other poses are among the views
    assert alike["V1"] < alike["V2"] < alike["V4"] < alike["IT"]


def test_category_is_read_from_it_and_less_from_the_regions_before(brain):
    category = np.asarray([s.category for s in brain.scenes])
    fit = np.asarray([s.exemplar for s in brain.scenes]) < 6
    right = {
        region: LogisticRegression(max_iter=500).fit(x[fit], category[fit]).score(x[~fit], category[~fit])
        for region, x in brain.signals.items()
    }
    assert right["IT"] > 0.98
    assert 0.2 < right["V1"] < right["V2"] < right["V4"] < 0.8


def test_signals_are_standardised(brain):
    for region in regions.REGIONS:
        signals = brain.signals[region]
        assert signals.shape == (960, 96)
        np.testing.assert_allclose(signals.mean(axis=0), 0, atol=1e-12)
        np.testing.assert_allclose((signals**2).mean(axis=0), 1, atol=1e-12)
        assert (signals**4).mean(axis=0).max() < 25  # no neuroid that answers to a few images alone


def test_neuroids_are_the_same_however_many_there_are(brain):
    shown = regions.Sight(brain.scenes, brain.images)
    np.testing.assert_array_equal(regions.signals("V4", shown, 3), brain.signals["V4"][:, :3])


def test_a_scene_matters_to_it_only_by_what_it_shows():
    views = sight(scene(), dataclasses.replace(scene(), background=99)).views
    assert regions.it_unit(0).of(views).tolist() == [regions.it_unit(0).of(views)[0]] * 2


@pytest.mark.parametrize(
    ("region", "skewness", "first", "last"),
    [
        ("V1", 1.6384373137515116, -0.669033635388196, -0.30486583166711706),
        ("V2", -0.05300011543844665, -2.1677483632147454, -1.1367769302147086),
        ("V4", 0.4528762067868238, -0.33134003735542933, 0.524197927095855),
        ("IT", 0.5778365328754885, 0.8338657125389675, -0.7207676996936315),
    ],
)
def test_signals_are_the_same_on_every_machine(tmp_path, region, skewness, first, last):
    """If this fails on purpose, raise GENERATOR_VERSION."""
    signals = brain_of(SimulatedStimuli(exemplars=2, views=3), 8, tmp_path).signals[region]
    assert (signals**3).mean() == pytest.approx(skewness, abs=1e-6)
    assert signals[0, 0] == pytest.approx(first, abs=1e-6)
    assert signals[-1, -1] == pytest.approx(last, abs=1e-6)
