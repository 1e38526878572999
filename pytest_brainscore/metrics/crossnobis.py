"""Crossnobis: squared distances between the responses to stimuli, without the bias of noise.

Differences in one repetition are multiplied with those in others, whose noise is independent, so that
stimuli that a brain does not tell apart have a distance of zero on average, and negative ones occur.
Walther, Nili, Ejaz, Alink, Kriegeskorte and Diedrichsen 2016, NeuroImage 137:188.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..errors import MetricError
from .rsa import Groups


def crossnobis(values: Tensor, stimulus: Tensor, repetition: Tensor, groups: Groups | None = None) -> Tensor:
    """Return (s, n, n): the RDM of each group of neuroids, from single showings (k, m) of n stimuli.

    stimulus, repetition: of each showing (k,), stimuli 0 to n - 1. Each neuroid is divided by the standard
    deviation of its noise: what its responses to one stimulus vary by, pooled over stimuli. Distances are
    means over neuroids, and over all pairs of the repetitions that every stimulus has. groups: the columns
    of each subject. Raises MetricError for NaN, and where a stimulus has fewer than 2 repetitions, or all
    neuroids no noise.
    """
    shown = _by_repetition(values.to(torch.float64), stimulus, repetition)
    deviation = shown.var(dim=0, correction=1).mean(dim=0).sqrt()
    noisy = deviation > 0
    columns = [torch.arange(shown.shape[2])] if groups is None else [group.cpu() for group in groups]
    return torch.stack([_distances(shown[..., at], deviation[at], noisy[at]) for at in columns])


def _by_repetition(values: Tensor, stimulus: Tensor, repetition: Tensor) -> Tensor:
    """Return (r, n, m): the first r repetitions of each stimulus, as many as all have."""
    if not bool(values.isfinite().all()):
        raise MetricError("crossnobis: some showings are NaN or infinite: leave out stimuli or neuroids")
    order = torch.argsort(stimulus * (int(repetition.max()) + 1) + repetition, stable=True)
    counts = torch.bincount(stimulus)
    fewest = int(counts.min())
    if fewest < 2:
        raise MetricError(
            f"crossnobis multiplies repetitions, and {int((counts < 2).sum())} of {len(counts)} stimuli were"
            " shown once: use distance: euclidean, or leave them out"
        )
    starts = counts.cumsum(0) - counts
    rows = starts + torch.arange(fewest)[:, None]
    return values[order[rows].to(values.device)]


def _distances(shown: Tensor, deviation: Tensor, noisy: Tensor) -> Tensor:
    """Return (n, n) of showings (r, n, m)."""
    if not bool(noisy.any()):
        raise MetricError("crossnobis: no neuroid varies over repetitions: these are means, or copies")
    white = shown[..., noisy] / deviation[noisy]
    total = white.sum(dim=0)
    own = torch.einsum("rnm,rkm->nk", white, white)
    n_pairs = len(shown) * (len(shown) - 1)
    products = (total @ total.T - own) / (n_pairs * white.shape[2])
    size = products.diagonal()
    return (size[:, None] + size[None, :] - 2 * products).fill_diagonal_(0.0)
