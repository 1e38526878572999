"""Twins: trained networks beside networks of the same architecture with random weights."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...specs.contrasts import Contrast
from ...specs.results import Row
from ..statistics.estimates import Estimate, mean
from .contrasts import contrasted
from .depth import Curve
from .hypotheses import FEWEST
from .networks import Network

TWINS = Contrast(
    id="twins",
    title="Trained networks, and networks of the same architecture with random weights",
    groups={"trained": {"trained": True}, "untrained": {"trained": False}},
    against="trained - untrained",
    pairs="architecture",
)


def with_twins(asked: Sequence[Contrast], among: Mapping[str, Sequence[Network]]) -> tuple[Contrast, ...]:
    """The contrasts, and `TWINS` where the study's strict `training` has no answer and that has one."""
    strict = [one for one in asked if one.id in ("training", TWINS.id)]
    stands_in = not _is_answered(strict, among) and _is_answered([TWINS], among)
    return (*asked, TWINS) if stands_in else tuple(asked)


def _is_answered(asked: Sequence[Contrast], among: Mapping[str, Sequence[Network]]) -> bool:
    """Whether one of the contrasts has networks on both sides, on any benchmark."""
    return any(one.difference is not None for one in contrasted(asked, among).effects)


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


@dataclass(frozen=True)
class Optimism:
    """How much more the chosen layers score on the stimuli that chose them than on the test stimuli.

    architectures: whose networks are averaged first, trained and untrained together, since they are no
    independent samples. train, test: means over them. difference: training minus test, the mean over them;
    None for fewer than FEWEST.
    """

    benchmark: str
    architectures: int
    train: float
    test: float
    difference: Estimate | None


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
        _mean(apart),
    )


def optimism(benchmark: str, rows: Sequence[Row]) -> Optimism | None:
    """Training minus test of the rows that a pool made on one benchmark; None where none has both."""
    found: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        if row.profile and row.raw is not None and (train := row.also.get("train")) is not None:
            found.setdefault(_architecture(row), []).append((train, row.raw))
    if not found:
        return None
    means = [tuple(map(statistics.fmean, zip(*both, strict=True))) for both in found.values()]
    train, test = map(statistics.fmean, zip(*means, strict=True))
    return Optimism(benchmark, len(means), train, test, _mean([x - y for x, y in means]))


def _mean(values: Sequence[float]) -> Estimate | None:
    return mean(np.array(values)) if len(values) >= FEWEST else None


def _architecture(row: Row) -> str:
    """What twins share; a network without an architecture stands for itself."""
    return str(row.about.get("architecture") or row.model)


def _by_architecture(curves: Sequence[Curve], trained: bool) -> dict[str, list[float]]:
    """Architecture to the depths of its networks."""
    found: dict[str, list[float]] = {}
    for one in curves:
        if one.row.about.get("trained") is trained and one.chosen_depth is not None:
            found.setdefault(_architecture(one.row), []).append(one.chosen_depth)
    return found
