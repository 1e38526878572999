"""The solvers that metrics share, each on the device of its input.

A solver that fails on an accelerator is run once more on the CPU, here and nowhere else, with a
`SolverFellBack` warning that the caller may record.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import scipy.linalg
import torch
from torch import Tensor

from pytest_brainscore.errors import MetricError

EPSILON = torch.finfo(torch.float64).eps


class SolverFellBack(UserWarning):
    """A solver failed on the accelerator, and the CPU did its work."""


def eigh(symmetric: Tensor) -> tuple[Tensor, Tensor]:
    """Return ascending eigenvalues (n,) and eigenvectors (n, n) of a symmetric matrix."""
    values, vectors = with_fallback(lambda a: tuple(torch.linalg.eigh(a)), symmetric)
    return values, vectors


def svd(matrix: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the thin U (n, k), descending singular values (k,) and V' (k, p), k = min(n, p)."""
    u, s, vt = with_fallback(lambda a: tuple(torch.linalg.svd(a, full_matrices=False)), matrix)
    return u, s, vt


def solve_positive(matrix: Tensor, right: Tensor) -> Tensor:
    """Return A^-1 B for a symmetric positive definite A (n, n) and B (n, m)."""
    (factor,) = with_fallback(lambda a: (torch.linalg.cholesky(a),), matrix)
    return torch.cholesky_solve(right, factor)


def with_fallback(solver: Callable[[Tensor], tuple[Tensor, ...]], matrix: Tensor) -> tuple[Tensor, ...]:
    """Run `solver` where `matrix` lies and, if it fails there, on the CPU.

    Raises MetricError where the CPU cannot solve it either.
    """
    try:
        return solver(matrix)
    except torch.linalg.LinAlgError as error:  # type: ignore[attr-defined]
        if matrix.device.type == "cpu":
            shape = " x ".join(str(side) for side in matrix.shape)
            raise MetricError(f"no solution for a matrix of {shape}: {str(error).splitlines()[0]}") from None
    warnings.warn(f"a solver failed on {matrix.device}; the CPU was used", SolverFellBack, stacklevel=3)
    return tuple(part.to(matrix.device) for part in with_fallback(solver, matrix.cpu()))


def leading_eigenvector(gram: Tensor) -> Tensor:
    """Return the unit eigenvector (n,) of the largest eigenvalue of a positive semi-definite matrix.

    On the CPU LAPACK finds this one alone (bisection and inverse iteration); on an accelerator repeated
    squaring does, which is a few products without a full decomposition.
    """
    if gram.device.type == "cpu":
        last = gram.shape[0] - 1
        _, vectors = scipy.linalg.eigh(
            gram.numpy(), subset_by_index=[last, last], driver="evx", check_finite=False
        )
        return torch.from_numpy(vectors[:, 0].copy())
    return squared_until_rank_one(gram)


def squared_until_rank_one(gram: Tensor, rounds: int = 60) -> Tensor:
    """Return the leading eigenvector of `gram` by squaring it until its other eigenvalues are gone.

    After k squarings the ratio of two eigenvalues is raised to 2^k, so that 60 tell apart what float64 can.
    """
    power = gram / gram.trace()
    for done in range(rounds):
        power = power @ power
        power = power / power.trace()
        if done % 6 == 5 and float(power.square().sum()) > 1 - 4 * EPSILON:
            break
    return unit(gram @ power[:, power.diagonal().argmax()])


def unit(vector: Tensor) -> Tensor:
    """Return the vector at length one."""
    scaled: Tensor = vector / torch.linalg.vector_norm(vector)
    return scaled


def centre(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return columns without their means (n, p), and the means (p,).

    What remains of a constant column is rounding; it is set to zero, so that no solver takes it for signal.
    """
    mean = x.mean(dim=0)
    centred = x - mean
    rounding = 4 * EPSILON * x.abs().amax(dim=0)
    constant = centred.abs().amax(dim=0) <= rounding
    return (centred.masked_fill_(constant, 0.0) if bool(constant.any()) else centred), mean
