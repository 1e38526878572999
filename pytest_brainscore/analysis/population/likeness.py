"""Likeness: how alike networks are to each other, by their RDMs on the same stimuli."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...errors import MetricError


@dataclass(frozen=True, eq=False)
class Likeness:
    """Networks (m) on one benchmark.

    matrix: (m, m) Pearson r of their RDMs' upper triangles; NaN where one has no variance. coordinates:
    (m, 2) of classical scaling of 1 - r, the axis of most variance first, its largest entry positive.
    explained: the two axes' share of the positive eigenvalues.
    """

    benchmark: str
    models: tuple[str, ...]
    stimuli: int
    matrix: np.ndarray
    coordinates: np.ndarray
    explained: tuple[float, float]


def likeness(benchmark: str, rdms: Mapping[str, np.ndarray]) -> Likeness:
    """Compare the RDMs (stimulus, stimulus) of networks, which are of the same stimuli in one order.

    Pairs of stimuli that are NaN in any RDM are left out of all.
    Raises MetricError where there are fewer than two networks, or RDMs differ in shape.
    """
    shapes = {rdm.shape for rdm in rdms.values()}
    if len(rdms) < 2 or len(shapes) > 1:
        raise MetricError(
            f"{benchmark}: {len(rdms)} RDM(s) of shapes {sorted(shapes)}: two of one shape are due"
        )
    n = shapes.pop()[0]
    above = np.triu_indices(n, 1)
    rows = np.stack([np.asarray(rdm, dtype=float)[above] for rdm in rdms.values()])
    rows = rows[:, np.isfinite(rows).all(axis=0)]
    matrix = _correlations(rows)
    coordinates, explained = scaled(1 - matrix)
    return Likeness(benchmark, tuple(rdms), n, matrix, coordinates, explained)


def scaled(distances: np.ndarray) -> tuple[np.ndarray, tuple[float, float]]:
    """Two coordinates (m, 2) of classical multidimensional scaling, and the share of each; NaN where any is.

    Torgerson 1952, Psychometrika.
    """
    m = len(distances)
    if not np.isfinite(distances).all():
        return np.full((m, 2), np.nan), (np.nan, np.nan)
    centring = np.eye(m) - 1 / m
    values, vectors = np.linalg.eigh(-centring @ distances**2 @ centring / 2)
    values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
    total = values.sum() or 1.0
    signs = np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(m)])
    axes = (vectors * signs * np.sqrt(values))[:, :2]
    shares = np.zeros(2)
    shares[: min(m, 2)] = values[:2] / total
    return axes, (float(shares[0]), float(shares[1]))


def order(matrix: np.ndarray) -> tuple[int, ...]:
    """The places of networks (m,) so that like stand beside like: the leaves of average linkage on 1 - r.

    Of the orders that a tree allows, that with the least distance between neighbours is taken (Bar-Joseph et
    al. 2001, Bioinformatics). Networks without a correlation come last.
    """
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    known = np.flatnonzero(np.isfinite(matrix.diagonal()))
    if len(known) > 2:
        apart = np.clip(1 - matrix[np.ix_(known, known)], 0, None)
        np.fill_diagonal(apart, 0)
        tree = linkage(squareform((apart + apart.T) / 2, checks=False), "average", optimal_ordering=True)
        known = known[leaves_list(tree)]
    silent = np.flatnonzero(~np.isfinite(matrix.diagonal()))
    return (*known.tolist(), *silent.tolist())


def _correlations(rows: np.ndarray) -> np.ndarray:
    """Pearson r of each pair of rows; NaN beside a row without variance."""
    centred = rows - rows.mean(axis=1, keepdims=True)
    sizes = np.linalg.norm(centred, axis=1)
    constant = sizes <= 1e-12 * np.linalg.norm(rows, axis=1)
    unit = centred / np.where(constant, np.nan, sizes)[:, None]
    matrix: np.ndarray = np.clip(unit @ unit.T, -1, 1)
    np.fill_diagonal(matrix, np.where(constant, np.nan, 1.0))
    return matrix
