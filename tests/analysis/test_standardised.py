"""Hedges' g and its interval, held to SciPy's t tests and noncentral t, and to its law."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from pytest_brainscore.analysis.population.contrasts import contrasted
from pytest_brainscore.analysis.population.networks import networks
from pytest_brainscore.analysis.statistics.standardised import correction, of_groups, of_pairs

from .test_contrasts import CNN, FAMILIES, TRANSFORMER, TWINS, family, row

DRAWN = np.random.default_rng(3)


@pytest.mark.parametrize(("n", "m", "shift"), [(4, 3, 0.0), (12, 7, -1.5), (30, 31, 0.8), (64, 64, 30.0)])
def test_groups_are_what_scipy_s_t_says(n, m, shift):
    a, b = DRAWN.normal(shift, 1, n), DRAWN.normal(0, 1, m)
    found, scale = of_groups(a, b), np.sqrt(1 / n + 1 / m)
    t, df = stats.ttest_ind(a, b).statistic, n + m - 2
    bias = np.exp(special.gammaln(df / 2) - special.gammaln((df - 1) / 2)) / np.sqrt(df / 2)
    assert found.g == pytest.approx(bias * t * scale)
    assert stats.nct.cdf(t, df, found.low / scale) == pytest.approx(0.975, abs=1e-5)
    assert stats.nct.cdf(t, df, found.high / scale) == pytest.approx(0.025, abs=1e-5)


def test_pairs_are_what_scipy_s_paired_t_says():
    a = DRAWN.normal(0.4, 1, 9)
    b = a - DRAWN.normal(0.5, 0.3, 9)
    found, t = of_pairs(a, b), stats.ttest_rel(a, b).statistic
    assert found.g == pytest.approx(correction(8) * t / 3)
    assert stats.nct.cdf(t, 8, found.low * 3) == pytest.approx(0.975, abs=1e-5)


def test_the_interval_leaves_zero_out_where_the_t_test_does():
    for seed in range(40):
        rng = np.random.default_rng(seed)
        a, b = rng.normal(0.6, 1, 10), rng.normal(0, 1, 12)
        found = of_groups(a, b)
        assert (found.low > 0 or found.high < 0) == (stats.ttest_ind(a, b).pvalue < 0.05)


def test_g_is_unbiased_where_d_is_not():
    rng = np.random.default_rng(0)
    g = [of_groups(rng.normal(1, 1, 4), rng.normal(0, 1, 4)).g for _ in range(4000)]
    assert np.mean(g) == pytest.approx(1.0, abs=0.04)
    assert np.mean(g) / correction(6) > 1.1


def test_what_has_no_spread_or_too_few_has_no_size():
    assert of_groups([0.5, 0.5], [0.4, 0.4]) is None
    assert of_groups([0.5, 0.6], [0.4]) is None
    assert of_groups([0.5, 0.6, 0.7, 0.8], []) is None
    assert of_pairs([0.5, 0.6], [0.1, 0.3]) is None
    assert of_pairs([0.5, 0.6, 0.7], [0.4, 0.5, 0.6]) is None


def test_a_contrast_carries_the_size_with_networks_as_units_alone():
    rows = [*family("cnn", [*CNN, 0.65]), *family("transformer", TRANSFORMER)]
    found = contrasted([FAMILIES], networks(rows)).effects
    (one,) = [effect for effect in found if effect.g is not None]
    assert one.unit == "networks"
    assert (one.g, one.g_low) == pytest.approx(
        (of_groups([*CNN, 0.65], TRANSFORMER).g, of_groups([*CNN, 0.65], TRANSFORMER).low)
    )


def test_pairs_of_which_one_side_is_empty_have_none():
    rows = [row(f"net{i}", 0.5 + i / 10, about={"trained": False, "architecture": f"n{i}"}) for i in range(3)]
    assert {effect.g for effect in contrasted([TWINS], networks(rows)).effects} == {None}
