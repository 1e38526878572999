"""Telling: a score with its intervals, its null and the replicates that others can be paired with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from torch import Tensor

from ...errors import MetricError
from ...inference.intervals import interval, through
from ...inference.permutation import null
from ...metrics.measurement import Measurement
from ...scores import Score
from ...specs.benchmarks import Benchmark
from ...specs.metrics import Metric
from ...specs.results import Null
from ..choices import ChoiceTarget
from ..comparison import Resolve, ceiled_of, function_of, measured, refuse_constant, score_of
from ..targets import AnyTarget, Target
from .anew import Anew
from .beside import tables
from .choices import choices_inferred
from .plan import Plan
from .ways import FIT_NOTHING, Basis, Resampled, resampled

Given = Callable[[AnyTarget], Resolve]
Answers = Callable[[], Tensor]


def inferred_score(
    benchmark: Benchmark, x: Tensor, to: AnyTarget, given: Given, plan: Plan, among: Sequence[Answers] = ()
) -> Score:
    """As `comparison.score`, with intervals and null.

    x: activations or coordinates (n_stimuli of the full data set, p). given: how names resolve for a target.
    among: where x is the best of several layers by its score, what makes the like of each.
    Raises MetricError where the metric gives no number.
    """
    refuse_constant(x)
    if isinstance(to, ChoiceTarget):
        return choices_inferred(benchmark, x, to, function_of(benchmark.metric, given(to)), plan)
    metric, seen = benchmark.metric, x[to.rows.to(x.device)]
    found = measured(function_of(metric, given(to)), seen, to, metric)
    layers = among or (lambda: x,)
    anew = Anew(to, [partial(_again, metric, given, of, to.rows) for of in layers], len(layers))
    of = Basis(metric, found, to, anew, seen)
    return inferred(benchmark, score_of(benchmark, found, to), of, plan)


def inferred(benchmark: Benchmark, score: Score, of: Basis, plan: Plan) -> Score:
    """The score with what is inferred from its measurement; where it cannot be, a note says why."""
    try:
        made = resampled(of, plan)
        within = interval(score.raw, made.sampled)
    except MetricError as why:
        made, within = Resampled({}, (f"no interval: {why}",)), None

    def ceiled_at(raw: float) -> float | None:
        moved = replace(of.measured, values=of.measured.values + (raw - score.raw))
        return ceiled_of(benchmark, moved, of.target)

    chance, notes = _null(score, of, plan)
    return replace(
        score,
        interval=within,
        ceiled_interval=None if within is None or score.ceiled is None else through(within, ceiled_at),
        null=chance,
        notes=(*score.notes, *made.notes, *notes),
        beside={**score.beside, **tables(made.sampled, plan.key)},
    )


def _again(
    metric: Metric, given: Given, answers: Answers, places: Tensor, rows: Tensor, to: Target
) -> Measurement:
    """Measure some rows of a layer's answers to the stimuli at `places` against a target."""
    x = answers()
    at = places.to(x.device)[rows.to(x.device)]
    return measured(function_of(metric, given(to)), x[at], to, metric)


def _null(score: Score, of: Basis, plan: Plan) -> tuple[Null | None, tuple[str, ...]]:
    """The null where it is asked, and why there is none."""
    if not plan.asked.permutations:
        return None, ()
    if of.anew is None:
        return None, ("no null: the network is not trained anew on shuffled stimuli",)
    refit = not isinstance(of.metric, FIT_NOTHING)
    try:
        found = null(
            _shuffled(of, of.anew),
            of.stimuli,
            plan.asked.permutations,
            plan.sampling(),
            score.raw,
            refit=refit,
        )
    except MetricError as why:
        return None, (f"no null: {why}",)
    return found.model_copy(update={"layers": of.anew.layers}), ()


def _shuffled(of: Basis, anew: Anew) -> Callable[[Tensor], float | Tensor]:
    """The score of a shuffle: by matrices that are there, where it is one layer's on all stimuli."""
    if anew.layers == 1 and of.size == of.stimuli and of.cut is not None:
        return of.cut.shuffled
    return anew.shuffled
