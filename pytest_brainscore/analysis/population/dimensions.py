"""Dimensions: how scores go with the dimensionality of the chosen layer, and how fast eigenvalues fall."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...specs.results import Row
from ..statistics.corrections import holm
from ..statistics.rank_correlation import interval, p_of, spearman
from .networks import networks

PLAIN = "dimensionality"
SETS = {"all": (True, False, None), "trained": (True,), "untrained": (False,)}
_FEWEST_RANKS = 8


@dataclass(frozen=True)
class Dimension:
    """One network on one benchmark. plain, corrected: participation ratios, the mean over chosen layers.

    trained: None where it is not known.
    """

    benchmark: str
    model: str
    trained: bool | None
    score: float
    plain: float | None
    corrected: float | None


@dataclass(frozen=True)
class Relation:
    """Spearman's rho of scores with a dimensionality over networks, and its 95 % interval.

    of: plain or corrected. set: all, trained or untrained networks; training changes both sides, so that a
    relation among all may be there in neither. n: networks that have both. rho: None for fewer than three, or
    where one side is constant. low, high, p: None where `rank_correlation.interval` is: for fewer than six,
    and where all ranks agree. p_corrected: by Holm, over all relations of the same set and kind.
    """

    benchmark: str
    set: str
    of: str
    n: int
    rho: float | None
    low: float | None
    high: float | None
    p: float | None = None
    p_corrected: float | None = None


@dataclass(frozen=True)
class PowerLaw:
    """Eigenvalues that fall as rank to the power of -exponent, over the ranks from first to last.

    r2: share of the variance of log eigenvalues that the line tells.
    """

    exponent: float
    first: int
    last: int
    r2: float


def dimensions(rows: Sequence[Row], of: str = "raw") -> tuple[Dimension, ...]:
    """The networks that have a score and a dimensionality of either kind, of pools or said of the network."""
    kept = {(row.benchmark, row.model): row for row in rows if row.status == "scored" and not row.named}
    found = []
    for benchmark, among in networks(rows, of).items():
        for one in among:
            row = kept.get((benchmark, one.model))
            plain = one.number(PLAIN)
            corrected = _of_chosen(row) if row else None
            if plain is not None or corrected is not None:
                trained = one.about.get("trained")
                known = trained if isinstance(trained, bool) else None
                found.append(Dimension(benchmark, one.model, known, one.score, plain, corrected))
    return tuple(found)


def relations(found: Sequence[Dimension]) -> tuple[Relation, ...]:
    """How scores go with dimensionality on each benchmark, plain and corrected, in each set of networks."""
    made = []
    for benchmark in dict.fromkeys(one.benchmark for one in found):
        for name, kinds in SETS.items():
            here = [one for one in found if one.benchmark == benchmark and one.trained in kinds]
            for of in ("plain", "corrected"):
                pairs = [(one.score, value) for one in here if (value := getattr(one, of)) is not None]
                made += [_relation((benchmark, name, of), pairs)] if pairs else []
    return tuple(_corrected(made))


def _corrected(made: Sequence[Relation]) -> Iterator[Relation]:
    adjusted: dict[int, float | None] = {}
    for family in dict.fromkeys((one.set, one.of) for one in made):
        members = [one for one in made if (one.set, one.of) == family]
        adjusted.update(zip(map(id, members), holm([one.p for one in members]), strict=True))
    yield from (replace(one, p_corrected=adjusted[id(one)]) for one in made)


def power_law(eigenvalues: np.ndarray, first: int = 4, share: float = 0.5) -> PowerLaw | None:
    """The slope of log eigenvalues (k,), largest first, on log rank, from rank `first` to `share` of all.

    Least squares at equal steps of log rank, so that the many last ranks do not outweigh the rest; the last
    ranks are left out since n stimuli bend them down. None for fewer than 8 ranks that are left. The decay
    is that of Stringer et al. 2019, Nature, but these eigenvalues are not cross-validated.
    """
    positive = int((eigenvalues > 0).sum())
    last = int(positive * share)
    if last - first + 1 < _FEWEST_RANKS:
        return None
    x = np.linspace(np.log(first), np.log(last), 50)
    y = np.interp(x, np.log(np.arange(1, positive + 1)), np.log(eigenvalues[:positive].astype(float)))
    slope, level = np.polyfit(x, y, 1)
    left, total = ((y - slope * x - level) ** 2).sum(), ((y - y.mean()) ** 2).sum()
    return PowerLaw(float(-slope), first, last, float(1 - left / total) if total else 1.0)


def _relation(names: tuple[str, str, str], pairs: Sequence[tuple[float, float]]) -> Relation:
    rho = spearman(pairs)
    low, high = (None if rho is None else interval(rho, len(pairs))) or (None, None)
    return Relation(*names, len(pairs), rho, low, high, None if rho is None else p_of(rho, len(pairs)))


def _of_chosen(row: Row) -> float | None:
    """The corrected participation ratio of the chosen layers: their mean, None where one has none."""
    chosen = {*row.layers.values(), row.layer}
    values = [one.dimensionality_corrected for one in row.profile if one.layer in chosen]
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if known and len(known) == len(values) else None
