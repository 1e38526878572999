"""Trend panels: scores of one layer against what is known of networks, and the lines that were fitted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from ...analysis.population.hypotheses import FEWEST, Hypothesis, Trend, briefly
from ...analysis.population.networks import Network
from ...specs.results import Row
from ..parts import Figure, Table
from . import charts
from .charts import Line, Points
from .tested import Tested

_MOST_SENTENCES = 6
_MOST_NAMES = 14
_POINTS = {"benchmark": "benchmark", "network": "network", "group": "networks", "y": "score"}


@dataclass(frozen=True)
class Axis:
    """What stands on the horizontal axis of all panels. spread: of networks with one number, in its units.

    named: whether few networks stand in its order under their names, instead of at their numbers.
    """

    id: str
    title: str
    heading: str
    x: alt.X
    spread: float = 0.0
    named: bool = False


def figure_of(one: Tested, of: Hypothesis, axis: Axis, names: Mapping[str, str]) -> Figure | None:
    """Panels of the benchmarks with the most networks; None where none has enough for a test."""
    drawn = _drawn_benchmarks(one)
    if not drawn:
        return None
    rows = {(row.benchmark, row.model): row for row in one.choice.rows}
    points = {benchmark: _points(one, benchmark, rows, of, axis) for benchmark in drawn}
    panels = [_panel(one, benchmark, points[benchmark], rows, of, axis) for benchmark in drawn]
    every = [{"benchmark": benchmark, **point} for benchmark in points for point in points[benchmark]]
    id = f"{axis.id}-{one.choice.id}"
    table = Table(f"{id}-points", "Scores", every, {**_POINTS, axis.id: axis.heading}, shown=False)
    alt_text = (
        f"{len(panels)} panels of scores of the {one.choice.title} against {axis.heading}, one for each"
        " benchmark; trained and untrained networks apart, and a line for each where a slope was fitted"
    )
    return Figure(
        id, f"{axis.title}: {one.choice.title}", panels, alt_text, _sentences(one, of, drawn, names), table
    )


def _drawn_benchmarks(one: Tested) -> list[str]:
    """Those with the most networks, where these are enough for a test, in the order of the rows."""
    order = list(dict.fromkeys(row.benchmark for row in one.choice.rows))
    sizes = {benchmark: [len(among) for among in one.of(benchmark).values()] for benchmark in order}
    enough = [benchmark for benchmark in order if max(sizes[benchmark], default=0) >= FEWEST]
    most = sorted(enough, key=lambda benchmark: -sum(sizes[benchmark]))[: charts.MOST_PANELS]
    return [benchmark for benchmark in order if benchmark in most]


def _sentences(
    one: Tested, of: Hypothesis, drawn: Sequence[str], names: Mapping[str, str]
) -> tuple[str, ...]:
    """Of trained networks, and of untrained ones where no others were tested."""
    by_set = {name: _told(results, drawn) for name, results in one.trends.items()}
    name = next((name for name, found in by_set.items() if found), "trained")
    of_whom = "" if name == "trained" else f" ({name})"
    found = by_set.get(name, [])[:_MOST_SENTENCES]
    shown = [briefly(trend, of, f"{names[trend.benchmark]}{of_whom}") for trend in found]
    many = len({row.benchmark for row in one.choice.rows})
    more = [f"{len(drawn)} of {many} benchmarks are drawn; the table has all."] if many > len(drawn) else []
    return (*shown, *more)


def _told(results: Sequence[Trend], drawn: Sequence[str]) -> list[Trend]:
    return [trend for trend in results if trend.benchmark in drawn and trend.p is not None]


def _points(
    one: Tested,
    benchmark: str,
    rows: Mapping[tuple[str, str], Row],
    of: Hypothesis,
    axis: Axis,
) -> list[dict[str, Any]]:
    found = []
    for name, among in one.of(benchmark).items():
        for place, network in _placed(among, of.word, axis.spread):
            interval = rows[benchmark, network.model].interval
            ends = (interval.low, interval.high) if interval else (None, None)
            said = {"network": network.model, "group": name, axis.id: network.number(of.word)}
            named = {"name": f"{network.about.get('architecture', network.model)} {said[axis.id]:.0f}"}
            found.append({**said, **named, "x": place, "y": network.score, "low": ends[0], "high": ends[1]})
    return found


def _placed(among: Sequence[Network], word: str, spread: float) -> Iterator[tuple[float, Network]]:
    """Where each network stands: those of one number side by side, in the order of their names."""
    by_number: dict[float, list[Network]] = {}
    for network in sorted(among, key=lambda one: one.model):
        by_number.setdefault(network.number(word) or 0.0, []).append(network)
    for number, group in sorted(by_number.items()):
        for i, network in enumerate(group):
            yield number + spread * ((i + 0.5) / len(group) - 0.5), network


def _panel(
    one: Tested,
    benchmark: str,
    points: Points,
    rows: Mapping[tuple[str, str], Row],
    of: Hypothesis,
    axis: Axis,
) -> alt.LayerChart:
    row = next(row for row in one.choice.rows if row.benchmark == benchmark)
    y = alt.Y("y:Q", title=f"score ({row.metric}, raw)", scale=alt.Scale(zero=False, padding=8))
    title = charts.of_benchmark(benchmark, f"{row.region}, {one.choice.title}")
    if axis.named and (order := _order(points, axis)):
        return charts.scatter(points, _names(order, axis), y, title)
    groups = list(dict.fromkeys(point["group"] for point in points))
    lines = [
        line
        for name, results in one.trends.items()
        for trend in results
        if trend.benchmark == benchmark and name in groups
        if (line := _line(trend, points, name, groups, of, axis)) is not None
    ]
    return charts.scatter(points, axis.x, y, title, lines)


def _order(points: Points, axis: Axis) -> list[str]:
    """The names in the order of the axis; none where they are too many to be read."""
    order = list(dict.fromkeys(point["name"] for point in sorted(points, key=lambda one: one[axis.id])))
    return order if len(order) <= _MOST_NAMES else []


def _names(order: Sequence[str], axis: Axis) -> alt.X:
    labels = alt.Axis(labelAngle=-55, labelLimit=130, labelOverlap=False, grid=False)
    return alt.X("name:N", sort=list(order), title=f"network, in order of the {axis.heading}", axis=labels)


def _line(
    trend: Trend, points: Points, name: str, groups: Sequence[str], of: Hypothesis, axis: Axis
) -> Line | None:
    if trend.slope is None or trend.intercept is None:
        return None
    ends = [point[axis.id] for point in points if point["group"] == name]
    low, high = min(ends), max(ends)
    at = [trend.intercept + trend.slope * of.scaled(end) for end in (low, high)]
    return Line(at[0], at[1], low, high, colour=charts.looks(groups)[name][0])
