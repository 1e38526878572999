"""Centred kernel alignment of activations and responses, with linear kernels.

Kornblith et al. 2019 (arXiv:1905.00414); the debiased form takes its HSIC from Song et al. 2012, J. Mach.
Learn. Res. 13:1393, eq. 5. It does not grow with the number of units, and is zero for unrelated ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..errors import MetricError
from .inputs import checked
from .linalg import centre
from .measurement import Measurement
from .rsa import Groups, by_group
from .splits import Split, check


def cka(
    x: Tensor,
    y: Tensor,
    splits: Sequence[Split] = (),
    *,
    debiased: bool = True,
    groups: Groups | None = None,
) -> Measurement:
    """Return CKA of activations (n, p) and responses (n, m) over all stimuli, (1, s) or (1, 1).

    groups: the columns of each subject's neuroids; None takes all together. `splits` plays no part.
    NaN where the activations or the responses do not vary, or the debiased self-similarity is not above zero.
    Raises MetricError for NaN, and for fewer than 4 stimuli (2 if not debiased).
    """
    x, y = checked(x, y)
    rows = torch.arange(len(x), device=x.device)
    return _measured(x, y, [rows], debiased, groups)


def cka_cv(
    x: Tensor,
    y: Tensor,
    splits: Sequence[Split],
    *,
    debiased: bool = True,
    groups: Groups | None = None,
) -> Measurement:
    """`cka` over the test stimuli of each split, (n_splits, s); the train rows play no part."""
    x, y = checked(x, y)
    check(splits, len(x))
    return _measured(x, y, [split.test.to(x.device) for split in splits], debiased, groups)


def alignment(x: Tensor, y: Tensor, debiased: bool = True) -> Tensor:
    """Return CKA of (n, p) and (n, m) as a number; NaN where it has no denominator."""
    return of_kernels(kernel(x, debiased), kernel(y, debiased), debiased)


def of_kernels(k: Tensor, h: Tensor, debiased: bool = True) -> Tensor:
    """Return CKA of two kernels (n, n), as `kernel` makes them; NaN where it has no denominator."""
    hsic = debiased_hsic if debiased else _hsic
    self_similarity = hsic(k, k).clamp(min=0) * hsic(h, h).clamp(min=0)
    return hsic(k, h) / self_similarity.sqrt().masked_fill(self_similarity == 0, torch.nan)


def _measured(
    x: Tensor, y: Tensor, subsets: list[Tensor], debiased: bool, groups: Groups | None
) -> Measurement:
    least, fewest = (4 if debiased else 2), min(len(rows) for rows in subsets)
    if fewest < least:
        raise MetricError(f"cka needs at least {least} stimuli, not {fewest}")
    subjects = by_group(y, groups)
    values = [torch.stack([alignment(x[rows], z[rows], debiased) for z in subjects]) for rows in subsets]
    return Measurement(torch.stack(values), over="all" if groups is None else "subject", centre="mean")


def kernel(x: Tensor, debiased: bool = True) -> Tensor:
    """Return the Gram matrix of centred columns; centring leaves both estimators as they are.

    Debiased it has no diagonal, and any part of it is a kernel of these rows, too.
    """
    x, _ = centre(x)
    gram = x @ x.T
    return gram.fill_diagonal_(0.0) if debiased else gram


def _hsic(k: Tensor, h: Tensor) -> Tensor:
    return (k * h).sum()


def debiased_hsic(k: Tensor, h: Tensor) -> Tensor:
    """Return the unbiased HSIC of two kernels (n, n) without their diagonals: Song et al. 2012, eq. 5.

    An estimate of the squared norm of the covariance of the features behind them, from n >= 4 stimuli.
    """
    n = len(k)
    k_rows, h_rows = k.sum(dim=1), h.sum(dim=1)
    pairs = k_rows.sum() * h_rows.sum() / ((n - 1) * (n - 2))
    return ((k * h).sum() + pairs - 2 * (k_rows @ h_rows) / (n - 2)) / (n * (n - 3))
