"""V1: Gabor energy with divisive normalisation, on a grid of positions.

Energy is the squared length of a quadrature pair (Adelson & Bergen 1985, J. Opt. Soc. Am. A 2:284); each unit
is divided by a pool of all orientations in its neighbourhood (Heeger 1992, Vis. Neurosci. 9:181; Carandini &
Heeger 2012, Nat. Rev. Neurosci. 13:51).
"""

from __future__ import annotations

import numpy as np

ORIENTATIONS = 8
CYCLES = (4.0, 8.0, 16.0)
"""Preferred spatial frequencies, cycles per image width."""
GRID = 16
"""Positions on a side."""
SEMISATURATION = 0.1
"""Contrast of a grating at which normalisation sets in."""

_ENVELOPE = 0.5622  # standard deviation in periods: a bandwidth of one octave
_POOL = 0.06  # standard deviation of the normalisation pool, in image widths
_LUMINANCE = (0.299, 0.587, 0.114)  # ITU-R BT.601
_AT_ONCE = 240


def responses(images: np.ndarray) -> np.ndarray:
    """V1's answer to uint8 images (n, width, width, 3): (n, frequency, orientation, row, column), float64.

    Orientations are those of the bars, counterclockwise from horizontal in steps of 180 / ORIENTATIONS
    degrees. The image beyond its edge has the image's mean luminance.
    """
    parts = [images[i : i + _AT_ONCE] for i in range(0, len(images), _AT_ONCE)]
    return np.concatenate([normalised(energy(contrast(part))) for part in parts])


def contrast(images: np.ndarray) -> np.ndarray:
    """Luminance (n, width, width) about its mean over the image; a grating of full contrast spans -1 to 1."""
    luminance = images.astype(np.float64) @ np.asarray(_LUMINANCE) / 127.5
    centred: np.ndarray = luminance - luminance.mean(axis=(1, 2), keepdims=True)
    return centred


def energy(contrasts: np.ndarray) -> np.ndarray:
    """Gabor energy (n, frequency, orientation, row, column); 1 for the preferred grating of full contrast."""
    return np.stack([_energy(contrasts, cycles) for cycles in CYCLES], axis=1)


def normalised(energies: np.ndarray) -> np.ndarray:
    """The root of each energy over the semi-saturation plus the mean energy of its pool.

    A unit belongs to its own pool, which bounds its answer: see `bound`.
    """
    pool = _neighbours() @ energies.mean(axis=2, keepdims=True) @ _neighbours().T
    divided: np.ndarray = np.sqrt(energies / (SEMISATURATION**2 + pool))
    return divided


def bound() -> np.ndarray:
    """What no answer can exceed, (row, column): the inverse root of a unit's weight in its own pool."""
    own = np.diag(_neighbours())
    bounds: np.ndarray = np.sqrt(ORIENTATIONS / np.outer(own, own))
    return bounds


def places() -> np.ndarray:
    """The grid's rows and columns, (GRID,), in image widths from the middle."""
    return (np.arange(GRID) + 0.5) / GRID - 0.5


def angles() -> np.ndarray:
    """Orientations of the preferred bars, (ORIENTATIONS,), radians."""
    return np.arange(ORIENTATIONS) * np.pi / ORIENTATIONS


def _energy(contrasts: np.ndarray, cycles: float) -> np.ndarray:
    """A Gabor in a round envelope is a product of two waves: one along the rows, one along the columns."""
    width = contrasts.shape[-1]
    down = _waves(cycles * np.cos(angles()), cycles, width)
    across = _waves(cycles * np.sin(angles()), cycles, width)
    stacked = np.concatenate([down.real, down.imag], axis=1).reshape(-1, width)
    half = (stacked @ contrasts).reshape(-1, ORIENTATIONS, 2, GRID, width)
    answer = (half[:, :, 0] + 1j * half[:, :, 1]) @ across.transpose(0, 2, 1)
    energies: np.ndarray = answer.real**2 + answer.imag**2
    return energies


def _waves(cycles: np.ndarray, preferred: float, width: int) -> np.ndarray:
    """Complex waves in Gaussian envelopes about each place, (orientation, place, pixel)."""
    sd = _ENVELOPE / preferred
    pixels = (np.arange(width) + 0.5) / width - 0.5
    away = pixels - places()[:, None]
    envelope = np.exp(-0.5 * (away / sd) ** 2) / (sd * np.sqrt(np.pi) * width)
    return np.asarray(envelope * np.exp(2j * np.pi * cycles[:, None, None] * away))


def _neighbours() -> np.ndarray:
    """Weights of the grid's places in the pool of each, (place, place); each row sums to 1."""
    weights = np.exp(-0.5 * ((places() - places()[:, None]) / _POOL) ** 2)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
