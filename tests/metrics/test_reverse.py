"""Reverse predictivity against scikit-learn with the sides swapped."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import pearsonr
from sklearn.cross_decomposition import PLSRegression

from pytest_brainscore.errors import MetricError
from pytest_brainscore.metrics import partial_least_squares
from pytest_brainscore.metrics.predictivity import reverse_pls
from pytest_brainscore.metrics.splits import given_rows, shuffle
from tests.strategies import normal, related

SPLITS = shuffle(70, n_splits=3, train=0.8)


def by_sklearn(x, y, components, splits=SPLITS):
    rows = []
    for split in splits:
        exact = PLSRegression(components, scale=False, tol=1e-15, max_iter=50000)
        predicted = exact.fit(y[split.train].numpy(), x[split.train].numpy()).predict(y[split.test].numpy())
        pairs = zip(predicted.T, x[split.test].numpy().T, strict=True)
        rows.append([pearsonr(*pair).statistic for pair in pairs])
    return np.array(rows)


@pytest.mark.parametrize(("units", "neuroids"), [(90, 8), (5, 12), (30, 30)])
@pytest.mark.parametrize("at_once", [2**29, 32 * 70 * 4], ids=["whole", "blocks"])
def test_responses_predict_units(monkeypatch, units, neuroids, at_once):
    monkeypatch.setattr(partial_least_squares, "BYTES_AT_ONCE", at_once)
    x, y = related(4, 70, units, neuroids, noise=1.0)
    measured = reverse_pls(x, y + 3, SPLITS, components=5)
    assert measured.values.numpy() == pytest.approx(by_sklearn(x, y + 3, 5), abs=1e-6)
    assert measured.over == "unit"


def test_25_components_of_far_more_units_than_neuroids():
    x, y = related(9, 70, 400, 30, noise=0.5, latents=28)
    assert reverse_pls(x, y, SPLITS).values.numpy() == pytest.approx(by_sklearn(x, y, 25), abs=1e-6)


def test_constant_units_are_counted_and_change_nothing_else():
    x, y = related(4, 70, 10, 6, noise=1.0)
    silent = torch.cat([x[:, :4], torch.full((70, 2), 0.1, dtype=torch.float64), x[:, 4:]], dim=1)
    measured = reverse_pls(silent, y, SPLITS, components=4)
    kept = [0, 1, 2, 3, *range(6, 12)]
    assert measured.values[:, [4, 5]].isnan().all()
    assert measured.also["constant_units"].tolist() == [2, 2, 2]
    alone = reverse_pls(x, y, SPLITS, components=4).values
    assert torch.allclose(measured.values[:, kept], alone, atol=1e-9)


def test_fewer_neuroids_than_components_are_all_used():
    x, y = related(4, 70, 10, 3, noise=1.0)
    measured = reverse_pls(x, y, SPLITS)
    assert measured.also["components"].tolist() == [3, 3, 3]
    assert measured.values.numpy() == pytest.approx(by_sklearn(x, y, 3), abs=1e-6)


def test_float32_activations_are_the_numbers_that_they_are():
    x, y = related(4, 70, 20, 6, noise=1.0)
    narrow = x.float()
    ours, theirs = (reverse_pls(v, y, SPLITS, components=4).values for v in (narrow, narrow.double()))
    assert torch.equal(ours, theirs)


def test_one_split_and_nan():
    x, y = related(4, 70, 20, 6, noise=1.0)
    split = given_rows(range(50), range(50, 70), n=70)
    assert reverse_pls(x, y, split, components=4).values.numpy() == pytest.approx(
        by_sklearn(x, y, 4, split), abs=1e-6
    )
    x[3, 2] = torch.nan
    with pytest.raises(MetricError, match="in 1 of 20 units"):
        reverse_pls(x, y, split)
    with pytest.raises(MetricError, match="at least 1 component"):
        reverse_pls(normal(0, 70, 3), y, split, components=0)
