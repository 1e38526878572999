from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest
import scipy.stats
import torch

from pytest_brainscore.metrics import correlation

ALL = [correlation.pearson, correlation.spearman, correlation.rho_a, correlation.kendall_tau_a]


def columns(ties: bool) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    a, b = (torch.randn(30, 4, generator=generator, dtype=torch.float64) for _ in range(2))
    return (a.round(), (a + b).round()) if ties else (a, a + b)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(correlation.pearson, scipy.stats.pearsonr), (correlation.spearman, scipy.stats.spearmanr)],
)
def test_is_scipys(ours, theirs, ties):
    a, b = columns(ties)
    expected = [theirs(left, right).statistic for left, right in zip(a.T.numpy(), b.T.numpy(), strict=True)]
    assert ours(a, b).numpy() == pytest.approx(np.array(expected), abs=1e-13)


@pytest.mark.parametrize("ties", [False, True])
def test_tau_a_counts_pairs(ties):
    a, b = columns(ties)
    for column in range(a.shape[1]):
        left, right = a[:, column], b[:, column]
        signs = [
            float(torch.sign(left[i] - left[j]) * torch.sign(right[i] - right[j]))
            for i, j in itertools.combinations(range(30), 2)
        ]
        expected = sum(signs) / len(signs)
        assert float(correlation.kendall_tau_a(a, b)[column]) == pytest.approx(expected, abs=1e-12)


def test_rho_a_is_spearmans_rho_with_ties_broken_at_random():
    generator = np.random.default_rng(0)
    a, b = np.array([1, 1, 2, 2, 3, 3, 4.0]), np.array([2, 1, 2, 3, 3, 3, 1.0])
    broken = [
        scipy.stats.spearmanr(
            np.lexsort((generator.random(7), a)).argsort(), np.lexsort((generator.random(7), b)).argsort()
        ).statistic
        for _ in range(4000)
    ]
    ours = float(correlation.rho_a(torch.tensor(a)[:, None], torch.tensor(b)[:, None]))
    assert ours == pytest.approx(np.mean(broken), abs=4 * np.std(broken) / np.sqrt(4000))


@pytest.mark.parametrize("shape", [(17, 3), (1, 2), (40, 1)])
def test_ranks_are_scipys(shape):
    x = torch.randn(shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64).mul(2).round()
    assert np.array_equal(correlation.rank(x).numpy(), scipy.stats.rankdata(x.numpy(), axis=0))


def test_a_column_with_nan_has_no_ranks():
    x = torch.tensor([[1.0, 2.0], [torch.nan, 1.0]])
    assert correlation.rank(x)[:, 0].isnan().all()
    assert correlation.rank(x)[:, 1].tolist() == [2.0, 1.0]


@pytest.mark.parametrize("metric", ALL)
@pytest.mark.parametrize("constant", [0.0, 0.1, 1e6, -3.3])
def test_a_constant_column_is_nan_without_a_warning(metric, constant):
    a, b = columns(ties=False)
    a[:, 1] = constant
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for r in (metric(a, b), metric(b, a)):
            assert r.isnan().tolist() == [False, True, False, False]


@pytest.mark.parametrize("metric", [*ALL, correlation.cosine])
def test_one_column_is_compared_with_many(metric):
    a, b = columns(ties=False)
    apart = torch.cat([metric(a[:, :1], b[:, [i]]) for i in range(4)])
    assert torch.allclose(metric(a[:, :1], b), apart, atol=1e-15)


def test_cosine_of_zeros_is_nan_and_of_a_constant_is_not():
    a = torch.tensor([[0.0, 1.0], [0.0, 1.0]])
    r = correlation.cosine(a, torch.ones(2, 2))
    assert r[0].isnan()
    assert float(r[1]) == pytest.approx(1.0)
