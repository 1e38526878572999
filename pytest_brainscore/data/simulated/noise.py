"""Noise: trials from signals, and the reliability that their noise leaves, in closed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import bits

_BRAIN = 1962
_SIGNAL_TO_NOISE = {"V1": (0.15, 1.05), "V2": (0.15, 0.9), "V4": (0.15, 0.8), "IT": (0.15, 0.7)}
"""Least and greatest variance of the signal over that of one trial's noise; 10 trials reach 0.60 to 0.91."""
_TIMES = 10
_BASELINE, _GAIN = (10.0, 40.0), (3.0, 9.0)


@dataclass(frozen=True)
class Channel:
    """How neuroids turn signals into responses: baseline, gain and noise sd, each (neuroids,)."""

    baseline: np.ndarray
    gain: np.ndarray
    noise_sd: np.ndarray

    def reliability(self, signals: np.ndarray, repetitions: int) -> np.ndarray:
        """Reliability of the mean over repetitions, (neuroids,): S / (S + noise_sd^2 / repetitions).

        S is the variance (ddof 0) of gain x signal over the stimuli, signals (n, neuroids).
        """
        variance = (self.gain * signals).var(axis=0)
        true: np.ndarray = variance / (variance + self.noise_sd**2 / repetitions)
        return true


def channel(region: str, neuroids: int) -> Channel:
    """The region's neuroids, drawn from the brain's own seed.

    Their reliabilities rho over 10 repetitions are spread, in random order, so that (1 - rho)^-2 has even
    steps. Estimates of rho scatter by nearly (1 - rho) and are 1e-4 too high on the average; so spread, the
    median of the estimates is that of the truth.
    """
    low, high = ((1 + _TIMES * ratio) ** 2 for ratio in _SIGNAL_TO_NOISE[region])
    steps = (bits.permutation(neuroids, _BRAIN, region, "noise") + 0.5) / neuroids
    ratio = (np.sqrt(low + (high - low) * steps) - 1) / _TIMES
    gain = bits.between(*_GAIN, neuroids, _BRAIN, region, "gain")
    return Channel(
        baseline=bits.between(*_BASELINE, neuroids, _BRAIN, region, "baseline"),
        gain=gain,
        noise_sd=gain / np.sqrt(ratio),
    )


def trials(region: str, signals: np.ndarray, through: Channel, repetitions: int, seed: int) -> np.ndarray:
    """Responses (repetitions, n, neuroids): baseline + gain x signal + Gaussian noise, independent in each.

    signals: (n, neuroids). A neuroid's noise depends on the seed, its region and number alone, so it is the
    same beside more neuroids and before more repetitions.
    """
    n, neuroids = signals.shape
    drawn = [bits.normals(repetitions * n, seed, "noise", region, i) for i in range(neuroids)]
    noise = np.stack(drawn, axis=1).reshape(repetitions, n, neuroids)
    return np.asarray(through.baseline + through.gain * signals + through.noise_sd * noise)
