"""Settings: what a metric was set to, as its score says it, and what a reader should know of that."""

from __future__ import annotations

from typing import Any

import torch

from ..metrics.encoded import alphas_of
from ..metrics.measurement import Measurement
from ..specs.metrics import Encoded, Metric
from .targets import Target

MANY = 0.05
"""Share of the neuroids at the lowest alpha from which on a wider grid may help."""
_REMEDY = ": units nearly silent in training; use `features: projection` or `exact`"


def settings(metric: Metric, measured: Measurement, to: Target) -> dict[str, Any]:
    """What the spec says, and of ridge regressions `alphas_used`, the lowest and the highest that were tried.

    Of predictions that are made without the regression that the metric stands for, nothing.
    """
    if not isinstance(metric, Encoded):
        return metric.settings()
    return {**metric.settings(), "alphas_used": _ends(metric, to)} if _fitted(measured) else {}


def remarks(metric: Metric, measured: Measurement, to: Target) -> tuple[str, ...]:
    """Notes of a grid as released, many neuroids at its lowest alpha, and test stimuli far outside."""
    if not isinstance(metric, Encoded) or not _fitted(measured):
        return ()
    lowest, _ = _ends(metric, to)
    return (*_released(metric, to), *at_lowest(measured, lowest), *_far(metric, measured, to))


def at_lowest(measured: Measurement, lowest: float) -> tuple[str, ...]:
    """A warning where many neuroids took the lowest alpha that there was.

    What nothing predicts takes the highest, whatever that is: it is a figure of the score, and no warning.
    """
    share = float(measured.also["at_lowest"].to(torch.float64).nanmean())
    if not share > MANY:
        return ()
    return (
        f"warning: {share:.1%} of the neuroids took the lowest alpha ({lowest:g}): a wider grid (`alphas`)"
        " may suit them better",
    )


def _released(metric: Encoded, to: Target) -> tuple[str, ...]:
    if metric.grid != "released":
        return ()
    n = " or ".join(map(str, sorted({len(split.train) for split in to.splits})))
    lowest, highest = _ends(metric, to)
    return (f"ridge grid as released: alphas times {n} training stimuli, {lowest:g} to {highest:g}",)


def _far(metric: Encoded, measured: Measurement, to: Target) -> tuple[str, ...]:
    far = measured.also["far_stimuli"].nan_to_num(0.0).reshape(len(to.splits), -1).amax(dim=1)
    if not bool(far.any()):
        return ()
    worst = int(far.argmax())
    why = _REMEDY if metric.features == "units" else ""
    return (
        f"warning: {int(far[worst])} of {len(to.splits[worst].test)} test stimuli decide this, far outside of"
        f" the training stimuli{why}",
    )


def _ends(metric: Encoded, to: Target) -> list[float]:
    grids = [alphas_of(metric.alphas, metric.grid, len(split.train)) for split in to.splits]
    return [min(map(min, grids)), max(map(max, grids))]


def _fitted(measured: Measurement) -> bool:
    return "far_stimuli" in measured.also
