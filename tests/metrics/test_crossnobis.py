"""Crossnobis and whitened comparisons against rsatoolbox, and against what they are meant to be."""

from __future__ import annotations

import numpy as np
import pytest
import rsatoolbox
import torch

from pytest_brainscore.errors import MetricError
from pytest_brainscore.metrics import rsa
from pytest_brainscore.metrics.cka import cka
from pytest_brainscore.metrics.crossnobis import crossnobis
from tests.strategies import normal, permutation, recorded

N, M = 8, 6
HALVES = [torch.tensor([0, 1, 2]), torch.tensor([3, 4, 5])]


def toolbox(values, stimulus, repetition) -> np.ndarray:
    """Their RDM (n, n), with the variances of each neuroid's noise as its precision."""
    told = {"stimulus": stimulus.numpy(), "repetition": repetition.numpy()}
    dataset = rsatoolbox.data.Dataset(values.numpy(), obs_descriptors=told)
    shown = [values[stimulus == i].numpy() for i in range(N)]
    noise = np.diag(1 / np.mean([one.var(axis=0, ddof=1) for one in shown], axis=0))
    with np.errstate(invalid="ignore"):  # it fills an array of whole numbers with NaN
        rdms = rsatoolbox.rdm.calc_rdm(dataset, "crossnobis", "stimulus", noise, "repetition")
    return rdms.get_matrices()[0]


def mixed(values, stimulus, repetition):
    order = permutation(3, len(values))
    return values[order], stimulus[order], repetition[order]


@pytest.mark.parametrize("repetitions", [2, 5])
def test_crossnobis_is_rsatoolboxs(repetitions):
    shown = mixed(*recorded(0, N, repetitions, M, noise=1.0))
    assert crossnobis(*shown)[0].numpy() == pytest.approx(toolbox(*shown), abs=1e-10)
    each = [toolbox(shown[0][:, columns], *shown[1:]) for columns in HALVES]
    assert crossnobis(*shown, HALVES).numpy() == pytest.approx(np.array(each), abs=1e-10)


def test_of_more_repetitions_of_some_stimuli_the_first_are_kept():
    values, stimulus, repetition = recorded(0, N, 4, M, noise=1.0)
    kept = (repetition < 2) | (stimulus == 5)
    first = [part[repetition < 2] for part in (values, stimulus, repetition)]
    found = crossnobis(*mixed(values[kept], stimulus[kept], repetition[kept]))
    assert found[0].numpy() == pytest.approx(toolbox(*first), abs=1e-10)


def test_a_showing_that_a_subject_misses_counts_for_the_others():
    values, stimulus, repetition = recorded(0, N, 3, M, noise=1.0)
    whole = crossnobis(values, stimulus, repetition, HALVES)
    two = crossnobis(*(part[N:] for part in (values, stimulus, repetition - 1)), HALVES)
    values[:N, 4] = torch.nan
    found = crossnobis(values, stimulus, repetition, HALVES)
    torch.testing.assert_close(found, torch.stack([whole[0], two[1]]), rtol=0, atol=1e-12)


def test_offsets_of_repetitions_and_units_are_not_seen_and_float32_is_enough():
    values, stimulus, repetition = recorded(0, N, 3, M, noise=1.0)
    found = crossnobis(values, stimulus, repetition)
    moved = crossnobis(3 * values - 1e6, stimulus, repetition)
    torch.testing.assert_close(moved, found, rtol=0, atol=1e-8)
    narrow = crossnobis(values.float(), stimulus, repetition)
    assert narrow.dtype == torch.float64
    torch.testing.assert_close(narrow, found, rtol=0, atol=1e-5)


def noises(n, r, m, draws=30):
    """Draws of nothing but noise, (draws, r * n, m), and whose they are."""
    _, stimulus, repetition = recorded(0, n, r, 1, noise=0.0)
    return [normal(seed, n * r, m) for seed in range(draws)], stimulus, repetition


def mean_and_error(values):
    found = torch.stack(values)
    return found.mean().item(), found.std().item() / len(found) ** 0.5


def test_equal_stimuli_are_no_distance_apart_on_average():
    """Squared distances of means over r repetitions are 2 / r of the noise's variance."""
    shown, stimulus, repetition = noises(60, 4, 200)
    pairs = torch.triu_indices(60, 60, 1)
    mean, error = mean_and_error([crossnobis(one, stimulus, repetition)[0][*pairs].mean() for one in shown])
    assert abs(mean - own_noise(60, 4)) < 4 * error < 0.01
    assert own_noise(60, 4) < 0.006
    means = [one.unflatten(0, (4, 60)).mean(dim=0) for one in shown]
    biased, _ = mean_and_error([rsa.squared_distance(one)[*pairs].mean() for one in means])
    assert biased == pytest.approx(2 / 4, abs=0.02)


