"""Soft matching: do single units behave like single neuroids, one for one, or in shares?

Khosla and Williams 2024 (arXiv:2311.09466). A rotation of either side changes it, so that unlike
regression, CKA and RSA it tells whether the axes are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import MetricError
from .inputs import finite, matrix, same_stimuli
from .linalg import centre
from .measurement import Measurement, Over
from .rsa import Groups, by_group
from .splits import Split

AT_MOST = 5_000_000
"""Pairs of unit and neuroid that the transport is solved for."""


def soft_matching(
    x: Tensor, y: Tensor, splits: Sequence[Split] = (), *, groups: Groups | None = None
) -> Measurement:
    """Return the correlation of units and neuroids under the best transport, (1, s) or (1, 1).

    x: activations (n, p); y: responses (n, m). Every unit has the mass 1 / p and every neuroid 1 / m, and
    the plan T between them maximises sum(T * r), with Pearson's r of each unit and neuroid over stimuli; of
    equally many it is the best one-to-one matching. Constant units and neuroids take no part. Beyond
    `AT_MOST` pairs evenly spaced units stand for all, and ``units`` says how many. groups: the columns of
    each subject's neuroids. `splits` plays no part. Raises MetricError for NaN, where nothing varies, and
    where the package POT is not there.
    """
    x, y = finite(x, "activations", "unit"), matrix(y, "responses", "neuroid")
    same_stimuli(x, y)
    unit, subjects = _standardised(x, "units"), by_group(y, groups)
    found = [_matched(unit, _standardised(z, "neuroids")) for z in subjects]
    values, used = (torch.tensor([one[i] for one in found], dtype=torch.float64) for i in (0, 1))
    over: Over = "all" if groups is None else "subject"
    return Measurement(values[None], {"units": used[None]}, over=over, centre="mean")


def _matched(x: Tensor, y: Tensor) -> tuple[float, int]:
    """The correlation under the best transport, and how many units it is of."""
    few = max(1, min(x.shape[1], AT_MOST // y.shape[1]))
    rows = torch.linspace(0, x.shape[1] - 1, few, device=x.device).round().long()
    r = (x[:, rows].T @ y).cpu().numpy()
    plan = _solver()([], [], np.ascontiguousarray(1 - r), numItermax=10_000_000)
    return float((plan * r).sum()), few


def _solver() -> Callable[..., Any]:
    try:
        from ot import emd
    except ImportError:
        raise MetricError(
            "soft_matching solves a transport with the package POT:"
            ' pip install "pytest-brainscore[transport]"'
        ) from None
    solve: Callable[..., Any] = emd
    return solve


def _standardised(x: Tensor, what: str) -> Tensor:
    """Return the columns that vary, centred and of length one, float64."""
    varying = x[:, x.amax(dim=0) > x.amin(dim=0)].to(torch.float64)
    if not varying.shape[1]:
        raise MetricError(f"soft_matching: all {x.shape[1]} {what} are constant over stimuli")
    centred, _ = centre(varying)
    scaled: Tensor = centred / torch.linalg.vector_norm(centred, dim=0)
    return scaled[:, scaled.isfinite().all(dim=0)]
