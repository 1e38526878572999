"""Unique variance: what a network explains of the responses beyond baselines, by banded ridge regression.

Lescroart & Gallant 2019, Neuron 101:178; Dupre la Tour et al. 2022, NeuroImage 264:119728.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from ..errors import MetricError
from .banded import ALPHAS, Banded, Kernels, banded_ridge
from .inputs import checked, matrix, same_stimuli
from .measurement import Measurement
from .predictivity import explained_variance
from .rsa import Groups, by_group
from .splits import Split, check


def unique_variance(
    x: Tensor,
    y: Tensor,
    splits: Sequence[Split],
    *,
    beside: Mapping[str, Tensor],
    alphas: Sequence[float] | None = None,
    candidates: int = 50,
    seed: int = 0,
    groups: Groups | None = None,
) -> Measurement:
    """Return the explained variance of all bands less that of the baselines alone, (n_splits, m).

    x: activations (n, p), one band. beside: the baselines, each a band (n, p_b). y: responses (n, m). Both
    fits are made anew; explained variance, 1 - Var(y - predicted) / Var(y), is that of the test stimuli.
    Beside it: ``explained_variance`` of all bands, ``baselines``, and by the product measure what each band
    adds to the first, ``share`` of the network and ``share.<baseline>``; these add up to it. A response that
    is constant has no number.
    Raises MetricError without baselines, for other shapes, for NaN, and where himalaya is not installed.
    """
    x, y = checked(x, y)
    check(splits, len(x))
    by_group(y[:1], groups)
    bands = {"": x, **_baselines(beside, y)}
    search = {"alphas": alphas or ALPHAS, "candidates": candidates, "seed": seed}
    found = [_of_split(bands, y, split, search) for split in splits]
    also = {name: torch.stack([figures[name] for figures in found]) for name in found[0]}
    values = also["explained_variance"] - also["baselines"]
    return Measurement(values, also, centre="mean", groups=groups)


def product_measure(fit: Banded, y: Tensor) -> Tensor:
    """Return (bands, m): what each band adds to the explained variance of y (k, m); together they are it.

    sum(part (2 y - predicted)) / sum(y^2), all about their means: Pratt 1987.
    """
    recorded = y - y.mean(dim=0)
    parts = fit.parts - fit.parts.mean(dim=1, keepdim=True)
    return (parts * (2 * recorded - parts.sum(dim=0))).sum(dim=1) / recorded.square().sum(dim=0)


def _baselines(beside: Mapping[str, Tensor], y: Tensor) -> dict[str, Tensor]:
    if not beside:
        raise MetricError("unique_variance needs a baseline to be unique beside: name some in `over`")
    bands = {name: matrix(band, name, "unit").to(y.device) for name, band in beside.items()}
    for band in bands.values():
        same_stimuli(band, y)
    return bands


def _of_split(
    bands: Mapping[str, Tensor], y: Tensor, split: Split, search: Mapping[str, object]
) -> dict[str, Tensor]:
    """Each figure (m,) of one split."""
    train, test = split.train.to(y.device), split.test.to(y.device)
    kernels = [Kernels.of(band[train], band[test]) for band in bands.values()]
    whole = banded_ridge(kernels, y[train], **search)  # type: ignore[arg-type]
    without = banded_ridge(kernels[1:], y[train], **search)  # type: ignore[arg-type]
    explained = explained_variance(whole.predicted, y[test])
    shares = product_measure(whole, y[test]).masked_fill(explained.isnan(), torch.nan)
    return {
        "explained_variance": explained,
        "baselines": explained_variance(without.predicted, y[test]),
        **{f"share.{name}" if name else "share": part for name, part in zip(bands, shares, strict=True)},
    }
