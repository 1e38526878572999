"""Pairs: on each benchmark every two models, compared on the same samples, and which cannot be told apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import combinations
from typing import Any, Literal

from ..errors import MetricError
from ..inference.paired import paired
from ..inference.replicates import Sampled
from .statistics.corrections import benjamini_hochberg, holm
from .statistics.estimates import LEVEL

Correction = Literal["holm", "fdr", "none"]
_Corrected = Callable[[Sequence[float | None]], Sequence[float | None]]
_CORRECTIONS: Mapping[Correction, _Corrected] = {"holm": holm, "fdr": benjamini_hochberg, "none": tuple}


@dataclass(frozen=True, eq=False)
class Scored:
    """A model's raw score on a benchmark, with its replicates.

    made: what must be the same for two scores to be compared, in words and what it is: the key of the
    samples, digests, versions. missing: the file that should hold the replicates and is not there.
    """

    benchmark: str
    model: str
    raw: float
    sampled: Sampled = field(default_factory=dict)
    made: Mapping[str, str] = field(default_factory=dict)
    missing: str = ""


@dataclass(frozen=True)
class Pair:
    """Two models on a benchmark: raw scores, and a - b with its 95 % interval and two-sided p.

    over: what is a sample: stimulus, neuroid, subject. subjects: how many, where they are. p_corrected: over
    all pairs on the benchmark. why: they could not be compared.
    """

    benchmark: str
    a: str
    b: str
    raw_a: float
    raw_b: float
    delta: float
    low: float | None = None
    high: float | None = None
    se: float | None = None
    df: float | None = None
    p: float | None = None
    p_corrected: float | None = None
    over: tuple[str, ...] = ()
    subjects: int | None = None
    why: str | None = None

    @property
    def differ(self) -> bool | None:
        """Whether the two can be told apart; None where nothing says so."""
        return None if self.p_corrected is None else self.p_corrected < 1 - LEVEL


@dataclass(frozen=True)
class Alike:
    """The models that one cannot be told from on a benchmark, of how many it was compared with."""

    benchmark: str
    model: str
    raw: float
    alike: tuple[str, ...]
    compared: int


@dataclass(frozen=True)
class Pairs:
    """All pairs of models on all benchmarks, those of a benchmark in the order of their scores."""

    pairs: tuple[Pair, ...]
    correction: Correction

    def alike(self) -> tuple[Alike, ...]:
        """Of each model on each benchmark, which others it cannot be told from."""
        found: dict[tuple[str, str], list[tuple[str, bool]]] = {}
        raws: dict[tuple[str, str], float] = {}
        for pair in self.pairs:
            for one, raw, other in ((pair.a, pair.raw_a, pair.b), (pair.b, pair.raw_b, pair.a)):
                raws[pair.benchmark, one] = raw
                of = found.setdefault((pair.benchmark, one), [])
                of += [] if pair.differ is None else [(other, pair.differ)]
        return tuple(
            Alike(*key, raws[key], tuple(other for other, differ in of if not differ), len(of))
            for key, of in found.items()
        )

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """Rows for data frames: one for each pair, and one for each model on each benchmark."""
        pairs = [{**asdict(pair), "over": " ".join(pair.over)} for pair in self.pairs]
        alike = [{**asdict(one), "alike": " ".join(one.alike)} for one in self.alike()]
        return {"pairs": pairs, "alike": alike}


def compared(scores: Sequence[Scored], correction: Correction = "holm") -> Pairs:
    """Every two models on each benchmark, the higher score first.

    correction: of p over all pairs on a benchmark: Holm's, the false discovery rate (Benjamini and Hochberg),
    or none. Where two scores have no samples in common, the pair says why.
    """
    by_benchmark: dict[str, list[Scored]] = {}
    for score in scores:
        by_benchmark.setdefault(score.benchmark, []).append(score)
    found = (_corrected(_on(same), correction) for same in by_benchmark.values())
    return Pairs(tuple(pair for pairs in found for pair in pairs), correction)


def _on(same: Sequence[Scored]) -> list[Pair]:
    ordered = sorted(same, key=lambda score: -score.raw)
    return [_pair(a, b) for a, b in combinations(ordered, 2)]


def _pair(a: Scored, b: Scored) -> Pair:
    pair = Pair(a.benchmark, a.model, b.model, a.raw, b.raw, a.raw - b.raw)
    if why := next(_unlike(a, b), None):
        return replace(pair, why=why)
    try:
        found = paired(a.raw, b.raw, a.sampled, b.sampled, level=LEVEL)
    except MetricError as fault:
        return replace(pair, why=str(fault))
    if found is None:
        return replace(pair, why="neither has replicates: score them again, with intervals")
    over = tuple(factor for factor in a.sampled if factor != "both")
    subjects = a.sampled["subject"].count if "subject" in a.sampled else None
    pair = replace(pair, over=over, subjects=subjects)
    return replace(pair, low=found.low, high=found.high, se=found.se, df=found.df, p=found.p)


def _unlike(a: Scored, b: Scored) -> Iterator[str]:
    """Why two scores have no samples in common."""
    for one in (a, b):
        if one.missing:
            yield f"{one.missing} is missing: copy it beside the results, or score {one.model} again"
    for one, other in ((a, b), (b, a)):
        if other.sampled and not one.sampled:
            yield f"{one.model} has no replicates: score it again, with intervals"
    for what in dict.fromkeys([*a.made, *b.made]):
        here, there = a.made.get(what, "none"), b.made.get(what, "none")
        if here != there:
            yield f"no common samples: {what} is {here} for {a.model}, and {there} for {b.model}"


def _corrected(pairs: Sequence[Pair], correction: Correction) -> list[Pair]:
    adjusted = _CORRECTIONS[correction]([pair.p for pair in pairs])
    return [replace(pair, p_corrected=p) for pair, p in zip(pairs, adjusted, strict=True)]
