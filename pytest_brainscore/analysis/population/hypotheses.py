"""Hypotheses: whether newer, or larger, networks are more like the brain; tested, and answered in words."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..statistics import rank_correlation
from ..statistics.corrections import holm
from ..statistics.estimates import LEVEL, Estimate
from ..statistics.least_squares import line
from ..statistics.numbers import both_p, counted, estimate
from ..statistics.random_intercepts import random_intercepts
from .networks import Network

FEWEST, FEWEST_FAMILIES = 5, 5
"""Networks for a test, and families for a mixed model."""
MIXED = "mixed model with an intercept for each family"
_STEM = re.compile(r"[A-Za-z]+?(?=v?\d|[^A-Za-z]|$)")


@dataclass(frozen=True)
class Hypothesis:
    """More of `word` (of what is known of a network; `noun` in prose) goes with a higher score.

    those: networks with more of it. scaled: the word's number in the units of `per`, which a slope is for
    one of.
    """

    word: str
    noun: str
    those: str
    per: str
    scaled: Callable[[float], float]

    @property
    def claim(self) -> str:
        """What is tested."""
        return f"{self.those} are more brain-like"

    @property
    def opposite(self) -> str:
        """What the slope may say instead."""
        return f"{self.those} are less brain-like"


NEWER = Hypothesis(
    "year",
    "year of design",
    "newer networks",
    "decade",
    lambda x: x / 10,
)
LARGER = Hypothesis(
    "parameters",
    "number of parameters",
    "larger networks",
    "tenfold number of parameters",
    math.log10,
)


@dataclass(frozen=True)
class Trend:
    """A hypothesis on one benchmark.

    n: networks of which the word is known. rho, rho_low, rho_high: Spearman's correlation with the score and
    its 95 % interval, networks taken as independent; rho_p: two-sided, of no correlation; interval and p are
    None where `rank_correlation.interval` is. slope, low, high, p: of the score, per unit, and the two-sided
    p of no slope. p_corrected, rho_p_corrected: Holm's, over the benchmarks tested together. by: how the
    slope was fitted. intercept: of the line, at 0 units. why: there is no test.
    """

    benchmark: str
    n: int
    families: int
    rho: float | None = None
    rho_low: float | None = None
    rho_high: float | None = None
    rho_p: float | None = None
    rho_p_corrected: float | None = None
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
        """1 or -1 where the slope's corrected p is below 0.05, 0 where not, None without a test."""
        return _sign(self.slope, self.p_corrected)

    @property
    def rank_sign(self) -> int | None:
        """The same of rho."""
        return _sign(self.rho, self.rho_p_corrected)

    @property
    def mixed(self) -> bool:
        """Whether the slope lets networks of one family be alike."""
        return self.by == MIXED


def trends(networks: Mapping[str, Sequence[Network]], of: Hypothesis) -> tuple[Trend, ...]:
    """The hypothesis on each benchmark, over the networks whose word is known; p corrected over benchmarks.

    The slope is a mixed model's, with a random intercept for each family; with fewer than 5 families that of
    least squares, which takes networks as independent.
    """
    found = [_trend(benchmark, among, of) for benchmark, among in networks.items()]
    of_slopes, of_ranks = holm([one.p for one in found]), holm([one.rho_p for one in found])
    return tuple(
        replace(one, p_corrected=p, rho_p_corrected=rho_p)
        for one, p, rho_p in zip(found, of_slopes, of_ranks, strict=True)
    )


def families(networks: Sequence[Network]) -> tuple[str, ...]:
    """The family of each network: what `family` says where that makes at least 5 of them.

    Else what the name of its architecture begins with: resnet of resnet50, vit of vit_base_patch16_224.
    """
    said = tuple(str(one.about.get("family", one.model)) for one in networks)
    if len(set(said)) >= FEWEST_FAMILIES and all("family" in one.about for one in networks):
        return said
    return tuple(_stem(str(one.about.get("architecture", one.model))) for one in networks)


def told(trend: Trend, of: Hypothesis) -> str:
    """The finding as a sentence that can be quoted by itself: n, effect, 95 % interval, p, model."""
    if trend.slope is None:
        return f"{trend.benchmark}: no test: {trend.why}."
    return (
        f"{trend.benchmark}: {verdict(trend, of)} (n = {counted(trend.n, 'network')} of"
        f" {_families(trend.families)}; Spearman's {_rho(trend)}; {_slope(trend)} per {of.per}, 95 %"
        f" intervals, {trend.by}, {both_p(trend.p, trend.p_corrected)})."
    )


