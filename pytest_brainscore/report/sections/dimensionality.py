"""Dimensionality: how many dimensions layers fill, whether scores go with it, and how eigenvalues fall."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import altair as alt
import numpy as np

from ...analysis.population.depth import Curve, curves
from ...analysis.population.dimensions import Dimension, Relation, dimensions, relations
from ...errors import BrainScoreError, first_line
from ...specs.results import Row
from ..evidence import Evidence
from ..figures.charts import MOST_PANELS, scatter, titled
from ..figures.curves import TRAINED, UNKNOWN, UNTRAINED, Drawn, architecture, grouping, panels, training
from ..figures.eigenvalues import figure
from ..figures.phrases import counted, ends, number
from ..layers import known
from ..parts import Figure, Section, Table
from ..spectra import Spectrum, spectra

_DEPTH = Drawn({"dimensionality": "plain", "corrected": "corrected"}, "dimensions", marked=True, log=True)
_MOST_LINES, _FEWEST = 8, 4
_GROUPS = (TRAINED, UNTRAINED, UNKNOWN)
_HOW = (
    "Effective dimensionality is the participation ratio of the covariance over stimuli, (Σλ)² / Σλ². The"
    " plain ratio grows with the number of stimuli and stays below it; the corrected one estimates that of"
    " infinitely many stimuli, and is left out where these stimuli cannot tell it."
)
_RELATIONS = {
    "benchmark": "Benchmark",
    "set": "Networks",
    "of": "Dimensionality",
    "n": "n",
    "rho": "Spearman's ρ",
    "low": "95 % from",
    "high": "to",
}


def section(evidence: Evidence) -> Section | None:
    """Along depth, against scores, and eigenvalues; None where no network has a dimensionality."""
    rows = [known(one.row, evidence.about) for one in evidence.scored]
    along, found = _along(rows), dimensions(rows)
    if not along and not found:
        return None
    falling, faults = _read(evidence)
    parts: list[Figure | Table] = []
    parts += [_depths(along)] if along else []
    parts += [_scores(found, rows), *_table(found)] if found else []
    parts += [figure(falling)] if falling else []
    return Section("dimensionality", "Effective dimensionality", parts, [_HOW, *faults])


def _along(rows: Sequence[Row]) -> list[Curve]:
    """A curve for each network and data set: of its benchmarks on the same stimuli the first."""
    found: dict[tuple[str, str], Curve] = {}
    for one in curves(rows):
        if np.isfinite(one.dimensionality).any():
            found.setdefault((one.row.dataset, one.row.model), one)
    return list(found.values())


def _depths(along: Sequence[Curve]) -> Figure:
    by = grouping(along)
    drawn = "each network" if by is architecture else "medians and quartiles over networks"
    return Figure(
        "dimensionality-depth",
        "Effective dimensionality along depth",
        list(panels(along, by, _DEPTH)),
        f"Effective dimensionality along relative depth, {drawn}: plain, corrected, trained, untrained.",
        [*_turned(along)][:_MOST_LINES],
    )


def _turned(along: Sequence[Curve]) -> Iterator[str]:
    """First layer, last layer and the largest, medians over the networks of one data set."""
    for dataset in dict.fromkeys(one.row.dataset for one in along):
        for group in _GROUPS:
            here = [one for one in along if (one.row.dataset, training(one.row)) == (dataset, group)]
            some = [one.dimensionality[np.isfinite(one.dimensionality)] for one in here]
            if some:
                first, last, most = (np.median([f(x) for x in some]) for f in (_first, _last, np.max))
                told = f"first layer {first:.1f}, last {last:.1f}, largest {most:.1f}"
                yield f"{dataset}, {counted(len(some), f'{group} network')}, medians: {told}."


def _first(values: np.ndarray) -> float:
    return float(values[0])


def _last(values: np.ndarray) -> float:
    return float(values[-1])


def _scores(found: Sequence[Dimension], rows: Sequence[Row]) -> Figure:
    told = relations(found)
    groups = {(row.benchmark, row.model): training(row) for row in rows}
    benchmarks = list(dict.fromkeys(one.benchmark for one in found))
    more = len(benchmarks) - MOST_PANELS
    says = [line for name in benchmarks[:MOST_PANELS] for line in _says(name, told)]
    return Figure(
        "dimensionality-scores",
        "Scores by the dimensionality of the chosen layer",
        [
            _panel([one for one in found if one.benchmark == name], groups)
            for name in benchmarks[:MOST_PANELS]
        ],
        "Scores against the dimensionality of the chosen layers, by benchmark, trained and untrained.",
        [*says, *[f"{counted(more, 'further benchmark')}: see the table."] * (more > 0)],
        Table(
            "dimensionality-relations", "Scores and dimensionality", [asdict(one) for one in told], _RELATIONS
        ),
    )


def _says(benchmark: str, told: Sequence[Relation]) -> Iterator[str]:
    """A sentence for all networks, and for the trained ones where some are not."""
    of_all = [one for one in told if one.benchmark == benchmark and one.set == "all"]
    trained = [one for one in told if one.benchmark == benchmark and one.set == "trained"]
    apart = [one.n for one in trained] != [one.n for one in of_all] and any(
        one.rho is not None for one in trained
    )
    for some in [trained, of_all] if apart else [of_all]:
        yield f"{benchmark}, {some[0].set} networks, score and dimensionality: {'; '.join(map(_said, some))}."


def _said(one: Relation) -> str:
    if one.rho is None:
        return f"{one.of}, n = {one.n}, no rank correlation"
    rho = f"{one.of}, Spearman's ρ {number(one.rho, '+', 2)}"
    if one.low is None or one.high is None:
        why = "too few for an" if one.n < _FEWEST else "all ranks agree, so no"
        return f"{rho} (n = {one.n}, {why} interval)"
    verdict = "no evidence of a relation"
    if one.low > 0 or one.high < 0:
        verdict = "more dimensions go with " + ("higher" if one.rho > 0 else "lower") + " scores"
    return f"{rho} ({ends(one.low, one.high, '+', 2)}, n = {one.n}): {verdict}"


def _panel(found: Sequence[Dimension], groups: dict[tuple[str, str], str]) -> alt.LayerChart:
    points = [_point(one, groups[one.benchmark, one.model]) for one in found if one.plain is not None]
    points = points or [_point(one, groups[one.benchmark, one.model]) for one in found]
    points.sort(key=lambda point: _GROUPS.index(str(point["group"])))
    title = titled(found[0].benchmark, counted(len(points), "network"))
    scale = alt.Scale(type="log", nice=False, padding=10)
    x = alt.X(
        "x:Q", title="dimensions of the chosen layer", scale=scale, axis=alt.Axis(tickCount=4, format="~s")
    )
    return scatter(points, x, alt.Y("y:Q", title="score", scale=alt.Scale(zero=False, padding=10)), title)


def _point(one: Dimension, group: str) -> dict[str, Any]:
    return {
        "x": one.corrected if one.plain is None else one.plain,
        "y": one.score,
        "group": group,
        "model": one.model,
    }


def _table(found: Sequence[Dimension]) -> Iterator[Table]:
    headings = {name: name for name in ("benchmark", "model", "score", "plain", "corrected")}
    rows = [asdict(one) for one in found]
    yield Table("dimensionality", "Dimensionality of chosen layers", rows, headings, shown=False)


def _read(evidence: Evidence) -> tuple[tuple[Spectrum, ...], list[str]]:
    try:
        return spectra(evidence.scored), []
    except BrainScoreError as why:
        return (), [f"No eigenvalues: {first_line(why)}"]
