"""A custom metric: how the user's own function is called, and what it hands back, as a measurement."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import torch

from ..errors import BrainScoreError, MetricError, WorkError, first_line, nearest
from ..metrics.measurement import Measurement
from ..specs.metrics import CustomMetric, Metric
from .targets import Target

GIVEN = ("x", "y", "splits")
"""What every metric is given in this order; all else by name."""


def called(
    function: Callable[..., Any], x: Any, to: Target, metric: Metric, arguments: Mapping[str, Any]
) -> Any:
    """What a metric's function returns.

    Of one of the user's own raises MetricError where it cannot take what it is given, and WorkError, with
    the frames of its code, for what it raises itself.
    """
    if not isinstance(metric, CustomMetric):
        return function(x, to.y, to.splits, **arguments)
    _require_fit(function, metric, arguments)
    try:
        return function(x, to.y, to.splits, **arguments)
    except BrainScoreError:
        raise
    except Exception as why:
        raise _broken(function, metric, why) from why


def _require_fit(function: Callable[..., Any], metric: CustomMetric, arguments: Mapping[str, Any]) -> None:
    """Raise MetricError where the function's signature does not take what every metric is given."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # of what is not written in Python
        return
    try:
        signature.bind(*GIVEN, **arguments)
    except TypeError as why:
        odd = next((name for name in arguments if f"'{name}'" in str(why)), "")
        hint = nearest(odd, set(signature.parameters).difference(GIVEN, arguments)) if odd else ""
        place = f"{metric.name}, {_file(function)}:{_line(function)}"
        raise MetricError(
            f"{place}: {metric.label}{signature}: {why}{hint or _due_signature(metric, arguments)}"
        ) from None


def _due_signature(metric: CustomMetric, arguments: Mapping[str, Any]) -> str:
    due = ", ".join((*GIVEN, "*", *arguments) if arguments else GIVEN)
    return f"; {metric.label}({due}) is due: what the metric's entry says beside `name` is given by name"


def _broken(function: Callable[..., Any], metric: CustomMetric, why: Exception) -> WorkError:
    """An error whose first line says what was raised at which line of the user's; the frames come below."""
    frames = traceback.extract_tb(why.__traceback__)[1:]
    own = [frame for frame in frames if frame.filename == _file(function)] or frames
    at = f", {own[-1].filename}:{own[-1].lineno}" if own else ""
    said = f"{metric.name}{at}: {type(why).__name__}: {first_line(why, 'no message')}"
    return WorkError("\n".join([said, "".join(traceback.format_list(frames)).rstrip()]))


def _file(function: Callable[..., Any]) -> str:
    code = getattr(inspect.unwrap(function), "__code__", None)
    return code.co_filename if code else type(function).__name__


def _line(function: Callable[..., Any]) -> int:
    code = getattr(inspect.unwrap(function), "__code__", None)
    return code.co_firstlineno if code else 1


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
