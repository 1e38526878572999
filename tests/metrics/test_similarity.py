"""Procrustes, mutual nearest neighbours and soft matching against scipy, scikit-learn and loops."""

from __future__ import annotations

import sys
import warnings

import numpy as np
import ot
import pytest
import torch
from scipy.optimize import linear_sum_assignment, linprog
from scipy.spatial import procrustes as scipys
from sklearn.neighbors import NearestNeighbors

from pytest_brainscore.errors import MetricError
from pytest_brainscore.metrics import rsa
from pytest_brainscore.metrics import soft_matching as transport
from pytest_brainscore.metrics.neighbours import mutual_knn
from pytest_brainscore.metrics.procrustes import procrustes
from pytest_brainscore.metrics.soft_matching import soft_matching
from tests.strategies import normal, related, rotation

HALVES = [torch.tensor([0, 1, 2]), torch.tensor([3, 4, 5, 6])]
METRICS = [procrustes, mutual_knn, soft_matching]


def pair(n=30, p=9, m=7):
    x, y = related(0, n, p, m, noise=1.0)
    return x + 2, y


def padded(values: torch.Tensor, width: int) -> np.ndarray:
    """scipy's procrustes wants as many columns on either side."""
    return np.pad(values.numpy(), ((0, 0), (0, width - values.shape[1])))


@pytest.mark.parametrize(("n", "p", "m"), [(30, 9, 7), (30, 7, 9), (12, 40, 5), (12, 5, 40), (12, 40, 30)])
def test_procrustes_is_scipys(n, p, m):
    x, y = pair(n, p, m)
    *_, disparity = scipys(padded(x, max(p, m)), padded(y, max(p, m)))
    assert 1 - procrustes(x, y).raw() ** 2 == pytest.approx(disparity, abs=1e-12)


def test_procrustes_of_few_dimensions_in_many_units():
    x = normal(0, 20, 3) @ normal(1, 3, 50)
    turned = 7 * x @ rotation(2, 50) + normal(3, 50)
    assert procrustes(x, turned).raw() == pytest.approx(1, abs=1e-12)


def test_procrustes_grows_with_dimensions_of_noise():
    """As the docs say: compare at equal numbers of units."""
    scores = [procrustes(normal(0, 100, d), normal(1, 100, d)).raw() for d in (10, 100, 1000)]
    assert scores == pytest.approx([0.24, 0.75, 0.975], abs=0.02)


def by_loop(x: np.ndarray, y: np.ndarray, k: int) -> float:
    shared = []
    for values in (x, y):
        search = NearestNeighbors(n_neighbors=k, metric="cosine").fit(values)
        shared.append(search.kneighbors(return_distance=False))
    return np.mean([len(set(a) & set(b)) / k for a, b in zip(*shared, strict=True)])


@pytest.mark.parametrize("k", [1, 5, 28])
def test_mutual_knn_is_a_loop_over_scikit_learns_neighbours(k):
    x, y = pair()
    measured = mutual_knn(x, y, k=k)
    assert measured.raw() == pytest.approx(by_loop(x.numpy(), y.numpy(), k), abs=1e-15)
    assert measured.also["chance"].tolist() == [k / 29]


def test_mutual_knn_reads_ready_rdms_above_their_diagonals():
    x, y = pair()
    rdms = rsa.brain_rdms(y, "cosine", HALVES)
    spoilt = rdms.triu(1) + torch.full_like(rdms, torch.nan).tril()
    values = mutual_knn(x, y, groups=HALVES, k=4).values
    for ready in (rdms, spoilt, 1e9 * rdms - 5e8):
        assert torch.equal(mutual_knn(x, ready, k=4).values, values)
    assert mutual_knn(x, rdms, k=4).over == "subject"


def test_neighbours_that_tie_share_the_places():
    rdm = torch.ones(1, 5, 5, dtype=torch.float64)
    rdm[0, 0, 2] = 0.5
    unrelated = torch.eye(5, dtype=torch.float64)  # each has all others equally near
    assert mutual_knn(unrelated, rdm, k=2).raw() == pytest.approx(2 / 4)
    x = unrelated.index_put((torch.tensor(1), torch.tensor(0)), torch.tensor(1.0, dtype=torch.float64))
    of_the_first = (
        1 * 1 / 3 + 1 / 3 * 1 + 2 * 1 / 3 * 1 / 3
    ) / 2  # 1 and one of 2, 3, 4; 2 and one of 1, 3, 4
    assert mutual_knn(x, rdm, k=2).raw() == pytest.approx((of_the_first + 4 * 2 / 4) / 5)


def test_a_stimulus_that_is_there_twice_ties():
    x, y = (torch.cat([values, values[:3]]) for values in pair())
    other = torch.arange(33).roll(3)
    assert mutual_knn(x[other], y[other], k=4).raw() == pytest.approx(mutual_knn(x, y, k=4).raw(), abs=1e-12)


def test_unrelated_neighbours_are_at_chance():
    values = torch.stack(
        [mutual_knn(normal(s, 60, 20), normal(s + 99, 60, 9), k=6).values[0, 0] for s in range(40)]
    )
    error = values.std() / len(values) ** 0.5
    assert abs(values.mean() - 6 / 59) < 4 * error < 0.02


def correlations(x: torch.Tensor, y: torch.Tensor) -> np.ndarray:
    p = x.shape[1]
    return np.corrcoef(x.numpy(), y.numpy(), rowvar=False)[:p, p:]


