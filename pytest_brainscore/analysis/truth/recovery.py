"""Recovery: whether scoring finds the layer that recordings were made from, and finds nothing in noise."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ... import scoring
from ...data.opening import from_arrays
from ...data.simulated import bits
from ...data.stimuli import Stimuli
from ...errors import MetricError, nearest
from ...machine import threads_for
from ...scores import Score
from ...specs.benchmarks import Benchmark
from ...specs.recoveries import NEAR_ZERO
from ...specs.registry import Registry
from ...specs.validation import validated
from .design import NO_INTERVALS, REGION
from .known import recordings_from

NEAR_ONE = 0.03
_OWN = Registry()

Scores = tuple[float, ...]
Resolve = Callable[[str], Callable[..., Any]]


@dataclass(frozen=True)
class Truth:
    """How recordings are made from a layer; the words are those of `recordings_from`."""

    components: int = 20
    neuroids: int = 50
    reliability: float = 0.9
    repetitions: int = 10


TRUTH = Truth()


@dataclass(frozen=True)
class Recovery:
    """The ceiled scores of all layers on recordings that were made from one of them, `layer`.

    scores: per layer, one per seed. tied: the layers that no nonlinearity separates from `layer`, which may
    do as well and do not compete. gaussian, shuffled: the two controls, one per seed: independent normal
    features, and the activations of `layer` with the stimuli shuffled. ceilings: as estimated, one per seed.
    """

    layer: str
    metric: str
    truth: Truth
    n_stimuli: int
    seeds: tuple[int, ...]
    scores: Mapping[str, Scores]
    tied: tuple[str, ...]
    gaussian: Scores
    shuffled: Scores
    ceilings: Scores

    @property
    def ceiled(self) -> float:
        """The score of the true layer, mean over seeds."""
        return float(np.mean(self.scores[self.layer]))

    @property
    def rivals(self) -> tuple[str, ...]:
        """The layers that a nonlinearity separates from the true one."""
        return tuple(name for name in self.scores if name != self.layer and name not in self.tied)

    @property
    def closest(self) -> str:
        """The rival with the highest mean score."""
        return max(self.rivals, key=lambda name: float(np.mean(self.scores[name])))

    @property
    def margin(self) -> float:
        """By how much the true layer's score is above that of the closest rival, mean over seeds."""
        return float(self._differences().mean())

    @property
    def margin_error(self) -> float:
        """Standard error of the margin over seeds (ddof 1), which share stimuli and network."""
        differences = self._differences()
        return float(differences.std(ddof=1) / np.sqrt(len(differences)))

    def wins(self, layer: str) -> int:
        """In how many seeds a layer scores above all others of the true layer and its rivals."""
        others = [self.scores[name] for name in (self.layer, *self.rivals) if name != layer]
        return sum(score > max(against) for score, *against in zip(self.scores[layer], *others, strict=True))

    @property
    def found(self) -> bool:
        """Whether the true layer wins in every seed."""
        return self.wins(self.layer) == len(self.seeds)

    @property
    def complete(self) -> bool:
        """Whether the true layer's score is within NEAR_ONE of 1."""
        return abs(self.ceiled - 1) <= NEAR_ONE

    @property
    def controlled(self) -> bool:
        """Whether both controls are within NEAR_ZERO of 0."""
        return all(abs(float(np.mean(scores))) <= NEAR_ZERO for scores in (self.gaussian, self.shuffled))

    @property
    def recovered(self) -> bool:
        """Whether the layer is found, completely, and nothing else is."""
        return self.found and self.complete and self.controlled

    def to_json(self) -> dict[str, Any]:
        """All scores and what they say, in plain numbers."""
        said = ("ceiled", "closest", "margin", "margin_error", "found", "complete", "controlled", "recovered")
        return {"simulated": True, **asdict(self), **{name: getattr(self, name) for name in said}}

    def _differences(self) -> np.ndarray:
        return np.asarray(np.subtract(self.scores[self.layer], self.scores[self.closest]))


def benchmark_of(
    metric: str | Mapping[str, Any] = "ridgecv", *, splits: int = 1, train: float = 0.8
) -> Benchmark:
    """The benchmark that layers are scored by: a metric that predicts neuroids, on stimuli held out.

    metric: as a benchmark file writes it. splits: per seed, with a share of `train` of the stimuli to fit on.
    Raises SpecError where these cannot be read, and for a metric without a ceiling of single neuroids.
    """
    entry = {"region": REGION, "metric": metric, "ceiling": "internal_consistency", "inference": NO_INTERVALS}
    return validated(Benchmark, {**entry, "splits": {"n": splits, "train": train}}, "recover")


