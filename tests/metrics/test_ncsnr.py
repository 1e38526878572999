"""NCSNR against numpy's own variances, published voxels and a known truth."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pytest_brainscore.errors import MetricError
from pytest_brainscore.metrics.ncsnr import estimated, left_of_noise, noise_ceiling, of_r
from tests.metrics.laws import close
from tests.strategies import factors, normal, permutation, presentations, recorded, seeds


@pytest.fixture(scope="module")
def voxels(shared):
    """NCSNR and subject of the 29,480 voxels of Conwell et al. 2024's OTC."""
    with (shared / "data" / "conwell2024" / "voxel_metadata_OTC.csv").open() as file:
        rows = list(csv.DictReader(file))
    return torch.tensor([float(row["ncsnr"]) for row in rows]), np.array([row["subj_id"] for row in rows])


def test_published_voxels(voxels):
    ratio, subject = voxels
    assert len(ratio) == 29480
    pooled = noise_ceiling(ratio, 1 / 3)
    assert pooled.value == pytest.approx(0.35419, abs=2e-5)
    assert pooled.also["ceiling_r"] == pytest.approx(0.57812, abs=2e-5)
    groups = [torch.from_numpy(np.flatnonzero(subject == name)) for name in "1257"]
    apart = noise_ceiling(ratio, 1 / 3, groups)
    assert apart.parts(1, groups).tolist() == pytest.approx([0.34438, 0.37345, 0.39453, 0.28768], abs=2e-5)
    assert apart.value == pytest.approx(0.35001, abs=2e-5)


def test_what_divides_the_square_of_a_mean_r_of_published_voxels(voxels):
    """The signal's own score is the mean root of the shares; the mean share is more than its square."""
    ratio, subject = voxels
    groups = [torch.from_numpy(np.flatnonzero(subject == name)) for name in "1257"]
    share = noise_ceiling(ratio, 1 / 3, groups)
    found = of_r(share, groups)
    signal = ratio.numpy().astype(float) ** 2
    roots = [np.sqrt(signal[group] / (signal[group] + 1 / 3)).mean() for group in groups]
    assert found.parts(1, groups).tolist() == pytest.approx(np.square(roots))
    assert found.value == pytest.approx(np.mean(np.square(roots)))
    assert found.also == pytest.approx({"ceiling_r": np.mean(roots), "ceiling_nc": share.value})
    assert 0.93 < found.value / share.value < 0.95
    pooled = of_r(noise_ceiling(ratio, 1 / 3))
    assert (pooled.value, pooled.also["ceiling_nc"]) == pytest.approx((0.57812**2, 0.35419), abs=4e-5)


@pytest.mark.parametrize(("centre", "of"), [("mean", np.mean), ("median", np.median)])
def test_what_divides_is_centred_as_scores_are(centre, of):
    """Over time, too: the signal's own r, centred and squared, is the ceiling of each bin and subject."""
    share = torch.from_numpy(np.random.default_rng(0).uniform(0, 1, (2, 8)))
    groups = [torch.arange(4), torch.arange(4, 8)]
    ratio = (share / (1 - share)).sqrt()
    found = of_r(noise_ceiling(ratio, 1.0, groups), groups, centre)
    expected = [of(np.sqrt(share[t, group].numpy())) ** 2 for group in groups for t in range(2)]
    assert found.parts(2, groups).tolist() == pytest.approx(expected)
    assert found.value == pytest.approx(np.mean(expected))
    assert found.also["ceiling_nc"] == pytest.approx(float(share.mean()))
    assert found.also["ceiling_r"] == pytest.approx(np.sqrt(expected).mean())


def test_every_end_of_the_ratio_has_its_ceiling():
    found = noise_ceiling(torch.tensor([0.0, 1.0, 2.0, torch.inf, torch.nan]), 0.5)
    close(found.values, torch.tensor([[0.0, 1 / 1.5, 4 / 4.5, 1.0, torch.nan]], dtype=torch.float64))
    assert found.value == pytest.approx((0 + 1 / 1.5 + 4 / 4.5 + 1) / 4)


