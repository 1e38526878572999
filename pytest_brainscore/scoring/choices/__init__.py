"""Choices: what a network names is compared with what it should name, or with what subjects named.

`reading.py` reads objects from a network's activations. `two_alternatives.py` is of trials between an image's
object and one distractor, `many_alternatives.py` of all other choices.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ...data.recordings import Recordings
from ...errors import MetricError
from ...scores import Score
from ...specs.benchmarks import Benchmark
from ...specs.metrics import Behavioural, TwoAlternative
from . import many_alternatives, two_alternatives
from .many_alternatives import NamingTarget
from .two_alternatives import PairTarget

__all__ = [
    "ChoiceTarget",
    "NamingTarget",
    "PairTarget",
    "choice_score",
    "choice_target",
    "named",
    "score_of_named",
]

ChoiceTarget = NamingTarget | PairTarget
_OF_PAIRS = "i1, i1n, i2, i2n or o2"
_OF_MANY = "error_consistency, accuracy_distance, accuracy or shape_bias"


def choice_target(
    benchmark: Benchmark, whole: Recordings, chosen: Recordings, device: torch.device
) -> ChoiceTarget:
    """Code the chosen trials, and find out how objects are read from a network.

    Raises MetricError for a metric of another kind, trials that lack what it needs, and objects that cannot
    be read; DataError where the readout's `fit` selects nothing.
    """
    metric, kind = benchmark.metric, chosen.kind
    if not isinstance(metric, Behavioural) or kind != "choices":
        use = _OF_PAIRS if "distractor" in chosen.data.coords else _OF_MANY
        use = use if kind == "choices" else "choices"
        raise MetricError(f"these recordings are {kind}, which {metric.name} cannot use: use {use}")
    if isinstance(metric, TwoAlternative):
        return two_alternatives.target(benchmark, whole, chosen, device)
    return many_alternatives.target(benchmark, whole, chosen, device)


def choice_score(benchmark: Benchmark, x: Tensor, to: ChoiceTarget, function: Callable[..., Any]) -> Score:
    """Compare the choices read from activations (n_stimuli of the full data set, p) with a target's.

    Raises MetricError where objects cannot be read or the metric gives no number.
    """
    return score_of_named(benchmark, named(x, to), to, function)


def named(x: Tensor, to: ChoiceTarget) -> Tensor:
    """What is read from activations of all stimuli (n, p) for the target's images.

    Probabilities (images, objects that are read) of two alternatives, else the objects that are named
    (images,). Raises MetricError where objects cannot be read.
    """
    if isinstance(to, PairTarget):
        return to.reading.probabilities(x, to.rows)
    return to.reading.choices(x, to.rows)


def score_of_named(
    benchmark: Benchmark, named: Tensor, to: ChoiceTarget, function: Callable[..., Any]
) -> Score:
    """Compare what is read with a target's. Raises MetricError where the metric gives no number."""
    if isinstance(to, PairTarget):
        return two_alternatives.score(benchmark, named, to, function)
    return many_alternatives.score(benchmark, named, to, function)
