"""Noise: trials from signals, and the reliability that their noise leaves, in closed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import bits

_BRAIN = 1962
_SIGNAL_TO_NOISE = {"V1": (0.15, 1.2), "V2": (0.15, 1.05), "V4": (0.15, 0.95), "IT": (0.15, 0.85)}
"""Least and greatest variance of the signal over that of one trial's noise; 10 trials reach 0.60 to 0.92."""
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

    Their signal-to-noise ratios are evenly spaced, in random order. Reliabilities rho then have the density
    1 / (1 - rho)^2 where their estimates have a variance of nearly (1 - rho)^2, so that the median of what is
    estimated is not off the median of what is true.
    """
    low, high = _SIGNAL_TO_NOISE[region]
    steps = (bits.permutation(neuroids, _BRAIN, region, "noise") + 0.5) / neuroids
    gain = bits.between(*_GAIN, neuroids, _BRAIN, region, "gain")
    return Channel(
        baseline=bits.between(*_BASELINE, neuroids, _BRAIN, region, "baseline"),
        gain=gain,
        noise_sd=gain / np.sqrt(low + (high - low) * steps),
    )


def trials(region: str, signals: np.ndarray, through: Channel, repetitions: int, seed: int) -> np.ndarray:
    """Responses (repetitions, n, neuroids): baseline + gain x signal + Gaussian noise, independent in each.

    signals: (n, neuroids). The noise of a repetition depends on the seed, region and repetition alone.
    """
    expected = through.baseline + through.gain * signals
    noise = [bits.normals(signals.size, seed, "noise", region, r) for r in range(repetitions)]
    return np.asarray(expected + through.noise_sd * np.stack(noise).reshape(-1, *signals.shape))
