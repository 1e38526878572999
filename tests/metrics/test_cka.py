from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from pytest_brainscore.errors import MetricError
from pytest_brainscore.metrics.cka import alignment, cka, cka_cv
from pytest_brainscore.metrics.splits import shuffle
from tests.strategies import normal


def data(n: int = 9) -> tuple[torch.Tensor, torch.Tensor]:
    latent = normal(0, n, 3)
    return latent @ normal(1, 3, 11) + 2, latent @ normal(2, 3, 6) + normal(3, n, 6) - 5


def hsic_by_hand(k: np.ndarray, h: np.ndarray) -> float:
    """The U-statistic itself: the mean over all ordered quadruples of different stimuli."""
    terms = [
        k[i, j] * (h[i, j] + h[q, r] - 2 * h[i, q]) for i, j, q, r in itertools.permutations(range(len(k)), 4)
    ]
    return float(np.mean(terms))


def test_debiased_cka_is_the_u_statistic():
    x, y = data(7)
    k, h = (v.numpy() @ v.numpy().T for v in (x, y))
    expected = hsic_by_hand(k, h) / np.sqrt(hsic_by_hand(k, k) * hsic_by_hand(h, h))
    assert cka(x, y).raw() == pytest.approx(expected, abs=1e-9)


def test_biased_cka_by_norms():
    x, y = (v.numpy() - v.numpy().mean(axis=0) for v in data())
    norm = np.linalg.norm
    expected = norm(y.T @ x) ** 2 / (norm(x.T @ x) * norm(y.T @ y))
    assert cka(*data(), debiased=False).raw() == pytest.approx(expected, abs=1e-12)


def test_debiased_cka_of_unrelated_values_is_about_zero_and_biased_is_not():
    pairs = [(normal(seed, 30, 200), normal(seed + 500, 30, 200)) for seed in range(40)]
    debiased = [float(alignment(x, y)) for x, y in pairs]
    biased = [float(alignment(x, y, debiased=False)) for x, y in pairs]
    assert abs(np.mean(debiased)) < 4 * np.std(debiased) / np.sqrt(40)
    assert np.mean(biased) > 0.8


def test_groups_are_subjects():
    x, y = data()
    groups = [torch.tensor([0, 1]), torch.tensor([2, 3, 4, 5])]
    measured = cka(x, y, groups=groups)
    assert measured.values[0].tolist() == pytest.approx([cka(x, y[:, g]).raw() for g in groups])
    assert (measured.over, measured.centre) == ("subject", "mean")


def test_cka_cv_is_cka_on_the_test_stimuli():
    x, y = data(20)
    splits = shuffle(20, n_splits=4, test=0.5)
    expected = [cka(x[s.test], y[s.test]).raw() for s in splits]
    assert cka_cv(x, y, splits).per_split().tolist() == pytest.approx(expected)


@pytest.mark.parametrize("debiased", [False, True])
@pytest.mark.parametrize("constant", [0.0, 0.1])
def test_what_does_not_vary_aligns_with_nothing(debiased, constant):
    x, y = data()
    assert np.isnan(cka(torch.full_like(x, constant), y, debiased=debiased).raw())
    x[:, 3] = constant
    assert np.isfinite(cka(x, y, debiased=debiased).raw())


def test_too_few_stimuli():
    x, y = data()
    with pytest.raises(MetricError, match="at least 4 stimuli, not 3"):
        cka(x[:3], y[:3])
    with pytest.raises(MetricError, match="at least 4 stimuli, not 3"):
        cka_cv(x, y, shuffle(9, test=3))
    assert np.isfinite(cka(x[:3], y[:3], debiased=False).raw())
