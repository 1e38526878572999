"""The solvers that metrics share, each on the device of its input.

A solver that fails on an accelerator is run once more on the CPU, here and nowhere else, with a
`SolverFellBack` warning that the caller may record.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch
from torch import Tensor

from ..errors import MetricError

EPSILON = torch.finfo(torch.float64).eps
SMALL = 160
"""Rows up to which a full eigendecomposition is the quickest way to one eigenvector."""


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


def svd_of_centred(x: Tensor, mean: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return U (n, k), singular values (k,) and V' (k, p) of centred columns (n, p), k their rank.

    Centring leaves rounding of the size of what was there before, so the means (p,) take part in what counts
    as zero.
    """
    u, s, vt = svd(x)
    before = s[0] + len(x) ** 0.5 * torch.linalg.vector_norm(mean)
    rank = min(int((s > EPSILON * max(x.shape) * before).sum()), len(x) - 1)
    return u[:, :rank], s[:rank], vt[:rank]


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
    except RuntimeError as error:  # on a device also its own: no memory left, a library that is missing
        if matrix.device.type == "cpu":
            if not isinstance(error, torch.linalg.LinAlgError):  # type: ignore[attr-defined]
                raise
            shape = " x ".join(str(side) for side in matrix.shape)
            raise MetricError(f"no solution for a matrix of {shape}: {str(error).splitlines()[0]}") from None
    warnings.warn(f"a solver failed on {matrix.device}; the CPU was used", SolverFellBack, stacklevel=3)
    return tuple(part.to(matrix.device) for part in with_fallback(solver, matrix.cpu()))


def leading_eigenvectors(grams: Tensor) -> Tensor:
    """Return (s, n): the unit eigenvector of the largest eigenvalue of each positive semi-definite (s, n, n).

    A full decomposition where they are small, and otherwise the Lanczos method; on an accelerator, where each
    step of either waits for the host, repeated squaring. (scipy's solver for one eigenvector is no choice
    beside torch: its BLAS threads and torch's wait for each other, which made PLS three times slower.)
    """
    if grams.device.type != "cpu":
        return squared_until_rank_one(grams)
    if grams.shape[1] < SMALL:
        return eigh(grams)[1][..., -1]
    return torch.stack([lanczos(gram) for gram in grams])


def lanczos(gram: Tensor, most: int = 96, every: int = 4) -> Tensor:
    """Return the leading eigenvector of `gram` from an orthogonal Krylov basis.

    Converged when the residual is below 1e-12 of the eigenvalue, which is looked at every few steps; a matrix
    whose first eigenvalues are too close for `most` steps is decomposed in full.
    """
    most = min(most, len(gram))
    basis, inside = gram.new_zeros(most, len(gram)), gram.new_zeros(most, most)
    start = torch.arange(1.0, len(gram) + 1, dtype=gram.dtype).square().cos()  # of no symmetry
    vector = unit(gram @ start)
    for step in range(1, most + 1):
        basis[step - 1] = vector
        image = gram @ vector
        inside[step - 1, :step] = basis[:step] @ image
        rest = torch.addmv(image, basis[:step].T, inside[step - 1, :step], alpha=-1)
        length = torch.linalg.vector_norm(rest)
        if step % every == 0 or step == most or bool(length <= 1e-12 * inside[0, 0]):
            values, vectors = eigh(inside[:step, :step])  # reads the lower triangle alone
            if bool(length * vectors[-1, -1].abs() <= 1e-12 * values[-1]):
                return unit(basis[:step].T @ vectors[:, -1])
        vector = rest / length
    return eigh(gram)[1][:, -1]


def squared_until_rank_one(grams: Tensor, rounds: int = 60) -> Tensor:
    """Return the leading eigenvectors (s, n) by squaring until the other eigenvalues are gone.

    After k squarings the ratio of two eigenvalues is raised to 2^k, so that 60 tell apart what float64 can.
    """
    power = grams / trace(grams)[:, None, None]
    for done in range(rounds):
        power = power @ power
        power = power / trace(power)[:, None, None]
        if done % 6 == 5 and bool((power.square().sum(dim=(1, 2)) > 1 - 4 * EPSILON).all()):
            break
    largest = power.diagonal(dim1=1, dim2=2).argmax(dim=1)
    columns = power[torch.arange(len(power), device=power.device), largest]
    return unit((grams @ columns[..., None])[..., 0])


def trace(matrices: Tensor) -> Tensor:
    """Return the traces (s,) of (s, n, n)."""
    return matrices.diagonal(dim1=1, dim2=2).sum(dim=1)


def unit(vectors: Tensor) -> Tensor:
    """Return vectors (..., n) at length one; NaN for a vector of zeros."""
    scaled: Tensor = vectors / torch.linalg.vector_norm(vectors, dim=-1, keepdim=True)
    return scaled


def gram(x: Tensor, mean: Tensor | None = None, width: int = 2048) -> Tensor:
    """Return X X' (n, n) of the rows of (n, p), less their means (n,) if given, in float64.

    Some columns after the others, which keeps the copy small, and half of the products.
    """
    total = x.new_zeros(len(x), len(x), dtype=torch.float64)
    for block in torch.split(x, width, dim=1):
        add_products(total, block.to(torch.float64) if mean is None else block - mean[:, None])
    return total.tril() + total.tril(-1).T


def add_products(total: Tensor, rows: Tensor) -> None:
    """Add X X' of the rows (n, c) to the lower triangle of `total` (n, n), and to the rest of its tiles."""
    tile = max(128, -(-len(rows) // 8))
    for start in range(0, len(rows), tile):
        end = start + tile
        total[start:end, :end].addmm_(rows[start:end], rows[:end].T)


def centre(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return columns without their means (n, p), and the means (p,).

    What remains of a constant column is rounding; it is set to zero, so that no solver takes it for signal.
    """
    mean = x.mean(dim=0)
    centred = x - mean
    rounding = 4 * EPSILON * len(x) ** 0.5 * mean.abs()
    constant = centred.square().sum(dim=0).sqrt() <= rounding  # vector_norm takes five times as long here
    return (centred.masked_fill_(constant, 0.0) if bool(constant.any()) else centred), mean
