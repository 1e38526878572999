"""Hypotheses: whether newer, or larger, networks are more like the brain; tested, and answered in words."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..statistics.corrections import holm
from ..statistics.estimates import LEVEL, Estimate
from ..statistics.least_squares import line
from ..statistics.random_intercepts import random_intercepts
from . import correlates
from .networks import Network

FEWEST, FEWEST_FAMILIES = 5, 5
"""Networks for a test, and families for a mixed model."""
_STEM = re.compile(r"[A-Za-z]+?(?=v?\d|[^A-Za-z]|$)")


@dataclass(frozen=True)
class Hypothesis:
    """More of `word` (of what is known of a network; `noun` in prose) goes with a higher score.

    scaled: the word's number in the units of `per`, which a slope is for one of.
    """

    word: str
    noun: str
    claim: str
    opposite: str
    per: str
    scaled: Callable[[float], float]


NEWER = Hypothesis(
    "year",
    "year of design",
    "newer networks are more brain-like",
    "newer networks are less brain-like",
    "decade",
    lambda x: x / 10,
)
LARGER = Hypothesis(
    "parameters",
    "number of parameters",
    "larger networks are more brain-like",
    "larger networks are less brain-like",
    "tenfold number of parameters",
    math.log10,
)


@dataclass(frozen=True)
class Trend:
    """A hypothesis on one benchmark.

    n: networks of which the word is known. rho, rho_low, rho_high: Spearman's correlation with the score and
    its 95 % interval, networks taken as independent. slope, low, high, p: of the score, per unit, and the
    two-sided p of no slope; p_corrected: Holm's, over the benchmarks tested together. by: how the slope was
    fitted. intercept: of the line, at 0 units. why: there is no test.
    """

    benchmark: str
    n: int
    families: int
    rho: float | None = None
    rho_low: float | None = None
    rho_high: float | None = None
    slope: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    p_corrected: float | None = None
    by: str | None = None
    intercept: float | None = None
    why: str | None = None

    @property
    def sign(self) -> int | None:
        """1 or -1 where the slope's interval leaves zero out, 0 where not, None without one."""
        if self.low is None or self.high is None:
            return None
        return (self.low > 0) - (self.high < 0)


def trends(networks: Mapping[str, Sequence[Network]], of: Hypothesis) -> tuple[Trend, ...]:
    """The hypothesis on each benchmark, over the networks whose word is known; p corrected over benchmarks.

    The slope is a mixed model's, with a random intercept for each family; with fewer than 5 families that of
    least squares, which takes networks as independent.
    """
    found = [_trend(benchmark, among, of) for benchmark, among in networks.items()]
    corrected = holm([one.p for one in found])
    return tuple(replace(one, p_corrected=p) for one, p in zip(found, corrected, strict=True))


def families(networks: Sequence[Network]) -> tuple[str, ...]:
    """The family of each network: what `family` says where that makes at least 5 of them.

    Else what the name of its architecture begins with: resnet of resnet50, vit of vit_base_patch16_224.
    """
    said = tuple(str(one.about.get("family", one.model)) for one in networks)
    if len(set(said)) >= FEWEST_FAMILIES and all("family" in one.about for one in networks):
        return said
    return tuple(_stem(str(one.about.get("architecture", one.model))) for one in networks)


def told(trend: Trend, of: Hypothesis) -> str:
    """The finding as a sentence that can be quoted: n, effect, 95 % interval, p."""
    if trend.slope is None or trend.rho is None:
        return f"{trend.benchmark}: no test: {trend.why}."
    rho = f"Spearman's rho {_signed(trend.rho, trend.rho_low, trend.rho_high)}"
    slope = f"slope {_signed(trend.slope, trend.low, trend.high)} per {of.per}"
    verdict = {1: of.claim, -1: of.opposite, 0: f"no evidence that {of.claim}"}[trend.sign or 0]
    return (
        f"{trend.benchmark}: {verdict} (n = {trend.n} networks of {_counted(trend.families)}; {rho};"
        f" {slope}, {trend.by}, {_p(trend.p)})."
    )


def summed_up(found: Sequence[Trend], of: Hypothesis) -> str:
    """One sentence on all benchmarks tested together, at the corrected p."""
    tested = [one for one in found if one.p_corrected is not None]
    if not tested:
        fewest = max((one.n for one in found), default=0)
        known = f"at most {fewest} networks have a known {of.noun}, and {FEWEST} are needed"
        return f"No test of whether {of.claim}: {known}."
    sure = [one for one in tested if (one.p_corrected or 0) < 1 - LEVEL]
    up, down = (sum(one.slope is not None and one.slope * sign > 0 for one in sure) for sign in (1, -1))
    return (
        f"Tested on {len(tested)} benchmark{'' if len(tested) == 1 else 's'}, corrected for their number"
        f" (Holm): that {of.claim} is found on {up}, that {of.opposite} on {down}; no evidence either way on"
        f" {len(tested) - up - down}."
    )


def _trend(benchmark: str, among: Sequence[Network], of: Hypothesis) -> Trend:
    known = [(one, said) for one in among if (said := one.number(of.word)) is not None and said > 0]
    lines = families([one for one, _ in known])
    empty = Trend(benchmark, len(known), len(set(lines)))
    if len(known) < FEWEST:
        return replace(empty, why=f"{len(known)} network(s) with a known {of.noun}, and {FEWEST} are needed")
    x = np.array([of.scaled(number) for _, number in known])
    y: np.ndarray = np.array([one.score for one, _ in known])
    rho = correlates.spearman(list(zip(x.tolist(), y.tolist(), strict=True)))
    if rho is None:
        return replace(empty, why=f"all have the same {of.noun}, or the same score")
    low, high = correlates.interval(rho, len(known)) or (None, None)
    return _with_slope(replace(empty, rho=rho, rho_low=low, rho_high=high), x, y, lines)


def _with_slope(trend: Trend, x: np.ndarray, y: np.ndarray, lines: Sequence[str]) -> Trend:
    mixed = random_intercepts(x, y, lines) if FEWEST_FAMILIES <= trend.families < trend.n else None
    if mixed is not None:
        return _filled(trend, mixed.slope, mixed.intercept, "mixed model with an intercept for each family")
    slope, intercept = line(x, y)
    why = "each is a family of its own" if trend.families == trend.n else f"{_counted(trend.families)} only"
    return _filled(trend, slope, intercept, f"least squares over networks as independent ({why})")


def _filled(trend: Trend, slope: Estimate, intercept: float, by: str) -> Trend:
    low, high = slope.interval()
    return replace(trend, slope=slope.value, low=low, high=high, p=slope.p, by=by, intercept=intercept)


def _stem(name: str) -> str:
    found = _STEM.match(name)
    return found.group().lower() if found else name


def _signed(value: float, low: float | None, high: float | None) -> str:
    ends = "" if low is None or high is None else f" [{low:+.3f}, {high:+.3f}]"
    return f"{value:+.3f}{ends}"


def _p(p: float | None) -> str:
    return "p unknown" if p is None else "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def _counted(count: int) -> str:
    return f"{count} famil{'y' if count == 1 else 'ies'}"
