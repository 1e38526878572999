"""Ridge regression that leaves out each stimulus in turn, in closed form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .linalg import eigh, svd_of_centred

BYTES_AT_ONCE = 16 * 2**20
"""Of responses that are looked at together, so that the steps of one alpha stay in a processor's cache."""


@dataclass(frozen=True, eq=False)
class LeaveOneOut:
    """One decomposition of centred activations that serves every alpha.

    u: (n, k) left singular vectors, columns centred; w: (k,) squared singular values; z: (k, m) responses in
    that basis; back: (p, k) maps test activations onto the basis, times the singular values; rest, spare: the
    responses and leverages outside it, (n, m) and (n, 1).
    """

    y: Tensor
    u: Tensor
    w: Tensor
    z: Tensor
    back: Tensor
    rest: Tensor
    spare: Tensor

    @classmethod
    def of(cls, x: Tensor, x_mean: Tensor, y: Tensor) -> LeaveOneOut:
        """Decompose centred activations (n, p), whose means were (p,), and centred responses (n, m)."""
        if x.shape[0] <= x.shape[1]:
            w, u = eigh(x @ x.T)
            w = w.clamp(min=0)
            back = x.T @ u
            u = u - u.mean(dim=0)
            return cls(y, u, w, u.T @ y, back, torch.zeros_like(y), y.new_zeros(len(y), 1))
        u, s, vt = svd_of_centred(x, x_mean)
        z = u.T @ y
        spare = 1 - 1 / len(y) - u.square().sum(dim=1, keepdim=True)
        return cls(y, u, s**2, z, vt.T * s, y - u @ z, spare)

    def parts(self) -> Iterator[LeaveOneOut]:
        """The same decomposition for some targets after the others."""
        width = max(1, BYTES_AT_ONCE // (8 * len(self.y)))
        for start in range(0, self.y.shape[1], width):
            some = slice(start, start + width)
            yield replace(self, y=self.y[:, some], z=self.z[:, some], rest=self.rest[:, some])

    def errors(self, alphas: Sequence[float]) -> Iterator[Tensor]:
        """For each alpha (n, m): each response minus its prediction by the fit without its stimulus.

        (y - fitted) / (1 - leverage), with the residual formed directly from alpha / (w + alpha); the
        difference y - fitted would cancel where there are more units than stimuli.
        """
        given = self.w.new_tensor(alphas)
        shrinkage = given / (self.w[:, None] + given)
        unseen = self.spare + self.u.square() @ shrinkage
        for i in range(len(alphas)):
            residual = torch.addmm(self.rest, self.u, shrinkage[:, i, None] * self.z)
            yield residual.div_(unseen[:, i, None])

    def map(self, alpha: Tensor) -> Tensor:
        """Return the map (p, m) of activations to responses; alpha () or one for each target (m,)."""
        return self.back @ (self.z / (self.w[:, None] + alpha))
