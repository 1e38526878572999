"""Projection: activations on fewer axes, drawn at random without looking at them."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator

import numpy as np
import torch
from scipy.sparse import csc_array, csr_array
from sklearn.exceptions import DataDimensionalityWarning
from sklearn.random_projection import SparseRandomProjection

from ..metrics.scaling import components_for
from ..specs.views import Projection
from .coordinates import Columns

DRAWN_AT_ONCE = 2**22
PROJECTED_AT_ONCE = 2**26
_FARTHEST = 45.0
"""Mean gaps between nonzeros beyond which none is: a 63-bit number cannot tell them from infinity."""


def matrix(projection: Projection, units: int, components: int) -> csr_array:
    """The weights (components, units) float32 of a projection: one row per component.

    They depend on the seed, the number of units and of components, and on nothing else.
    """
    if projection.matrix == "sklearn":
        return _of_sklearn(units, components, projection.seed)
    rows = list(drawn(units, components, projection.seed))
    starts = np.cumsum([0, *(count for counts, _, _ in rows for count in counts)]).astype(np.int32)
    weight = (math.sqrt(units) / components) ** 0.5
    signs = np.concatenate([signs for _, _, signs in rows])
    at = np.concatenate([at for _, at, _ in rows])
    return csr_array((signs * np.float32(weight), at, starts), (components, units))


def drawn(
    units: int, components: int, seed: int, first: int = 0
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Draw the rows of the matrix from `first` on, some at a time: (count per row, unit, sign).

    Along a row each unit has a weight with probability 1 / sqrt(units), so the gap between weights is
    geometric. Row i is made of the i-th stretch of the Philox stream of the seed (Salmon et al. 2011), and
    gaps are looked up in a table of products: the same bits on any machine, from any row on.
    """
    table, stretch = _gaps(units), _stretch(units)
    step = max(1, DRAWN_AT_ONCE // stretch)
    for row in range(first, components, step):
        count = min(step, components - row)
        stream = np.random.Philox(key=seed).advance(row * stretch // 4)  # four numbers to one count
        numbers = stream.random_raw(count * stretch).reshape(count, stretch)
        at = np.searchsorted(table, numbers >> np.uint64(1), side="right").cumsum(1, dtype=np.int64)
        at += np.arange(stretch)
        there = at < units
        signs = np.where(numbers[there] & np.uint64(1), np.float32(1), np.float32(-1))
        yield there.sum(1), at[there].astype(np.int32), signs


def _gaps(units: int) -> np.ndarray:
    """Of a uniform 63-bit number, the least that stands for a gap of 1, 2, 3 ... units without weight."""
    density = units**-0.5
    none = np.multiply.accumulate(np.full(math.ceil(_FARTHEST / density), 1 - density))
    return ((1 - none) * 2.0**63).astype(np.uint64)


def _stretch(units: int) -> int:
    """Numbers drawn for a row: eleven standard deviations above the mean, so that none ends too early."""
    mean = math.sqrt(units)
    return 4 * math.ceil((mean + 11 * math.sqrt(mean) + 60) / 4)


def _of_sklearn(units: int, components: int, seed: int) -> csr_array:
    nothing = np.broadcast_to(np.float32(0), (1, units))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataDimensionalityWarning)  # narrow layers are widened, as meant
        fitted = SparseRandomProjection(n_components=components, random_state=seed).fit(nothing)
    return csr_array(fitted.components_)


class Projector:
    """One projection of layers of any width, for a number of stimuli; a matrix is drawn once per width."""

    def __init__(self, projection: Projection, stimuli: int) -> None:
        self.projection = projection
        self.components = projection.components or components_for(stimuli, projection.eps)
        self._drawn: dict[int, csc_array] = {}
        self._moved: dict[tuple[int, torch.device], torch.Tensor] = {}

    def rows(self, x: torch.Tensor) -> torch.Tensor:
        """Project activations (b, p) where they are: (b, components) float32; NaN where a row is so."""
        x = x.detach().float()
        projected = self._on_cuda(x) if x.is_cuda else self._on_cpu(x.cpu())
        projected[~torch.isfinite(x.sum(1, dtype=torch.float64))] = torch.nan
        return projected

    def columns(self, columns: Columns) -> torch.Tensor:
        """Project what is read a block of units at a time: (n, components) float32, summed in float64."""
        weights = self._weights(columns.p)
        total, start = np.zeros((self.components, columns.n)), 0
        for block in columns.blocks():
            stop = start + block.shape[1]
            total += weights[:, start:stop] @ block.double().numpy().T
            start = stop
        return torch.from_numpy(total.T.astype(np.float32))

    def _weights(self, units: int) -> csc_array:
        """By unit: so few components stay in a core's memory while the units go by, once."""
        if units not in self._drawn:
            self._drawn[units] = matrix(self.projection, units, self.components).tocsc()
        return self._drawn[units]

    def _on_cpu(self, x: torch.Tensor) -> torch.Tensor:
        weights = self._weights(x.shape[1])
        size = max(1, PROJECTED_AT_ONCE // x.shape[1])
        products = [weights @ x[i : i + size].T.contiguous().numpy() for i in range(0, len(x), size)]
        return torch.from_numpy(np.concatenate(products, axis=1)).T.contiguous()

    def _on_cuda(self, x: torch.Tensor) -> torch.Tensor:
        return (self._moved_to(x.device, x.shape[1]) @ x.T).T.contiguous()

    def _moved_to(self, device: torch.device, units: int) -> torch.Tensor:
        if (units, device) not in self._moved:
            held = self._weights(units).tocsr()
            starts, at = (torch.from_numpy(part) for part in (held.indptr, held.indices))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # torch calls its sparse matrices beta
                moved = torch.sparse_csr_tensor(starts, at, torch.from_numpy(held.data), held.shape)
            self._moved[units, device] = moved.to(device)
        return self._moved[units, device]
