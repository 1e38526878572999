"""Dimensionality where it is known, and against numpy and explicit averages over stimuli."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
import torch

from pytest_brainscore.errors import MetricError
from pytest_brainscore.metrics.dimensionality import (
    corrected_participation_ratio,
    eigenvalues,
    participation_ratio,
)
from pytest_brainscore.models.coordinates import coordinates_of
from tests.strategies import normal, rotation


@pytest.mark.parametrize("shape", [(12, 5), (12, 11), (12, 12), (12, 40)])
def test_eigenvalues_are_those_of_numpys_covariance(shape):
    x = normal(0, *shape) * torch.arange(1, shape[1] + 1) + 7
    known = np.sort(np.linalg.eigvalsh(np.cov(x.numpy().T)))[::-1][: min(11, shape[1])]
    found = eigenvalues(x)
    assert found.numpy() == pytest.approx(known, rel=1e-10, abs=1e-10)
    assert participation_ratio(found) == pytest.approx(known.sum() ** 2 / (known**2).sum(), rel=1e-10)


@pytest.mark.parametrize(("n", "plain"), [(50, 47), (100, 90), (250, 199), (500, 332)])
def test_white_data_of_a_thousand_dimensions(n, plain):
    """The plain ratio follows n p / (n + p); the corrected one does not follow n."""
    draws = [normal(seed, n, 1000) for seed in range(500 // n)]
    assert np.mean([participation_ratio(eigenvalues(x)) for x in draws]) == pytest.approx(plain, abs=1.2)
    assert np.mean([corrected_participation_ratio(x) for x in draws]) == pytest.approx(1000, rel=0.04)


def test_both_estimates_are_averages_over_four_distinct_stimuli():
    x = (normal(0, 6, 2) @ normal(1, 2, 4)).exp()
    four = [x[list(rows)] for rows in permutations(range(6), 4)]
    trace = np.mean([float((a - b).square().sum() * (c - d).square().sum()) / 4 for a, b, c, d in four])
    square = np.mean([float((a - b) @ (c - d)) ** 2 / 4 for a, b, c, d in four])
    assert corrected_participation_ratio(x) == pytest.approx(trace / square, rel=1e-10)
    own = np.mean([float((a - b).mul(c - d).square().sum()) / 4 for a, b, c, d in four])
    of_units = (trace - own) / (square - own)
    assert corrected_participation_ratio(x, units=True) == pytest.approx(of_units, rel=1e-9)


@pytest.mark.parametrize("n", [60, 120, 400])
def test_a_spectrum_that_is_known(n):
    """Variances 1/k: (sum 1/k)^2 / sum 1/k^2, whatever the number of stimuli; a mean over draws."""
    spread = 1 / torch.arange(1.0, 201.0, dtype=torch.float64)
    truth = float(spread.sum() ** 2 / spread.square().sum())
    turn = rotation(0, 200)
    draws = [normal(seed, n, 200) * spread.sqrt() @ turn + 5 for seed in range(20)]
    corrected = np.mean([corrected_participation_ratio(x) for x in draws])
    assert corrected == pytest.approx(truth, rel=0.1)
    if n == 60:
        assert np.mean([participation_ratio(eigenvalues(x)) for x in draws]) < 0.8 * truth


@pytest.mark.parametrize("p", [30, 100, 1000])
def test_few_units_of_a_population_of_twenty_dimensions(p):
    latent = normal(0, 400, 20)
    found = [corrected_participation_ratio(latent @ normal(1 + s, 20, p), units=True) for s in range(20)]
    assert np.mean(found) == pytest.approx(20, rel=0.06)


def test_coordinates_serve_as_well_as_activations():
    x = normal(0, 30, 200) + 3
    corrected = corrected_participation_ratio(x)
    assert corrected_participation_ratio(coordinates_of(x)) == pytest.approx(corrected, rel=1e-10)
    found = eigenvalues(coordinates_of(x))
    assert found.tolist() == pytest.approx(eigenvalues(x).tolist(), rel=1e-10)


def test_where_there_is_no_number():
    assert np.isnan(participation_ratio(eigenvalues(torch.ones(5, 3))))
    assert np.isnan(corrected_participation_ratio(torch.ones(5, 3)))
    with pytest.raises(MetricError, match="give at least 4"):
        corrected_participation_ratio(normal(0, 3, 5))
    with pytest.raises(MetricError, match="give at least 2"):
        eigenvalues(normal(0, 1, 5))
