"""Spectra: the variances of a layer along its principal components, and how many dimensions they come to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from ..errors import MetricError
from ..metrics import dimensionality
from ..scores import Table, finite


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Variances (k,) over the stimuli, the largest first; the participation ratio, plain and corrected."""

    eigenvalues: np.ndarray
    plain: float
    corrected: float

    def figures(self) -> dict[str, float | None]:
        """The two ratios, as results name them."""
        return {
            "dimensionality": finite(self.plain),
            "dimensionality_corrected": finite(self.corrected),
        }


def spectrum_of(x: Tensor) -> Spectrum | None:
    """The spectrum of activations or coordinates (n, p); None where n < 4, or something is no number."""
    try:
        corrected = dimensionality.corrected_participation_ratio(x)
        eigenvalues = dimensionality.eigenvalues(x)
    except MetricError:
        return None
    plain = dimensionality.participation_ratio(eigenvalues)
    return Spectrum(eigenvalues.float().cpu().numpy(), plain, corrected)


def table(eigenvalues: dict[str, np.ndarray]) -> Table:
    """Those of all layers, (layer, component); 0 beyond the components that a layer has."""
    width = max(map(len, eigenvalues.values()))
    values = np.stack([np.pad(some, (0, width - len(some))) for some in eigenvalues.values()])
    return Table(values, ("layer", "component"), {"layer": tuple(eigenvalues)})