def briefly(trend: Trend, of: Hypothesis, name: str) -> str:
    """The finding beside others, where unit, level and model are told once; name: of the benchmark."""
    if trend.slope is None:
        return f"{name}: no test: {trend.why}."
    by = "" if trend.mixed else ", networks as independent"
    p = both_p(trend.p, trend.p_corrected)
    n = f"n = {trend.n}, {_families(trend.families)}"
    return f"{name}: {verdict(trend, of)} ({_rho(trend)}; {_slope(trend)}, {p}{by}; {n})."


def verdict(trend: Trend, of: Hypothesis) -> str:
    """What the slope says of the claim, and the ranks where they say something else; both at Holm's p."""
    slope, ranks = trend.sign or 0, trend.rank_sign or 0
    if ranks in (0, slope):
        return {1: of.claim, -1: of.opposite, 0: f"no evidence that {of.claim}"}[slope]
    score = {1: "score higher", -1: "score lower", 0: "it is open"}
    first, then = ("taken as independent", "with families") if trend.mixed else ("by rank", "by a line")
    rest = score[0] if slope == 0 else f"they {score[slope]}"
    return f"{first}, {of.those} {score[ranks]}; {then} {rest}"


def summed_up(found: Sequence[Trend], of: Hypothesis) -> str:
    """One sentence on all benchmarks tested together, at the corrected p."""
    tested = [one for one in found if one.p_corrected is not None]
    if not tested:
        return f"No test of whether {of.claim}: {too_few(max((one.n for one in found), default=0), of)}."
    up, down = (sum(one.sign == sign for one in tested) for sign in (1, -1))
    return (
        f"Of {counted(len(tested), 'benchmark')} tested (Holm), {of.claim} on {up}, less on {down}; open on"
        f" {len(tested) - up - down}."
    )


def too_few(most: int, of: Hypothesis) -> str:
    """Why there is no test; most: networks of which the word is known, on any one benchmark."""
    known = counted(most, "network has", "networks have")
    return f"at most {known} a known {of.noun}, and {FEWEST} are needed"


def _trend(benchmark: str, among: Sequence[Network], of: Hypothesis) -> Trend:
    known = [(one, said) for one in among if (said := one.number(of.word)) is not None and said > 0]
    lines = families([one for one, _ in known])
    empty = Trend(benchmark, len(known), len(set(lines)))
    if len(known) < FEWEST:
        return replace(empty, why=f"{counted(len(known), 'network')} with a known {of.noun}, {FEWEST} needed")
    x = np.array([of.scaled(number) for _, number in known])
    y: np.ndarray = np.array([one.score for one, _ in known])
    rho = rank_correlation.spearman(list(zip(x.tolist(), y.tolist(), strict=True)))
    if rho is None:
        return replace(empty, why=f"all have the same {of.noun}, or the same score")
    low, high = rank_correlation.interval(rho, len(known)) or (None, None)
    ranks = replace(empty, rho=rho, rho_low=low, rho_high=high, rho_p=rank_correlation.p_of(rho, len(known)))
    return _with_slope(ranks, x, y, lines)


def _with_slope(trend: Trend, x: np.ndarray, y: np.ndarray, lines: Sequence[str]) -> Trend:
    mixed = random_intercepts(x, y, lines) if FEWEST_FAMILIES <= trend.families < trend.n else None
    if mixed is not None:
        return _filled(trend, mixed.slope, mixed.intercept, MIXED)
    slope, intercept = line(x, y)
    why = "each is a family of its own" if trend.families == trend.n else f"{_families(trend.families)} only"
    return _filled(trend, slope, intercept, f"least squares over networks as independent ({why})")


def _filled(trend: Trend, slope: Estimate, intercept: float, by: str) -> Trend:
    low, high = slope.interval()
    return replace(trend, slope=slope.value, low=low, high=high, p=slope.p, by=by, intercept=intercept)


def _stem(name: str) -> str:
    found = _STEM.match(name)
    return found.group().lower() if found else name


def _sign(effect: float | None, p: float | None) -> int | None:
    if effect is None or p is None:
        return None
    return (effect > 0) - (effect < 0) if p < 1 - LEVEL else 0


def _rho(trend: Trend) -> str:
    return rank_correlation.told(trend.rho or 0.0, trend.rho_low, trend.rho_high, trend.n)


def _slope(trend: Trend) -> str:
    return f"slope {estimate(trend.slope, trend.low, trend.high)}"


def _families(count: int) -> str:
    return counted(count, "family", "families")
