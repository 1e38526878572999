"""Spectra: the variance of a layer along its principal components, and how many dimensions that comes to."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Eigenvalues (n,) of the covariance over n stimuli, the largest first, and the participation ratio.

    plain: (sum of eigenvalues)^2 / sum of their squares. corrected: its estimate for infinitely many stimuli.
    """

    eigenvalues: Tensor
    plain: float
    corrected: float


def spectrum_of(x: Tensor) -> Spectrum:
    """The spectrum of activations or coordinates (n, p)."""
    x = x.to(torch.float64)
    x = x - x.mean(0)
    w = torch.linalg.eigvalsh(x @ x.T / (len(x) - 1)).flip(0).clamp(min=0)
    return Spectrum(w, float(w.sum() ** 2 / w.square().sum()), float("nan"))
