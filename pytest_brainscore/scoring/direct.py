"""Direct predictions: a network that was trained on the recordings predicts each neuroid itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..errors import Unsuited
from ..metrics.measurement import Centre
from ..metrics.prediction import Prediction
from ..metrics.predictivity import check_sides, judged
from ..scores import Score
from ..specs.benchmarks import Benchmark
from ..specs.metrics import OF_NEUROIDS, Encoding
from .comparison import score_of
from .inferred import Basis, Plan, inferred
from .targets import AnyTarget, Target


def direct_target(benchmark: Benchmark, to: AnyTarget) -> Target:
    """The target, where predictions of its neuroids can be scored as they are.

    Raises Unsuited for a metric that does not predict single neuroids.
    """
    metric = benchmark.metric
    if not isinstance(to, Target) or metric.name not in (*OF_NEUROIDS, "encoding"):
        raise Unsuited(
            f"{metric.name} cannot score a data-driven network: it predicts neuroids, and has no layer that"
            f" could be compared; use {', '.join(OF_NEUROIDS)} or encoding"
        )
    check_sides(to.splits, len(to.y))
    return to


def direct_score(
    benchmark: Benchmark, predictions: Sequence[Prediction], to: Target, plan: Plan | None = None
) -> Score:
    """Score the predicted responses to the test stimuli of each split, (k, m), by the metric's own measure.

    That is r per neuroid, its median over neuroids (of `encoding` the mean), and the explained variance.
    plan: of its intervals.
    Raises MetricError where there is no number.
    """
    there = [replace(one, values=one.values.to(to.y.device)) for one in predictions]
    centre: Centre = "mean" if isinstance(benchmark.metric, Encoding) else "median"
    measured = replace(judged(there, to.y, to.splits), centre=centre, groups=to.subjects.groups)
    score = score_of(benchmark, measured, to)
    return score if plan is None else inferred(benchmark, score, Basis(benchmark.metric, measured, to), plan)