def recover(
    stimuli: Stimuli,
    activations: Mapping[str, Tensor],
    layer: str,
    benchmark: Benchmark,
    *,
    tied: Collection[str] = (),
    truth: Truth = TRUTH,
    seeds: Sequence[int] = (1, 2, 3, 4, 5),
    resolve: Resolve = _OWN,
) -> Recovery:
    """Make recordings from one layer, once per seed, and score all layers on them as any others are scored.

    activations: per layer, (n_stimuli, n_units) or coordinates, as the metric must see them, on one device.
    tied: the layers that no nonlinearity separates from `layer` (`separation.not_separated`).
    benchmark: metric, splits and ceiling, as `benchmark_of` makes it.
    seeds: each names weights, noise, splits and controls of its own.
    resolve: finds a metric that is a dotted name (default: only those of this package).

    Seeds run side by side, each with one thread, so that the numbers do not depend on the cores.
    Raises MetricError for fewer than 2 seeds, for a layer that is not there, has too few components or
    competes with none, and as `scoring` does.
    """
    if len(seeds) < 2:
        raise MetricError(
            f"{len(seeds)} seed(s): recovery needs 2 or more, and says how scores vary over them"
        )
    if layer not in activations:
        raise MetricError(f"no activations of {layer}{nearest(layer, activations)}")
    if not set(activations) - {layer, *tied}:
        raise MetricError(
            f"{layer}: no nonlinearity separates any other layer from it, so that none competes"
        )
    trial = partial(_trial, stimuli, activations, layer, truth, benchmark, resolve)
    workers = min(len(seeds), os.cpu_count() or 1)
    with threads_for(torch.empty(0)), ThreadPoolExecutor(workers, thread_name_prefix="seed") as pool:
        trials = list(pool.map(trial, seeds))
    return Recovery(
        layer=layer,
        metric=benchmark.metric.name,
        truth=truth,
        n_stimuli=len(stimuli),
        seeds=tuple(seeds),
        scores={name: tuple(trial.scores[name] for trial in trials) for name in activations},
        tied=tuple(name for name in activations if name in tied),
        gaussian=tuple(trial.gaussian for trial in trials),
        shuffled=tuple(trial.shuffled for trial in trials),
        ceilings=tuple(trial.ceiling for trial in trials),
    )


@dataclass(frozen=True)
class _Trial:
    """One seed: the ceiled score of every layer and of the controls, and the ceiling as estimated."""

    scores: Mapping[str, float]
    gaussian: float
    shuffled: float
    ceiling: float


def _trial(
    stimuli: Stimuli,
    activations: Mapping[str, Tensor],
    layer: str,
    truth: Truth,
    benchmark: Benchmark,
    resolve: Resolve,
    seed: int,
) -> _Trial:
    source = activations[layer]
    made = recordings_from(source, **asdict(truth), seed=seed)
    recordings = from_arrays(stimuli.images, made.responses, ids=stimuli.ids, region=REGION, dataset=REGION)
    splits = benchmark.splits.model_copy(update={"seed": seed})
    benchmark = benchmark.model_copy(update={"splits": splits})
    target = scoring.target(benchmark, REGION, recordings, source.device)

    def ceiled(name: str, x: Tensor) -> float:
        return _ceiled(name, scoring.score(benchmark, x, target, resolve))

    return _Trial(
        scores={name: ceiled(name, x) for name, x in activations.items()},
        gaussian=ceiled("independent features", _gaussian(source, seed)),
        shuffled=ceiled("shuffled stimuli", source[bits.permutation(len(source), seed, "shuffled")]),
        ceiling=target.ceiling.value if target.ceiling else 1.0,
    )


def _gaussian(like: Tensor, seed: int) -> Tensor:
    """Independent standard normal features in the shape, type and place of `like`."""
    drawn = bits.normals(like.numel(), seed, "independent features").reshape(like.shape)
    return torch.as_tensor(drawn, dtype=like.dtype, device=like.device)


def _ceiled(name: str, score: Score) -> float:
    if score.ceiled is None:
        raise MetricError(f"{name}: no ceiled score: the estimated ceiling is {score.ceiling}")
    return score.ceiled
