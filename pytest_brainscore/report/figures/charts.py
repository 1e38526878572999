"""What all charts of the report share: size, colours that colour-blind people can tell apart, type."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import altair as alt

from .phrases import shortest

WIDTH, HEIGHT = 262, 220
"""Of a panel's plot, in pixels: with its axis it stays within 324, which a telephone shows at full size."""
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#f0e442")
"""Okabe and Ito 2008: for categories, the most frequent first."""
SHAPES = ("circle", "triangle-up", "square", "diamond", "cross", "triangle-down")
"""For the same categories, so that they can be told apart without colour."""
KINDS = {
    "trained": (COLOURS[0], SHAPES[0]),
    "untrained": (COLOURS[1], SHAPES[1]),
    "training not known": (COLOURS[2], SHAPES[2]),
    "ours": (COLOURS[0], SHAPES[0]),
    "published": (COLOURS[3], SHAPES[3]),
}
"""Colour and shape of what looks the same in all panels; it always has a legend."""
COUNTS = "replace(format(datum.value, '.3~s'), 'G', 'B')"
"""The label of a large number at an axis: three digits, k, M, and B for a billion."""
SCALE = "viridis"
"""For amounts."""
REFERENCE = "#6e6e6e"
"""For lines that scores are held against: ceilings, baselines."""
FONT = "DejaVu Sans, Liberation Sans, Arial, sans-serif"
MOST_PANELS = 12
"""Of one figure; its table has all numbers."""
_FEW = 60
_TITLE = 38
Charted = TypeVar("Charted", alt.Chart, alt.LayerChart)
Points = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Line:
    """A straight line that points are held against: from (x, y) to (x2, y2); across the panel without x.

    label: at its end. colour: of a category that it belongs to; default: that of references.
    """

    y: float
    y2: float | None = None
    x: float | None = None
    x2: float | None = None
    label: str = ""
    colour: str = REFERENCE


def themed(chart: Charted) -> Charted:
    """The chart at the common size and in the common type; text of at least 11 px."""
    made: Charted = (
        chart.properties(width=WIDTH, height=HEIGHT)
        .configure(font=FONT)
        .configure_axis(labelFontSize=11, titleFontSize=11, titleFontWeight="normal", labelOverlap=True)
        .configure_legend(
            labelFontSize=11, titleFontSize=11, orient="bottom", symbolOpacity=1, labelLimit=230
        )
        .configure_title(fontSize=12, subtitleFontSize=11, anchor="start", fontWeight="bold")
        .configure_view(stroke=None)
    )
    return made


def titled(text: str, subtitle: str = "") -> alt.TitleParams:
    """A title in lines that a panel has room for, broken at dots, dashes and blanks."""
    return alt.TitleParams(wrapped(text), subtitle=wrapped(subtitle) if subtitle else alt.Undefined)


def of_benchmark(name: str, subtitle: str) -> alt.TitleParams:
    """The benchmark's own id as title; its data set stands below, before the subtitle."""
    own = shortest([name])[name]
    of = name.removesuffix(own).rstrip(".")
    return titled(own, ", ".join(filter(None, (of, subtitle))))


def wrapped(text: str, at: int = _TITLE) -> list[str]:
    """The text in lines of at most `at` letters, where it can be broken."""
    lines = [""]
    for word in re.findall(r"[^\s.,_-]*[\s.,_-]?", text):
        if lines[-1] and len(lines[-1] + word.rstrip()) > at:
            lines.append("")
        lines[-1] += word
    return [line.rstrip() for line in lines if line.strip()]


def scatter(
    points: Points,
    x: alt.X,
    y: alt.Y,
    title: alt.TitleParams,
    lines: Sequence[Line] = (),
    upright: float | None = None,
) -> alt.LayerChart:
    """Points by group, with intervals, over lines.

    points: each with `x`, `y`, `group`, and `low` and `high` (or None) of its interval; of many points no
    interval is drawn, as they would hide each other. upright: where a vertical line stands on the axis.
    """
    groups = list(dict.fromkeys(one["group"] for one in points))
    colours, shapes = zip(*looks(groups).values(), strict=True)
    legend = alt.Legend(title=None) if len(groups) > 1 or KINDS.keys() & set(groups) else None
    colour = alt.Color("group:N", scale=alt.Scale(domain=groups, range=list(colours)), legend=legend)
    shape = alt.Shape("group:N", scale=alt.Scale(domain=groups, range=list(shapes)), legend=legend)
    base = alt.Chart(inline(points)).encode(x=x)
    marks = base.mark_point(filled=True, size=38, opacity=0.75, stroke="white", strokeWidth=0.4)
    layers: list[Any] = [*map(_drawn, lines), marks.encode(y=y, color=colour, shape=shape)]
    spread = [one for one in points if one.get("low") is not None and one.get("high") is not None]
    if spread and len(points) <= _FEW:
        bars = alt.Chart(inline(spread)).mark_rule(opacity=0.5)
        layers.insert(-1, bars.encode(x=x, y="low:Q", y2="high:Q", color=colour))
    if upright is not None:
        layers.insert(0, _upright(upright))
    return themed(alt.LayerChart(layer=layers, title=title))


def looks(groups: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Each group's colour and shape: those of KINDS, and of other groups the next that are free."""
    taken = {KINDS[group] for group in groups if group in KINDS}
    places = range(max(len(groups) + len(taken), len(COLOURS)))
    every = [(COLOURS[i % len(COLOURS)], SHAPES[i % len(SHAPES)]) for i in places]
    free = iter([look for look in every if look not in taken])
    return {group: KINDS[group] if group in KINDS else next(free) for group in groups}


def inline(points: Points) -> alt.InlineData:
    """Points as data that stand in the chart itself."""
    return alt.InlineData(values=[dict(one) for one in points])


def _upright(at: float) -> alt.Chart:
    rule: alt.Chart = alt.Chart(inline([{"x": at}])).mark_rule(color=REFERENCE, strokeDash=[2, 3])
    return rule.encode(x="x:Q")


def _drawn(line: Line) -> alt.LayerChart:
    """The line, and its label above its right end."""
    ends = {"y": line.y, "y2": line.y if line.y2 is None else line.y2, "label": line.label}
    data = inline([ends if line.x is None else {**ends, "x": line.x, "x2": line.x2}])
    across = line.x is None
    places = {} if across else {"x": alt.X("x:Q"), "x2": "x2:Q"}
    rule = alt.Chart(data).mark_rule(
        color=line.colour, strokeDash=[5, 3] if across else [1, 0], strokeWidth=1.4
    )
    drawn = rule.encode(y="y:Q", **({} if across and line.y2 is None else {"y2": "y2:Q"}), **places)
    if not line.label:
        return alt.LayerChart(layer=[drawn])
    text = alt.Chart(data).mark_text(align="right", baseline="bottom", dy=-2, fontSize=11, color=REFERENCE)
    end = {"x": alt.value(WIDTH)} if across else {"x": alt.X("x2:Q")}
    return alt.LayerChart(layer=[drawn, text.encode(y="y:Q" if across else "y2:Q", text="label:N", **end)])
