"""The ceiling of RDMs by generative modelling of signal and noise (GSN): what the signal alone would score.

Responses to new stimuli are drawn from the distributions of signal and noise, and the RDM of the signal alone
is compared with that of the signal and the noise that is left in means of repetitions.
Kay et al. 2025, PLoS Comput. Biol. 21:e1012092.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import torch
from torch import Tensor

from ..errors import MetricError
from . import rsa
from .ceilings import Ceiling, Groups
from .linalg import EPSILON, eigh
from .ncsnr import left_of_noise
from .signal_and_noise import SignalAndNoise, signal_and_noise

SCALES = tuple(i / 10 for i in range(21))
"""Of the signal's covariance; that one is taken under which drawn halves agree as those of the data do."""
STIMULI = 50
"""In one draw."""
FEWEST = 10
"""Stimuli that covariances are estimated from."""
_OF_ONE_SET = tuple(name for name in rsa.DISTANCES if name != "crossnobis")


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


def gsn(
    presentations: Tensor,
    stimulus: Tensor,
    simulation: Simulation,
    *,
    groups: Groups | None = None,
    most: int = 1000,
) -> Ceiling:
    """Return the median over draws for the responses of each subject, averaged; values (1, s).

    presentations: (k, m), single showings of the stimuli that `stimulus` (k,) numbers. Covariances are of the
    first showings of each, as many as all have; the noise that is left is that of means over all. Neuroids
    with NaN are left out. groups: the columns of each subject. most: of more neuroids than these, so many are
    drawn by the seed, since covariances are (m, m), and half of these; the ceiling is `extrapolated`.
    Raises MetricError for fewer than 10 stimuli, for one that is shown once, for fewer than 2 neuroids, and
    for a distance that is not of a single set of responses.
    """
    if simulation.distance not in _OF_ONE_SET:
        raise MetricError(f"ceiling: gsn: no distance {simulation.distance} (use {', '.join(_OF_ONE_SET)})")
    rows = _showings(stimulus.cpu())
    repetitions = 1 / float(left_of_noise(torch.ones(len(stimulus), 1), stimulus.cpu()))
    medians: list[float] = []
    notes: dict[str, None] = {}
    for columns in groups or [torch.arange(presentations.shape[1])]:
        own = presentations[:, columns.to(presentations.device)]
        kept, told = _kept(own, rows, most, simulation.seed)
        responses = own[:, kept][rows.to(own.device)].to(torch.float64)
        medians.append(_median(responses, repetitions, simulation, most))
        notes |= dict.fromkeys(told)
    values = torch.tensor([medians], dtype=torch.float64)
    return Ceiling(float(values.mean()), values=values, over="subject", notes=tuple(notes))


def simulated(responses: Tensor, repetitions: float, simulation: Simulation) -> list[float]:
    """Return the ceiling of each draw for means over `repetitions`, from responses (n, r, m), float64."""
    model = signal_and_noise(responses, simulation.seed)
    draws = drawn(model, simulation)
    return ceilings_of(model, draws, repetitions, simulation, _scale(responses, model, draws, simulation))


def extrapolated(whole: float, half: float, neuroids: int, of: int) -> float:
    """Return the ceiling of all neuroids from that of some and of half as many.

    Noise that neuroids do not share averages out in an RDM: 1 / ceiling^2 is a + b / m for m neuroids.
    """
    if min(whole, half) <= 0:
        return whole
    slope = max(half**-2 - whole**-2, 0.0) / (1 / (neuroids // 2) - 1 / neuroids)
    return float(max(whole**-2 - slope * (1 / neuroids - 1 / of), 1.0) ** -0.5)


def _median(responses: Tensor, repetitions: float, simulation: Simulation, most: int) -> float:
    """The median over draws; of too many neuroids that of some, and of half of these, extrapolated."""
    m = responses.shape[2]
    if m <= most:
        return float(np.median(simulated(responses, repetitions, simulation)))
    order = torch.from_numpy(np.random.RandomState(simulation.seed).permutation(m)).to(responses.device)
    some = [responses[..., order[:count].sort().values] for count in (most, most // 2)]
    whole, half = (float(np.median(simulated(part, repetitions, simulation))) for part in some)
    return extrapolated(whole, half, most, m)


def drawn(model: SignalAndNoise, simulation: Simulation) -> list[Draw]:
    """Draw from a model as often as the simulation says, on the CPU's generator."""
    generator = torch.Generator().manual_seed(simulation.seed)
    roots = _root(model.signal), _root(model.noise), _root(model.noise)
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


def _scale(responses: Tensor, model: SignalAndNoise, draws: list[Draw], simulation: Simulation) -> float:
    """The scale under which halves of the draws agree as those of the data do, by their medians."""
    half = responses.shape[1] // 2
    of_data = [
        simulation.alike(responses[:, one].mean(dim=1), responses[:, other].mean(dim=1))
        for one, other in _halves(responses.shape[1], simulation)
    ]
    of_draws = [
        np.median([simulation.alike(*_measured(model, draw, scale, half)) for draw in draws])
        for scale in SCALES
    ]
    return SCALES[int(np.abs(np.array(of_draws) - np.median(of_data)).argmin())]


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


def _showings(stimulus: Tensor) -> Tensor:
    """Rows (n, r) of the first r showings of each stimulus, r as many as all have."""
    shown, counts = torch.unique(stimulus, return_counts=True)
    if len(shown) < FEWEST or int(counts.min()) < 2:
        raise MetricError(
            f"ceiling: gsn needs {FEWEST} stimuli, each shown twice: there are {len(shown)}, of which"
            f" {int((counts < 2).sum())} were shown once; use rsa_bounds, or `select` others"
        )
    r = int(counts.min())
    return torch.stack([(stimulus == one).nonzero().flatten()[:r] for one in shown])


def _kept(own: Tensor, rows: Tensor, most: int, seed: int) -> tuple[Tensor, list[str]]:
    """Which neuroids (k, m) of a subject covariances are of, and what is to be said of the others."""
    valid = ~own[rows.flatten().to(own.device)].isnan().any(dim=0)
    kept, notes = valid.nonzero().flatten(), []
    if len(kept) < 2:
        raise MetricError(f"ceiling: gsn: {len(kept)} of {own.shape[1]} neuroids have all repetitions")
    if len(kept) < own.shape[1]:
        notes.append(f"ceiling: gsn: of {own.shape[1]} neuroids {len(kept)} have all repetitions")
    if len(kept) > most:
        notes.append(
            f"ceiling: gsn: of {len(kept)} neuroids {most} and {most // 2} are drawn (seed {seed}), and the"
            " ceiling is extrapolated"
        )
    return kept, notes


def _root(covariance: Tensor) -> Tensor:
    """(k, m) whose products are the covariance, without the directions that have no variance."""
    values, vectors = eigh(covariance)
    kept = values > EPSILON * len(values) * values[-1].clamp(min=0)
    return (vectors[:, kept] * values[kept].sqrt()).T


def _normal(root: Tensor, generator: torch.Generator) -> Tensor:
    white = torch.randn(STIMULI, len(root), generator=generator, dtype=torch.float64)
    return white.to(root.device) @ root
