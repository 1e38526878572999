"""Estimates and least squares: against scipy and explicit formulas; coverage of the t interval."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import stats

from pytest_brainscore.analysis.statistics.corrections import holm, level_of_each
from pytest_brainscore.analysis.statistics.estimates import Estimate, bootstrap, mean
from pytest_brainscore.analysis.statistics.least_squares import fit, two_groups, two_groups_apart
from pytest_brainscore.analysis.statistics.rank_correlation import interval, p_of, spearman, told

RNG = np.random.default_rng(6)
A, B = RNG.normal(0.4, 0.1, 9), RNG.normal(0.3, 0.2, 5)


def test_two_groups_apart_are_welch_s_t():
    found, due = two_groups_apart(A, B), stats.ttest_ind(A, B, equal_var=False)
    assert found.p == pytest.approx(due.pvalue)
    assert found.interval() == pytest.approx(tuple(due.confidence_interval()))
    assert two_groups_apart(A, B[:1]) is None


@pytest.mark.parametrize(("test", "least", "most"), [(two_groups, 0.35, 0.5), (two_groups_apart, 0.03, 0.08)])
def test_one_variance_for_unlike_groups_finds_what_is_not_there(test, least, most):
    rng = np.random.default_rng(0)
    studies = [(0.02 * rng.standard_normal(30), 0.08 * rng.standard_normal(4)) for _ in range(1000)]
    assert least < np.mean([test(*study).p < 0.05 for study in studies]) < most


def test_a_bootstrap_of_four_subjects_covers_80_per_cent():
    rng = np.random.default_rng(0)
    intervals = [bootstrap(rng.standard_normal(4)).interval() for _ in range(1000)]
    assert np.mean([low < 0 < high for low, high in intervals]) == pytest.approx(0.8, abs=0.03)


def test_two_groups_are_student_s_t():
    found, due = two_groups(A, B), stats.ttest_ind(A, B)
    ends = due.confidence_interval()
    assert found.interval() == pytest.approx((ends.low, ends.high), abs=1e-12)
    assert (found.df, found.p) == (due.df, pytest.approx(due.pvalue, abs=1e-12))
    assert found.value == pytest.approx(A.mean() - B.mean(), abs=1e-15)


def test_one_value_on_a_side_borrows_the_other_s_spread_and_one_on_each_has_none():
    found = two_groups(A, B[:1])
    assert found.se == pytest.approx(A.std(ddof=1) * np.sqrt(1 / 9 + 1), abs=1e-14)
    assert found.df == 8
    assert two_groups(A[:1], B[:1]) is None
    assert two_groups(A, B[:0]) is None


def test_a_mean_of_differences_is_the_paired_t():
    found, due = mean(A[:5] - B), stats.ttest_rel(A[:5], B)
    ends = due.confidence_interval(0.9)
    assert found.interval(0.9) == pytest.approx((ends.low, ends.high), abs=1e-12)
    assert found.p == pytest.approx(due.pvalue, abs=1e-12)
    assert mean(A[:1]) is None


def test_no_spread_is_certain():
    assert Estimate(0.0, 0.0, 3).p == 1
    assert Estimate(0.1, 0.0, 3).p == 0


def test_the_bootstrap_of_few_values_is_all_resamples():
    values = A[:4]
    means = [np.mean(one) for one in product(values, repeat=4)]
    found = bootstrap(values)
    assert len(found.means) == 256
    assert found.interval() == pytest.approx(np.percentile(means, [2.5, 97.5]), abs=1e-14)
    assert (found.value, found.p) == (pytest.approx(values.mean()), None)


def test_the_bootstrap_of_many_values_is_drawn_and_the_same_each_time():
    values = RNG.normal(0, 1, 100)
    low, high = bootstrap(values).interval()
    assert (low, high) == bootstrap(values).interval() != bootstrap(values, seed=1).interval()
    assert (high - low) / 2 == pytest.approx(1.96 * values.std() / 10, rel=0.05)
    assert bootstrap(values[:1]) is None


# --- ranks


def test_ranks_that_all_agree_up_to_rounding_have_no_interval_and_no_p():
    for n in range(3, 40):
        for pairs in ([(i, i) for i in range(n)], [(i, -i) for i in range(n)]):
            rho = spearman(pairs)
            assert (abs(rho), interval(rho, n), p_of(rho, n)) == (pytest.approx(1), None, None)
            assert told(rho, None, None, n).endswith(f"1.000 (all ranks agree (n = {n}): no interval)")


def test_fewer_than_six_networks_have_no_interval_and_p_goes_with_it():
    assert interval(0.5, 5) is p_of(0.5, 5) is None
    assert told(0.5, None, None, 5).endswith("0.500 (n = 5: no interval)")
    for n in (6, 30):
        low, _ = interval(0.6, n, level=1 - p_of(0.6, n))
        assert low == pytest.approx(0, abs=1e-12)


# --- least squares


def rows(effect=0.0):
    """Scores of 7 networks in two groups, by 3 subjects; each row's group, subject and network."""
    table = [
        (f"n{i}", "a" if i < 4 else "b", s, RNG.normal() + effect * (i < 4) + 0.3 * s)
        for i in range(7)
        for s in range(3)
    ]
    networks, groups, subjects, y = zip(*table, strict=True)
    return np.array(y), groups, [str(s) for s in subjects], networks


