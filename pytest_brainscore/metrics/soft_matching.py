"""Soft matching: do single units behave like single neuroids, one for one, or in shares?

Khosla and Williams 2024 (arXiv:2311.09466). A rotation of either side changes it, so that unlike
regression, CKA and RSA it tells whether the axes are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from ..errors import MetricError
from .inputs import finite, matrix, same_stimuli
from .linalg import centre
from .measurement import Measurement, Over
from .rsa import Groups, by_group
from .splits import Split

AT_MOST = 2_000_000
"""Pairs of unit and neuroid that the transport is solved for."""
UNITS = 20_000
"""Units that it is solved for: beyond, its time grows faster than the number of pairs."""
ITERATIONS = 10_000_000
_WIDTH = 4096


def soft_matching(
    x: Tensor, y: Tensor, splits: Sequence[Split] = (), *, groups: Groups | None = None
) -> Measurement:
    """Return the correlation of units and neuroids under the best transport, (1, s) or (1, 1).

    x: activations (n, p); y: responses (n, m). Every unit has the mass 1 / p and every neuroid 1 / m, and
    the plan T between them maximises sum(T * r), with Pearson's r of each unit and neuroid over stimuli; of
    equally many it is the best one-to-one matching. Constant units and neuroids take no part; NaN for a
    subject whose neuroids all are. Beyond `UNITS` or `AT_MOST` pairs evenly spaced units stand for all:
    ``units`` of ``varying``. groups: the columns of each subject's neuroids. `splits` plays no part.
    Raises MetricError for NaN, where no unit varies, where no plan is found, and where the package POT is not
    there.
    """
    x, y = finite(x, "activations", "unit"), matrix(y, "responses", "neuroid")
    same_stimuli(x, y)
    varying = (x.amax(dim=0) > x.amin(dim=0)).nonzero().flatten()
    if not len(varying):
        raise MetricError(f"soft_matching: all {x.shape[1]} units are constant over stimuli")
    found = [_correlations(x, varying, _standardised(part)) for part in by_group(y, groups)]
    values = x.new_tensor([[_matched(r) for r in found]], dtype=torch.float64)
    units = x.new_tensor([[len(r) for r in found]], dtype=torch.float64)
    over: Over = "all" if groups is None else "subject"
    also = {"units": units, "varying": torch.full_like(units, len(varying))}
    return Measurement(values, also, over=over, centre="mean")


def _correlations(x: Tensor, varying: Tensor, y: Tensor) -> Tensor:
    """Return r (units, m) of the units `varying`, or evenly spaced ones of these, and of standardised y."""
    few = max(1, min(len(varying), UNITS, AT_MOST // max(1, y.shape[1])))
    spaced = torch.linspace(0, len(varying) - 1, few, dtype=torch.float64).round().long()
    some = varying if few == len(varying) else varying[spaced.to(varying.device)]
    return torch.cat([_standardised(x[:, block]).T @ y for block in torch.split(some, _WIDTH)])


def _standardised(columns: Tensor) -> Tensor:
    """Return those that vary, centred and of length one, float64; (n, 0) where none does."""
    centred, _ = centre(columns.to(torch.float64))
    length = torch.linalg.vector_norm(centred, dim=0)
    scaled: Tensor = centred[:, length > 0] / length[length > 0]
    return scaled


def _matched(r: Tensor) -> float:
    """The correlation under the best transport between the rows and columns of r, which POT finds on the CPU.

    NaN where there are none.
    """
    if not r.numel():
        return torch.nan
    solve, pairs = _solver(), r.cpu().contiguous().numpy()
    plan, told = solve([], [], 1 - pairs, numItermax=ITERATIONS, log=True)
    if told["warning"]:
        size = " x ".join(map(str, pairs.shape))
        raise MetricError(f"soft_matching: no transport of {size} units and neuroids: {told['warning']}")
    return float((plan * pairs).sum())


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
