"""Matrix: each layer in turn is the truth, and a metric scores all of them on recordings made from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ... import scoring
from ...commitment.views import sees
from ...data.recordings import Recordings
from ...data.simulated import bits
from ...errors import MetricError, first_line
from ...machine import cores, threads_for
from ...models.kinds import COORDINATES
from ...specs import recoveries
from ...specs.benchmarks import Benchmark
from ...specs.metrics import AnyMetric
from ...specs.registry import Registry
from .candidates import Candidates, Place
from .design import REGION, Design

Resolve = Callable[[str], Callable[..., Any]]
Scored = Callable[[Tensor], float]
_OWN = Registry()
_NONE = float("nan")


@dataclass(frozen=True, eq=False)
class Simulation:
    """One metric on recordings that were made from `truth` once.

    scores: raw, of each place; NaN where the metric gives no number. independent, shuffled: the controls:
    normal features in the truth's shape, and the truth with its stimuli shuffled; NaN where they were not
    asked for. fault: why a score is NaN.
    """

    truth: Place
    seed: int
    scores: Mapping[Place, float]
    independent: float
    shuffled: float
    fault: str = ""

    def winner(self, competing: Sequence[Place]) -> Place | None:
        """The place that scores above all others of those competing; None where two are equal."""
        ordered = sorted(competing, key=lambda place: _or_least(self.scores[place]), reverse=True)
        first, second = (_or_least(self.scores[place]) for place in ordered[:2])
        return ordered[0] if first > second else None


@dataclass(frozen=True, eq=False)
class Matrix:
    """The simulations of one metric, several for each truth."""

    metric: AnyMetric
    candidates: Candidates
    simulations: tuple[Simulation, ...]

    def of(self, truth: Place) -> tuple[Simulation, ...]:
        """The simulations of one truth."""
        return tuple(one for one in self.simulations if one.truth == truth)

    def wins(self, truth: Place) -> Mapping[Place, int]:
        """How often each place wins among the truth and what competes with it."""
        competing = (truth, *self.candidates.rivals(truth))
        won = [one.winner(competing) for one in self.of(truth)]
        return {place: won.count(place) for place in self.candidates.places}

    def models_found(self, truth: Place) -> int:
        """How often a layer of the true model scores above all competing layers of all other models."""
        rivals = [place for place in self.candidates.rivals(truth) if place.model != truth.model]
        own = [place for place in self.candidates.places if place.model == truth.model]
        return sum(_best(one, own) > _best(one, rivals) for one in self.of(truth)) if rivals else 0

    @property
    def found(self) -> int:
        """Simulations in which the true layer wins."""
        return sum(self.wins(truth)[truth] for truth in self.candidates.places)

    @property
    def found_models(self) -> int | None:
        """Simulations in which the true model wins; None where there is but one."""
        if len(self.candidates.models) < 2:
            return None
        return sum(map(self.models_found, self.candidates.places))

    def document(self) -> recoveries.Matrix:
        """The matrix in plain numbers."""
        places, known = self.candidates.places, self.candidates
        several = len(known.models) > 1
        return recoveries.Matrix(
            metric=self.metric.name,
            settings=said_of(self.metric),
            layers=tuple((place.model, place.layer) for place in places),
            simulations=max(len(self.of(truth)) for truth in places),
            scores=tuple(tuple(self._mean(truth, place) for place in places) for truth in places),
            wins=tuple(tuple(self.wins(truth).values()) for truth in places),
            tied=tuple(
                tuple(i for i, place in enumerate(places) if place in known.tied.get(truth, ()))
                for truth in places
            ),
            models=tuple(map(self.models_found, places)) if several else None,
            independent=_mean_and_sd([one.independent for one in self.simulations]),
            shuffled=_mean_and_sd([one.shuffled for one in self.simulations]),
        )

    def _mean(self, truth: Place, place: Place) -> float | None:
        return _mean_and_sd([one.scores[place] for one in self.of(truth)])[0]


def matrices(
    candidates: Candidates,
    design: Design,
    metrics: Sequence[AnyMetric],
    *,
    components: int | None = 20,
    seeds: Sequence[int] = (1, 2),
    resolve: Resolve = _OWN,
    controls: bool = True,
) -> tuple[Matrix, ...]:
    """The matrix of each metric: recordings are made from every candidate in turn, once per seed.

    components: how many principal components neuroids combine; None: the units as they are.
    seeds: each names weights, noise, splits and controls of its own.
    resolve: finds a metric that is a dotted name (default: only those of this package).
    controls: whether these are scored, too.

    Simulations run side by side, each with one thread, so that the numbers do not depend on the cores.
    Raises MetricError where nothing competes with a truth, where a metric gives no number in any simulation,
    and as `Design.recordings` and `scoring.target` do.
    """
    alone = [str(place) for place in candidates.places if not candidates.rivals(place)]
    if alone:
        raise MetricError(f"{alone[0]}: no nonlinearity separates any other layer from it: name more layers")
    asked = [(truth, seed) for truth in candidates.places for seed in seeds]
    trial = Trial(candidates, design, tuple(metrics), components, resolve, controls)
    with threads_for(torch.empty(0)), ThreadPoolExecutor(min(len(asked), cores())) as pool:
        made = list(pool.map(lambda job: trial.simulated(*job), asked))
    found = tuple(
        Matrix(metric, candidates, tuple(each[i] for each in made)) for i, metric in enumerate(metrics)
    )
    for matrix in found:
        _refuse_no_number(matrix)
    return found


def said_of(metric: AnyMetric) -> dict[str, Any]:
    """What a metric is set to, where that is not the default, as plain JSON."""
    return metric.model_dump(mode="json", exclude={"name"}, exclude_defaults=True)


@dataclass(frozen=True, eq=False)
class Trial:
    """What is the same for all simulations."""

    candidates: Candidates
    design: Design
    metrics: tuple[AnyMetric, ...]
    components: int | None
    resolve: Resolve
    controls: bool

    def simulated(self, truth: Place, seed: int) -> tuple[Simulation, ...]:
        """Recordings are made once, and every metric scores all candidates on them."""
        source = self.candidates.tensors[truth][COORDINATES]
        recordings = self.design.recordings(source, self.components, seed)
        return tuple(self._scored(truth, seed, metric, recordings) for metric in self.metrics)

    def _scored(self, truth: Place, seed: int, metric: AnyMetric, recordings: Recordings) -> Simulation:
        kind, faults = sees(metric), list[str]()
        benchmark = self.design.measured_by(metric, seed)
        own = self.candidates.tensors[truth][kind]
        target = scoring.target(benchmark, REGION, recordings, own.device)
        raw = partial(_raw, benchmark, target, self.resolve, faults)
        scores = {place: raw(kinds[kind]) for place, kinds in self.candidates.tensors.items()}
        independent, shuffled = (raw(x) if self.controls else _NONE for x in _nothing_known(own, seed))
        return Simulation(truth, seed, scores, independent, shuffled, next(iter(faults), ""))


def _nothing_known(own: Tensor, seed: int) -> tuple[Tensor, Tensor]:
    """Independent normal features in the shape of a layer's answers, and these with stimuli shuffled."""
    drawn = bits.normals(own.numel(), seed, "independent features").reshape(own.shape)
    independent = torch.as_tensor(drawn, dtype=own.dtype, device=own.device)
    return independent, own[bits.permutation(len(own), seed, "shuffled")]


def _raw(
    benchmark: Benchmark, target: scoring.AnyTarget, resolve: Resolve, faults: list[str], x: Tensor
) -> float:
    """The raw score; NaN where the metric gives no number, which loses against any."""
    try:
        return scoring.score(benchmark, x, target, resolve).raw
    except MetricError as why:
        faults.append(first_line(why))
        return _NONE


def _refuse_no_number(matrix: Matrix) -> None:
    if not any(np.isfinite(list(one.scores.values())).any() for one in matrix.simulations):
        raise MetricError(
            f"{matrix.metric.name} gives no number in any simulation: {matrix.simulations[0].fault}"
        )


def _best(simulation: Simulation, places: Sequence[Place]) -> float:
    return max(_or_least(simulation.scores[place]) for place in places)


def _or_least(score: float) -> float:
    return score if np.isfinite(score) else -np.inf


def _mean_and_sd(scores: Sequence[float]) -> tuple[float | None, float | None]:
    """Of the finite ones (ddof 1); None where there are too few."""
    finite = np.asarray([score for score in scores if np.isfinite(score)])
    mean = float(finite.mean()) if len(finite) else None
    return mean, float(finite.std(ddof=1)) if len(finite) > 1 else None
