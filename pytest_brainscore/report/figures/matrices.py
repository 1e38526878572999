"""Matrices: heat maps with numbers in their cells, and curves of how often something is found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import altair as alt

from ...specs.recoveries import ENOUGH
from .charts import COLOURS, REFERENCE, SCALE, SHAPES, inline, themed, titled, wrapped

_DARK = 0.6
"""Of the range of colours: above it they are so light that text on them is black."""


@dataclass(frozen=True)
class Cell:
    """One cell: where it is, what colours it (None: nothing), its text, line by line, and if it is framed."""

    row: str
    column: str
    value: float | None
    text: str
    framed: bool = False


def grid(
    cells: Sequence[Cell], title: str, lines: Sequence[str], domain: tuple[float, float]
) -> alt.Chart | alt.LayerChart:
    """A heat map; rows are truths, columns what is scored.

    lines: under the title. domain: the values of the darkest and the lightest colour.
    """
    rows, columns = (list(dict.fromkeys(getattr(one, of) for one in cells)) for of in ("row", "column"))
    light = domain[0] + _DARK * (domain[1] - domain[0])
    points = [{**asdict(one), "light": one.value is None or one.value > light} for one in cells]
    base = alt.Chart(inline(points)).encode(
        x=alt.X("column:N", sort=columns, title="scored", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("row:N", sort=rows, title="truth"),
    )
    scheme: Any = SCALE  # altair names each scheme in its types
    scale = alt.Scale(scheme=scheme, domain=list(domain))
    rect = base.mark_rect(stroke="white").encode(color=alt.Color("value:Q", scale=scale, legend=None))
    frames = base.transform_filter("datum.framed").mark_rect(
        filled=False, stroke=COLOURS[1], strokeWidth=3, fillOpacity=0
    )
    words = base.mark_text(fontSize=11, lineBreak="\n", baseline="middle").encode(
        text="text:N", color=alt.condition("datum.light", alt.value("black"), alt.value("white"))
    )
    return themed(alt.LayerChart(layer=[rect, frames, words], title=_titled(title, lines)))


def power_panel(
    points: Sequence[Mapping[str, Any]], title: str, what: str, logarithmic: bool
) -> alt.Chart | alt.LayerChart:
    """Shares with their intervals over sizes, by what is found, and a line at `ENOUGH`.

    points: each with `size`, `of`, `share`, `low` and `high`.
    """
    groups = list(dict.fromkeys(one["of"] for one in points))
    sizes = sorted({one["size"] for one in points})
    scale = alt.Scale(type="log" if logarithmic else "linear", domain=[sizes[0] * 0.9, sizes[-1] * 1.1])
    colour = alt.Color(
        "of:N",
        scale=alt.Scale(domain=groups, range=COLOURS[: len(groups)]),
        legend=alt.Legend(title=None),
    )
    shape = alt.Shape("of:N", scale=alt.Scale(domain=groups, range=SHAPES[: len(groups)]))
    base = alt.Chart(inline(points)).encode(
        x=alt.X("size:Q", scale=scale, title=what, axis=alt.Axis(values=sizes, format="~g", grid=False)),
        color=colour,
    )
    y = alt.Y("share:Q", title="share of simulations", scale=alt.Scale(domain=[0, 1]))
    rule = alt.Chart(inline([{"share": ENOUGH}])).mark_rule(color=REFERENCE, strokeDash=[5, 3])
    layers = [
        rule.encode(y=y),
        base.mark_rule(opacity=0.5).encode(y="low:Q", y2="high:Q"),
        base.mark_line().encode(y=y),
        base.mark_point(filled=True, size=45, opacity=1).encode(y=y, shape=shape),
    ]
    return themed(alt.LayerChart(layer=layers, title=titled(title)))


def _titled(title: str, lines: Sequence[str]) -> alt.TitleParams:
    """A title, and a line of its own for each of what is said under it."""
    under = [part for line in lines for part in wrapped(line)]
    return alt.TitleParams(wrapped(title), subtitle=under if under else alt.Undefined)
