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


def rounded(x: torch.Tensor, size: float) -> torch.Tensor:
    """The same numbers after sums in other orders: each is off by up to `size` of the largest."""
    noise = torch.rand(x.shape, generator=torch.Generator().manual_seed(9), dtype=torch.float64)
    return x + size * x.abs().amax(dim=0) * (noise - 0.5)


@pytest.mark.parametrize("size", [2e-16, 1e-14, 9e-13])
def test_numbers_that_rounding_alone_keeps_apart_share_a_rank(size):
    a, b = columns(ties=True)
    noisy = rounded(a, size)
    assert (noisy != a).any()
    assert correlation.rank(noisy).equal(correlation.rank(a))
    for metric in (correlation.spearman, correlation.rho_a, correlation.kendall_tau_a):
        assert metric(noisy, b).equal(metric(a, b))
        assert metric(b, 1e-6 * noisy).equal(metric(b, a))


def test_spearman_and_tau_a_of_ties_up_to_rounding_are_scipys_of_ties():
    a, b = (x[:, 0] for x in columns(ties=True))
    noisy = rounded(a[:, None], 1e-14), rounded(b[:, None], 1e-14)
    assert float(correlation.spearman(*noisy)) == pytest.approx(
        scipy.stats.spearmanr(a, b).statistic, abs=1e-13
    )
    untied = [float((x[:, None] != x).double().sum()) / (30 * 29) for x in (a, b)]
    tau_a = scipy.stats.kendalltau(a, b).statistic * (untied[0] * untied[1]) ** 0.5
    assert float(correlation.kendall_tau_a(*noisy)) == pytest.approx(tau_a, abs=1e-13)


def test_what_differs_by_more_than_rounding_has_a_rank_of_its_own():
    x = torch.arange(50, dtype=torch.float64).mul(3e-12).add(1)[:, None]
    assert correlation.rank(x.flip(0))[:, 0].tolist() == list(range(50, 0, -1))


@pytest.mark.parametrize(
    ("n", "tied", "differ"), [(30, 0, True), (30, 1, False), (120_000, 1, True), (120_000, 2, False)]
)
def test_values_all_differ_where_ties_move_rho_by_less_than_a_billionth(n, tied, differ):
    """At worst the other side has first and last what ties."""
    a = torch.arange(1, n + 1, dtype=torch.float64)
    a[: tied + 1] = 1 + 1e-15 * torch.arange(tied + 1)
    b = torch.arange(n, dtype=torch.float64).roll(1)
    moved = float(correlation.spearman(a[:, None], b[:, None])) - scipy.stats.spearmanr(range(n), b).statistic
    assert correlation.all_differ(a[:, None]) is differ
    assert abs(moved) <= (3 * (tied + 1) ** 2 / n**2 if tied else 1e-15)
    assert abs(moved) >= 3 * tied / n**2


@pytest.mark.parametrize("metric", ALL)
@pytest.mark.parametrize("level", [0.3, -7e5])
def test_a_column_that_varies_by_rounding_alone_is_nan(metric, level):
    a, b = columns(ties=False)
    a[:, 1] = rounded(torch.full((30, 1), level, dtype=torch.float64), 1e-14)[:, 0]
    a[:, 2] = torch.tensor([0.1 + 0.2, 0.3] * 15, dtype=torch.float64)
    for r in (metric(a, b), metric(b, a)):
        assert r.isnan().tolist() == [False, True, True, False]


@pytest.mark.parametrize("metric", [*ALL, correlation.cosine])
def test_a_column_with_nan_is_nan(metric):
    a, b = columns(ties=False)
    a[4, 2] = torch.nan
    for r in (metric(a, b), metric(b, a)):
        assert r.isnan().tolist() == [False, False, True, False]


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
