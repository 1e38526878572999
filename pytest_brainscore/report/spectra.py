"""Eigenvalues of layers that runs left beside their results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import ResultsError
from ..specs.results import Row
from .joining import Found
from .rdms import files, opened

EIGENVALUES, LAYER, COMPONENT = "eigenvalues", "layer", "component"


@dataclass(frozen=True, eq=False)
class Spectrum:
    """One network's chosen layer on the stimuli of a data set.

    eigenvalues: (component,) variances over stimuli, the largest first, all above zero.
    """

    row: Row
    layer: str
    eigenvalues: np.ndarray


def spectra(found: Sequence[Found]) -> tuple[Spectrum, ...]:
    """Each network's spectrum on the same stimuli: of the first benchmark, the layer chosen by most subjects.

    Raises ResultsError where a file cannot be read, or its eigenvalues are not of layers by components.
    """
    made: dict[tuple[str, str], Spectrum] = {}
    for one, path in files([one for one in found if one.row.profile]):
        key = shown(one.row), one.row.model
        if key in made:
            continue
        with opened(path) as values:
            if EIGENVALUES not in values:
                continue
            table = values[EIGENVALUES]
            if set(table.dims) != {LAYER, COMPONENT} or table.dtype.kind != "f" or LAYER not in table.coords:
                raise ResultsError(
                    f"{path}: its eigenvalues are of ({', '.join(map(str, table.dims))}), not of"
                    " (layer, component); leave this run out, or run it again"
                )
            names = table[LAYER].values.astype(str).tolist()
            layer = _chosen(one.row)
            if layer in names:
                line = table.transpose(LAYER, COMPONENT).values[names.index(layer)].astype(float)
                made[key] = Spectrum(one.row, layer, line[np.isfinite(line) & (line > 0)])
    return tuple(made.values())


def shown(row: Row) -> str:
    """What networks were shown: the digest of the stimuli, or the data set where results say none."""
    return row.digests.get("stimuli", row.dataset)


def _chosen(row: Row) -> str:
    """The layer that most subjects have; of equals the first of the network."""
    votes = list(row.layers.values()) or (row.layer or "").split(", ")
    order = [one.layer for one in row.profile]
    return max(
        sorted(set(votes), key=lambda layer: order.index(layer) if layer in order else 0), key=votes.count
    )
