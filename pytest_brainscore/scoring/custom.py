"""A custom metric: what the user's own function hands back, as a measurement."""

from __future__ import annotations

from typing import Any

import torch

from ..errors import MetricError
from ..metrics.measurement import Measurement
from ..specs.metrics import Metric
from .targets import Target


def as_measurement(result: Any, metric: Metric, to: Target) -> Measurement:
    """What a metric hands back; a custom one may give a bare tensor: (), (splits,) or (splits, targets).

    A tensor of one row is of no splits, and stands for all. A `Measurement` may be of splits that the metric
    drew itself. Raises MetricError for what is no such tensor.
    """
    if isinstance(result, Measurement):
        _refuse_neuroids_first(result, metric, to)
        return result
    values = _values(result, metric, to)
    if values.ndim == 2:
        return Measurement(values)
    return Measurement(values.reshape(-1, 1), over="all", centre="mean")


def _values(result: Any, metric: Metric, to: Target) -> torch.Tensor:
    try:
        values = torch.as_tensor(result, dtype=torch.float64)
    except (TypeError, ValueError, RuntimeError):
        raise MetricError(f"{metric.name} returns {type(result).__name__}: {_due(to)}") from None
    by_split = values.ndim == 0 or not to.splits or len(values) in (1, len(to.splits))
    if values.ndim > 2 or not by_split:
        raise MetricError(f"{metric.name} returns {tuple(values.shape)}: {_due(to)}")
    return values


def _refuse_neuroids_first(measured: Measurement, metric: Metric, to: Target) -> None:
    first = len(measured.values)
    if first == to.y.shape[-1] and to.splits and first not in (1, len(to.splits)):
        shape = tuple(measured.values.shape)
        raise MetricError(f"{metric.name} returns values {shape}, a row for each neuroid: {_due(to)}")


def _due(to: Target) -> str:
    splits, neuroids = len(to.splits) or 1, to.y.shape[-1]
    return f"({splits}, {neuroids}) is due, splits by neuroids, or ({splits},), or one number"
