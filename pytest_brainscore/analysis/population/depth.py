"""Depth: how scores run along a network's layers, of one network and of many."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...specs.results import LayerScores, Row
from ..statistics.estimates import Estimate, mean
from .hypotheses import FEWEST
from .twins import architecture

GRID = np.linspace(0.05, 1.0, 20)
"""Relative depths at which networks with other numbers of layers are compared."""


@dataclass(frozen=True, eq=False)
class Curve:
    """One network on one benchmark, layer by layer in the order of calls; NaN is what was not measured.

    depth: (layer,) place in that order, from 1, over the number of layers, so that the last one is at 1.
    train, test: (layer,) scores on the training and the test stimuli, the mean over subjects.
    dimensionality, corrected: (layer,) participation ratios. chosen: (layer,) share of the subjects for
    which the layer was chosen. pool: whether the layers are a pool; else they were named for the run.
    """

    row: Row
    layers: tuple[str, ...]
    depth: np.ndarray
    train: np.ndarray
    test: np.ndarray
    dimensionality: np.ndarray
    corrected: np.ndarray
    chosen: np.ndarray
    pool: bool

    @property
    def chosen_depth(self) -> float | None:
        """The mean depth of the chosen layers; None where none was chosen."""
        total = self.chosen.sum()
        return float(self.chosen @ self.depth / total) if total else None


@dataclass(frozen=True, eq=False)
class Band:
    """Quartiles over networks (depth,) of what each one has at a relative depth. n: networks."""

    n: int
    depth: np.ndarray
    low: np.ndarray
    median: np.ndarray
    high: np.ndarray


@dataclass(frozen=True)
class Depths:
    """Where the chosen layers of one benchmark lie: relative depths, from 1 over the number of layers to 1.

    trained, untrained: medians over `n` networks each; None where there are none. pairs: architectures that
    have both. apart: trained minus untrained, the mean over pairs. difference: that with its standard error;
    None for fewer than FEWEST pairs.
    """

    benchmark: str
    n_trained: int
    trained: float | None
    n_untrained: int
    untrained: float | None
    pairs: int
    apart: float | None
    difference: Estimate | None


def curves(rows: Sequence[Row]) -> tuple[Curve, ...]:
    """The curves of all networks: of pools, and of networks that were scored in two named layers or more."""
    scored = [row for row in rows if row.status == "scored"]
    named: dict[tuple[str, str], list[Row]] = {}
    for row in scored:
        if not row.profile and row.layer and row.raw is not None:
            named.setdefault((row.benchmark, row.model), []).append(row)
    pools = tuple(_of_pool(row) for row in scored if len(row.profile) > 1)
    return pools + tuple(_of_named(found) for found in named.values() if len(found) > 1)


def band(curves: Sequence[Curve], what: str) -> Band:
    """Median and quartiles over networks of `what` (train, test, dimensionality, corrected) on GRID.

    Between a network's layers by linear interpolation; before its first layer it has the value of that.
    Networks without two numbers are left out.
    """
    found = [values for one in curves if (values := _on_grid(one.depth, getattr(one, what))) is not None]
    if not found:
        nothing = np.full(len(GRID), np.nan)
        return Band(0, GRID, nothing, nothing, nothing)
    low, median, high = np.percentile(np.stack(found), [25, 50, 75], axis=0)
    return Band(len(found), GRID, low, median, high)


def depths(benchmark: str, curves: Sequence[Curve]) -> Depths:
    """The depths of the chosen layers of one benchmark's networks; those of one architecture are averaged."""
    sides = {trained: _by_architecture(curves, trained) for trained in (True, False)}
    known = {trained: [x for values in side.values() for x in values] for trained, side in sides.items()}
    common = sorted(set(sides[True]) & set(sides[False]))
    apart = [statistics.fmean(sides[True][key]) - statistics.fmean(sides[False][key]) for key in common]
    medians = {trained: statistics.median(values) if values else None for trained, values in known.items()}
    return Depths(
        benchmark,
        len(known[True]),
        medians[True],
        len(known[False]),
        medians[False],
        len(common),
        statistics.fmean(apart) if apart else None,
        mean(np.array(apart), FEWEST),
    )


def _on_grid(depth: np.ndarray, values: np.ndarray) -> np.ndarray | None:
    kept = np.isfinite(values)
    return np.interp(GRID, depth[kept], values[kept]) if kept.sum() > 1 else None


def _of_pool(row: Row) -> Curve:
    layers, votes = row.profile, _votes(row)
    return Curve(
        row,
        tuple(one.layer for one in layers),
        _places(len(layers)),
        np.array([_mean(one.train) for one in layers]),
        np.array([_mean(one.test) for one in layers]),
        np.array([_number(one.dimensionality) for one in layers]),
        np.array([_number(one.dimensionality_corrected) for one in layers]),
        np.array([votes.get(one.layer, 0.0) for one in layers]),
        pool=True,
    )


def _of_named(rows: Sequence[Row]) -> Curve:
    """Rows of one network: in the order of the run, that of calls where all layers were asked for."""
    nothing = np.full(len(rows), np.nan)
    return Curve(
        rows[0],
        tuple(row.layer or "" for row in rows),
        _places(len(rows)),
        np.array([_number(row.also.get("train")) for row in rows]),
        np.array([_number(row.raw) for row in rows]),
        nothing,
        nothing,
        np.array([float(not row.named) for row in rows]),
        pool=False,
    )


def _votes(row: Row) -> Mapping[str, float]:
    """Layer to the share of subjects that it was chosen for; equal shares where it is not said for whom."""
    chosen = list(row.layers.values()) or list(_split(row.layer or "", row.profile))
    return {layer: chosen.count(layer) / len(chosen) for layer in chosen}


def _split(layer: str, profile: Sequence[LayerScores]) -> Iterator[str]:
    known = {one.layer for one in profile}
    yield from (name for name in layer.split(", ") if name in known)


def _places(count: int) -> np.ndarray:
    places: np.ndarray = np.arange(1, count + 1) / count
    return places


def _mean(by_subject: Mapping[str, float | None]) -> float:
    known = [value for value in by_subject.values() if value is not None]
    return statistics.fmean(known) if known else np.nan


def _number(value: float | None) -> float:
    return np.nan if value is None else value


def _by_architecture(curves: Sequence[Curve], trained: bool) -> dict[str, list[float]]:
    """Architecture to the depths of its networks."""
    found: dict[str, list[float]] = {}
    for one in curves:
        if one.row.about.get("trained") is trained and one.chosen_depth is not None:
            found.setdefault(architecture(one.row), []).append(one.chosen_depth)
    return found
