"""Comparison: one model's activations against a target make a score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from ..errors import MetricError
from ..metrics.ceilings import Ceiling
from ..metrics.measurement import Measurement
from ..scores import Score
from ..specs.benchmarks import Benchmark
from ..specs.metrics import Metric, Predictive
from .ceiled import ceiled
from .choices import ChoiceTarget, choice_score
from .custom import as_measurement, called
from .halves import by_subject, tables
from .parts import bin_name, part_names, parts_of
from .settings import remarks, settings
from .subjects import measured_apart
from .targets import AnyTarget, Target

Resolve = Callable[[str], Callable[..., Any]]
FEW = 10


def score(benchmark: Benchmark, x: Tensor, to: AnyTarget, resolve: Resolve) -> Score:
    """Compare activations or coordinates (n_stimuli of the full data set, p) with a target.

    Raises MetricError where the metric gives no number.
    """
    refuse_constant(x)
    function = function_of(benchmark.metric, resolve)
    if isinstance(to, ChoiceTarget):
        return replace(choice_score(benchmark, x, to, function), settings=benchmark.metric.settings())
    return score_of(benchmark, measured(function, x[to.rows.to(x.device)], to, benchmark.metric), to)


def score_of(benchmark: Benchmark, measured: Measurement, to: Target) -> Score:
    """The score that a measurement comes to, beside its ceiling.

    Raises MetricError where there is no number.
    """
    names = _names_of_parts(measured, to)
    _refuse_no_number(measured, benchmark.metric, names)
    parts = parts_of(benchmark, measured, to.ceiling, names) if names else None
    return Score(
        raw=measured.raw(),
        error=measured.error(),
        ceiling=to.ceiling.value if to.ceiling else None,
        ceiling_error=to.ceiling.error if to.ceiling else None,
        ceiled=ceiled_of(benchmark, measured, to),
        normalise=benchmark.normalisation(),
        splits=tuple(measured.per_split().tolist()),
        values=measured.values.flatten(1).cpu().numpy(),
        targets=_target_names(measured, to),
        over=measured.over,
        left_out={reason: names for reason, names in to.left_out.items() if names},
        also={**_further(measured, to.ceiling), **(parts.figures() if parts else {})},
        notes=(
            *to.notes,
            *_few(to),
            *_standing_for_all(measured),
            *remarks(benchmark.metric, measured, to),
            *(parts.notes() if parts else _no_ceiling(to)),
        ),
        settings=settings(benchmark.metric, measured, to),
        beside=tables(measured, to, benchmark.metric),
    )


def ceiled_of(benchmark: Benchmark, measured: Measurement, to: Target) -> float | None:
    """The ceiled score: of parts with a ceiling of their own, the mean of theirs."""
    names = _names_of_parts(measured, to)
    if not names:
        return ceiled(benchmark, measured.per_split().cpu(), to.ceiling)
    return parts_of(benchmark, measured, to.ceiling, names).score(benchmark.clip)


def function_of(metric: Metric, resolve: Resolve) -> Callable[..., Any]:
    """The function that computes a metric."""
    function: Callable[..., Any] = resolve(getattr(metric, "function", None) or metric.name)
    return function


def measured(function: Callable[..., Any], x: Any, to: Target, metric: Metric) -> Measurement:
    """The metric's own measurement; of what predicts, where subjects are separate, one fit for each.

    x: activations (n_stimuli of the target, p), or what else the metric's function takes in their place.
    """
    arguments, groups = metric.parameters(), to.subjects.groups
    if groups is not None and isinstance(metric, Predictive):
        return measured_apart(function, x, to.y, to.splits, to.subjects, arguments)
    if groups is not None:
        arguments["groups"] = groups
    found = as_measurement(called(function, x, to, metric, arguments), metric, to)
    return by_subject(found) if metric.tells_train else found


def refuse_constant(x: Tensor) -> None:
    """Raise MetricError for a layer that answers the same to all stimuli."""
    if bool((x == x[:1]).all()):
        raise MetricError("the activations of this layer are constant: the same for all stimuli")


def _names_of_parts(measured: Measurement, to: Target) -> tuple[str, ...]:
    """None where the measurement is not in parts."""
    in_parts = measured.groups is not None or measured.values.ndim == 3
    return part_names(to.subjects, to.time_bins) if in_parts else ()


def _refuse_no_number(measured: Measurement, metric: Metric, names: Sequence[str]) -> None:
    bad = ~measured.per_part().isfinite().cpu()
    if not bool(bad.any()):
        return
    splits = ", ".join(str(i + 1) for i in bad.any(dim=1).nonzero().flatten().tolist())
    parts = ", ".join(name for name, without in zip(names, bad.any(dim=0).tolist(), strict=False) if without)
    what = "unit" if measured.over == "unit" else "neuroid"
    raise MetricError(
        f"{metric.name} gives no number{f' for {parts}' if parts else ''} in split {splits} of {len(bad)}:"
        f" there every {what}, or what is predicted of it, is constant"
    )


def _few(to: Target) -> tuple[str, ...]:
    """What a reader of the score should know of its splits."""
    fewest = min((len(split.test) for split in to.splits), default=FEW)
    return (f"only {fewest} stimuli to test on in each split",) if fewest < FEW else ()


def _no_ceiling(to: Target) -> tuple[str, ...]:
    """What to think of where the data do not agree with themselves."""
    if to.ceiling is None or to.ceiling.value > 0:
        return ()
    return ("the ceiling is not above zero: do the repetitions belong to the same stimuli?",)


def _standing_for_all(measured: Measurement) -> tuple[str, ...]:
    """How many units stand for all, where these would be too many."""
    if "varying" not in measured.also:
        return ()
    some, every = (measured.also[figure].to(torch.float64).min() for figure in ("units", "varying"))
    return (f"{some:,.0f} units, evenly spaced, stand for all {every:,.0f}",) if some < every else ()


def _target_names(measured: Measurement, to: Target) -> tuple[str, ...]:
    """The names of the columns of `Score.values`; over time neuroid@bin, the first bin's neuroids first."""
    width = measured.values[0].numel()
    known = {"neuroid": to.names, "subject": to.subjects.names, "all": ("all",)}.get(measured.over, ())
    if measured.values.ndim == 3:
        known = tuple(f"{name}@{bin_name(window)}" for window in to.time_bins for name in known)
    return known if len(known) == width else tuple(str(i) for i in range(width))


def _further(measured: Measurement, ceiling: Ceiling | None) -> dict[str, float]:
    """Further figures of the metric, averaged as the score is; the ceiling's lower bound."""
    figures = {}
    for name, values in measured.also.items():
        whole = values.shape == measured.values.shape
        groups = measured.groups if whole else None
        figure = values if values.ndim > 1 else values[:, None].to(torch.float64)
        figures[name] = Measurement(figure, centre=measured.centre, groups=groups).raw()
    lower = {"ceiling_lower": ceiling.lower} if ceiling and ceiling.lower is not None else {}
    return {**figures, **lower, **(ceiling.also if ceiling else {})}
