"""Responses over time against scikit-learn on the explicit stack of stimuli and bins."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import pearsonr
from sklearn.cross_decomposition import PLSRegression

from pytest_brainscore.errors import MetricError
from pytest_brainscore.metrics.splits import shuffle
from pytest_brainscore.metrics.temporal import align, temporal_pls
from tests.strategies import normal

N, T, P, M = 60, 4, 9, 6
SPLITS = shuffle(N, n_splits=3, train=0.7)


def data():
    latent = normal(0, N, 3)
    course = normal(1, T).abs() + 0.5
    y = course[None, :, None] * (latent @ normal(2, 3, M))[:, None] + normal(3, N, T, M)
    return latent @ normal(4, 3, P) + 0.5 * normal(5, N, P), y


def by_sklearn(x, y, split, components):
    """r (t, m) of scikit-learn's PLS on rows (stimulus, bin), written out bin by bin."""
    exact = PLSRegression(components, scale=False, tol=1e-15, max_iter=50000)
    rows = [(i, t) for i in split.train.tolist() for t in range(T)]
    exact.fit(np.stack([x[i, t] for i, t in rows]), np.stack([y[i, t] for i, t in rows]))
    test = split.test.numpy()
    return [
        [pearsonr(exact.predict(x[test, t])[:, j], y[test, t, j]).statistic for j in range(M)]
        for t in range(T)
    ]


@pytest.mark.parametrize("changing", [False, True], ids=["static", "changing"])
def test_one_fit_of_the_explicit_stack(changing):
    x, y = data()
    over_time = x[:, None].repeat(1, T, 1)
    if changing:
        over_time = over_time + normal(6, N, T, P)
    measured = temporal_pls(over_time if changing else x, y, SPLITS, components=4)
    assert measured.values.shape == (3, T, M)
    for split, ours in zip(SPLITS, measured.values.numpy(), strict=True):
        theirs = by_sklearn(over_time.numpy(), y.numpy(), split, 4)
        assert ours == pytest.approx(np.array(theirs), abs=1e-6)


def test_the_score_is_the_mean_over_bins_of_medians_over_neuroids():
    measured = temporal_pls(*data(), SPLITS, components=4)
    medians = np.median(measured.values.numpy(), axis=2)
    assert measured.per_part().numpy() == pytest.approx(medians)
    assert measured.raw() == pytest.approx(medians.mean())
    assert measured.error() == pytest.approx(medians.mean(axis=1).std() / 3**0.5)


def test_a_neuroid_that_is_constant_in_one_bin_is_nan_there_alone():
    x, y = data()
    silent = y.clone()
    silent[:, 1, 2] = 0.0
    values = temporal_pls(x, silent, SPLITS, components=4).values
    assert values[:, 1, 2].isnan().all()
    assert int(values.isnan().sum()) == len(SPLITS)


@pytest.mark.parametrize(
    ("bins", "steps"),
    [([(70, 170)], [1]), ([(0, 10), (149, 159), (150, 160), (400, 410)], [0, 1, 1, 2])],
)
def test_a_bin_takes_the_step_that_starts_nearest(bins, steps):
    x = normal(0, 5, 3, 2)
    windows = [(0, 100), (100, 200), (200, 300)]
    assert torch.equal(align(x, windows, bins), x[:, steps])


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ((N, P), (N, M), "stimuli x bins x neuroids"),
        ((N, T + 1, P), (N, T, M), "do not go with"),
        ((N + 1, P), (N, T, M), "do not go with"),
    ],
)
def test_shapes_that_do_not_go_together_are_refused(x, y, message):
    with pytest.raises(MetricError, match=message):
        temporal_pls(normal(0, *x), normal(1, *y), SPLITS)
    with pytest.raises(MetricError, match="2 windows"):
        align(normal(0, 5, 3, 2), [(0, 1), (1, 2)], [(0, 1)])


def test_nan_is_refused():
    x, y = data()
    y[3, 2, 1] = torch.nan
    with pytest.raises(MetricError, match="1 of 1440 values are NaN"):
        temporal_pls(x, y, SPLITS)
