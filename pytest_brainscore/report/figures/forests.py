"""Forests: estimates with their intervals under each other, each with its name above it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

import altair as alt

from .charts import COLOURS, REFERENCE, WIDTH, inline, themed, titled, wrapped

MOST_LINES, MOST_PANELS = 15, 4
_HEADING, _LINE, _TALL = 18, 34, 8
_LETTERS = 36


@dataclass(frozen=True)
class Span:
    """An estimate. name: what of; of: the benchmark, which is named once above its estimates.

    low, high: of its 95 % interval; None where there is none, and then its dot is hollow.
    """

    name: str
    of: str
    value: float
    low: float | None
    high: float | None


def forests(title: str, axis: str, spans: Sequence[Span], zero: bool = False) -> Iterator[alt.LayerChart]:
    """Panels of MOST_LINES estimates with the same axis; of very many the first, as the title says.

    The estimates of one benchmark stay in one panel, unless they alone are more.

    zero: whether there is a line at zero.
    """
    parts = list(_parts(spans))[:MOST_PANELS]
    shown = [one for part in parts for one in part]
    found = [x for one in shown for x in (one.value, one.low, one.high) if x is not None]
    ends = [*found, 0.0] if zero else found
    scale = alt.Scale(domain=[min(ends), max(ends)], nice=True, zero=False) if found else alt.Scale()
    under = f"the first {len(shown)} of {len(spans)}" if len(shown) < len(spans) else ""
    for part in parts:
        yield _panel(
            titled(title, under),
            alt.X("value:Q", title=axis, scale=scale, axis=alt.Axis(tickCount=5, grid=False)),
            part,
            zero,
        )


def _parts(spans: Sequence[Span]) -> Iterator[list[Span]]:
    """As many whole benchmarks as MOST_LINES has room for, then the next."""
    part: list[Span] = []
    for _, some in groupby(spans, lambda one: one.of):
        here = list(some)
        if part and len(part) + len(here) > MOST_LINES:
            yield part
            part = []
        part += here
        while len(part) > MOST_LINES:
            yield part[:MOST_LINES]
            part = part[MOST_LINES:]
    if part:
        yield part


def _panel(title: alt.TitleParams, x: alt.X, spans: Sequence[Span], zero: bool) -> alt.LayerChart:
    lines, height = _placed(spans)
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[0, height], range=[0, height], nice=False))
    estimates = [one for one in lines if "value" in one]
    base = alt.Chart(inline(estimates)).encode(y=y)
    bars = alt.Chart(inline([one for one in estimates if one["low"] is not None])).encode(y=y)
    filled = alt.condition("isValid(datum.low)", alt.value(COLOURS[0]), alt.value("white"))
    layers = [
        *([_zero(estimates, y)] if zero else []),
        bars.mark_rule(strokeWidth=2, color=COLOURS[0]).encode(x=alt.X("low:Q"), x2="high:Q"),
        base.mark_point(size=60, opacity=1, stroke=COLOURS[0], strokeWidth=1.5).encode(x=x, fill=filled),
        _text([one for one in lines if "value" not in one], "bold"),
        _text(estimates, "normal"),
    ]
    made: alt.LayerChart = themed(alt.LayerChart(layer=layers, title=title))
    return made.properties(height=height)


def _text(lines: Sequence[dict[str, Any]], weight: Literal["bold", "normal"]) -> alt.Chart:
    marks = alt.Chart(inline(lines)).mark_text(align="left", fontSize=11, fontWeight=weight, limit=WIDTH)
    made: alt.Chart = marks.encode(x=alt.value(0), y=alt.Y("above:Q"), text="name:N")
    return made


def _zero(estimates: Sequence[dict[str, Any]], y: alt.Y) -> alt.Chart:
    """A line at zero, beside the estimates alone, so that it crosses no name."""
    marks = [{"value": 0, "y": one["y"] - _TALL, "y2": one["y"] + _TALL} for one in estimates]
    rule = alt.Chart(inline(marks)).mark_rule(color=REFERENCE, strokeWidth=1.5)
    made: alt.Chart = rule.encode(x="value:Q", y=y, y2="y2:Q")
    return made


def _placed(spans: Sequence[Span]) -> tuple[list[dict[str, Any]], int]:
    """Headings of benchmarks and estimates from above down, with pixels; and how high they are together."""
    lines: list[dict[str, Any]] = []
    top, before = 0, ""
    for one in spans:
        if one.of != before:
            for text in wrapped(one.of, _LETTERS):
                lines.append({"above": top + _HEADING // 2, "name": text})
                top += _HEADING
            before = one.of
        ends = {"value": one.value, "low": one.low, "high": one.high}
        lines.append({"y": top + 23, "above": top + 8, "name": one.name, **ends})
        top += _LINE
    return lines, top + 6
