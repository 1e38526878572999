from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import scipy.stats
import torch
from rsatoolbox.util.inference_util import extract_variances

from pytest_brainscore.errors import MetricError
from pytest_brainscore.inference import jackknife
from pytest_brainscore.inference.bootstrap import bootstrapped
from pytest_brainscore.inference.intervals import interval
from pytest_brainscore.inference.left_out import jackknifed
from pytest_brainscore.inference.one_factor import variance_of
from pytest_brainscore.inference.replicates import Replicates, Shared, minus
from pytest_brainscore.inference.sampling import Sampling
from pytest_brainscore.inference.variance import variance
from tests.inference.samples import split_scores

RNG = np.random.default_rng(3)
X = torch.from_numpy(RNG.normal(size=24))


def mean(rows: torch.Tensor) -> float:
    return float(X[rows].mean())


@pytest.mark.parametrize("groups", [2, 3, 4, 8])
def test_the_jackknife_of_a_mean_is_that_of_its_groups_means(groups):
    sampling = Sampling("k", groups=groups)
    means = [float(X[part].mean()) for part in sampling.parts(24)]
    found = variance_of(jackknifed(mean, 24, sampling))
    assert found.value == pytest.approx(scipy.stats.sem(means) ** 2)
    assert found.df == groups - 1


def test_the_bootstrap_of_a_mean_is_its_squared_standard_error():
    found = variance_of(bootstrapped(mean, 24, Sampling("k", replicates=8_000)))
    assert found.value == pytest.approx(scipy.stats.sem(X.numpy()) ** 2, rel=0.06)
    assert found.df == 23


@pytest.mark.parametrize("n", [10, 40, 150])
def test_a_bootstrapped_median_is_held_with_2_root_n_degrees_of_freedom(n):
    rng, held, true = np.random.default_rng(0), [], scipy.stats.beta(2, 5).median()
    for _ in range(600):
        x = rng.beta(2, 5, size=n)
        drawn = np.median(x[rng.integers(0, n, (200, n))], axis=1)
        within = interval(
            np.median(x), {"neuroid": Replicates("bootstrap", "neuroid", drawn, n, df=2 * n**0.5)}
        )
        held.append(within.low <= true <= within.high)
    assert np.mean(held) == pytest.approx(0.955, abs=0.025)


def test_splits_are_corrected_for_what_they_share():
    values = np.array([0.1, 0.4, 0.2, 0.3])
    found = variance_of(split_scores(values, 0.25))
    assert found.value == pytest.approx((1 / 4 + 0.25) * (0.05 / 3))
    assert found.df == 3


def test_the_variance_of_a_mean_over_splits_is_right_where_scores_are_means_over_test_stimuli():
    """What Nadeau and Bengio's ratio is exact for: 800 data sets of 40 normal numbers, new splits of each."""
    rng = np.random.default_rng(0)
    tests = np.stack([[rng.permutation(40)[:8] for _ in range(5)] for _ in range(800)])
    scores = np.take_along_axis(rng.normal(size=(800, 1, 40)), tests, axis=2).mean(axis=2)
    found = [variance_of(split_scores(s, 8 / 32)).value for s in scores]
    expected = (1 / 5 + 4 / 5 * 8 / 40) / 8
    assert np.mean(found) == pytest.approx(expected, rel=0.08)


@pytest.mark.parametrize("joint", [0.5, 1.5, 4.0])
@pytest.mark.parametrize(("n", "m"), [(20, 6), (9, 40)])
def test_two_bootstraps_are_corrected_as_rsatoolbox_does(joint, n, m):
    """At joint 0.5 and 4 the variance is at one of its bounds."""
    table = RNG.normal(size=(3, 400)) * np.sqrt([[joint], [0.7], [0.4]])
    double, members, stimuli = table
    sampled = {
        "stimulus": Replicates("bootstrap", "stimulus", stimuli, n),
        "subject": Replicates("bootstrap", "subject", members, m),
        "both": Replicates("bootstrap", "both", double, min(n, m)),
    }
    variances = np.array([[[values.var(ddof=1)]] for values in table])
    expected, _, _ = extract_variances(variances, nc_included=False, n_rdm=m, n_pattern=n)
    assert variance(sampled).value == pytest.approx(float(expected[0]))


def test_without_a_joint_sample_variances_add_up_with_welchs_degrees_of_freedom():
    a, b = X[:9].numpy(), 3 * X[9:].numpy()
    parts = {"stimulus": singles(a), "neuroid": Replicates("bootstrap", "neuroid", scaled(b), 15)}
    welch = scipy.stats.ttest_ind(a, b, equal_var=False)
    found = variance(parts)
    assert found.value == pytest.approx(a.var(ddof=1) / 9 + b.var(ddof=1) / 15)
    assert found.df == pytest.approx(welch.df)