def test_as_many_units_as_neuroids_are_matched_one_by_one():
    x, y = pair(30, 7, 7)
    r = correlations(x, y)
    assert soft_matching(x, y).raw() == pytest.approx(r[linear_sum_assignment(-r)].mean(), abs=1e-12)


@pytest.mark.parametrize(("p", "m"), [(9, 4), (3, 8)])
def test_other_numbers_by_linear_programming(p, m):
    x, y = pair(20, p, m)
    r = correlations(x, y)
    rows, columns = np.kron(np.eye(p), np.ones(m)), np.kron(np.ones(p), np.eye(m))
    masses = np.concatenate([np.full(p, 1 / p), np.full(m, 1 / m)])
    found = linprog(-r.ravel(), A_eq=np.vstack([rows, columns]), b_eq=masses, bounds=(0, None))
    assert soft_matching(x, y).raw() == pytest.approx(-found.fun, abs=1e-12)


def test_soft_matching_finds_partners_by_chance():
    """As the docs say: unrelated ones are above zero, and more so the more there are."""
    scores = [soft_matching(normal(0, 100, d), normal(9, 100, d)).raw() for d in (10, 100, 500)]
    assert scores == pytest.approx([0.12, 0.23, 0.29], abs=0.01)


def test_constant_units_and_neuroids_take_no_part():
    x, y = pair(30, 7, 7)
    more = torch.cat([x, torch.full((30, 2), 0.1)], dim=1), torch.cat([torch.full((30, 3), 7.0), y], dim=1)
    assert soft_matching(*more).raw() == pytest.approx(soft_matching(x, y).raw(), abs=1e-12)
    assert soft_matching(*more).also["units"].tolist() == [[7]]


def test_too_many_pairs_are_matched_by_evenly_spaced_units(monkeypatch):
    x, y = pair(30, 9, 7)
    monkeypatch.setattr(transport, "AT_MOST", 21)
    measured = soft_matching(x, y, groups=[torch.arange(7), torch.arange(4)])
    assert measured.also["units"].tolist() == [[3, 5]]
    assert measured.also["varying"].tolist() == [[9, 9]]
    monkeypatch.undo()
    monkeypatch.setattr(transport, "UNITS", 5)
    assert soft_matching(x, y).also["units"].tolist() == [[5]]
    monkeypatch.undo()
    spaced = soft_matching(x[:, [0, 4, 8]], y).raw(), soft_matching(x[:, ::2], y[:, :4]).raw()
    assert measured.values[0].tolist() == pytest.approx(spaced, abs=1e-12)


def test_blocks_of_units_are_all_units(monkeypatch):
    x, y = pair()
    whole = soft_matching(x, y).raw()
    monkeypatch.setattr(transport, "_WIDTH", 4)
    assert soft_matching(x, y).raw() == pytest.approx(whole, abs=1e-14)


def test_a_transport_that_does_not_converge_is_an_error(monkeypatch):
    monkeypatch.setattr(transport, "ITERATIONS", 1)
    failed = "no transport of 9 x 7 units and neuroids: numItermax reached"
    with pytest.warns(UserWarning, match="numItermax"), pytest.raises(MetricError, match=failed):
        soft_matching(*pair())


def test_the_filters_of_warnings_stay_as_they_are_while_a_transport_is_solved(monkeypatch):
    """All threads have the same filters, and two that set and restore them in turn leave them changed."""
    solve, seen = ot.emd, []

    def watched(*args, **kwargs):
        seen.append(list(warnings.filters))
        return solve(*args, **kwargs)

    monkeypatch.setattr(ot, "emd", watched)
    soft_matching(*pair())
    assert seen == [list(warnings.filters)]


def test_without_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "ot", None)
    with pytest.raises(MetricError, match=r'package POT: pip install "pytest-brainscore\[transport\]"'):
        soft_matching(*pair())


@pytest.mark.parametrize("metric", [procrustes, soft_matching])
def test_a_subject_of_constant_neuroids_hides_no_other(metric):
    x, y = pair()
    y[:, HALVES[1]] = 0.1
    measured = metric(x, y, groups=HALVES)
    assert measured.values.isnan().tolist() == [[False, True]]
    assert measured.raw() == pytest.approx(metric(x, y[:, HALVES[0]]).raw())
    assert procrustes(torch.full_like(x, 0.1), y, groups=HALVES).values.isnan().all()


@pytest.mark.parametrize(
    ("attempt", "says"),
    [
        (lambda x, y: mutual_knn(x, y, k=29), "k = 29 of 30 stimuli: give at least 1 and fewer than 29"),
        (lambda x, y: mutual_knn(x, y, k=0), "k = 0 of 30 stimuli"),
        (lambda x, y: mutual_knn(x, y.index_fill(0, torch.tensor(3), 0)), "row 3"),
        (lambda x, y: mutual_knn(x, torch.zeros(2, 30, 29)), r"not \(2, 30, 29\)"),
        (lambda x, y: procrustes(x[:1], y[:1]), "at least 2 stimuli, not 1"),
        (lambda x, y: soft_matching(torch.ones_like(x), y), "all 9 units are constant"),
        *(
            (lambda x, y, metric=metric: metric(x, y[:5]), "30 stimuli have activations and 5 have responses")
            for metric in METRICS
        ),
        *(
            (lambda x, y, metric=metric: metric(x.index_fill(0, torch.tensor(1), torch.nan), y), "9 of 270")
            for metric in METRICS
        ),
    ],
)
def test_what_cannot_be_compared_says_why(attempt, says):
    with pytest.raises(MetricError, match=says):
        attempt(*pair())
