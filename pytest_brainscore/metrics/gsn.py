"""The ceiling of RDMs by generative modelling of signal and noise (GSN): what the signal alone would score.

Responses to new stimuli are drawn from the distributions of signal and noise, and the RDM of the signal alone
is compared with that of the signal and the noise that is left in means of repetitions.
Kay et al. 2025, PLoS Comput. Biol. 21:e1012092.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ..errors import MetricError
from . import rsa
from .ceilings import Ceiling, Groups
from .ncsnr import left_of_noise
from .signal_and_noise import signal_and_noise
from .simulation import Scale, Simulation, ceilings_of, drawn, scale_of

FEWEST = 10
"""Stimuli that covariances are estimated from."""
SAMPLES = 4
"""Of too many neuroids, at most, none in two of them; each is halved."""
_OF_ONE_SET = tuple(name for name in rsa.DISTANCES if name != "crossnobis")


@dataclass(frozen=True)
class Found:
    """One subject's ceiling, what it is of the neuroids alone that were drawn, if any were, and notes."""

    ceiling: float
    of_drawn: float | None
    notes: tuple[str, ...]


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
    with NaN are left out. groups: the columns of each subject. most: of more neuroids than these, up to 4
    disjoint samples of so many are drawn by the seed, since covariances are (m, m), and halved; their mean is
    `extrapolated` where that gives less than 1. `also` then has ``ceiling_of_drawn``, what it was before.
    Raises MetricError for fewer than 10 stimuli, for one that is shown once, for fewer than 2 neuroids, and
    for a distance that is not of a single set of responses.
    """
    if simulation.distance not in _OF_ONE_SET:
        raise MetricError(f"ceiling: gsn: no distance {simulation.distance} (use {', '.join(_OF_ONE_SET)})")
    rows = _showings(stimulus.cpu())
    repetitions = 1 / float(left_of_noise(torch.ones(len(stimulus), 1), stimulus.cpu()))
    found = [
        _of_subject(presentations[:, columns.to(presentations.device)], rows, repetitions, simulation, most)
        for columns in groups or [torch.arange(presentations.shape[1])]
    ]
    values = torch.tensor([[one.ceiling for one in found]], dtype=torch.float64)
    many = any(one.of_drawn is not None for one in found)
    of_drawn = [one.ceiling if one.of_drawn is None else one.of_drawn for one in found]
    return Ceiling(
        float(values.mean()),
        values=values,
        over="subject",
        also={"ceiling_of_drawn": float(np.mean(of_drawn))} if many else {},
        notes=tuple(dict.fromkeys(note for one in found for note in one.notes)),
    )


def simulated(responses: Tensor, repetitions: float, simulation: Simulation) -> tuple[float, Scale]:
    """Return the median over draws for means over `repetitions`, from responses (n, r, m), float64."""
    model = signal_and_noise(responses, simulation.seed)
    draws = drawn(model, simulation)
    scale = scale_of(responses, model, draws, simulation)
    return float(np.median(ceilings_of(model, draws, repetitions, simulation, scale.value))), scale


def extrapolated(whole: float, half: float, neuroids: int, of: int) -> float | None:
    """Return the ceiling of all neuroids from that of some and of half as many; None where it would be 1.

    Noise that neuroids do not share averages out in an RDM: 1 / ceiling^2 is a + b / m for m neuroids.
    """
    if min(whole, half) <= 0:
        return whole
    slope = max(half**-2 - whole**-2, 0.0) / (1 / (neuroids // 2) - 1 / neuroids)
    inverse = whole**-2 - slope * (1 / neuroids - 1 / of)
    return float(inverse**-0.5) if inverse > 1 else None


def _of_subject(own: Tensor, rows: Tensor, repetitions: float, simulation: Simulation, most: int) -> Found:
    """The median over draws, of all neuroids (k, m) or of samples."""
    kept, m = _kept(own, rows), own.shape[1]
    responses = own[:, kept][rows.to(own.device)].to(torch.float64)
    lack = (f"ceiling: gsn: of {m} neuroids {len(kept)} have all repetitions",) if len(kept) < m else ()
    if len(kept) > most:
        found = _of_samples(responses, repetitions, simulation, most)
        return replace(found, notes=(*lack, *found.notes))
    ceiling, scale = simulated(responses, repetitions, simulation)
    return Found(ceiling, None, (*lack, *too_low([scale])))


def _of_samples(responses: Tensor, repetitions: float, simulation: Simulation, most: int) -> Found:
    """The mean over samples of too many neuroids, extrapolated by that of their halves."""
    m, seed = responses.shape[2], simulation.seed
    samples = _samples(m, most, seed)
    halves = [one[start : start + most // 2] for one in samples for start in (0, most // 2)]
    of_samples, of_halves = (
        [simulated(responses[..., some.to(responses.device)], repetitions, simulation) for some in each]
        for each in (samples, halves)
    )
    whole, half = (float(np.mean([ceiling for ceiling, _ in each])) for each in (of_samples, of_halves))
    found = extrapolated(whole, half, most, m)
    told = "not extrapolated, which would give 1" if found is None else f"extrapolated to {found:.3f}"
    said = (
        f"ceiling: gsn: of {m} neuroids {len(samples)} x {most} and {len(halves)} x {most // 2} are drawn"
        f" (seed {seed}): {whole:.3f}, {told}"
    )
    notes = (said, *too_low([scale for _, scale in of_samples]))
    return Found(whole if found is None else found, whole, notes)


def _samples(m: int, most: int, seed: int) -> list[Tensor]:
    """Disjoint samples of `most` of m neuroids."""
    order = torch.from_numpy(np.random.RandomState(seed).permutation(m))
    return [order[i * most : (i + 1) * most] for i in range(min(m // most, SAMPLES))]


def too_low(scales: list[Scale]) -> tuple[str, ...]:
    """What is to be said where the signal was not scaled as far as halves of the data ask for."""
    return tuple(
        f"ceiling: gsn: too low: halves of the data agree by {scale.of_data:.3f}, those drawn with"
        f" {scale.value:.1f} times the signal's variance, the most there is, by {scale.of_draws:.3f}"
        for scale in scales
        if scale.short
    )[:1]


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


def _kept(own: Tensor, rows: Tensor) -> Tensor:
    """Which neuroids (k, m) of a subject have all the showings that covariances are of."""
    kept = (~own[rows.flatten().to(own.device)].isnan().any(dim=0)).nonzero().flatten()
    if len(kept) < 2:
        raise MetricError(f"ceiling: gsn: {len(kept)} of {own.shape[1]} neuroids have all repetitions")
    return kept
