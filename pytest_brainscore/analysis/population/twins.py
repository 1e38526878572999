"""Twins: trained networks beside networks of the same architecture with random weights."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...specs.contrasts import Contrast
from ...specs.results import Row
from ..statistics.estimates import Estimate, mean
from .contrasts import Contrasted, Effect, contrasted
from .depth import Curve
from .networks import networks

TWINS = Contrast(
    id="twins",
    title="Trained networks, and networks of the same architecture with random weights",
    groups={"trained": {"trained": True}, "untrained": {"trained": False}},
    against="trained - untrained",
    pairs="architecture",
)


@dataclass(frozen=True)
class Depths:
    """Where the chosen layers of one benchmark lie: relative depths, from 1 over the number of layers to 1.

    trained, untrained: medians over `n` networks each; None where there are none. pairs: architectures that
    have both. difference: trained minus untrained, the mean over pairs; None for fewer than two.
    """

    benchmark: str
    n_trained: int
    trained: float | None
    n_untrained: int
    untrained: float | None
    pairs: int
    difference: Estimate | None


@dataclass(frozen=True)
class Optimism:
    """How much more the chosen layers score on the stimuli that chose them than on the test stimuli.

    n: networks. difference: training minus test, the mean over networks; None for fewer than two.
    """

    benchmark: str
    n: int
    mean: float
    difference: Estimate | None


def twins(rows: Sequence[Row], of: str = "raw") -> Contrasted:
    """Trained minus untrained on each benchmark, in pairs of one architecture, with all units."""
    return contrasted([TWINS], networks(rows, of))


def by_benchmark(found: Contrasted) -> Mapping[str, Effect]:
    """The effect of the chosen unit on each benchmark that has one."""
    return {one.benchmark: one for one in found.effects if one.chosen and one.difference is not None}


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
        mean(np.array(apart)),
    )


def optimism(benchmark: str, rows: Sequence[Row]) -> Optimism | None:
    """Training minus test of the rows that a pool made on one benchmark; None where none has both."""
    apart = [
        train - row.raw
        for row in rows
        if row.profile and row.raw is not None and (train := row.also.get("train")) is not None
    ]
    if not apart:
        return None
    return Optimism(benchmark, len(apart), statistics.fmean(apart), mean(np.array(apart)))


def _by_architecture(curves: Sequence[Curve], trained: bool) -> dict[str, list[float]]:
    """Architecture to the depths of its networks; a network without one stands for itself."""
    found: dict[str, list[float]] = {}
    for one in curves:
        if one.row.about.get("trained") is trained and one.chosen_depth is not None:
            key = str(one.row.about.get("architecture") or one.row.model)
            found.setdefault(key, []).append(one.chosen_depth)
    return found
