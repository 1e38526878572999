"""Coordinates: activations turned, without loss, into as few dimensions as their stimuli span."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import torch

from ..metrics.linalg import EPSILON, add_products, eigh

CHUNK_BYTES = 64 * 2**20


class Columns(Protocol):
    """What coordinates are made from: an (n, p) matrix that is read a block of columns at a time."""

    @property
    def n(self) -> int:
        """Number of stimuli."""

    @property
    def p(self) -> int:
        """Number of units."""

    @property
    def means(self) -> torch.Tensor:
        """Mean of each row, (n,) float64."""

    def blocks(self) -> Iterator[torch.Tensor]:
        """Yield all columns in order, each time (n, c) float32 on the CPU."""

    def matrix(self) -> torch.Tensor:
        """Return the whole matrix, (n, p) float32."""


def coordinates(activations: Columns, device: torch.device | str = "cpu") -> torch.Tensor:
    """Return (n, n + 1) float64 on the CPU whose rows relate to each other as the activations' rows do.

    Inner products, lengths, distances and Pearson correlations between rows are those of the
    activations to about 1e-14 of the largest: everything that a method sees which does not care
    for single units. Where p <= n + 1 this is the activations themselves, (n, p) float64.

    With m the row means, C a factor of the Gram matrix of the row-centred activations and H the
    reflection that sends the first axis to the all-ones direction, the result is [m sqrt(p), C] H:
    a row's mean stays its share in the all-ones direction, which is what a correlation removes.
    Rows that are equal stay equal to the bit, and a row that is constant over units is constant here.
    """
    if activations.p <= activations.n + 1:
        return activations.matrix().double()
    device = torch.device("cpu") if torch.device(device).type == "mps" else torch.device(device)
    means = activations.means.to(device)
    first, constant = _alike(activations, device)
    lengths = means * activations.p**0.5
    factor = _factor(_gram(activations, means, device), float(lengths.square().sum()))
    turned = _reflected(torch.cat([lengths[:, None], factor], dim=1))
    level = lengths[:, None] * turned.shape[1] ** -0.5
    return torch.where(constant[:, None], level, turned)[first].cpu()


def coordinates_of(x: torch.Tensor) -> torch.Tensor:
    """Return the coordinates of one matrix in memory, (n, p) of any float type, computed where it is.

    The result is (n, n + 1) float64, or (n, p) where p <= n + 1, on the device of `x`.
    """
    return coordinates(_InMemory(x), x.device).to(x.device if x.device.type != "mps" else "cpu")


class _InMemory:
    def __init__(self, x: torch.Tensor) -> None:
        self._x = x.detach()
        self.n, self.p = x.shape

    @property
    def means(self) -> torch.Tensor:
        return torch.cat([self._x[i : i + 64].double().mean(1) for i in range(0, self.n, 64)])

    def blocks(self) -> Iterator[torch.Tensor]:
        width = max(1, CHUNK_BYTES // (8 * self.n))
        yield from (self._x[:, start : start + width] for start in range(0, self.p, width))

    def matrix(self) -> torch.Tensor:
        return self._x


def _gram(activations: Columns, means: torch.Tensor, device: torch.device) -> torch.Tensor:
    """Gram matrix (n, n) of the row-centred activations, float64; only its lower triangle of tiles."""
    gram = torch.zeros(activations.n, activations.n, dtype=torch.float64, device=device)
    for block in activations.blocks():
        add_products(gram, block.to(device, torch.float64, copy=True).sub_(means[:, None]))
    return gram


def _alike(activations: Columns, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """For each row the first that equals it, (n,) integers; and whether it is constant over units, (n,).

    Only rows that are equal or constant in some of the units are looked at in all of them.
    """
    rows = torch.arange(activations.n, device=device)
    constant = torch.zeros(activations.n, dtype=torch.bool, device=device)
    at, level = _suspects(next(iter(activations.blocks())).to(device))
    marks, flat = torch.zeros_like(at), torch.ones_like(at, dtype=torch.bool)
    generator = torch.Generator().manual_seed(0)
    for block in activations.blocks() if len(at) else ():
        values = block.to(device)[at]
        flat &= (values == level).all(1)
        marks += _marked(values, generator)
    place: dict[int, int] = {}
    first = [place.setdefault(mark, row) for row, mark in zip(at.tolist(), marks.tolist(), strict=True)]
    rows[at], constant[at] = torch.tensor(first, dtype=torch.int64, device=device), flat
    return rows, constant


def _suspects(block: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows (k,) that may equal another, or be constant, going by some columns; and their first column."""
    some = block[:, :: max(1, block.shape[1] // 256)]
    marks = _marked(some, torch.Generator().manual_seed(1))
    _, kind, often = torch.unique(marks, return_inverse=True, return_counts=True)
    at = ((often[kind] > 1) | (some == some[:, :1]).all(1)).nonzero().flatten()
    return at, block[at, :1]


def _marked(values: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """A sum of each row's bits times random integers, modulo 2^64: exact, so equal for equal rows alone."""
    bits = (values.double() + 0.0).view(torch.int64)  # minus zero is zero
    bits ^= bits >> 29  # float32 leaves the last 29 bits of float64 empty
    weights = torch.randint(-(2**63), 2**63 - 1, (values.shape[1],), generator=generator)
    return bits.mul_(weights.to(values.device)).sum(1)


def _factor(gram: torch.Tensor, before: float) -> torch.Tensor:
    """C (n, n) with C C' = gram, of which only the lower triangle is read.

    Eigenvalues of the size of rounding are zero. Centring leaves rounding of what was there before it, so the
    squares of the means (`before`) take part in what that is.
    """
    values, vectors = eigh(gram)
    rounding = len(gram) * EPSILON * (values[-1].clamp_min(0) + before)
    factor: torch.Tensor = vectors * values.where(values > rounding, 0.0).sqrt()
    return factor


def _reflected(rows: torch.Tensor) -> torch.Tensor:
    """Each row times the Householder reflection that swaps the first axis and the all-ones direction."""
    width = rows.shape[1]
    normal = torch.full((width,), -(width**-0.5), dtype=rows.dtype, device=rows.device)
    normal[0] += 1
    return rows - torch.outer(rows @ normal, normal * (2 / normal.dot(normal)))
