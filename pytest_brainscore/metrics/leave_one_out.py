"""Ridge regression that leaves out each stimulus in turn, in closed form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .linalg import eigh, gram, svd_of_centred

BYTES_AT_ONCE = 16 * 2**20
"""Of responses that are looked at together, so that the steps of one alpha stay in a processor's cache."""


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

    def to_others(self, seen: Tensor, alpha: float) -> Tensor:
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

    def parts(self) -> Iterator[LeaveOneOut]:
        """The same fits for some targets after the others."""
        width = at_once(len(self.y))
        for start in range(0, self.y.shape[1], width):
            yield self.some(slice(start, start + width))

    def some(self, columns: slice | Tensor) -> LeaveOneOut:
        """The same fits for these targets alone."""
        rest = None if self.rest is None else self.rest[:, columns]
        return replace(self, y=self.y[:, columns], z=self.z[:, columns], rest=rest)

    def narrow(self) -> LeaveOneOut:
        """The same fits in float32, each response at length one."""
        length = torch.linalg.vector_norm(self.y, dim=0)
        scale = length.where(length > 0, 1.0)
        rest = None if self.rest is None else (self.rest / scale).float()
        return replace(self, y=(self.y / scale).float(), z=(self.z / scale).float(), rest=rest)

    def errors(self, alphas: Sequence[float]) -> Iterator[Tensor]:
        """For each alpha (n, m): each response minus its prediction by the fit without its stimulus.

        (y - fitted) / (1 - leverage), with the residual formed directly from alpha / (w + alpha).
        """
        left, unseen = self.basis.shrinkage(self.basis.w.new_tensor(alphas))
        for i in range(len(alphas)):
            through = (self.basis.u * left[:, i] / unseen[:, i, None]).to(self.z.dtype)
            outside = None if self.rest is None else self.rest / unseen[:, i, None].to(self.z.dtype)
            yield through @ self.z if outside is None else torch.addmm(outside, through, self.z)

    def errors_at(self, alpha: Tensor) -> Tensor:
        """As `errors`, (n, m), each target at an alpha of its own (m,)."""
        kinds, which = torch.unique(alpha, return_inverse=True)
        left, unseen = self.basis.shrinkage(kinds)
        residual = self.basis.u @ (left[:, which] * self.z)
        residual = residual if self.rest is None else residual + self.rest
        return residual / unseen[:, which]

    def map(self, alpha: Tensor) -> Tensor:
        """Return the map (p, m) of activations to responses; alpha () or one for each target (m,)."""
        made = self.weights(alpha)
        for factor in reversed(self.basis.back):
            made = factor @ made
        return made

    def weights(self, alpha: Tensor) -> Tensor:
        """Return the map (k, m) of the basis to responses; alpha as in `map`."""
        return self.z / (self.basis.w[:, None] + alpha)


def at_once(n: int) -> int:
    """How many responses to n stimuli are looked at together."""
    return max(1, BYTES_AT_ONCE // (8 * n))
