"""Principal components as scikit-learn has them, of activations and of what stands for these."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from pytest_brainscore.models.components import projected
from pytest_brainscore.models.coordinates import coordinates_of


def by_sklearn(x: np.ndarray, fit: np.ndarray, n: int) -> np.ndarray:
    """The reference's recipe: fitted on the images, centred on their mean, not whitened."""
    return PCA(n_components=n, random_state=0).fit(x[fit]).transform(x)


def alike(ours: torch.Tensor, theirs: np.ndarray, atol: float = 1e-8) -> None:
    signs = np.sign((ours.numpy() * theirs).sum(0))
    np.testing.assert_allclose(ours.numpy() * signs, theirs, atol=atol * np.abs(theirs).max())


@given(
    n=st.integers(5, 30),
    fitted=st.integers(6, 20),
    p=st.integers(8, 120),
    k=st.integers(1, 4),
    seed=st.integers(0, 99),
)
def test_components_are_those_of_scikit_learn_also_of_coordinates(n, fitted, p, k, seed):
    random = np.random.RandomState(seed)
    x = random.randn(n + fitted, p) @ np.diag(1.0 / np.arange(1, p + 1)) + random.randn(p)
    fit = np.arange(n, n + fitted)
    theirs = by_sklearn(x, fit, k)
    alike(projected(torch.tensor(x), torch.tensor(fit), k), theirs)
    alike(projected(coordinates_of(torch.tensor(x)), torch.tensor(fit), k), theirs)


def test_as_many_components_as_images_are_one_less_since_the_last_is_rounding():
    x = np.random.RandomState(0).randn(30, 200)
    ours = projected(coordinates_of(torch.tensor(x)), torch.arange(20, 30), 10)
    assert ours.shape == (30, 9)
    alike(ours, by_sklearn(x, np.arange(20, 30), 10)[:, :9])


def test_few_units_and_few_stimuli_stay_as_they_are():
    x = torch.randn(30, 10, generator=torch.Generator().manual_seed(0))
    assert projected(x, torch.arange(30), 10) is x
    assert projected(x, torch.arange(30), 9).shape == (30, 9)


def test_time_steps_are_rows_of_one_projection():
    x = torch.randn(12, 3, 40, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    rows, fit = x.reshape(36, 40), torch.arange(4, 12)
    theirs = by_sklearn(rows.numpy(), np.arange(12, 36), 5)
    alike(projected(x, fit, 5).reshape(36, 5), theirs)


def test_projection_changes_nothing_that_is_fitted_in_whole():
    """All components of the stimuli themselves turn and centre them: distances stay."""
    x = torch.randn(20, 50, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    kept = projected(x, torch.arange(20), 49)
    assert torch.allclose(torch.cdist(kept, kept), torch.cdist(x, x), atol=1e-6)
