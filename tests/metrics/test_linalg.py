from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from pytest_brainscore.errors import MetricError
from pytest_brainscore.metrics import linalg
from tests.strategies import normal, rotation


def spectrum(values: list[float]) -> tuple[torch.Tensor, torch.Tensor]:
    """A matrix with these eigenvalues, and the eigenvector of the first."""
    q = rotation(0, len(values))
    return q @ torch.diag(torch.tensor(values, dtype=torch.float64)) @ q.T, q[:, 0]


SPECTRA = {
    "wide": [2.0**-k for k in range(100)],
    "close": [1.0, 1 - 1e-4] + [0.5] * 98,
    "flat": [1.0] + [0.999 - 1e-3 * k for k in range(99)],
    "rank one": [3.0] + [0.0] * 99,
    "small": [1.0, 0.9, 0.1],
    "tiny numbers": [1e-30 / k for k in range(1, 100)],
}


@pytest.mark.parametrize("name", SPECTRA)
@pytest.mark.parametrize(
    "solver",
    [
        linalg.lanczos,
        lambda gram: linalg.leading_eigenvectors(gram.repeat(3, 1, 1))[1],
        lambda gram: linalg.squared_until_rank_one(gram.repeat(3, 1, 1))[2],
    ],
    ids=["lanczos", "as chosen", "squaring"],
)
def test_leading_eigenvector(solver, name):
    gram, expected = spectrum(SPECTRA[name])
    found = solver(gram)
    assert float((found @ expected).abs()) == pytest.approx(1, abs=1e-12)
    assert float((found - expected * torch.sign(found @ expected)).norm()) < 1e-8


def test_leading_eigenvectors_of_many_rows():
    gram, expected = spectrum([0.9**k for k in range(linalg.SMALL)])
    found = linalg.leading_eigenvectors(gram.repeat(2, 1, 1))
    assert (found @ expected).abs().numpy() == pytest.approx(np.ones(2), abs=1e-12)


def test_lanczos_finds_a_block_that_its_largest_diagonal_is_not_in():
    gram = torch.zeros(100, 100, dtype=torch.float64)
    gram[:50, :50] = torch.eye(50) * 5
    gram[50:, 50:] = 1.0  # eigenvalue 50
    assert linalg.lanczos(gram)[:50].norm() < 1e-9


def test_centre_leaves_exact_zeros_of_a_constant_column():
    x = normal(0, 30, 3)
    x[:, 1] = 0.1
    centred, mean = linalg.centre(x)
    assert (centred[:, 1] == 0).all()
    assert np.allclose(mean.numpy(), x.numpy().mean(axis=0), atol=1e-15)
    assert torch.allclose(centred[:, 0], x[:, 0] - x[:, 0].mean())


def test_what_the_cpu_cannot_solve_is_a_metric_error():
    with pytest.raises(MetricError, match="3 x 3"):
        linalg.solve_positive(-torch.eye(3, dtype=torch.float64), torch.ones(3, 1, dtype=torch.float64))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_what_a_gpu_cannot_solve_goes_to_the_cpu():
    def solver(matrix: torch.Tensor) -> tuple[torch.Tensor, ...]:
        if matrix.is_cuda:
            raise torch.linalg.LinAlgError("no")
        return (matrix * 2,)

    with pytest.warns(linalg.SolverFellBack, match="cuda"):
        (result,) = linalg.with_fallback(solver, torch.ones(2, 2, device="cuda"))
    assert result.is_cuda
    assert (result == 2).all()


@pytest.mark.parametrize(
    "error", [torch.linalg.LinAlgError("no"), RuntimeError("CUSOLVER_STATUS_ALLOC_FAILED")]
)
def test_a_device_that_fails_gives_way_to_the_cpu(error):
    def solver(matrix):
        if matrix.device.type != "cpu":
            raise error
        return (matrix * 2,)

    elsewhere = SimpleNamespace(device=torch.device("meta"), cpu=lambda: torch.ones(2, 2))
    with pytest.warns(linalg.SolverFellBack, match="meta"):
        (result,) = linalg.with_fallback(solver, elsewhere)
    assert result.device.type == "meta"


def test_an_error_of_the_cpu_that_is_no_matter_of_solving_is_passed_on():
    def solver(matrix):
        raise RuntimeError("expected something else")

    with pytest.raises(RuntimeError, match="something else"):
        linalg.with_fallback(solver, torch.ones(2, 2))
