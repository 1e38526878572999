"""V4: units tuned to curvature at an angle about the object's centre.

The model of Pasupathy & Connor (2001, J. Neurophysiol. 86:2505): a unit prefers, say, a sharp convexity to
the upper right, wherever in its receptive field the object stands.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_CURVATURE_SD = 0.2
_CONCENTRATION = 3.0  # of the angle: falls to half at 40 degrees
_PLACE_SD = 0.2  # of the receptive field, in image widths
_SIZE_SD = 0.6  # of the preferred size, in octaves


@dataclass(frozen=True)
class Contours:
    """What V4 sees of n objects.

    curvature, angle: (n, points) along each outline, see `curvature` and `angle`.
    centre: (n, 2) x and y, in image widths from the middle. size: (n,) mean radius, in image widths.
    visibility: (n,) between 0 and 1.
    """

    curvature: np.ndarray
    angle: np.ndarray
    centre: np.ndarray
    size: np.ndarray
    visibility: np.ndarray


@dataclass(frozen=True)
class Unit:
    """A neuroid's preferences: `curvature` at `angle`, on objects of `size` at `centre`."""

    curvature: float
    angle: float
    centre: tuple[float, float]
    size: float

    def of(self, contours: Contours) -> np.ndarray:
        """The answer (n,), between 0 and 1: that of the best point of the outline."""
        form = np.exp(-0.5 * ((contours.curvature - self.curvature) / _CURVATURE_SD) ** 2)
        place = np.exp(_CONCENTRATION * (np.cos(contours.angle - self.angle) - 1))
        answer: np.ndarray = (form * place).max(axis=1) * self.tolerance(contours) * contours.visibility
        return answer

    def tolerance(self, contours: Contours) -> np.ndarray:
        """How far place and size of the objects are to the unit's liking, (n,), between 0 and 1."""
        away = (contours.centre - np.asarray(self.centre)) / _PLACE_SD
        octaves = np.log2(contours.size / self.size) / _SIZE_SD
        return np.asarray(np.exp(-0.5 * ((away**2).sum(axis=1) + octaves**2)))


def curvature(outline: np.ndarray, size: float) -> np.ndarray:
    """Curvature along a closed outline (points, 2), times its size, squashed to between -1 and 1: (points,).

    Convex is positive: a circle has 0.46, a straight edge 0, a sharp tip about 1, a notch below 0.
    """
    first = (np.roll(outline, -1, axis=0) - np.roll(outline, 1, axis=0)) / 2
    second = np.roll(outline, -1, axis=0) - 2 * outline + np.roll(outline, 1, axis=0)
    turn = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    way_round = np.sign((outline[:, 0] * first[:, 1] - outline[:, 1] * first[:, 0]).sum())
    speed = np.maximum(np.hypot(first[:, 0], first[:, 1]), 1e-9)
    return np.asarray(np.tanh(way_round * turn / speed**3 * size / 2))


def angle(outline: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Direction from `centre` to each point (points,), radians from the x axis towards the y axis."""
    away = outline - centre
    return np.asarray(np.arctan2(away[:, 1], away[:, 0]))
