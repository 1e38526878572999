"""Dimensionality: how many dimensions layers fill, whether scores go with it, and how eigenvalues fall."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import altair as alt
import numpy as np

from ...analysis.population.depth import Curve, curves
from ...analysis.population.dimensions import Dimension, Relation, dimensions, relations
from ...analysis.population.hypotheses import FEWEST
from ...analysis.population.twins import architecture
from ...analysis.statistics.numbers import RHO, both_p, counted
from ...analysis.statistics.rank_correlation import told as told_rho
from ...errors import BrainScoreError, first_line
from ...specs.results import Row
from ..evidence import Evidence
from ..figures.charts import MOST_PANELS, of_benchmark, scatter
from ..figures.curves import TRAINED, UNKNOWN, UNTRAINED, Drawn, grouping, panels, training
from ..figures.eigenvalues import figure
from ..figures.phrases import shortest
from ..layers import known
from ..parts import Figure, Section, Table
from ..spectra import Spectrum, shown, spectra

_DEPTH = Drawn({"dimensionality": "plain", "corrected": "corrected"}, "dimensions", marked=True, log=True)
_MOST_LINES = 8
_GROUPS = (TRAINED, UNTRAINED, UNKNOWN)
_HOW = (
    "Effective dimensionality is the participation ratio of the covariance over stimuli, (Σλ)² / Σλ². The"
    " plain ratio grows with the number of stimuli and stays below it; the corrected one estimates that of"
    " infinitely many stimuli, and is left out where these stimuli cannot tell it."
)
_TURNED = "Dimensions of the first layer, the last and the largest, medians over networks."
_SPEARMAN = f"Spearman's {RHO} of score and dimensionality with its 95 % interval."
_RELATIONS = {
    "benchmark": "Benchmark",
    "set": "Networks",
    "of": "Dimensionality",
    "n": "n",
    "rho": "Spearman's ρ",
    "low": "95 % from",
    "high": "95 % to",
    "p_corrected": "p (Holm)",
}


def section(evidence: Evidence) -> Section | None:
    """Along depth, against scores, and eigenvalues; None where no network has a dimensionality."""
    rows = [known(one.row, evidence.about) for one in evidence.scored]
    along, found = _along(rows), dimensions(rows)
    if not along and not found:
        return None
    falling, faults = _read(evidence)
    parts: list[Figure | Table] = []
    parts += [_depths(along, _data(rows))] if along else []
    short = shortest(one.row.benchmark for one in evidence.found)
    parts += [_scores(found, rows, short), *_table(found)] if found else []
    parts += [figure(falling)] if falling else []
    return Section("dimensionality", "Effective dimensionality", parts, [_HOW, *faults])


def _along(rows: Sequence[Row]) -> list[Curve]:
    """A curve for each network and set of stimuli: of its benchmarks on the same stimuli the first."""
    found: dict[tuple[str, str], Curve] = {}
    for one in curves(rows):
        if np.isfinite(one.dimensionality).any():
            found.setdefault((shown(one.row), one.row.model), one)
    return list(found.values())


def _data(rows: Sequence[Row]) -> dict[str, str]:
    """Stimuli to the names of the data sets that have them."""
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(shown(row), []).append(row.dataset)
    return {key: " and ".join(dict.fromkeys(names)) for key, names in found.items()}


def _depths(along: Sequence[Curve], data: Mapping[str, str]) -> Figure:
    by = grouping(along)
    drawn = "each network" if by is architecture else "medians and quartiles over networks"
    return Figure(
        "dimensionality-depth",
        "Effective dimensionality along depth",
        list(panels(along, by, _DEPTH)),
        f"Effective dimensionality along relative depth, {drawn}: plain, corrected, trained, untrained.",
        [_TURNED, *[*_turned(along, data)][:_MOST_LINES]],
    )


def _turned(along: Sequence[Curve], data: Mapping[str, str]) -> Iterator[str]:
    """First layer, last layer and the largest, medians over networks, once for each set of stimuli."""
    for key in dict.fromkeys(shown(one.row) for one in along):
        here = [one for one in along if shown(one.row) == key]
        some = [(name, [one for one in here if training(one.row) == name]) for name in _GROUPS]
        yield f"{data[key]}: {'; '.join(_ends(name, of) for name, of in some if of)}."


def _ends(group: str, here: Sequence[Curve]) -> str:
    known = [one.dimensionality[np.isfinite(one.dimensionality)] for one in here]
    first, last, most = (np.median([f(x) for x in known]) for f in (_first, _last, np.max))
    return f"{counted(len(here), f'{group} network')} {first:.1f}, {last:.1f}, {most:.1f}"


def _first(values: np.ndarray) -> float:
    return float(values[0])


def _last(values: np.ndarray) -> float:
    return float(values[-1])


def _scores(found: Sequence[Dimension], rows: Sequence[Row], short: Mapping[str, str]) -> Figure:
    told = relations(found)
    groups = {(row.benchmark, row.model): training(row) for row in rows}
    benchmarks = list(dict.fromkeys(one.benchmark for one in found))
    more = len(benchmarks) - MOST_PANELS
    says = [_SPEARMAN, *_says(benchmarks[:MOST_PANELS], told, short)]
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


def _says(benchmarks: Sequence[str], told: Sequence[Relation], short: Mapping[str, str]) -> Iterator[str]:
    """A line for each benchmark with enough networks, and one for all that have too few."""
    few = [short[name] for name in benchmarks if max(one.n for one in told if one.benchmark == name) < FEWEST]
    for name in benchmarks:
        here = [one for one in told if one.benchmark == name and one.n >= FEWEST and one.set != "untrained"]
        if short[name] not in few and here:
            yield f"{short[name]}: {'; '.join(_said(*of) for of in _by_set(here))}."
    if few:
        n = max(one.n for one in told if short.get(one.benchmark) in few)
        yield f"Too few networks ({n}) for a test: {', '.join(few)}."


def _by_set(here: Sequence[Relation]) -> Iterator[tuple[str, list[Relation]]]:
    """The trained networks first, where some are not, since training makes a relation among all."""
    sets = {name: [one for one in here if one.set == name] for name in ("trained", "all")}
    if [one.n for one in sets["trained"]] == [one.n for one in sets["all"]]:
        del sets["trained"]
    yield from ((name, of) for name, of in sets.items() if of)


def _said(name: str, of: Sequence[Relation]) -> str:
    return f"{name} networks (n = {of[0].n}), " + ", ".join(map(_rho, of))


def _rho(one: Relation) -> str:
    if one.rho is None:
        return f"{one.of}: no rank correlation"
    told = f"{one.of} {told_rho(one.rho, one.low, one.high, one.n, 2)}"
    if one.p is None:
        return told
    verdict = "no evidence of a relation"
    if one.p_corrected is not None and one.p_corrected < 0.05:
        verdict = "more dimensions go with " + ("higher" if one.rho > 0 else "lower") + " scores"
    return f"{told}, {both_p(one.p, one.p_corrected)}: {verdict}"


def _panel(found: Sequence[Dimension], groups: dict[tuple[str, str], str]) -> alt.LayerChart:
    points = [_point(one, groups[one.benchmark, one.model]) for one in found if one.plain is not None]
    points = points or [_point(one, groups[one.benchmark, one.model]) for one in found]
    points.sort(key=lambda point: _GROUPS.index(str(point["group"])))
    title = of_benchmark(found[0].benchmark, counted(len(points), "network"))
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
