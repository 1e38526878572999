"""Comparison: one model's activations against a target make a score."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import MetricError
from ..metrics.ceilings import Ceiling
from ..metrics.measurement import Measurement
from ..metrics.normalise import normalise
from ..scores import Score
from ..specs.benchmarks import Benchmark
from ..specs.metrics import Metric
from .choices import ChoiceTarget, choice_score
from .targets import AnyTarget, Target

Resolve = Callable[[str], Callable[..., Any]]
FEW = 10


def score(benchmark: Benchmark, x: Tensor, to: AnyTarget, resolve: Resolve) -> Score:
    """Compare activations or coordinates (n_stimuli of the full data set, p) with a target.

    Raises MetricError where the metric gives no number.
    """
    metric = benchmark.metric
    if _is_constant(x):
        raise MetricError("the activations of this layer are constant: the same for all stimuli")
    function = resolve(getattr(metric, "function", None) or metric.name)
    if isinstance(to, ChoiceTarget):
        return choice_score(benchmark, x, to, function)
    arguments = metric.parameters()
    if to.groups is not None:
        arguments["groups"] = to.groups
    measured = _as_measurement(function(x[to.rows.to(x.device)], to.y, to.splits, **arguments), metric)
    per_split, raw = measured.per_split(), measured.raw()
    if not np.isfinite(raw):
        at = ", ".join(str(i + 1) for i in np.flatnonzero(~np.isfinite(per_split.cpu().numpy())))
        raise MetricError(
            f"{metric.name} gives no number in split {at} of {len(per_split)}: there every neuroid, or what"
            " is predicted of it, is constant"
        )
    return Score(
        raw=raw,
        error=measured.error(),
        ceiling=to.ceiling.value if to.ceiling else None,
        ceiling_error=to.ceiling.error if to.ceiling else None,
        ceiled=_ceiled(benchmark, per_split, to.ceiling),
        normalise=benchmark.normalisation(),
        splits=tuple(per_split.tolist()),
        values=measured.values.cpu().numpy(),
        targets=_target_names(measured, to),
        over=measured.over,
        left_out={reason: names for reason, names in to.left_out.items() if names},
        also=_further(measured, to.ceiling),
        notes=_notes(to),
    )


def _is_constant(x: Tensor) -> bool:
    return bool((x == x[:1]).all())


def _notes(to: Target) -> tuple[str, ...]:
    """What a reader of the score should know of its splits."""
    fewest = min((len(split.test) for split in to.splits), default=FEW)
    return (f"only {fewest} stimuli to test on in each split",) if fewest < FEW else ()


def _ceiled(benchmark: Benchmark, per_split: Tensor, ceiling: Ceiling | None) -> float | None:
    value = ceiling.value if ceiling else None
    return normalise(
        benchmark.normalisation(), per_split.cpu(), value, chance=benchmark.chance, clip=benchmark.clip
    )


def _as_measurement(result: Any, metric: Metric) -> Measurement:
    """What a metric hands back; a custom one may give a bare tensor: (), (splits,) or (splits, targets)."""
    if isinstance(result, Measurement):
        return result
    values = torch.as_tensor(result, dtype=torch.float64)
    if values.ndim > 2:
        raise MetricError(
            f"{metric.name} returns {tuple(values.shape)}: (splits, neuroids), (splits,) or () is due"
        )
    if values.ndim == 2:
        return Measurement(values)
    return Measurement(values.reshape(-1, 1), over="all", centre="mean")


def _target_names(measured: Measurement, to: Target) -> tuple[str, ...]:
    names = {"neuroid": to.names, "subject": to.subjects, "all": ("all",)}[measured.over]
    width = measured.values.shape[1]
    return names if len(names) == width else tuple(str(i) for i in range(width))


def _further(measured: Measurement, ceiling: Ceiling | None) -> dict[str, float]:
    """Further figures of the metric, averaged as the score is; the ceiling's lower bound."""
    figures = {
        name: Measurement(
            values if values.ndim == 2 else values[:, None].to(torch.float64), centre=measured.centre
        ).raw()
        for name, values in measured.also.items()
    }
    lower = ceiling.lower if ceiling else None
    return figures if lower is None else {**figures, "ceiling_lower": lower}
