"""Likeness: how alike networks are to each other by their RDMs, as a map and as a plane."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np

from ...analysis.population.cohesion import Cohesion, cohesion
from ...analysis.population.likeness import Likeness, likeness, order
from ...analysis.statistics.numbers import counted, percent, signed
from ...errors import BrainScoreError, first_line
from ...specs.results import Row
from ..evidence import Evidence
from ..figures.charts import SHAPES, WIDTH, Points, inline, of_benchmark, themed
from ..figures.curves import family, training
from ..figures.heatmap import Square, heatmap, palette
from ..figures.phrases import difference, named, shortest
from ..joining import Found
from ..layers import known
from ..parts import Figure, Section, Table
from ..rdms import rdms

_MOST_NAMED, _MOST_SAID, _MOST_SHOWN = 10, 8, 8
_FEWEST_IN_A_PLANE = 4
"""Two networks lie on a line and three always fit a plane: neither says anything."""
_HOW = (
    "Two networks are alike as the Pearson correlation r of their RDMs on the same test stimuli, each in its"
    " chosen layers. By cRSA the RDM is of the layer itself; veRSA first fits each network to the brain,"
    " which makes networks alike: high likeness by veRSA and low by cRSA is a property of the method, not of"
    " the networks. Maps are in the order of a hierarchical clustering; in the plane (classical scaling)"
    " near networks are alike."
)
_PAIRS = {"benchmark": "Benchmark", "model": "Model", "other": "Model", "r": "r"}


def section(evidence: Evidence) -> Section | None:
    """Map and plane of each benchmark that left RDMs of two networks or more; None where none did."""
    rows = {
        (one.row.benchmark, one.row.model): known(one.row, evidence.about)
        for one in evidence.scored
        if not one.row.named
    }
    found, faults = _read(evidence.scored)
    if not found and not faults:
        return None
    parts: list[Figure | Table] = []
    if found:
        shown, more = found[:_MOST_SHOWN], len(found) - _MOST_SHOWN
        says = [f"{counted(more, 'further benchmark')}: in the table of pairs."] * (more > 0)
        short = shortest(one.row.benchmark for one in evidence.found)
        many = [one for one in shown if len(one.models) >= _FEWEST_IN_A_PLANE]
        planes = [_planes(many, rows, short)] if many else []
        parts = [_maps(shown, rows, short, says), *planes, *_tables(found)]
    return Section("likeness", "Likeness of networks to each other", parts, [_HOW, *faults])


def _read(scored: Sequence[Found]) -> tuple[list[Likeness], list[str]]:
    """The likeness on each benchmark, and why it cannot be told; RDMs of one benchmark are held at a time."""
    found, faults = [], []
    for benchmark in dict.fromkeys(one.row.benchmark for one in scored):
        try:
            every = rdms([one for one in scored if one.row.benchmark == benchmark]).get(benchmark, {})
            found += [likeness(benchmark, every)] if len(every) > 1 else []
        except BrainScoreError as why:
            faults.append(f"{benchmark}: no likeness of networks: {first_line(why)}")
    return found, faults


Rows = Mapping[tuple[str, str], Row]


def _maps(found: Sequence[Likeness], rows: Rows, short: Mapping[str, str], more: Sequence[str]) -> Figure:
    panels = []
    for one in found:
        places = list(order(one.matrix))
        kinds = tuple(family(rows[one.benchmark, one.models[i]]) for i in places)
        names = tuple(one.models[i] for i in places)
        square = Square(names, one.matrix[np.ix_(places, places)], kinds)
        panels.append(heatmap(square, one.benchmark, f"{len(names)} networks, {one.stimuli} stimuli"))
    says = [f"{short[one.benchmark]}: {_said(one, rows)}" for one in found]
    return Figure(
        "likeness-maps",
        "How alike networks are",
        panels,
        "Correlations of each pair of networks' RDMs as a square of colours, networks in the order of a"
        " hierarchical clustering.",
        [*says[:_MOST_SAID], *more],
    )


def _said(one: Likeness, rows: Rows) -> str:
    """Mean, least and most alike; whether families hold together."""
    above = np.triu_indices(len(one.models), 1)
    values = one.matrix[above]
    if not np.isfinite(values).any():
        return "no RDM varies, so that nothing can be said."
    top, low = (_pair(one, above, int(find(values))) for find in (np.nanargmax, np.nanargmin))
    if len(values) == 1:
        return f"r of {top}."
    told = f"mean r {signed(float(np.nanmean(values)))} of {len(one.models)} networks; most alike {top}"
    of = [rows[one.benchmark, model] for model in one.models]
    kinds = {"of one family": family, "both trained or both untrained": training}
    parts = [
        _held(name, cohesion(one.matrix, [_known(kind(row)) for row in of])) for name, kind in kinds.items()
    ]
    return " ".join(part for part in (f"{told}, least {low}.", *parts) if part)


def _known(kind: str) -> str | None:
    return None if kind.endswith("not known") else kind


def _pair(one: Likeness, above: tuple[np.ndarray, np.ndarray], place: int) -> str:
    i, j = int(above[0][place]), int(above[1][place])
    return f"{named(one.models[i])} and {named(one.models[j])} ({signed(float(one.matrix[i, j]))})"


def _held(kind: str, found: Cohesion | None) -> str:
    if found is None:
        return ""
    told = f"Pairs {kind}: {signed(found.within)} ({found.pairs}), others {signed(found.between)}"
    told = f"{told} ({found.pairs_between})"
    if found.difference is None:
        return f"{told}; too few networks ({found.networks}) for a test."
    low, high = found.difference.interval()
    verdict = (
        "more alike" if low > 0 else "less alike" if high < 0 else "no evidence that they are more alike"
    )
    return f"{told}, difference {difference(found.difference, found.difference.value)}: {verdict}."


def _planes(found: Sequence[Likeness], rows: Rows, short: Mapping[str, str]) -> Figure:
    shares = "; ".join(f"{short[one.benchmark]} {_spread(one)}" for one in found)
    return Figure(
        "likeness-planes",
        "Networks in a plane",
        [_plane(one, rows) for one in found],
        "Networks as points of a plane, near where their RDMs are alike, by family and by training.",
        [f"Share of the scaling that the two axes hold: {shares}."],
    )


def _spread(one: Likeness) -> str:
    first, second = one.explained
    return "none, since an RDM does not vary" if first != first else f"{percent(first)} and {percent(second)}"


def _plane(one: Likeness, rows: Rows) -> alt.LayerChart:
    points = list(_points(one, rows))
    reach = max((abs(point[axis]) for point in points for axis in ("x", "y")), default=0.0) * 1.15 or 1.0
    scale = alt.Scale(domain=[-reach, reach], nice=False)
    x = alt.X("x:Q", title="first axis", scale=scale, axis=alt.Axis(tickCount=5))
    y = alt.Y("y:Q", title="second axis", scale=scale, axis=alt.Axis(tickCount=5))
    marks = alt.Chart(inline(points)).mark_point(filled=True, size=45, opacity=0.75)
    layers = [marks.encode(x, y, _colour(points), _shape(points))]
    if len(points) <= _MOST_NAMED:
        layers += [text.encode(x, y, text="name:N") for text in _names(points)]
    title = of_benchmark(one.benchmark, counted(len(points), "network"))
    made: alt.LayerChart = themed(alt.LayerChart(layer=layers, title=title))
    return made.properties(width=WIDTH - 20, height=WIDTH - 20)


def _colour(points: Points) -> alt.Color:
    """By family; where there is but one, by training."""
    families = {point["family"] for point in points}
    by = "family" if len(families) > 1 else "training"
    colours = palette([point[by] for point in points])
    scale = alt.Scale(domain=list(colours), range=list(colours.values()))
    legend = (
        alt.Legend(title=None, columns=2, orient="top" if by == "training" else "bottom")
        if len(colours) > 1
        else None
    )
    return alt.Color(f"{by}:N", scale=scale, legend=legend)


def _shape(points: Points) -> alt.Shape:
    there = {point["training"] for point in points}
    groups = [name for name in ("trained", "untrained", "training not known") if name in there]
    scale = alt.Scale(domain=groups, range=list(SHAPES[: len(groups)]))
    legend = alt.Legend(title=None, orient="top") if len(groups) > 1 else None
    return alt.Shape("training:N", scale=scale, legend=legend)


def _names(points: Points) -> Iterator[alt.Chart]:
    """Names towards the middle, above a point or below it, away from the nearest other point."""
    for right in (False, True):
        for above in (False, True):
            some = [one for one in points if (one["x"] > 0) == right and _above(one, points) == above]
            text = alt.Chart(inline(some))
            yield text.mark_text(fontSize=11, align="right" if right else "left", dy=-10 if above else 12)


def _above(one: Mapping[str, Any], points: Points) -> bool:
    others = [other for other in points if other is not one]
    near = min(others, key=lambda other: _apart(one, other), default=one)
    return bool(one["y"] >= near["y"])


def _apart(one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    return float(np.hypot(one["x"] - other["x"], one["y"] - other["y"]))


def _points(one: Likeness, rows: Rows) -> Iterator[dict[str, Any]]:
    for model, (x, y) in zip(one.models, one.coordinates.tolist(), strict=True):
        if x == x:
            row = rows[one.benchmark, model]
            said = {"model": model, "name": named(model), "x": float(f"{x:.4g}"), "y": float(f"{y:.4g}")}
            yield {**said, "family": family(row), "training": training(row)}


def _tables(found: Sequence[Likeness]) -> Iterator[Table]:
    pairs = [pair for one in found for pair in _pairs(one)]
    yield Table("likeness", "Likeness of pairs of networks", pairs, _PAIRS, shown=False)


def _pairs(one: Likeness) -> Iterator[dict[str, Any]]:
    for i, model in enumerate(one.models):
        for j, other in enumerate(one.models[:i]):
            r = float(one.matrix[i, j])
            said = {"benchmark": one.benchmark, "model": other, "other": model}
            yield {**said, "r": r if np.isfinite(r) else None}