def test_the_interaction_of_splits_and_neuroids_is_counted_once():
    """Of a mean over a table of independent numbers the variance is that of the numbers over their count."""
    rng, n_splits, m = np.random.default_rng(1), 8, 12
    found = []
    for _ in range(300):
        table = rng.normal(size=(n_splits, m))
        drawn = table[:, rng.integers(m, size=(100, m))].mean(axis=2).T
        found.append(
            variance(
                {
                    "stimulus": split_scores(table.mean(axis=1), 0.0),
                    "neuroid": Replicates("bootstrap", "neuroid", drawn.mean(axis=1), m),
                    "both": split_scores(drawn.flatten(), 0.0, "both"),
                }
            ).value
        )
    assert np.mean(found) * n_splits * m == pytest.approx(1.0, abs=0.1)  # 2 without the interaction


def test_the_second_order_is_counted_once():
    """Of the mean product of every two numbers all variance is of the second order."""

    def products(x: np.ndarray) -> float:
        n = len(x)
        return float(((x.sum(axis=0) ** 2 - (x**2).sum(axis=0)) / (n * (n - 1))).mean())

    rng, found, plain = np.random.default_rng(2), [], []
    for seed in range(60):
        x = rng.normal(size=(40, 20))
        values = jackknifed(lambda rows, x=x: products(x[rows]), 40, Sampling(f"{seed}")).values
        singles, twos = jackknife.singles_and_twos(values)
        found.append(jackknife.variance(singles, twos))
        plain.append(19**2 / 20 * singles.var(ddof=1))
    true = 2 / (40 * 39 * 20)
    assert np.mean(plain) / true == pytest.approx(2.0, abs=0.3)
    assert np.mean(found) / true == pytest.approx(1.3, abs=0.15)  # 1 but for the bound


@pytest.mark.parametrize(("g", "twos"), [(2, 0), (3, 0), (4, 6), (5, 10), (10, 45), (20, 45), (90, 45)])
def test_singles_and_twos_are_told_apart_by_their_number(g, twos):
    values = np.arange(g + twos, dtype=float)
    one, two = jackknife.singles_and_twos(values)
    assert one.tolist() == values[:g].tolist()
    assert len(two) == twos == jackknife.pairs_of(g)
    assert twos in (0, len(list(combinations(range(min(g, 10)), 2))))


@pytest.mark.parametrize("k", [1, 4, 20, 54])
def test_other_numbers_are_not_of_a_jackknife(k):
    with pytest.raises(MetricError, match=f"{k} values are not those of a jackknife"):
        jackknife.singles_and_twos(np.zeros(k))


def test_degrees_of_freedom_are_those_of_both_factors_at_most():
    """V_stimuli is near 0 and V_members - V_interaction below it, so that the bound holds."""
    rng = np.random.default_rng(5)
    drawn = rng.normal(size=(100, 2))
    sampled = {
        "stimulus": split_scores(np.array([0.5, 0.501]), 0.1),
        "neuroid": Replicates("bootstrap", "neuroid", drawn.mean(axis=1), 20),
        "both": split_scores(drawn.flatten(), 0.1, "both"),
    }
    assert 1 <= variance(sampled).df <= 1 + 19


def test_a_line_without_a_number_is_refused():
    shared = Shared(np.array([0.1, np.nan, 0.3]), 0.1, 3)
    made = Replicates("splits", "stimulus", np.arange(3.0), 9, shared=shared)
    with pytest.raises(MetricError, match="1 of them not a number"):
        variance_of(made)


def test_a_replicate_without_a_number_is_refused():
    with pytest.raises(MetricError, match="3 replicates over neuroid, 1 of them not a number"):
        variance_of(Replicates("bootstrap", "neuroid", np.array([0.1, np.nan, 0.2]), 3))


@pytest.mark.parametrize(
    "change",
    [
        {"count": 11},
        {"way": "bootstrap"},
        {"shared": Shared(np.arange(3.0), 0.2, 3)},
        {"shared": Shared(np.arange(3.0), 0.1, 1)},
        {"shared": None},
        {"refit": True},
        {"values": np.ones(4)},
    ],
)
def test_scores_on_other_samples_have_no_difference(change):
    values = np.arange(3.0)
    plan = {"way": "splits", "factor": "stimulus", "values": values, "count": 10}
    plan["shared"] = Shared(values, 0.1, 3)
    with pytest.raises(MetricError, match="were not resampled alike"):
        minus({"stimulus": Replicates(**plan)}, {"stimulus": Replicates(**{**plan, **change})})


def singles(values: np.ndarray) -> Replicates:
    """The jackknife of a mean, one value a group."""
    x = torch.from_numpy(values)
    return jackknifed(lambda rows: float(x[rows].mean()), len(x), Sampling("k", groups=len(x)))


def scaled(values: np.ndarray) -> np.ndarray:
    """Replicates whose variance is what a bootstrap of the mean has without error of drawing."""
    n = len(values)
    return (values - values.mean()) * np.sqrt((n - 1) / n) / np.sqrt(n)