def test_each_neuroid_may_have_repetitions_of_its_own():
    found = noise_ceiling(torch.tensor([0.5, 0.5]), torch.tensor([1.0, 1 / 4]))
    close(found.values, torch.tensor([[0.25 / 1.25, 0.25 / 0.5]], dtype=torch.float64))


def test_what_cannot_be_a_ratio_is_refused():
    with pytest.raises(MetricError, match="2 values are negative, and it is a ratio"):
        noise_ceiling(torch.tensor([0.1, -0.2, -1.0]), 1 / 3)
    with pytest.raises(MetricError, match="all neuroids, or all those of a subject, have none"):
        noise_ceiling(torch.tensor([0.1, torch.nan]), 1 / 3, [torch.tensor([0]), torch.tensor([1])])


def by_numpy(values, stimulus):
    """Of one neuroid; showings that are NaN are none."""
    shown = [values[(stimulus == s) & ~np.isnan(values)] for s in np.unique(stimulus)]
    shown = [some for some in shown if len(some)]
    noise = np.mean([some.var(ddof=1) for some in shown if len(some) > 1])
    share = np.mean([1 / len(some) for some in shown])
    signal = np.var([some.mean() for some in shown], ddof=1) - share * noise
    return np.sqrt(max(signal, 0) / noise), share


@given(presentations(), st.integers(0, 5))
def test_estimate_is_that_of_numpy(recordings, missing):
    values, stimulus, repetition = recordings
    values = values.clone()
    values.view(-1)[torch.arange(missing) * 7 % values.numel()] = torch.nan
    kept = (stimulus != 3) | (repetition == 0)  # one stimulus is shown once
    values, stimulus = values[kept], stimulus[kept]
    expected = [by_numpy(column, stimulus.numpy()) for column in values.T.numpy()]
    close(estimated(values, stimulus), torch.tensor([ratio for ratio, _ in expected]))
    close(left_of_noise(values, stimulus), torch.tensor([share for _, share in expected]))


def test_estimate_over_time_is_that_of_each_bin():
    values, stimulus, _ = recorded(0, 12, 3, 8, 1.0)
    bins = values.reshape(len(values), 2, 4)
    close(estimated(bins, stimulus), torch.stack([estimated(bins[:, t], stimulus) for t in range(2)]))


def test_known_truth_is_recovered():
    """Deviations of signal .6, .3 and 0 beside noise of 1: means of 2,000 stimuli and 3 repetitions."""
    truth = torch.tensor([0.6, 0.3, 0.0])
    signal = truth * normal(1, 2000, 3)
    values = (signal[:, None] + normal(2, 2000, 3, 3)).flatten(0, 1)
    found = estimated(values, torch.arange(2000).repeat_interleave(3))
    assert found[:2].tolist() == pytest.approx(truth[:2].tolist(), abs=0.03)
    assert found[2] < 0.15


def test_r_of_the_signal_itself_is_the_root_of_the_ceiling():
    signal, noise = normal(3, 4000), normal(4, 4000, 3)
    measured = 0.5 * signal + noise.mean(dim=1)
    r = float(torch.corrcoef(torch.stack([signal, measured]))[0, 1])
    assert noise_ceiling(torch.tensor([0.5]), 1 / 3).also["ceiling_r"] == pytest.approx(r, abs=0.03)


@given(presentations(), factors, seeds)
def test_unit_and_baseline_and_order_of_showings(recordings, factor, seed):
    values, stimulus, _ = recordings
    order = permutation(seed, len(values))
    other = factor * values + normal(seed, values.shape[1])
    close(estimated(other[order], stimulus[order]), estimated(values, stimulus), 1e-5)


def test_one_showing_of_each_has_no_noise_to_estimate():
    with pytest.raises(MetricError, match="no stimulus was shown twice, and the neuroids have no coord"):
        estimated(normal(0, 12, 2), torch.arange(12))
