"""Influence: the score of a split made linear in the values of its neuroids."""

from __future__ import annotations

import torch
from torch import Tensor

from ..metrics.measurement import Centre

HALVINGS = 40
"""Of the range in which a median lies: to 1e-12 of it."""
PLATEAU = 1e-9
"""So near to a half is a half: between two neuroids without noise the median is their middle."""


def linearised(values: Tensor, centre: Centre = "median") -> Tensor:
    """Return (n_splits, ...) from (n_splits, ..., m): each split's centre over m neuroids, in a line.

    What is linear in the values of neuroids is, for correlations, nearly linear in the stimuli, and shared by
    splits that share stimuli. A median is not: the noise of a split also decides which neuroid lies in the
    middle, anew in each. In its place stands the mean weighted by `influence`, of the neuroids that have a
    value in the split; NaN where none has.
    """
    here = ~values.isnan()
    there = here.any(dim=0)
    known = values.where(here, torch.nanmean(values, dim=0)).where(there, 0.0)
    weights = influence(known, there) if centre == "median" else there.to(values.dtype)
    weights = weights * here
    means = (weights * known).sum(dim=-1) / weights.sum(dim=-1)
    return means * means.nanmean(dim=0).sign() if centre == "absolute_mean" else means


def influence(values: Tensor, there: Tensor) -> Tensor:
    """Return (..., m), up to a factor: how much the median over neuroids moves with each of them.

    values: (n_splits, ..., m), in splits that are noisy measurements of the same m numbers; there: (..., m),
    which neuroids count. The smoothed median c, at which the mean of Phi((c - x_i) / s) is a half, has
    dc/dx_i in proportion to the density there (Hampel 1974, J. Am. Stat. Assoc. 69:383). x: means over
    splits. s: the standard deviation over splits, but for what all neuroids have in common.
    """
    x, s = values.mean(dim=0), _noise(values, there)
    z = (_smoothed_median(x, s, there)[..., None] - x) / s
    return torch.softmax((-z.square() / 2).where(there, -torch.inf), dim=-1)


def _smoothed_median(x: Tensor, s: Tensor, there: Tensor) -> Tensor:
    """Return (...): where the mean of Phi((c - x) / s) is a half; the middle where it is that for long."""
    ends = torch.stack([_quantile(x, s, there, 0.5 + side * PLATEAU) for side in (-1, 1)])
    return ends.mean(dim=0)


def _quantile(x: Tensor, s: Tensor, there: Tensor, level: float) -> Tensor:
    low, high = x.where(there, torch.inf).amin(dim=-1), x.where(there, -torch.inf).amax(dim=-1)
    for _ in range(HALVINGS):
        c = (low + high) / 2
        share = torch.special.ndtr((c[..., None] - x) / s).where(there, level).mean(dim=-1)
        low, high = low.where(share >= level, c), high.where(share < level, c)
    return c


def _noise(values: Tensor, there: Tensor) -> Tensor:
    """Return (..., 1): the standard deviation over splits that neuroids have of their own; 1 for none."""
    counts = there.sum(dim=-1, keepdim=True)
    own = values - values.mean(dim=0)
    own = (own - own.sum(dim=-1, keepdim=True) / counts).where(there, 0.0)
    degrees = (len(values) - 1) * (counts - 1)
    s = (own.square().sum(dim=(0, -1))[..., None] / degrees).sqrt()
    return s.where(s > 0, 1.0)
