"""Crossnobis: squared distances between the responses to stimuli, without the bias of noise.

Differences in one repetition are multiplied with those in others, whose noise is independent, so that
stimuli that a brain does not tell apart have a distance of zero on average, and negative ones occur.
Walther, Nili, Ejaz, Alink, Kriegeskorte and Diedrichsen 2016, NeuroImage 137:188.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..errors import MetricError
from .linalg import EPSILON
from .rsa import Groups, by_group


def crossnobis(values: Tensor, stimulus: Tensor, repetition: Tensor, groups: Groups | None = None) -> Tensor:
    """Return (s, n, n): the RDM of each group of neuroids, from single showings (k, m) of n stimuli.

    stimulus, repetition: of each showing (k,), stimuli 0 to n - 1. Each neuroid is divided by the standard
    deviation of its noise: what its responses to one stimulus vary by, pooled over stimuli; one without noise
    takes no part. Distances are means over neuroids, and over all pairs of the first r repetitions, as many
    as every stimulus has. groups: the columns of each subject, for whom a showing with NaN does not count.
    As the noise is of the same showings, equal stimuli are 4 / (r (n (r - 1) - 2)) apart on average.
    Raises MetricError for infinity, where a stimulus has fewer than 2 showings, and where no neuroid of a
    group has noise.
    """
    if bool(values.isinf().any()):
        raise MetricError("crossnobis: some showings are infinite: write what was not measured as NaN")
    parts, n = by_group(values, groups), int(stimulus.max()) + 1
    return torch.stack([_rdm(_by_repetition(part, stimulus, repetition, n)) for part in parts])


def _by_repetition(values: Tensor, stimulus: Tensor, repetition: Tensor, n: int) -> Tensor:
    """Return (r, n, m), float64: the first r showings of each stimulus without NaN, as many as all have."""
    complete = (~values.isnan().any(dim=1)).nonzero().flatten().cpu()
    shown, number = stimulus[complete], repetition[complete]
    counts = torch.bincount(shown, minlength=n)
    fewest = int(counts.min())
    if fewest < 2:
        raise MetricError(
            f"crossnobis multiplies repetitions, and {int((counts < 2).sum())} of {n} stimuli have fewer than"
            " 2 without NaN: use distance: euclidean, or leave out these stimuli"
        )
    order = torch.argsort(shown * (int(number.max()) + 1) + number, stable=True)
    first = counts.cumsum(0) - counts
    rows = complete[order[first + torch.arange(fewest)[:, None]]]
    return values[rows.to(values.device)].to(torch.float64)


def _rdm(shown: Tensor) -> Tensor:
    """Return (n, n) of showings (r, n, m). What a whole repetition has in common is in no difference."""
    deviation = shown.var(dim=0, correction=1).mean(dim=0).sqrt()
    noisy = deviation > 8 * EPSILON * shown.abs().amax(dim=(0, 1))
    if not bool(noisy.any()):
        raise MetricError(
            f"crossnobis: none of {len(noisy)} neuroids varies over repetitions: these are means, or copies"
        )
    white = (shown - shown.mean(dim=1, keepdim=True))[..., noisy] / deviation[noisy]
    total, own = white.sum(dim=0), torch.einsum("rnm,rkm->nk", white, white)
    n_pairs = len(shown) * (len(shown) - 1)
    products = (total @ total.T - own) / (n_pairs * white.shape[2])
    size = products.diagonal()
    return (size[:, None] + size[None, :] - 2 * products).fill_diagonal_(0.0)