def test_noise_of_the_same_few_showings_leaves_a_known_rest():
    shown, stimulus, repetition = noises(3, 4, 3000)
    mean, error = mean_and_error([crossnobis(one, stimulus, repetition)[0, 0, 1] for one in shown])
    assert abs(mean - own_noise(3, 4)) < 4 * error < 0.02


def own_noise(n, r):
    """2 / r times what the mean of 1 / variance is above 1, of n (r - 1) degrees of freedom."""
    return 2 / r * 2 / (n * (r - 1) - 2)


def test_a_known_distance():
    """Squared difference over the variance of the noise."""
    (noise, *_), stimulus, repetition = noises(60, 4, 2000)
    values = 3.0 * (stimulus == 1)[:, None] + 2 * noise
    assert crossnobis(values, stimulus, repetition)[0, 0, 1].item() == pytest.approx(9 / 4, rel=0.05)


def test_neuroids_without_noise_take_no_part():
    values, stimulus, repetition = recorded(0, N, 3, M, noise=1.0)
    copies = 0.1 * normal(5, N, 2)[stimulus]  # equal, but for rounding in their variance
    found = crossnobis(torch.cat([values, copies], dim=1), stimulus, repetition)
    torch.testing.assert_close(found, crossnobis(values, stimulus, repetition), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda v, s, r: (v[r == 0], s[r == 0], r[r == 0]), "8 of 8 stimuli have fewer than 2 without NaN"),
        (lambda v, s, r: (v[s != 3], s[s != 3], r[s != 3]), "1 of 8 stimuli have fewer than 2"),
        (lambda v, s, r: (v * torch.nan, s, r), "8 of 8 stimuli have fewer than 2 without NaN"),
        (lambda v, s, r: (v / 0, s, r), "some showings are infinite"),
        (lambda v, s, r: (v[s], s, r), "none of 6 neuroids varies over repetitions"),
        (lambda v, s, r: (v, s, r, [torch.tensor([6])]), "group 1 of 1 must name some of the 6"),
    ],
)
def test_what_has_no_crossnobis_says_why(change, says):
    with pytest.raises(MetricError, match=says):
        crossnobis(*change(*recorded(0, N, 3, M, noise=1.0)))


@pytest.mark.parametrize(
    ("comparison", "theirs"), [("whitened_cosine", "cosine_cov"), ("whitened_pearson", "corr_cov")]
)
@pytest.mark.parametrize("signed", [False, True])
def test_whitened_comparisons_are_rsatoolboxs(comparison, theirs, signed):
    rdms = torch.stack([rsa.squared_distance(normal(seed, N, 5)) for seed in range(4)])
    a, b = rdms[0], rdms[1:] - (0.8 if signed else 0.0)
    found = rsa.compare(a, b, comparison)
    told = [rsatoolbox.rdm.RDMs(rsa.upper(part).T.numpy()) for part in (a, b)]
    for sigma in (None, np.eye(N)):
        expected = rsatoolbox.rdm.compare(*told, method=theirs, sigma_k=sigma)[0]
        assert found.numpy() == pytest.approx(expected, abs=1e-10)
    for one, value in zip(b, found, strict=True):
        assert explicit(a, one, comparison) == pytest.approx(value.item(), abs=1e-10)


def explicit(a: torch.Tensor, b: torch.Tensor, comparison: str) -> float:
    """With the inverse of the covariance that independent noise gives to the differences of stimuli."""
    rows, columns = np.triu_indices(N, 1)
    contrasts = np.eye(N)[rows] - np.eye(N)[columns]
    weights = np.linalg.inv((contrasts @ contrasts.T) ** 2)
    u, v = (rsa.upper(rdm)[:, 0].numpy() for rdm in (a, b))
    if comparison == "whitened_pearson":
        u, v = u - u.mean(), v - v.mean()
    return u @ weights @ v / np.sqrt((u @ weights @ u) * (v @ weights @ v))


def test_a_whitened_cosine_of_squared_distances_is_cka():
    x, y = normal(0, N, 5), normal(1, N, 4)
    found = rsa.rdm(x, y, distance="crossnobis", comparison="whitened_cosine").raw()
    assert found == pytest.approx(cka(x, y, debiased=False).raw(), abs=1e-12)


def test_a_constant_rdm_has_a_whitened_cosine_and_no_whitened_correlation():
    flat = 0.1 * (1 - torch.eye(N, dtype=torch.float64))
    other = rsa.squared_distance(normal(0, N, 5))[None]
    found = rsa.compare(flat, other, "whitened_cosine").item()
    assert found == pytest.approx(explicit(flat, other[0], "whitened_cosine"), abs=1e-12)
    assert rsa.compare(flat, other, "whitened_pearson").isnan().all()
