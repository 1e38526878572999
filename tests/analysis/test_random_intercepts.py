"""A slope with a random intercept for each group, against statsmodels and against known truth."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_brainscore.analysis.statistics.least_squares import line
from pytest_brainscore.analysis.statistics.random_intercepts import random_intercepts


def made(seed, spread, n=60, groups=9, slope=0.5):
    rng = np.random.default_rng(seed)
    of = rng.integers(0, groups, n)
    x = 2.0 * of + rng.normal(size=n)
    return x, slope * x + spread * rng.normal(size=groups)[of] + rng.normal(size=n), of


@pytest.mark.parametrize(("seed", "spread"), [(1, 0.5), (2, 1.0), (4, 0.5), (5, 1.0)])
def test_it_is_the_restricted_likelihood_fit_of_statsmodels(seed, spread):
    mixed = pytest.importorskip("statsmodels.regression.mixed_linear_model").MixedLM
    x, y, of = made(seed, spread)
    theirs = mixed(y, np.column_stack([np.ones(len(x)), x]), groups=of).fit(reml=True, method="powell")
    ours = random_intercepts(x, y, of.tolist())
    assert ours.slope.value == pytest.approx(theirs.params[1], abs=2e-4)
    assert ours.intercept == pytest.approx(theirs.params[0], abs=2e-3)
    variance = float(theirs.cov_re[0, 0])
    assert ours.share == pytest.approx(variance / (variance + theirs.scale), abs=2e-3)
    covariance = np.linalg.inv(weighted(x, of, ours.share)) * theirs.scale
    assert ours.slope.se == pytest.approx(np.sqrt(covariance[1, 1]), rel=2e-3)
    assert ours.slope.df == len(set(of.tolist())) - 2


def weighted(x, of, share):
    """X' V^-1 X with V of unit variance within groups, in full."""
    v = np.eye(len(x)) + share / (1 - share) * (of[:, None] == of)
    design = np.column_stack([np.ones(len(x)), x])
    return design.T @ np.linalg.solve(v, design)


def test_without_spread_between_groups_it_is_least_squares():
    linregress = pytest.importorskip("scipy.stats").linregress
    x = np.tile(np.arange(6.0), 5)
    noise = np.random.default_rng(0).normal(size=30).reshape(5, 6)
    y = 0.3 * x + (noise - noise.mean(axis=1, keepdims=True)).ravel()  # every group has the same mean
    found, (plain, _) = random_intercepts(x, y, np.repeat(list("abcde"), 6).tolist()), line(x, y)
    theirs = linregress(x, y)
    assert found.share == 0
    for slope in (found.slope, plain):
        assert (slope.value, slope.se) == pytest.approx((theirs.slope, theirs.stderr))
    assert (plain.df, found.slope.df, plain.p) == (28, 3, pytest.approx(theirs.pvalue))


def test_the_interval_covers_the_truth_where_that_of_independent_items_does_not():
    covered = np.zeros(2)
    for seed in range(200):
        rng = np.random.default_rng(seed)
        of = np.repeat(np.arange(8), rng.integers(1, 10, 8))
        x = rng.uniform(0, 1, 8)[of]
        y = 0.6 * rng.normal(size=8)[of] + 0.5 * rng.normal(size=len(of))
        intervals = random_intercepts(x, y, of.tolist()).slope.interval(), line(x, y)[0].interval()
        covered += [low <= 0 <= high for low, high in intervals]
    assert 0.92 <= covered[0] / 200 <= 0.985
    assert covered[1] / 200 < 0.85


def test_what_has_no_slope():
    y = np.arange(4.0)
    assert random_intercepts(np.ones(4), y, list("abcd")) is None
    assert random_intercepts(y, y, list("aabb")) is None
