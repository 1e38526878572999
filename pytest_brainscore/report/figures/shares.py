"""Shares: of images that are easier for people, for a network, or alike, as bars and as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import altair as alt

from ...analysis.images import SIDES, Side, Sided, told
from ...analysis.statistics.numbers import percent
from ..parts import Figure, Table
from . import charts
from .columns import common, telling
from .phrases import named

MOST_NETWORKS = 12
"""In a panel."""
_NAMES, _BARS = 172, 140
"""Pixels of names and of bars: whole names of twins, and no panel wider than a telephone."""
_WORDS = {"people": "easier for people", "model": "easier for the model", "alike": "alike"}
_ORDER: tuple[Side, ...] = ("people", "alike", "model")
_SHOWN = {"name": "benchmark", "network": "network", "images": "images", **_WORDS}
_ALWAYS = ("name", "network", *_WORDS)
_FILED = {"benchmark": "benchmark", "model": "network", "images": "images"}
"""Of the table in the files, which has all keys."""
Ranked = Mapping[str, Sequence[Sided]]


def figure(by_benchmark: Ranked, names: Mapping[str, str]) -> Figure:
    """A panel for each benchmark, and in words the network that scores best on it."""
    drawn = dict(list(by_benchmark.items())[: charts.MOST_PANELS])
    panels = [_panel(benchmark, among) for benchmark, among in drawn.items()]
    words = (
        f"{len(panels)} panels of bars: for each network the share of images that are easier for people,"
        " alike, and easier for it"
    )
    says = [told(among[0].compared, among[0].model, names[name]) for name, among in drawn.items()]
    return Figure("pictures-shares-drawn", "Easier for whom", panels, words, says)


def tables(every: Sequence[Sided], names: Mapping[str, str]) -> Iterator[Table]:
    """The shares as they are read; and with all their numbers, in the files."""
    shown = [_shown(one, names[one.benchmark]) for one in every]
    shared = common(shown, _SHOWN, _ALWAYS)
    says = "Shares with their 95 % intervals." + (f" All lines: {shared}." if shared else "")
    columns = telling(shown, _SHOWN, _ALWAYS)
    yield Table("pictures-sides", "Images by whom they are easier for", shown, columns, says)
    lines = [_numbers(one) for one in every]
    yield Table("pictures-shares", "All numbers of the shares", lines, _FILED, shown=False)


def _shown(one: Sided, name: str) -> dict[str, Any]:
    sides: dict[str, str] = {side: percent(*ends) for side, ends in one.shares.items()}
    return {"name": name, "network": one.model, "images": len(one.compared.names), **sides}


def _numbers(one: Sided) -> dict[str, Any]:
    ends = {
        f"for_{side}{end}": value
        for side in SIDES
        for end, value in zip(("", "_low", "_high"), one.shares[side], strict=True)
    }
    return {"benchmark": one.benchmark, "model": one.model, "images": len(one.compared.names), **ends}


def _panel(benchmark: str, among: Sequence[Sided]) -> alt.LayerChart:
    """Stacked bars of the networks that score best, the best on top."""
    first = among[:MOST_NETWORKS]
    bars = [
        {"network": named(one.model), "side": _WORDS[side], "place": place, "share": one.shares[side][0]}
        for one in first
        for place, side in enumerate(_ORDER)
    ]
    grey = (charts.COLOURS[0], "#d0d0d0", charts.COLOURS[1])
    colour = alt.Color(
        "side:N",
        scale=alt.Scale(domain=[_WORDS[side] for side in _ORDER], range=grey),
        legend=alt.Legend(title=None, columns=2),
    )
    chart = alt.Chart(charts.inline(bars)).mark_bar()
    encoded = chart.encode(
        x=alt.X(
            "share:Q",
            title="share of images",
            axis=alt.Axis(format="%", values=[0, 0.5, 1]),
            scale=alt.Scale(domain=[0, 1]),
        ),
        y=alt.Y(
            "network:N",
            title=None,
            sort=[named(one.model) for one in first],
            axis=alt.Axis(labelLimit=_NAMES),
        ),
        color=colour,
        order="place:Q",
    )
    title = charts.of_benchmark(benchmark, "networks in order of their scores")
    return charts.themed(alt.LayerChart(layer=[encoded], title=title)).properties(
        width=_BARS, height=26 * len(first)
    )