def explicit(y, groups, subjects):
    """The treatment-coded design, and its coefficients."""
    columns = [np.ones(len(y)), [g == "a" for g in groups], [s == "1" for s in subjects]]
    x = np.stack([*columns, [s == "2" for s in subjects]], axis=1).astype(float)
    return x, np.linalg.lstsq(x, y, rcond=None)[0]


def test_the_fit_is_that_of_a_design_with_a_treatment_dummy():
    y, groups, subjects, _ = rows(0.5)
    x, beta = explicit(y, groups, subjects)
    residual = y - x @ beta
    se = np.sqrt(residual @ residual / (21 - 4) * np.linalg.inv(x.T @ x)[1, 1])
    found = fit(y, groups, subjects).difference("a", "b")
    assert (found.value, found.se, found.df) == (pytest.approx(beta[1]), pytest.approx(se), 17)
    assert fit(y, groups, subjects).difference("b", "a").value == pytest.approx(-beta[1])


def test_clustered_errors_are_the_sandwich_over_networks():
    y, groups, subjects, networks = rows()
    x, beta = explicit(y, groups, subjects)
    residual = y - x @ beta
    meat = np.zeros((4, 4))
    for name in dict.fromkeys(networks):
        at = [one == name for one in networks]
        score = x[at].T @ residual[at]
        meat += np.outer(score, score)
    bread = np.linalg.inv(x.T @ x)
    due = (bread @ meat @ bread)[1, 1] * 7 / 6 * 20 / 17
    found = fit(y, groups, subjects, networks).difference("a", "b")
    assert (found.value, found.se, found.df) == (pytest.approx(beta[1]), pytest.approx(np.sqrt(due)), 6)


def test_too_few_rows_fit_nothing():
    assert fit(np.array([1.0, 2.0]), ["a", "b"], ["1", "1"]) is None
    y, groups, subjects, _ = rows()
    assert fit(y, groups, list(groups)) is None
    assert fit(y, groups, subjects, ["one"] * len(y)) is None


# --- coverage, corrections, rank correlation


def test_the_interval_with_networks_as_units_covers_the_truth_and_the_released_one_does_not():
    """Networks differ by .05, subjects of a network by .01: of 400 studies 380 should cover 0."""
    rng, networks, released = np.random.default_rng(1), 0, 0
    groups, subjects = ["a"] * 32 + ["b"] * 24, ["1", "2", "5", "7"] * 14
    for _ in range(400):
        level = rng.normal(0, 0.05, 14)
        scores = level[:, None] + rng.normal(0, 0.01, (14, 4))
        low, high = two_groups(scores[:8].mean(axis=1), scores[8:].mean(axis=1)).interval()
        networks += low < 0 < high
        low, high = fit(scores.ravel(), groups, subjects).difference("a", "b").interval()
        released += low < 0 < high
    assert 366 <= networks <= 394
    assert released < 300


def test_holm_is_the_stepwise_rule():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert holm([0.2, None, 0.9]) == (pytest.approx(0.4), None, pytest.approx(0.9))
    assert holm([0.8, 0.9]) == (1.0, 1.0)
    assert holm([]) == ()


def test_intervals_that_hold_together_are_wider():
    assert level_of_each(1) == pytest.approx(0.95)
    assert level_of_each(10) == pytest.approx(0.995)
    assert level_of_each(0) == pytest.approx(0.95)


def test_spearman_has_mean_ranks_of_ties_and_an_interval_that_covers():
    x = [1.0, 2.0, 2.0, 4.0, 5.0]
    y = [0.1, 0.4, 0.2, 0.2, 0.9]
    assert spearman(list(zip(x, y, strict=True))) == pytest.approx(stats.spearmanr(x, y).statistic)
    assert spearman([(1.0, 1.0), (2.0, 1.0), (3.0, 1.0)]) is None
    assert spearman([(1.0, 1.0), (2.0, 2.0)]) is None
    assert interval(0.5, 3) is None
    assert interval(1.0, 9) is None
    low, high = interval(0.6, 30)
    half = 1.959963984540054 * np.sqrt((1 + 0.36 / 2) / 27)
    assert (low, high) == pytest.approx((np.tanh(np.arctanh(0.6) - half), np.tanh(np.arctanh(0.6) + half)))
    rng, covered = np.random.default_rng(2), 0
    truth = 6 / np.pi * np.arcsin(0.5 / 2)
    for _ in range(200):
        x, y = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], 40).T
        low, high = interval(spearman(list(zip(x.tolist(), y.tolist(), strict=True))), 40)
        covered += low < truth < high
    assert 180 <= covered <= 199
