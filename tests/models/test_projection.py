"""A sparse random projection has the size, moments and effect that theory says, and is the same anywhere."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.random_projection import SparseRandomProjection, johnson_lindenstrauss_min_dim

from pytest_brainscore.metrics.scaling import components_for
from pytest_brainscore.models import projection as module
from pytest_brainscore.models.columns import InMemory, LayerActivations
from pytest_brainscore.models.projection import Projector, drawn, matrix
from pytest_brainscore.specs.views import Projection

UNITS, COMPONENTS = 900, 400
SKLEARN = Projection(matrix="sklearn", seed=3)


def weights(units: int = UNITS, components: int = COMPONENTS, seed: int = 0) -> np.ndarray:
    return matrix(Projection(seed=seed), units, components).toarray().astype(np.float64)


def activations(n: int, p: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(n, p, generator=torch.Generator().manual_seed(seed))


def held(x: torch.Tensor) -> LayerActivations:
    return LayerActivations(*x.shape, x.double().mean(1), InMemory.of(x))


def test_the_size_of_the_study():
    assert components_for(1000, 0.1) == 5920


@given(st.integers(2, 10**6), st.floats(0.02, 0.98))
def test_the_size_is_scikit_learns(stimuli, eps):
    assert components_for(stimuli, eps) == max(1, johnson_lindenstrauss_min_dim(stimuli, eps=eps))


def test_the_matrix_stays_as_it_is():
    drawn_once = matrix(Projection(seed=7), 5000, 50)
    digest = hashlib.sha256(
        drawn_once.indices.astype("<i4").tobytes() + drawn_once.data.astype("<f4").tobytes()
    )
    assert drawn_once.nnz == 3529
    assert digest.hexdigest()[:16] == "d86c6efcf4623373"


@pytest.mark.parametrize("units", [1, 2, 17, 900, 40_000])
def test_the_matrix_is_the_same_by_blocks_and_from_any_row_on(monkeypatch, units):
    whole = matrix(Projection(), units, 60).toarray()
    rest = [part for rows in drawn(units, 60, 0, first=23) for part in rows[1:2]]
    assert np.array_equal(np.concatenate(rest), np.nonzero(whole[23:])[1])
    monkeypatch.setattr(module, "DRAWN_AT_ONCE", 1)
    assert np.array_equal(matrix(Projection(), units, 60).toarray(), whole)


def test_another_seed_is_another_matrix():
    a, b = weights(seed=1), weights(seed=2)
    together = ((a != 0) & (b != 0)).mean()
    assert together == pytest.approx(1 / UNITS, abs=5 * UNITS**-0.5 * (UNITS * COMPONENTS) ** -0.5)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_density_moments_and_signs_are_those_of_the_definition(seed):
    w, density = weights(seed=seed), UNITS**-0.5
    n = w.size
    assert set(np.abs(w[w != 0])) == {np.float32((1 / (density * COMPONENTS)) ** 0.5)}
    assert (w != 0).mean() == pytest.approx(density, abs=5 * (density / n) ** 0.5)
    deviation = COMPONENTS**-0.5
    assert w.mean() == pytest.approx(0, abs=5 * deviation / n**0.5)
    # A squared weight is 1 / (density k) or nothing, so its own deviation is about density^-.5 / k.
    assert (w**2).mean() == pytest.approx(1 / COMPONENTS, abs=5 * density**-0.5 / COMPONENTS / n**0.5)


def test_weights_lie_evenly_over_units_and_components():
    there, density = weights(400, 4000) != 0, 400**-0.5
    for counts, size in ((there.sum(0), 4000), (there.sum(1), 400)):
        scores = (counts - size * density) / (size * density * (1 - density)) ** 0.5
        assert np.abs(scores).max() < 5
        assert (scores**2).mean() == pytest.approx(1, abs=5 * (2 / len(counts)) ** 0.5)


def test_neighbouring_units_and_signs_know_nothing_of_each_other():
    w, density = weights(400, 4000), 400**-0.5
    there = w != 0
    both = (there[:, 1:] & there[:, :-1]).mean()
    assert both == pytest.approx(density**2, abs=5 * density / there.size**0.5)
    signs = [np.sign(row[row != 0]) for row in w]
    agreement = np.concatenate([row[1:] * row[:-1] for row in signs])
    assert agreement.mean() == pytest.approx(0, abs=5 / len(agreement) ** 0.5)


@pytest.mark.parametrize("kind", [Projection(eps=0.3, seed=5), Projection(eps=0.3, matrix="sklearn")])
def test_squared_distances_are_kept_within_eps(kind):
    x = activations(40, 3000).relu()
    projected = Projector(kind, 40).rows(x)
    assert projected.shape == (40, components_for(40, 0.3))
    ratio = (torch.pdist(projected.double()) / torch.pdist(x.double())).square()
    assert (ratio - 1).abs().max() < 0.3


def test_squared_lengths_are_right_on_average():
    x, k = activations(1, 500), 20
    lengths = [
        Projector(Projection(components=k, seed=seed), 2).rows(x).square().sum() for seed in range(200)
    ]
    ratio = torch.stack(lengths).double() / x.double().square().sum()
    # Of sparse signs: (2 + (sqrt(p) - 3) sum x^4 / |x|^4) / k. Li, Hastie and Church 2006.
    variance = float(2 + (500**0.5 - 3) * x.double().pow(4).sum() / x.double().square().sum() ** 2) / k
    assert ratio.mean() == pytest.approx(1, abs=5 * (variance / 200) ** 0.5)
    assert ratio.var() == pytest.approx(variance, rel=0.5)


@pytest.mark.parametrize(("n", "p"), [(5, 1), (5, 3), (7, 250), (3, 20_000)])
def test_rows_equal_the_dense_product_to_the_precision_of_float32(n, p):
    kind = Projection(components=300, seed=4)
    x = 100 + activations(n, p)
    dense = x.double() @ torch.from_numpy(weights(p, 300, seed=4)).T
    projected = Projector(kind, n).rows(x)
    assert projected.dtype == torch.float32
    scale = dense.square().mean() ** 0.5
    assert (projected - dense).abs().max() < 2e-6 * scale
    assert (Projector(kind, n).columns(held(x)) - dense).abs().max() < 2e-6 * scale


def test_columns_are_projected_block_by_block(monkeypatch):
    monkeypatch.setattr("pytest_brainscore.models.columns.BLOCK_BYTES", 1)
    monkeypatch.setattr("pytest_brainscore.models.columns.NARROWEST", 37)
    x, projector = activations(6, 1000), Projector(Projection(components=80), 6)
    assert len(list(held(x).blocks())) == 28
    assert torch.allclose(projector.columns(held(x)), projector.rows(x), rtol=0, atol=1e-5)


def test_of_scikit_learn_it_is_the_very_matrix():
    x = activations(30, 700).numpy()
    fitted = SparseRandomProjection(n_components=90, random_state=3).fit(x)
    own = matrix(SKLEARN, 700, 90)
    assert own.data.dtype == np.float32
    assert np.array_equal(own.toarray(), fitted.components_.toarray())
    projected = Projector(SKLEARN.model_copy(update={"components": 90}), 30).rows(torch.from_numpy(x))
    assert np.abs(projected.numpy() - fitted.transform(x)).max() < 1e-5


@pytest.mark.filterwarnings("error")
def test_a_narrow_layer_is_widened_without_a_word():
    for kind in (SKLEARN, Projection()):
        assert Projector(kind, 50).rows(activations(50, 12)).shape == (50, components_for(50, 0.1))


def test_a_row_with_nan_or_infinity_is_nan_whatever_the_weights():
    x = activations(4, 10_000)
    x[1, 77], x[2, 78] = torch.inf, torch.nan
    projected = Projector(Projection(components=2), 4).rows(x)
    assert projected.isnan().all(1).tolist() == [False, True, True, False]


def test_a_batch_is_projected_by_parts_where_it_is_large(monkeypatch):
    x, projector = activations(7, 50), Projector(Projection(components=20), 7)
    whole = projector.rows(x)
    monkeypatch.setattr(module, "PROJECTED_AT_ONCE", 120)
    assert torch.equal(projector.rows(x), whole)


def test_the_product_of_a_gpu_is_that_of_the_cpu():
    x, projector = activations(7, 5000), Projector(Projection(components=20), 7)
    own = projector.rows(x)
    assert torch.allclose(projector._on_cuda(x), own, rtol=0, atol=1e-5)  # anywhere, as torch computes it
    if torch.cuda.is_available():
        assert torch.allclose(projector.rows(x.cuda()).cpu(), own, rtol=0, atol=1e-5)


def test_a_matrix_is_drawn_once_per_width(monkeypatch):
    widths: list[int] = []
    real = module.matrix
    monkeypatch.setattr(module, "matrix", lambda kind, p, k: widths.append(p) or real(kind, p, k))
    projector = Projector(Projection(components=5), 4)
    for p in (30, 20, 30, 20):
        projector.rows(activations(4, p))
    assert widths == [30, 20]
