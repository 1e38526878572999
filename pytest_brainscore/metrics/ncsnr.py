"""Noise ceilings of single neuroids from the ratio of their signal to their noise.

NCSNR is the standard deviation of a neuroid's signal over that of its noise in one repetition. In means of
repetitions the share of variance that is signal is ncsnr^2 / (ncsnr^2 + share), where `share` is the mean
over stimuli of 1 / repetitions. Allen et al. 2022, Nat. Neurosci. 25:116; Kay et al. 2025, PLoS Comput. Biol.
21:e1012092.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from ..errors import MetricError
from .ceilings import Ceiling, Groups
from .measurement import Centre, by_part


def noise_ceiling(ncsnr: Tensor, share: Tensor | float, groups: Groups | None = None) -> Ceiling:
    """Return the share of variance that is signal, averaged over each subject's neuroids; values (1[, t], m).

    ncsnr: ([t, ]m), not negative; NaN is left out. share: of the noise of one repetition that is left in the
    means, see `left_of_noise`. `also` has ``ceiling_r``, the mean of the root: the r that the signal itself
    would reach.
    Raises MetricError where a subject has no number, or one is negative.
    """
    ncsnr = ncsnr.to(torch.float64)
    if bool((ncsnr < 0).any()):
        raise MetricError(f"ceiling: ncsnr: {int((ncsnr < 0).sum())} values are negative, and it is a ratio")
    signal = (1 / (1 + share / ncsnr.square()))[None]
    per_part = by_part(signal, groups, "mean")
    if bool(per_part.isnan().any()):
        raise MetricError("ceiling: ncsnr: all neuroids, or all those of a subject, have none")
    root = by_part(signal.sqrt(), groups, "mean")
    return Ceiling(
        float(per_part.mean()), values=signal, centre="mean", also={"ceiling_r": float(root.mean())}
    )


def of_r(ceiling: Ceiling, groups: Groups | None = None, centre: Centre = "mean") -> Ceiling:
    """Return what divides r^2, where a score is the centre of r over neuroids, from a `noise_ceiling`.

    That is the square of the centre of the roots, of each subject. A mean of shares is larger: a network that
    tells the signal itself would not reach 1, and the further from it the more the neuroids differ.
    `also` has ``ceiling_r``, the centre of the roots, and ``ceiling_nc``, the mean share; both are averaged
    over subjects.
    """
    squared = replace(ceiling, centre=centre, of_roots=True)
    n_bins = 1 if ceiling.values is None or ceiling.values.ndim < 3 else ceiling.values.shape[1]
    parts = squared.parts(n_bins, groups)
    also = {"ceiling_r": float(parts.sqrt().mean()), "ceiling_nc": ceiling.value}
    return replace(squared, value=float(parts.mean()), also=also)


def estimated(presentations: Tensor, stimulus: Tensor) -> Tensor:
    """Return the NCSNR ([t, ]m) of single showings (k[, t], m), whose stimuli are numbered (k,).

    The noise's variance is the mean over stimuli of the variance over repetitions (ddof 1), of those that
    have two. The signal's is that of the stimuli's means (ddof 1) without the noise that is left in them, and
    not below zero. Single values may be NaN. Infinite without noise; NaN for a neuroid that is constant.
    Raises MetricError where no stimulus was shown twice.
    """
    counts, means, variances = _moments(presentations, stimulus)
    if not bool((counts > 1).any()):
        raise MetricError(
            "ceiling: ncsnr: no stimulus was shown twice, and the neuroids have no coord `ncsnr`: name the"
            " one that has it (`coord`), or use another ceiling"
        )
    noise = variances.nanmean(dim=0)
    around = means - means.nanmean(dim=0)
    among = around.square().nansum(dim=0) / ((~means.isnan()).sum(dim=0) - 1)
    signal = (among - noise * _left(counts)).clamp(min=0)
    return (signal / noise).sqrt()


def left_of_noise(presentations: Tensor, stimulus: Tensor) -> Tensor:
    """Return the mean over stimuli of 1 / repetitions ([t, ]m); a value that is NaN is no repetition."""
    return _left(_moments(presentations, stimulus)[0])


def _left(counts: Tensor) -> Tensor:
    share: Tensor = (1 / counts.masked_fill(counts == 0, torch.nan)).nanmean(dim=0)
    return share


def _moments(presentations: Tensor, stimulus: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return counts, means and variances (ddof 1) of each stimulus, (n[, t], m); NaN where too few."""
    shown, row = torch.unique(stimulus.to(presentations.device), return_inverse=True)
    values = presentations.to(torch.float64)
    valid = ~values.isnan()
    counts = _sums(valid.to(torch.float64), row, len(shown))
    means = _sums(values.nan_to_num(0.0), row, len(shown)) / counts
    squares = _sums((values - means[row]).square().nan_to_num(0.0), row, len(shown))
    return counts, means, squares / (counts - 1).masked_fill(counts < 2, torch.nan)


def _sums(values: Tensor, row: Tensor, n: int) -> Tensor:
    return values.new_zeros(n, *values.shape[1:]).index_add_(0, row, values)
