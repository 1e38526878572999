"""V2: texture statistics, products of V1 outputs averaged over a receptive field.

Which V1 outputs rise and fall together tells textures of one spectrum apart (Portilla & Simoncelli 2000, Int.
J. Comput. Vis. 40:49), and V2 answers to it (Freeman, Ziemba et al. 2013, Nat. Neurosci. 16:974).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from .gabor import CYCLES, ORIENTATIONS, places

Kind = Literal["orientation", "scale", "position"]
Channel = tuple[int, int]
"""Which frequency and which orientation of V1."""

KINDS: tuple[Kind, ...] = ("orientation", "scale", "position")
SHIFTS = ((0, 3), (3, 0), (2, 2), (2, -2))


@dataclass(frozen=True)
class Statistic:
    """The covariance of two channels of V1, the second `shift` (rows, columns of the grid) away.

    centre: row and column of the receptive field's middle, in image widths from the image's; sd: its size.
    """

    kind: Kind
    first: Channel
    second: Channel
    shift: tuple[int, int]
    centre: tuple[float, float]
    sd: float

    def of(self, v1: np.ndarray) -> np.ndarray:
        """The statistic (n,) of V1's responses (n, frequency, orientation, row, column).

        It is 0 where one of the channels is the same all over the receptive field, positive where the two
        are strong at the same places and negative where they avoid each other.
        """
        one = v1[:, *self.first]
        other = _shifted(v1[:, *self.second], self.shift)
        window = self._window()
        mean, other_mean = (np.einsum("nij,ij->n", part, window) for part in (one, other))
        deviation = one - mean[:, None, None], other - other_mean[:, None, None]
        covariance: np.ndarray = np.einsum("nij,nij,ij->n", *deviation, window)
        return covariance

    def _window(self) -> np.ndarray:
        """Weights of the grid's places, (row, column), of sum 1."""
        down, across = (np.exp(-0.5 * ((places() - middle) / self.sd) ** 2) for middle in self.centre)
        weights = np.outer(down, across)
        return np.asarray(weights / weights.sum())


def partner(kind: Kind, first: Channel, step: int) -> tuple[Channel, tuple[int, int]]:
    """What a channel is multiplied with in each kind of statistic: another channel, and its shift.

    step: which of the other orientations, or of SHIFTS; a channel of the highest frequency has the one below.
    """
    frequency, orientation = first
    if kind == "orientation":
        return (frequency, (orientation + 1 + step % (ORIENTATIONS - 1)) % ORIENTATIONS), (0, 0)
    if kind == "scale":
        return (frequency + 1 if frequency + 1 < len(CYCLES) else frequency - 1, orientation), (0, 0)
    return first, SHIFTS[step % len(SHIFTS)]


def compressed(values: np.ndarray) -> np.ndarray:
    """The square root that keeps the sign: covariances grow with the square of their channels."""
    roots: np.ndarray = np.sign(values) * np.sqrt(np.abs(values))
    return roots


def _shifted(maps: np.ndarray, shift: tuple[int, int]) -> np.ndarray:
    """Maps (n, row, column) as seen `shift` places further; the border goes on beyond the edge."""
    rows, columns = (
        np.clip(np.arange(size) + step, 0, size - 1) for size, step in zip(maps.shape[1:], shift, strict=True)
    )
    return maps[:, rows[:, None], columns]
