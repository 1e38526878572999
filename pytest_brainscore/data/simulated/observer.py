"""The observer: chooses which of two objects a stimulus showed, from what IT tells of categories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from . import bits
from .gabor import contrast
from .scenes import SIZES, Scene, mask

LAPSE = 0.02
"""Share of the trials in which an observer guesses."""
NOISE = 0.4
"""Standard deviation of what is added to the difference of two evidences; subjects differ a little."""

_SUBJECTS = (0.8, 1.25)
_CONTRAST = 0.2
_ECCENTRICITY = 0.5  # in image widths
_CLUTTER = 0.6
_SURROUND = 1.5  # of an object, in its mean radii


@dataclass(frozen=True)
class Trials:
    """Two-alternative trials; each field is (trials,).

    stimulus: rows of the stimuli. truth, distractor, chosen: places in the list of categories.
    probability: of choosing the truth.
    """

    stimulus: np.ndarray
    subject: np.ndarray
    truth: np.ndarray
    distractor: np.ndarray
    probability: np.ndarray
    chosen: np.ndarray


@dataclass(frozen=True, eq=False)
class Observer:
    """What decides: evidence (n, categories), legibility (n,), and the category that is true (n,)."""

    evidence: np.ndarray
    legibility: np.ndarray
    category: np.ndarray

    def probability(self, noise: float = NOISE) -> np.ndarray:
        """Of choosing the truth over each distractor, (n, categories); 1/2 where the two are one.

        The difference of the two evidences, as far as the object is legible, in Gaussian noise.
        """
        own = np.take_along_axis(self.evidence, self.category[:, None], axis=1)
        difference = (own - self.evidence) * self.legibility[:, None]
        return np.asarray(LAPSE / 2 + (1 - LAPSE) * ndtr(difference / noise))

    def trials(self, shown: np.ndarray, subjects: int, each: int, seed: int) -> Trials:
        """The choices of subjects for the stimuli `shown` (rows), `each` times for every distractor."""
        n = self.evidence.shape[1]
        low, high = _SUBJECTS
        noises = NOISE * low * (high / low) ** bits.uniforms(subjects, seed, "observers")
        chances = np.stack([self.probability(noise)[shown] for noise in noises.tolist()])
        grid = np.broadcast_to(chances[..., None], (subjects, len(shown), n, each))
        two = np.broadcast_to((np.arange(n) != self.category[shown, None])[..., None], grid.shape)
        subject, row, other, _ = np.nonzero(two)
        truth, probability = self.category[shown[row]], grid[two]
        right = bits.uniforms(len(truth), seed, "choices") < probability
        return Trials(shown[row], subject, truth, other, probability, np.where(right, truth, other))


def evidence(signals: np.ndarray, category: np.ndarray, fit: np.ndarray) -> np.ndarray:
    """What IT's signals (n, neuroids) say for each category, (n, categories): likeness to its mean.

    category: (n,) places in the list of categories. fit: (n,) which stimuli make the means.
    The difference of two evidences is 0 half-way between the two means. At a mean it is 1 if the two are as
    far apart as categories are in the root mean square, and less if they are alike.
    """
    means = np.stack([signals[fit & (category == c)].mean(axis=0) for c in range(category.max() + 1)])
    apart = ((means[:, None] - means) ** 2).sum(axis=2)
    scale = apart.sum() / (len(means) * (len(means) - 1)) / 2
    said: np.ndarray = (signals @ means.T - 0.5 * (means**2).sum(axis=1)) / scale
    return said


def legibility(scenes: Sequence[Scene], images: np.ndarray) -> np.ndarray:
    """How well each object is told, (n,), from 0 to 1: less where pale, small, off-centre or in clutter."""
    seen = [(scene.contrast, scene.size, scene.x, scene.y) for scene in scenes]
    strength, size, x, y = np.asarray(seen).T
    shown = strength**2 / (strength**2 + _CONTRAST**2) * (size / SIZES[1]) ** 2
    central = np.exp(-0.5 * (x**2 + y**2) / _ECCENTRICITY**2)
    crowded = clutter(scenes, images) / strength
    return np.asarray(shown * central / (1 + (crowded / _CLUTTER) ** 2))


def clutter(scenes: Sequence[Scene], images: np.ndarray) -> np.ndarray:
    """Standard deviation of the luminance around each object, (n,); a grating of full contrast has 0.7."""
    pairs = zip(scenes, contrast(images), strict=True)
    return np.asarray([_clutter(scene, shown) for scene, shown in pairs])


def _clutter(scene: Scene, shown: np.ndarray) -> float:
    weights = _surround(scene, shown.shape[-1])
    mean = (weights * shown).sum()
    return float(np.sqrt((weights * (shown - mean) ** 2).sum()))


def _surround(scene: Scene, width: int) -> np.ndarray:
    """Weights (width, width) of sum 1 of the pixels near an object that are not its own."""
    line = (np.arange(width) + 0.5) / width - 0.5
    away = ((line[:, None] - scene.y) ** 2 + (line - scene.x) ** 2) / (_SURROUND * scene.size) ** 2
    weights = np.exp(-0.5 * away) * (1 - mask(scene, width))
    return np.asarray(weights / weights.sum())
