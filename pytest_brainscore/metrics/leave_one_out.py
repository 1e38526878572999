"""Ridge regression that leaves out each stimulus in turn, in closed form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from . import correlation
from .linalg import EPSILON, eigh, gram, svd, svd_of_centred

Criterion = Literal["squared_error", "pearson"]

BYTES_AT_ONCE = 16 * 2**20
"""Of responses, or of their errors at all alphas, that are looked at together and stay in a cache."""
FEW = 16
"""Alphas, or directions, that are looked at as they are."""


@dataclass(frozen=True, eq=False)
class Decomposition:
    """One decomposition of centred activations that serves every alpha and every response.

    u: (n, k) left singular vectors, columns centred; w: (k,) squared singular values; back: factors of the
    (p, k) that maps activations onto the basis, times the singular values; spare: (n, 1) leverages outside
    the basis, None where it spans all that centred responses can be.
    """

    u: Tensor
    w: Tensor
    back: tuple[Tensor, ...]
    spare: Tensor | None

    @classmethod
    def of(cls, x: Tensor, x_mean: Tensor) -> Decomposition:
        """Decompose centred activations (n, p), whose means were (p,)."""
        n, p = x.shape
        if n <= p:
            w, u = eigh(gram(x))
            u = u - u.mean(dim=0)
            return cls(u, w.clamp(min=0), (x.T, u), None)
        u, s, vt = svd_of_centred(x, x_mean)
        spare = 1 - 1 / n - u.square().sum(dim=1, keepdim=True)
        return cls(u, s**2, (vt.T * s,), spare)

    def project(self, x: Tensor) -> Tensor:
        """Return (n_test, k): other activations (n_test, p), less the same means, on the basis."""
        for factor in self.back:
            x = x @ factor
        return x

    def fit(self, y: Tensor) -> LeaveOneOut:
        """Return the fits of centred responses (n, m)."""
        z = self.u.T @ y
        return LeaveOneOut(self, y, z, None if self.spare is None else y - self.u @ z)

    def shrinkage(self, alphas: Tensor) -> tuple[Tensor, Tensor]:
        """Return (k, a) and (n, a): the share of each direction, and of each stimulus's own response, that is
        left in the residuals at each alpha.

        The second is 1 - leverage, formed directly: the difference would cancel where there are more units
        than stimuli.
        """
        left = alphas / (self.w[:, None] + alphas)
        unseen = self.u.square() @ left
        return left, unseen if self.spare is None else unseen + self.spare

    def to_errors(self, alpha: float) -> Tensor:
        """Return the map (n, n) of centred responses to `LeaveOneOut.errors` at one alpha."""
        left, unseen = self.shrinkage(self.w.new_tensor([alpha]))
        if self.spare is None:
            return self.u * left.T / unseen @ self.u.T
        fitted = self.u * (self.w / (self.w + alpha)) @ self.u.T
        return (torch.eye(len(fitted), dtype=fitted.dtype, device=fitted.device) - fitted) / unseen

    def to_others(self, seen: Tensor, alpha: float | Tensor) -> Tensor:
        """Return the map (n_test, n) of centred responses to predictions, less their means.

        seen: (n_test, k), the activations to predict from, on the basis.
        """
        return seen / (self.w + alpha) @ self.u.T


@dataclass(frozen=True, eq=False)
class LeaveOneOut:
    """Ridge regressions of responses: y (n, m) centred; z (k, m) in the basis; rest (n, m) outside it."""

    basis: Decomposition
    y: Tensor
    z: Tensor
    rest: Tensor | None

    @classmethod
    def of(cls, x: Tensor, x_mean: Tensor, y: Tensor) -> LeaveOneOut:
        """Fit centred responses (n, m) by centred activations (n, p), whose means were (p,)."""
        return Decomposition.of(x, x_mean).fit(y)

    def narrow(self) -> LeaveOneOut:
        """The same fits in float32, each response at length one."""
        length = torch.linalg.vector_norm(self.y, dim=0)
        scale = length.where(length > 0, 1.0)
        rest = None if self.rest is None else (self.rest / scale).float()
        return replace(self, y=(self.y / scale).float(), z=(self.z / scale).float(), rest=rest)

    def errors(self, alphas: Sequence[float]) -> Iterator[tuple[slice, Tensor]]:
        """Some targets after the others, and (n, c, a): each response minus its prediction by the fit without
        its stimulus, at each alpha.

        (y - fitted) / (1 - leverage), with the residual formed directly from alpha / (w + alpha).
        """
        left, unseen = self.basis.shrinkage(self.basis.w.new_tensor(alphas))
        few, mixed = spanned(left, torch.linalg.vector_norm(self.z, dim=1, dtype=left.dtype))
        u, few, mixed, unseen = (part.to(self.z.dtype) for part in (self.basis.u, few, mixed, unseen))
        width = at_once(len(u) * len(alphas))
        for some in (slice(start, start + width) for start in range(0, self.z.shape[1], width)):
            through = u @ (self.z[:, some, None] * few[:, None]).flatten(1)
            residual = (through.view(-1, len(mixed)) @ mixed).view(len(u), -1, len(alphas))
            residual = residual if self.rest is None else residual.add_(self.rest[:, some, None])
            yield some, residual.div_(unseen[:, None])

    def goodness(self, alphas: Sequence[float], criterion: Criterion) -> Tensor:
        """How good each alpha is for each target, (a, m): minus the mean squared error of the left-out
        predictions, or their r, NaN where there is none.
        """
        found = []
        for some, error in self.errors(alphas):
            y = self.y[:, some, None]
            if criterion == "pearson":
                found.append(correlation.pearson(y - error, y))
            else:
                found.append(-error.square_().mean(dim=0))
        return torch.cat(found).T

    def errors_at(self, alpha: Tensor) -> Tensor:
        """As `errors`, (n, m), each target at an alpha of its own (m,)."""
        kinds, which = torch.unique(alpha, return_inverse=True)
        left, unseen = self.basis.shrinkage(kinds)
        residual = self.basis.u @ (left[:, which] * self.z)
        residual = residual if self.rest is None else residual + self.rest
        return residual / unseen[:, which]

    def weights(self, alpha: Tensor) -> Tensor:
        """Return the map (k, m) of the basis to responses; alpha () or one for each (m,)."""
        return self.z / (self.basis.w[:, None] + alpha)


def at_once(n: int) -> int:
    """How many responses to n stimuli are looked at together."""
    return max(1, BYTES_AT_ONCE // (8 * n))


def spanned(left: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
    """Return (k, r) and (r, a), whose product is `left` (k, a) to rounding: r columns make up all.

    alpha / (w + alpha) is so smooth in alpha that 99 of them span some 20 columns. length: (k,), of the
    responses along each direction, so that rounding is measured by the residuals at each alpha.
    """
    if min(left.shape) <= FEW:
        return left, torch.eye(left.shape[1], dtype=left.dtype, device=left.device)
    length = length.clamp(min=EPSILON * length.max()).where(length.max() > 0, 1.0)[:, None]
    size = torch.linalg.vector_norm(left * length, dim=0)
    columns, weights, rows = svd(left * length / size)
    r = int((weights > EPSILON * weights[0]).sum())
    return columns[:, :r] * weights[:r] / length, rows[:r] * size
