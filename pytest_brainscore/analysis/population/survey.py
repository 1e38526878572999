"""Survey: what is asked of many networks at once, as tidy tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ...specs.contrasts import Contrast, Unit, Where
from ...specs.results import Row
from .contrasts import Contrasted, contrasted
from .correlates import Correlate, agreement, correlates
from .likeness import Likeness, likeness
from .networks import Network, Stimuli, networks, select
from .summaries import Summary, summary

Table = Sequence[Mapping[str, Any]]
"""Rows of plain values with the same keys, as ``pandas.DataFrame`` takes them."""
Scores = Mapping[str, Sequence[Network]]
SETS: Mapping[str, Where] = {
    "all": {},
    "trained": {"trained": True},
    "untrained": {"trained": False},
}


@dataclass(frozen=True)
class Survey:
    """Summaries, correlates and agreements by set (all, trained, untrained) of networks; the contrasts; and
    how alike networks are, where their RDMs are known."""

    summaries: Mapping[tuple[str, str], Summary]
    contrasts: Contrasted
    correlates: Mapping[str, tuple[Correlate, ...]]
    agreements: Mapping[str, tuple[Correlate, ...]]
    likeness: tuple[Likeness, ...]

    def tables(self) -> dict[str, Table]:
        """All of it by the name of the table: a row for each summary, group, effect, correlate, pair."""
        return {
            "summaries": [
                {"benchmark": benchmark, "set": name, **asdict(one)}
                for (benchmark, name), one in self.summaries.items()
            ],
            "groups": [{**asdict(one), "networks": " ".join(one.networks)} for one in self.contrasts.groups],
            "effects": [asdict(one) for one in self.contrasts.effects],
            "correlates": list(_with_set(self.correlates)),
            "agreements": list(_with_set(self.agreements)),
            "likeness": [row for one in self.likeness for row in _pairs(one)],
            "scaling": [row for one in self.likeness for row in _places(one)],
        }


def survey(
    rows: Sequence[Row],
    contrasts: Sequence[Contrast],
    *,
    of: str = "raw",
    unit: Unit | None = None,
    rdms: Mapping[str, Mapping[str, np.ndarray]] | None = None,
    stimuli: Stimuli | None = None,
) -> Survey:
    """All analyses of the rows of results, over the benchmarks that any network has a score on.

    of: raw or ceiled scores. unit: of the intervals, instead of the contrasts' own. rdms: benchmark to
    network to RDM. stimuli: scores per stimulus.
    """
    scores = networks(rows, of, stimuli)
    sets = {name: {b: select(among, where) for b, among in scores.items()} for name, where in SETS.items()}
    sets = {name: found for name, found in sets.items() if name == "all" or any(found.values())}
    return Survey(
        {
            (b, name): one
            for name, found in sets.items()
            for b, among in found.items()
            if (one := summary(among))
        },
        contrasted(contrasts, scores, unit),
        {name: correlates(found) for name, found in sets.items()},
        {name: agreement(found) for name, found in sets.items()},
        tuple(likeness(benchmark, found) for benchmark, found in (rdms or {}).items() if len(found) > 1),
    )


def _with_set(found: Mapping[str, Sequence[Correlate]]) -> Iterator[dict[str, Any]]:
    for name, every in found.items():
        yield from ({"set": name, **asdict(one)} for one in every)


def _pairs(one: Likeness) -> Iterator[dict[str, Any]]:
    for i, model in enumerate(one.models):
        for j, other in enumerate(one.models[:i]):
            value = float(one.matrix[i, j])
            yield {
                "benchmark": one.benchmark,
                "model": other,
                "other": model,
                "r": value if np.isfinite(value) else None,
            }


def _places(one: Likeness) -> Iterator[dict[str, Any]]:
    for model, (x, y) in zip(one.models, one.coordinates.tolist(), strict=True):
        finite = np.isfinite(x)
        yield {
            "benchmark": one.benchmark,
            "model": model,
            "x": x if finite else None,
            "y": y if finite else None,
        }
