"""Curves: panels of what runs along the depth of networks, each drawn or many as bands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np

from ...analysis.population.depth import Curve, band
from ...analysis.population.twins import architecture
from ...specs.results import Row
from .charts import COLOURS, MOST_PANELS, SHAPES, WIDTH, inline, themed, titled

MOST_ARCHITECTURES = 8
TRAINED, UNTRAINED, UNKNOWN = "trained", "untrained", "training not known"
_NAMES = (TRAINED, UNTRAINED, UNKNOWN)
_BY_TRAINING = alt.Scale(domain=list(_NAMES), range=list(COLOURS[:3]))


@dataclass(frozen=True)
class Drawn:
    """What panels show. kinds: of Curve's arrays to what the legend calls them, the first as a full line.

    axis: of y. marked: whether chosen layers are marked. log: whether y is logarithmic.
    """

    kinds: Mapping[str, str]
    axis: str
    marked: bool = True
    log: bool = False


def training(row: Row) -> str:
    """Trained, untrained, or not known."""
    trained = row.about.get("trained")
    return UNKNOWN if not isinstance(trained, bool) else TRAINED if trained else UNTRAINED


def family(row: Row) -> str:
    """The kind of network."""
    return str(row.about.get("family") or "family not known")


def whole(_: Row) -> str:
    """All networks together."""
    return "all networks"


def grouping(curves: Sequence[Curve]) -> Callable[[Row], str]:
    """What a panel is of, so that there are few: an architecture, a family or all networks."""
    benchmarks = len({one.row.benchmark for one in curves})
    for by, most in ((architecture, MOST_ARCHITECTURES), (family, MOST_PANELS)):
        groups = len({by(one.row) for one in curves})
        if groups <= most and groups * benchmarks <= MOST_PANELS:
            return by
    return whole


def panels(curves: Sequence[Curve], by: Callable[[Row], str], what: Drawn) -> Iterator[alt.LayerChart]:
    """A panel for each group on each of the first benchmarks; those of one benchmark have the same axes."""
    for benchmark in list(dict.fromkeys(one.row.benchmark for one in curves))[:MOST_PANELS]:
        here = [one for one in curves if one.row.benchmark == benchmark]
        made = _lines if by is architecture else _bands
        for name in sorted({by(one.row) for one in here}):
            group = [one for one in here if by(one.row) == name]
            yield made(group, what, _heading(name, benchmark, group, by), _scale(here, what))


def legend(columns: int = 2) -> alt.Legend:
    """A legend below the plot."""
    return alt.Legend(orient="bottom", title=None, columns=columns)


def _heading(name: str, benchmark: str, group: Sequence[Curve], by: Callable[[Row], str]) -> alt.TitleParams:
    many = "" if by is architecture else f" ({len({one.row.model for one in group})} networks)"
    return titled(f"{name}{many}", benchmark)


def _scale(curves: Sequence[Curve], what: Drawn) -> alt.Scale:
    values = np.concatenate([getattr(one, kind) for one in curves for kind in what.kinds])
    values = values[np.isfinite(values) & (values > 0 if what.log else True)]
    if what.log:
        ends = [float(values.min()), float(values.max())] if len(values) else [1.0, 10.0]
        return alt.Scale(type="log", domain=ends, nice=False)
    ends = [min(float(values.min()), 0.0), float(values.max())] if len(values) else [0.0, 1.0]
    return alt.Scale(domain=ends, nice=True)


def _x() -> alt.X:
    return alt.X("depth:Q", title="relative depth", scale=alt.Scale(domain=[0, 1]))


def _y(what: Drawn, scale: alt.Scale) -> alt.Y:
    axis = alt.Axis(tickCount=4, format="~s") if what.log else alt.Axis(tickCount=5)
    return alt.Y("value:Q", title=what.axis, scale=scale, axis=axis)


def _dash(what: Drawn, points: Sequence[Mapping[str, Any]]) -> alt.StrokeDash:
    several = len({point["kind"] for point in points}) > 1
    scale = alt.Scale(domain=list(what.kinds.values()), range=[[1, 0], [4, 3]][: len(what.kinds)])
    return alt.StrokeDash("kind:N", scale=scale, legend=legend() if several else None)


def _colour(curves: Sequence[Curve]) -> alt.Color:
    there = {training(one.row) for one in curves}
    shown = legend()
    shown.values = [name for name in _NAMES if name in there]
    return alt.Color("training:N", scale=_BY_TRAINING, legend=shown)


def _lines(curves: Sequence[Curve], what: Drawn, title: alt.TitleParams, scale: alt.Scale) -> alt.LayerChart:
    points = [point for one in curves for point in _points(one, what)]
    x, y, colour = _x(), _y(what, scale), _colour(curves)
    base = alt.Chart(inline(points))
    lines = base.mark_line(strokeWidth=1.8).encode(x, y, colour, _dash(what, points), detail="model:N")
    first = next(iter(what.kinds.values()))
    chosen = [point for point in points if what.marked and point["chosen"] and point["kind"] == first]
    return _sized(alt.LayerChart(layer=[lines, _marks(chosen, x, y, colour)], title=title))


def _sized(chart: alt.LayerChart) -> alt.LayerChart:
    """Narrower than other panels, for the labels of negative scores."""
    made: alt.LayerChart = themed(chart).properties(width=WIDTH - 12)
    return made


def _points(one: Curve, what: Drawn) -> Iterator[dict[str, Any]]:
    said = {"model": one.row.model, "training": training(one.row)}
    for kind, name in what.kinds.items():
        for i, value in enumerate(getattr(one, kind).tolist()):
            if np.isfinite(value) and (value > 0 or not what.log):
                place = {"depth": round(float(one.depth[i]), 4), "value": float(f"{value:.5g}")}
                yield {**said, **place, "kind": name, "chosen": bool(one.chosen[i])}


def _bands(curves: Sequence[Curve], what: Drawn, title: alt.TitleParams, scale: alt.Scale) -> alt.LayerChart:
    """Medians, between the quartiles of the first kind a band, and the median depth of the chosen layers."""
    x, y, colour = _x(), _y(what, scale), _colour(curves)
    every = list(_quartiles(curves, what))
    first = next(iter(what.kinds.values()))
    area = alt.Chart(inline([one for one in every if one["kind"] == first]))
    area = area.mark_area(opacity=0.25).encode(x, alt.Y("low:Q", scale=scale), alt.Y2("high:Q"), colour)
    lines = alt.Chart(inline(every)).mark_line(strokeWidth=2).encode(x, y, colour, _dash(what, every))
    chosen = list(_typical(curves, next(iter(what.kinds)))) if what.marked else []
    return _sized(alt.LayerChart(layer=[area, lines, _marks(chosen, x, y, colour)], title=title))


def _marks(chosen: Sequence[Mapping[str, Any]], x: alt.X, y: alt.Y, colour: alt.Color) -> alt.Chart:
    shape = alt.Shape("training:N", scale=alt.Scale(domain=list(_NAMES), range=list(SHAPES[:3])), legend=None)
    marks = alt.Chart(inline(chosen)).mark_point(
        size=70, filled=True, stroke="black", strokeWidth=1, opacity=1
    )
    made: alt.Chart = marks.encode(x, y, colour, shape)
    return made


def _typical(curves: Sequence[Curve], kind: str) -> Iterator[dict[str, Any]]:
    """The median depth of the chosen layers, on the line of medians."""
    for name in _NAMES:
        group = [one for one in curves if training(one.row) == name]
        depths = [depth for one in group if (depth := one.chosen_depth) is not None]
        found = band(group, kind)
        if depths and found.n:
            depth = float(np.median(depths))
            value = float(np.interp(depth, found.depth, found.median))
            yield {"depth": depth, "value": value, "training": name}


def _quartiles(curves: Sequence[Curve], what: Drawn) -> Iterator[dict[str, Any]]:
    for name in _NAMES:
        group = [one for one in curves if training(one.row) == name]
        for kind, said in what.kinds.items():
            found = band(group, kind)
            for place in zip(found.depth, found.low, found.median, found.high, strict=True):
                if found.n:
                    values = (float(f"{value:.5g}") for value in place)
                    keys = ("depth", "low", "value", "high")
                    yield {**dict(zip(keys, values, strict=True)), "training": name, "kind": said}
