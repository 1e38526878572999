"""Accuracy: how scores go with ImageNet accuracy, below and above the 70 % where Brain-Score saw a bend."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtr, ndtri

from ...specs.references import Reference
from ..statistics import rank_correlation
from ..statistics.corrections import holm
from ..statistics.estimates import LEVEL
from ..statistics.numbers import both_p, estimate
from .networks import Network

AT = 70.0
"""ImageNet top-1, per cent: Schrimpf, Kubilius et al. 2018, doi:10.1101/407007."""
FEWEST = 5
PARTS = ("all", "below", "above")
_DIGITS = 9
_LARGEST = 1 - 1e-12
Pairs = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Part:
    """The networks of all accuracies, or of one side of 70 %: `below` it, and at or `above` it.

    r: Pearson's correlation of score and top-1 with its 95 % interval (Fisher's z), None where all lie on a
    line: it would be a point. rho: Spearman's, with Bonett and Wright's, None where
    `rank_correlation.interval` is. All None for fewer than 5 networks, or where one side is constant.
    """

    part: str
    n: int
    r: float | None = None
    r_low: float | None = None
    r_high: float | None = None
    rho: float | None = None
    rho_low: float | None = None
    rho_high: float | None = None


@dataclass(frozen=True)
class Parted:
    """What is compared with top-1; its parts in the order of PARTS.

    p: two-sided, of equal r on both sides; p_corrected: Holm's, over what is tested together.
    """

    of: str
    parts: tuple[Part, ...]
    p: float | None
    p_corrected: float | None

    def part(self, name: str) -> Part:
        """One of them by its name."""
        return self.parts[PARTS.index(name)]


def by_accuracy(networks: Mapping[str, Sequence[Network]]) -> tuple[Parted, ...]:
    """The correlations of each benchmark, over the networks whose top-1 is known; p corrected over all."""
    found = [
        parted(benchmark, [(x, one.score) for one in among if (x := one.number("top1")) is not None])
        for benchmark, among in networks.items()
    ]
    corrected = holm([one.p for one in found])
    return tuple(replace(one, p_corrected=p) for one, p in zip(found, corrected, strict=True))


def composites_of(reference: Reference) -> dict[str, tuple[float, float]]:
    """Top-1 and the mean of all columns of each network of a published table.

    Means that differ by rounding alone are equal, so that they share a rank.
    """
    return {row.name: (row.top1, round(statistics.fmean(row.scores), _DIGITS)) for row in reference.rows}


def parted(of: str, pairs: Pairs) -> Parted:
    """The correlations over pairs of top-1 (per cent) and score; p is of one test, and corrected for none."""
    sides = pairs, [one for one in pairs if one[0] < AT], [one for one in pairs if one[0] >= AT]
    parts = tuple(_part(name, side) for name, side in zip(PARTS, sides, strict=True))
    p = _equal(*parts[1:])
    return Parted(of, parts, p, p)


def told(found: Parted, name: str = "") -> str:
    """The finding as a sentence that can be quoted. name: what stands for `of`, where that is long."""
    every, below, above = found.parts
    said = f"{name or found.of}: {_said(every)}{_ranked(every)}"
    if below.r is None and above.r is None:
        return f"{said}."
    return f"{said}; below {AT:.0f} % {_said(below)}, from {AT:.0f} % {_said(above)}. {_apart(found)}"


def _apart(found: Parted) -> str:
    if any(_on_a_line(part.r) for part in found.parts[1:]):
        return "On one side all lie on a line, and the two cannot be compared."
    if found.p_corrected is None:
        return f"Too few networks on one side to compare the two ({FEWEST} needed)."
    differ = found.p_corrected < 1 - LEVEL
    said = "The two differ" if differ else "No evidence that the two differ"
    return f"{said} ({both_p(found.p, found.p_corrected)})."


def _ranked(part: Part) -> str:
    if part.rho is None:
        return ""
    return f", {rank_correlation.told(part.rho, part.rho_low, part.rho_high, part.n, 2)}"


def _said(part: Part) -> str:
    if part.r is None:
        return f"none to be told (n = {part.n})"
    line = ", all on a line: no interval" if _on_a_line(part.r) else ""
    return f"r = {estimate(part.r, part.r_low, part.r_high, 2)} (n = {part.n}{line})"


def _part(name: str, pairs: Pairs) -> Part:
    rho = rank_correlation.spearman(pairs) if len(pairs) >= FEWEST else None
    if rho is None:
        return Part(name, len(pairs))
    r = float(np.corrcoef(np.array(pairs).T)[0, 1])
    ends = rank_correlation.interval(rho, len(pairs)) or (None, None)
    return Part(name, len(pairs), r, *_interval(r, len(pairs)), rho, *ends)


def _interval(r: float, n: int) -> tuple[float | None, float | None]:
    """Fisher's, of n pairs."""
    if _on_a_line(r):
        return None, None
    half = float(ndtri((1 + LEVEL) / 2)) / math.sqrt(n - 3)
    return math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half)


def _equal(below: Part, above: Part) -> float | None:
    """Fisher's test of two correlations of independent samples; none where one side lies on a line."""
    if below.r is None or above.r is None or _on_a_line(below.r) or _on_a_line(above.r):
        return None
    se = math.sqrt(1 / (below.n - 3) + 1 / (above.n - 3))
    return float(2 * ndtr(-abs(math.atanh(below.r) - math.atanh(above.r)) / se))


def _on_a_line(r: float | None) -> bool:
    """Whether r is 1 or -1, up to rounding: then Fisher's z is not finite."""
    return r is not None and abs(r) >= _LARGEST
