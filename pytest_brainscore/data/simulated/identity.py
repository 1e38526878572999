"""IT: units tuned to category and identity, tolerant to where the object stands and how large it is.

The code is smooth over shapes, so that objects of one category, and categories of like shape, are answered
alike (Kriegeskorte et al. 2008, Neuron 60:1126; DiCarlo, Zoccolan & Rust 2012, Neuron 73:415). Shapes count
as they are seen: an object that is turned is answered a little otherwise (Logothetis, Pauls & Poggio 1995,
Curr. Biol. 5:552).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .objects import BENCHMARK_CATEGORIES, HARMONICS, KINDS, Shape

_CATEGORY = 1.5
_OUTLINE = 0.1  # half the amplitude of the harmonics that tell categories apart
_SURFACE = 0.7
_STEEPNESS = 0.7
_PLACE_SD = 0.35  # in image widths: objects are seen all over the image
_SIZE_SD = 1.2  # octaves


@dataclass(frozen=True)
class Views:
    """What IT sees of n objects.

    code: (n, p), see `code`. centre: (n, 2) x and y, in image widths from the middle. size: (n,) mean radius,
    in image widths. visibility: (n,) between 0 and 1.
    """

    code: np.ndarray
    centre: np.ndarray
    size: np.ndarray
    visibility: np.ndarray


@dataclass(frozen=True)
class Unit:
    """A neuroid's preferences: a direction in the space of codes, a place and a size."""

    direction: np.ndarray
    threshold: float
    centre: tuple[float, float]
    size: float

    def of(self, views: Views) -> np.ndarray:
        """The answer (n,), between 0 and 1."""
        drive = _STEEPNESS * (views.code @ self.direction - self.threshold)
        answer: np.ndarray = self.tolerance(views) * views.visibility / (1 + np.exp(-drive))
        return answer

    def tolerance(self, views: Views) -> np.ndarray:
        """How far place and size are to the unit's liking, (n,): little below 1 wherever the object is."""
        away = (views.centre - np.asarray(self.centre)) / _PLACE_SD
        octaves = np.log2(views.size / self.size) / _SIZE_SD
        return np.asarray(np.exp(-0.5 * ((away**2).sum(axis=1) + octaves**2)))


def code(category: str, shape: Shape, seen: np.ndarray) -> np.ndarray:
    """An object's place in the space of categories and shapes, (p,): category, outline, surface, knobs.

    seen: (12,) the outline's harmonics in the image, see `harmonics`.
    """
    kind = [_CATEGORY * (category == name) for name in BENCHMARK_CATEGORIES]
    texture = [_SURFACE * (shape.texture.kind == name) for name in KINDS]
    knobs = [_SURFACE * len(shape.knobs), *_mean_direction(shape)]
    return np.asarray([*kind, *(seen / _OUTLINE), *texture, *knobs], dtype=np.float64)


def harmonics(outline: np.ndarray, centre: np.ndarray, size: float) -> np.ndarray:
    """Cosine and sine amplitudes 1 to 6 of an outline's radius over the angle in the image, (12,), in `size`.

    outline: (points, 2), clockwise about `centre`. Of an object seen upright and from the front they are its
    own `cosines` and `sines`.
    """
    away = (outline - centre) / size
    points = len(away)
    at = np.arctan2(away[:, 1], away[:, 0]) % (2 * np.pi)
    order = np.argsort(at)
    even = np.arange(points) * 2 * np.pi / points
    radius = np.interp(even, at[order], np.hypot(away[:, 0], away[:, 1])[order], period=2 * np.pi)
    amplitudes = np.fft.rfft(radius)[1 : HARMONICS + 1] * 2 / points
    return np.concatenate([amplitudes.real, -amplitudes.imag])


def _mean_direction(shape: Shape) -> tuple[float, float]:
    """Where the knobs are, on the average."""
    n = max(len(shape.knobs), 1)
    return sum(knob.x for knob in shape.knobs) / n, sum(knob.y for knob in shape.knobs) / n
