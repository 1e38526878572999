"""The observer's choices follow what is known of them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.stats import norm

from pytest_brainscore.data.simulated import observer
from pytest_brainscore.data.simulated.objects import BENCHMARK_CATEGORIES
from pytest_brainscore.data.simulated.observer import LAPSE, NOISE, Observer
from pytest_brainscore.data.simulated.scenes import Scene, ground, render

SCENE = Scene("garn", 1, 0.0, 0.0, 0.2, (1.0, 0.0), 1.0, 0.9, 5)
CORNERS = np.array([[0.0, 0.0, 0.0], [2.0, 0.0, 0.0], [0.0, 2.0, 0.0]])


@pytest.fixture(scope="module")
def decides(brain) -> Observer:
    category = np.asarray([BENCHMARK_CATEGORIES.index(scene.category) for scene in brain.scenes])
    fit = np.asarray([scene.exemplar < 6 for scene in brain.scenes])
    evidence = observer.evidence(brain.signals["IT"], category, fit)
    return Observer(evidence, observer.legibility(brain.scenes, brain.images), category)


def test_evidence_is_half_the_distance_at_a_mean_and_none_half_way():
    signals = np.concatenate([CORNERS, [(CORNERS[0] + CORNERS[1]) / 2], [[9.0, 9.0, 0.0]]])
    category, fit = np.array([0, 1, 2, 0, 0]), np.array([True, True, True, False, False])
    said = observer.evidence(signals, category, fit)
    scale = (4 + 4 + 8) / 3
    assert said[1, 1] - said[1, 0] == pytest.approx(4 / scale)
    assert said[1, 1] - said[1, 2] == pytest.approx(8 / scale)
    assert said[3, 0] - said[3, 1] == pytest.approx(0)


def test_probability_is_a_cumulative_gaussian_between_the_lapses():
    difference = np.array([-9.0, -0.2, 0.0, 0.3, 9.0])
    evidence = np.stack([difference, np.zeros(5)], axis=1)
    decides = Observer(evidence, np.full(5, 0.5), np.zeros(5, int))
    expected = 0.01 + 0.98 * norm.cdf(0.5 * difference / NOISE)
    np.testing.assert_allclose(decides.probability()[:, 1], expected)
    np.testing.assert_allclose(decides.probability()[:, 0], 0.5)
    assert LAPSE == 0.02


@pytest.mark.parametrize(
    ("worse", "share"),
    [
        ({"contrast": 0.5}, (0.25 / 0.29) / (0.81 / 0.85)),
        ({"size": 0.15}, 0.75**2),
        ({"x": 0.12}, np.exp(-0.5 * (0.12 / 0.5) ** 2)),
        ({"y": -0.12}, np.exp(-0.5 * (0.12 / 0.5) ** 2)),
    ],
    ids=["contrast", "size", "x", "y"],
)
def test_an_object_is_less_legible_where_pale_small_or_off_centre(worse, share):
    """On a blank ground, where there is no clutter."""
    blank = np.full((2, 64, 64, 3), 120, np.uint8)
    clear, hard = observer.legibility([SCENE, dataclasses.replace(SCENE, **worse)], blank)
    assert clear == pytest.approx((0.81 / 0.85) * (0.2 / 0.22) ** 2)
    assert hard / clear == pytest.approx(share)


def test_an_object_is_less_legible_in_clutter():
    scenes = [dataclasses.replace(SCENE, background=i) for i in range(40)]
    images = np.stack([render(scene) for scene in scenes])
    around, legible = observer.clutter(scenes, images), observer.legibility(scenes, images)
    assert np.ptp(legible) > 0.05
    np.testing.assert_array_equal(np.argsort(-around), np.argsort(legible))


def test_clutter_is_the_spread_of_what_surrounds_the_object():
    grey = np.full((64, 64, 3), 100, np.uint8)
    inside = grey.copy()
    inside[30:34, 30:34] = 255
    stripes = grey.copy()
    stripes[::2], stripes[1::2] = 0, 255
    clutter = observer.clutter([SCENE] * 3, np.stack([grey, inside, stripes]))
    assert clutter[0] == pytest.approx(0, abs=1e-12)
    assert clutter[1] == pytest.approx(0, abs=1e-12)  # the object's own pixels do not count
    assert clutter[2] == pytest.approx(1, abs=0.02)
    assert ground(5, 64).std() > 0.05


def test_every_distractor_is_met_equally_often_by_every_subject(decides):
    shown = np.flatnonzero([True, *[False] * 8] * 100)
    trials = decides.trials(shown, subjects=3, each=4, seed=2)
    assert len(trials.chosen) == len(shown) * 3 * 7 * 4
    cells = np.stack([trials.stimulus, trials.subject, trials.distractor])
    _, counts = np.unique(cells, axis=1, return_counts=True)
    assert set(counts) == {4}
    assert (trials.truth == decides.category[trials.stimulus]).all()
    assert (trials.truth != trials.distractor).all()
    assert ((trials.chosen == trials.truth) | (trials.chosen == trials.distractor)).all()


def test_choices_follow_their_probabilities(decides):
    trials = decides.trials(np.arange(0, 960, 4), subjects=4, each=10, seed=3)
    right = trials.chosen == trials.truth
    for low in np.arange(0.5, 1.0, 0.1):
        these = (trials.probability >= low) & (trials.probability < low + 0.1)
        error = np.sqrt(trials.probability[these].var() + 0.25) / np.sqrt(these.sum())
        assert abs(right[these].mean() - trials.probability[these].mean()) < 4 * error
    assert (right - trials.probability).mean() == pytest.approx(0, abs=0.005)


def test_seeds_give_other_choices_of_the_same_probabilities_but_for_the_subjects(decides):
    shown = np.arange(200)
    one, again, other = (decides.trials(shown, 1, 1, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.chosen, again.chosen)
    assert (one.chosen != other.chosen).mean() > 0.1
    assert np.corrcoef(one.probability, other.probability)[0, 1] > 0.99


def test_the_test_stimuli_are_hard_but_not_too_hard(decides, brain):
    shown = np.flatnonzero([scene.exemplar >= 6 for scene in brain.scenes])
    chances = decides.probability()[shown]
    two = np.arange(8) != decides.category[shown, None]
    assert 0.8 < chances[two].mean() < 0.9
    assert np.percentile(chances[two], 1) > 0.5
    assert np.percentile(chances[two], 99) < 0.991


def test_like_objects_are_confused_more(decides):
    """Over pairs of categories: the further apart the evidence's means, the more often right."""
    chances = decides.probability()
    own = np.take_along_axis(decides.evidence, decides.category[:, None], 1) - decides.evidence
    pairs = [(a, b) for a in range(8) for b in range(8) if a != b]
    apart = [own[decides.category == a, b].mean() for a, b in pairs]
    right = [chances[decides.category == a, b].mean() for a, b in pairs]
    assert np.corrcoef(apart, right)[0, 1] > 0.8
