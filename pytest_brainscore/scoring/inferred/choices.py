"""Choices: how far scores of choices would move with other images and subjects, and what shuffles score.

Images are drawn with all that was chosen for them; the readout is fitted once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from ...errors import MetricError
from ...inference.bootstrap import bootstrapped, two_factors
from ...inference.intervals import interval, through
from ...inference.permutation import null
from ...inference.replicates import Factor, Replicates, Sampled
from ...metrics.agreement import BY_METRIC
from ...metrics.behaviour import on_images
from ...scores import Score
from ...specs.benchmarks import Benchmark
from ...specs.metrics import AccuracyDistance, ErrorConsistency, TwoAlternative
from ..ceiled import ceiled
from ..choices import ChoiceTarget, NamingTarget, PairTarget, named, score_of_named
from ..choices.two_alternatives import ceiled_of
from .beside import tables
from .plan import Plan

Function = Callable[..., Any]
OnImages = Callable[[Tensor], float]
OnBoth = Callable[[Tensor, Tensor], float]
_WORK = 6
"""So many times the values of a sample of choices cost more than those of a bootstrap of neuroids."""


def choices_inferred(
    benchmark: Benchmark, x: Tensor, to: ChoiceTarget, function: Function, plan: Plan
) -> Score:
    """The score of choices that are read from activations (n_stimuli of the data set, p), with its intervals.

    Raises MetricError where objects cannot be read or the metric gives no number.
    """
    read = named(x, to)
    score = score_of_named(benchmark, read, to, function)
    score = replace(score, settings=benchmark.metric.settings())
    try:
        sampled = {} if plan.asked.intervals == "off" else _sampled(benchmark, read, to, function, plan)
        within, notes = interval(score.raw, sampled), _notes(plan)
    except MetricError as why:
        sampled, within, notes = {}, None, (f"no interval: {why}",)
    change = partial(_ceiled_at, benchmark, score, to)
    score = replace(
        score,
        interval=within,
        ceiled_interval=None if within is None or score.ceiled is None else through(within, change),
        notes=(*score.notes, *notes),
        beside={**score.beside, **tables(sampled, plan.key)},
    )
    return _with_null(score, benchmark, read, to, function, plan)


def _sampled(benchmark: Benchmark, read: Tensor, to: ChoiceTarget, function: Function, plan: Plan) -> Sampled:
    """Bootstraps over images and, where several subjects are compared with the model, over these."""
    n, sampling = len(to.rows), plan.sampling(_WORK * _size(to))
    found: dict[Factor, Replicates]
    if isinstance(to, PairTarget) or to.trials is None or len(to.subjects) < 2:
        found = {"stimulus": bootstrapped(_on_images(benchmark, read, to, function), n, sampling)}
    else:
        found = two_factors(_on_both(benchmark, read, to), n, len(to.subjects), sampling, "subject")
    over = plan.asked.over
    wanted = {factor: made for factor, made in found.items() if over is None or factor in over}
    whole = len(wanted) == len(found) - 1 and "both" in found
    return found if whole else wanted


def _size(to: ChoiceTarget) -> int:
    """Values that a sample goes through."""
    if isinstance(to, PairTarget):
        return len(to.rows) * len(to.objects) * 2
    return len(to.rows) * (len(to.subjects) if to.trials is not None else 1)


def _on_images(benchmark: Benchmark, read: Tensor, to: ChoiceTarget, function: Function) -> OnImages:
    metric = benchmark.metric
    if isinstance(to, PairTarget) and isinstance(metric, TwoAlternative):
        return on_images(read[:, to.columns], to.trials, metric.name, **metric.parameters())
    if isinstance(to, NamingTarget) and to.trials is not None:
        both, everyone = _on_both(benchmark, read, to), torch.arange(len(to.subjects))
        return lambda rows: both(rows, everyone)
    shows = to.shows if isinstance(to, NamingTarget) else ()

    def score(rows: Tensor) -> float:
        at = rows.to(read.device)
        return float(function(read[at], *(codes[at] for codes in shows)).raw())

    return score


@dataclass(frozen=True, eq=False)
class _Compared:
    """The mean over subjects as drawn of how a model's being right agrees with theirs, on images as drawn."""

    metric: ErrorConsistency | AccuracyDistance
    right: Tensor
    rates: Tensor
    stimulus: Tensor
    condition: Tensor
    n: int

    def __call__(self, rows: Tensor, subjects: Tensor) -> float:
        times = torch.bincount(rows.to(self.stimulus.device), minlength=self.n)[self.stimulus]
        items = torch.arange(len(times), device=times.device).repeat_interleave(times)
        agree = BY_METRIC[self.metric.name]
        cells = agree(self.right[:, items], self.rates[:, items], self.condition[items])
        mean = cells.nanmean(dim=2)[0][subjects.to(cells.device)].nanmean()
        absolute = isinstance(self.metric, ErrorConsistency) and self.metric.absolute
        return float(mean.abs() if absolute else mean)


def _on_both(benchmark: Benchmark, read: Tensor, to: NamingTarget) -> OnBoth:
    metric, trials = benchmark.metric, to.trials
    if trials is None or not isinstance(metric, ErrorConsistency | AccuracyDistance):
        raise MetricError(f"{metric.name} compares no subjects")
    rates = trials.rates()
    right = (read == trials.truth)[rates.stimulus].to(torch.float64)[None]
    apart = isinstance(metric, ErrorConsistency) or metric.per_condition
    condition = rates.condition_of(apart)
    return _Compared(metric, right, rates.values, rates.stimulus, condition, len(to.rows))


def _ceiled_at(benchmark: Benchmark, score: Score, to: ChoiceTarget, raw: float) -> float | None:
    """The ceiled score where raw is another, the ceiling the same."""
    if isinstance(to, PairTarget):
        moved = torch.tensor(score.splits, dtype=torch.float64) + (raw - score.raw)
        return ceiled_of(benchmark, moved, to.ceiling)
    return ceiled(benchmark, raw, to.ceiling)


def _notes(plan: Plan) -> tuple[str, ...]:
    if plan.asked.intervals != "refit":
        return ()
    return ("intervals: choices are compared without a fit to the subjects: the readout is fitted once",)


def _with_null(
    score: Score, benchmark: Benchmark, read: Tensor, to: ChoiceTarget, function: Function, plan: Plan
) -> Score:
    """The score with what it is where the model's answers to the images are shuffled."""
    if not plan.asked.permutations:
        return score

    def shuffled(order: Tensor) -> float:
        try:
            return score_of_named(benchmark, read[order.to(read.device)], to, function).raw
        except MetricError:
            return torch.nan

    try:
        found = null(shuffled, len(to.rows), plan.asked.permutations, plan.sampling(), score.raw)
    except MetricError as why:
        return replace(score, notes=(*score.notes, f"no null: {why}"))
    return replace(score, null=found)
