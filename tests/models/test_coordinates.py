"""Coordinates are a rotation: what relates rows to each other stays, and nothing else matters."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pytest_brainscore.errors import MetricError
from pytest_brainscore.metrics import cka, rsa
from pytest_brainscore.models import coordinates as module
from pytest_brainscore.models.coordinates import coordinates_of

shapes = st.tuples(st.integers(2, 24), st.integers(1, 200), st.integers(0, 2**31 - 1))


def matrix(n: int, p: int, seed: int, offset: float = 0.0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, p, generator=generator) + offset * torch.randn(n, 1, generator=generator)


def close(a: np.ndarray, b: np.ndarray, tolerance: float = 1e-10) -> bool:
    return bool(np.abs(a - b).max() <= tolerance * max(1e-30, np.abs(b).max()))


@given(shapes, st.sampled_from([0.0, 1.0, 100.0]))
def test_inner_products_stay(shape, offset):
    x = matrix(*shape, offset)
    z = coordinates_of(x).numpy()
    exact = x.double().numpy()
    assert close(z @ z.T, exact @ exact.T)


@given(st.tuples(st.integers(3, 24), st.integers(30, 200), st.integers(0, 2**31 - 1)))
def test_row_correlations_stay(shape):
    x = matrix(*shape, offset=3.0)
    assert close(np.corrcoef(coordinates_of(x).numpy()), np.corrcoef(x.double().numpy()))


def test_width_is_one_more_than_the_stimuli():
    assert coordinates_of(matrix(7, 100, 0)).shape == (7, 8)
    assert coordinates_of(matrix(7, 9, 0)).shape == (7, 8)
    assert coordinates_of(matrix(7, 100, 0)).dtype == torch.float64


@pytest.mark.parametrize("p", [1, 5, 8])
def test_few_units_are_kept(p):
    x = matrix(7, p, 0)
    assert torch.equal(coordinates_of(x), x.double())


def test_a_row_keeps_its_mean_up_to_scale():
    x = matrix(6, 500, 1, offset=2.0)
    z = coordinates_of(x)
    assert torch.allclose(z.mean(1) * (7 / 500) ** 0.5, x.double().mean(1), atol=1e-12)


def test_the_width_of_the_blocks_does_not_matter(monkeypatch):
    x = matrix(200, 3000, 2, offset=1.0)
    whole = coordinates_of(x)
    monkeypatch.setattr(module, "CHUNK_BYTES", 8 * 200 * 7)
    parts = coordinates_of(x)
    assert close((parts @ parts.T).numpy(), (whole @ whole.T).numpy(), 1e-13)


def test_rank_deficient_and_constant_rows():
    x = torch.ones(5, 300)
    x[1] = 2
    z = coordinates_of(x)
    assert torch.isfinite(z).all()
    assert close((z @ z.T).numpy(), (x.double() @ x.double().T).numpy())


def test_distances_of_near_equal_rows_survive():
    base = matrix(1, 4000, 3).repeat(6, 1)
    x = base + 1e-3 * matrix(6, 4000, 4)
    expected = torch.cdist(x.double(), x.double(), compute_mode="donot_use_mm_for_euclid_dist")
    z = coordinates_of(x)
    found = torch.cdist(z, z, compute_mode="donot_use_mm_for_euclid_dist")
    assert torch.allclose(found, expected, rtol=1e-6)


def test_a_solver_that_fails_on_the_cpu_is_not_hidden(monkeypatch):
    def fail(*_, **__):
        raise torch.linalg.LinAlgError("no convergence")

    monkeypatch.setattr(torch.linalg, "eigh", fail)
    with pytest.raises(MetricError, match="no convergence"):
        coordinates_of(matrix(5, 100, 0))


@pytest.mark.parametrize("fill", [0.0, 0.1, 1e6])
def test_equal_rows_are_equal_to_the_bit(fill):
    x = matrix(1, 3000, 1).repeat(41, 1) + fill
    z = coordinates_of(x)
    assert (z == z[0]).all()
    y = matrix(41, 5, 2).double()
    assert cka.cka(z, y).values.isnan().all()


def test_some_equal_rows_are_equal_and_no_others(monkeypatch):
    monkeypatch.setattr(module, "CHUNK_BYTES", 8 * 41 * 700)
    x = matrix(41, 3000, 1)
    x[7] = x[30] = x[2]
    x[8] = x[3]
    x[8, -1] += 1e-5
    z = coordinates_of(x)
    equal = (z[:, None] == z[None]).all(2)
    assert torch.equal(equal, (x[:, None] == x[None]).all(2))
    assert close((z @ z.T).numpy(), (x.double() @ x.double().T).numpy())


@pytest.mark.parametrize("level", [0.0, 0.1, -300.0])
def test_a_constant_row_has_no_pearson_distance_in_coordinates_either(level):
    x = matrix(12, 500, 3)
    x[4] = level
    for what in (x.double(), coordinates_of(x)):
        with pytest.raises(MetricError, match="1 of 12 stimuli are constant over units"):
            rsa.pearson_distance(what)


def test_eigenvalues_of_the_size_of_rounding_are_zero():
    gram = torch.diag(torch.tensor([1e-17, 1e-9, 1.0], dtype=torch.float64))
    assert (module._factor(gram, 0.0) != 0).sum() == 2
    assert (module._factor(gram, 1e8) != 0).sum() == 1


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_the_device_does_not_matter():
    x = matrix(300, 5000, 5, offset=2.0)
    here, there = coordinates_of(x), coordinates_of(x.cuda())
    assert there.is_cuda
    assert close((there @ there.T).cpu().numpy(), (here @ here.T).numpy(), 1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_activations_themselves_stay_as_they_are(dtype):
    x = matrix(12, 500, 6, offset=2.0).to(dtype)
    before = x.clone()
    coordinates_of(x)
    assert torch.equal(x, before)
