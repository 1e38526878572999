"""Responses that are drawn from distributions of signal and noise, and how alike their RDMs are.

Kay et al. 2025, PLoS Comput. Biol. 21:e1012092.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import torch
from torch import Tensor

from . import rsa
from .linalg import EPSILON, eigh
from .signal_and_noise import SignalAndNoise

PAPERS_SCALES = tuple(i / 10 for i in range(21))
"""Of the signal's covariance; that one is taken under which drawn halves agree as those of the data do."""
FURTHER_SCALES = tuple(2 * 1.1**i for i in range(1, 20))
"""Up to 12.2, where halves of the data agree more than drawn ones at the end of the paper's."""
STIMULI = 50
"""In one draw."""


@dataclass(frozen=True)
class Simulation:
    """How often responses are drawn, from which seed, and how their RDMs are made and compared."""

    n: int = 50
    seed: int = 0
    distance: str = "pearson"
    comparison: str = "pearson"

    def alike(self, a: Tensor, b: Tensor) -> float:
        """How alike the RDMs of two sets of responses (n, m) are; 0 where one is constant."""
        make = rsa.DISTANCES[self.distance]
        return float(rsa.compare(make(a), make(b)[None], self.comparison).nan_to_num(0.0))


@dataclass(frozen=True, eq=False)
class Draw:
    """One draw of each (stimuli, m): the signal about its mean, and the noise of two single repetitions."""

    signal: Tensor
    noise: Tensor
    other: Tensor


@dataclass(frozen=True)
class Scale:
    """Of the signal's covariance; how alike, in the median, halves of the data and of the draws then are."""

    value: float
    of_data: float
    of_draws: float

    @property
    def short(self) -> bool:
        """Whether halves of the data agree more than those drawn at the largest scale there is."""
        return self.value == FURTHER_SCALES[-1] and self.of_draws < self.of_data


def drawn(model: SignalAndNoise, simulation: Simulation) -> list[Draw]:
    """Draw from a model as often as the simulation says, on the CPU's generator."""
    generator = torch.Generator().manual_seed(simulation.seed)
    roots = root_of(model.signal), root_of(model.noise), root_of(model.noise)
    return [Draw(*(_normal(root, generator) for root in roots)) for _ in range(simulation.n)]


def ceilings_of(
    model: SignalAndNoise, draws: list[Draw], repetitions: float, simulation: Simulation, scale: float = 1.0
) -> list[float]:
    """Return how alike the RDMs of the signal and of means over `repetitions` are, in each draw.

    scale: of the signal's covariance. Without a signal it is 0.
    """
    if scale == 0 or not bool(model.signal.any()):
        return [0.0 for _ in draws]
    signals = [model.mean + scale**0.5 * draw.signal for draw in draws]
    noises = [draw.noise / repetitions**0.5 for draw in draws]
    return [simulation.alike(s, s + noise) for s, noise in zip(signals, noises, strict=True)]


def scale_of(responses: Tensor, model: SignalAndNoise, draws: list[Draw], simulation: Simulation) -> Scale:
    """Return the scale under which halves of the draws agree as those of the data (n, r, m) do.

    A covariance that is shrunk to its diagonal has lost most of a signal of few dimensions, so that no scale
    of the paper's may do: then larger ones are tried until the draws agree as much.
    """
    half = responses.shape[1] // 2
    of_data = _agreement(
        simulation,
        (
            (responses[:, one].mean(dim=1), responses[:, other].mean(dim=1))
            for one, other in _halves(responses.shape[1], simulation)
        ),
    )
    tried: list[Scale] = []
    for scale in PAPERS_SCALES + FURTHER_SCALES:
        if scale in FURTHER_SCALES and tried[-1].of_draws >= of_data:
            break
        pairs = (_measured(model, draw, scale, half) for draw in draws)
        tried.append(Scale(scale, of_data, _agreement(simulation, pairs)))
    return min(tried, key=lambda one: abs(one.of_draws - of_data))


def _agreement(simulation: Simulation, pairs: Iterable[tuple[Tensor, Tensor]]) -> float:
    return float(np.median([simulation.alike(one, other) for one, other in pairs]))


def _measured(model: SignalAndNoise, draw: Draw, scale: float, repetitions: float) -> tuple[Tensor, Tensor]:
    """Two measurements of one signal."""
    signal = model.mean + scale**0.5 * draw.signal
    return signal + draw.noise / repetitions**0.5, signal + draw.other / repetitions**0.5


def _halves(r: int, simulation: Simulation) -> Iterator[tuple[list[int], list[int]]]:
    """Pairs of disjoint halves of r repetitions: all there are, or as many random ones as there are draws."""
    half = r // 2
    pairs = [
        (list(one), list(other))
        for one in combinations(range(r), half)
        for other in combinations(sorted({*range(r)} - {*one}), half)
        if one < other
    ] if r <= 6 else []  # fmt: skip
    if 0 < len(pairs) <= simulation.n:
        yield from pairs
        return
    rng = np.random.RandomState(simulation.seed)
    for _ in range(simulation.n):
        order = rng.permutation(r).tolist()
        yield order[:half], order[half : 2 * half]


def root_of(covariance: Tensor) -> Tensor:
    """(k, m) whose products are the covariance, without the directions that have no variance."""
    values, vectors = eigh(covariance)
    kept = values > EPSILON * len(values) * values[-1].clamp(min=0)
    return (vectors[:, kept] * values[kept].sqrt()).T


def _normal(root: Tensor, generator: torch.Generator) -> Tensor:
    white = torch.randn(STIMULI, len(root), generator=generator, dtype=torch.float64)
    return white.to(root.device) @ root
