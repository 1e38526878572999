"""Trends: scores against what is known of networks, by the layer that was scored, with the test in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import altair as alt

from ...analysis.population.hypotheses import Hypothesis, Trend, summed_up, told, trends
from ...analysis.population.networks import Network, networks
from ...specs.results import Row
from ...specs.twins import asked_for
from .. import layers
from ..evidence import Evidence
from ..parts import Figure, Section, Table
from . import charts
from .charts import Line, Points

_MOST_SENTENCES = 6
_MOST_NAMES = 14
_TESTS = {
    "layer": "layer",
    "set": "networks",
    "benchmark": "benchmark",
    "n": "n",
    "families": "families",
    "rho": "Spearman's rho",
    "rho_low": "rho, low",
    "rho_high": "rho, high",
    "slope": "slope",
    "low": "slope, low",
    "high": "slope, high",
    "p": "p",
    "p_corrected": "p, Holm",
    "by": "fitted by",
    "why": "no test because",
}
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


@dataclass(frozen=True)
class Tested:
    """One layer's scores by benchmark, and their trends, by set of networks (trained, untrained)."""

    choice: layers.Choice
    scores: Mapping[str, Mapping[str, tuple[Network, ...]]]
    trends: Mapping[str, tuple[Trend, ...]]

    def of(self, benchmark: str) -> dict[str, tuple[Network, ...]]:
        """The networks of each set that is drawn, on a benchmark."""
        drawn = {name: among for name, among in self.scores.items() if name != layers.PUBLISHED}
        return {name: among.get(benchmark, ()) for name, among in drawn.items()}


def tested(choice: layers.Choice, of: Hypothesis) -> Tested:
    """The hypothesis over the rows of one layer, trained and untrained networks apart."""
    sets = {name: networks(rows) for name, rows in layers.trained(choice.rows).items() if rows}
    known = {
        name: {benchmark: _known(among, of.word) for benchmark, among in found.items()}
        for name, found in sets.items()
    }
    return Tested(choice, known, {name: trends(found, of) for name, found in known.items()})


def section_of(evidence: Evidence, of: Hypothesis, axis: Axis, title: str) -> Section | None:
    """A figure for the committed and one for the final layer, and a table of all tests."""
    found = [tested(choice(evidence), of) for choice in (layers.committed, layers.final)]
    if not any(among for one in found for sets in one.scores.values() for among in sets.values()):
        return None
    figures = [figure for one in found if (figure := _figure(one, of, axis)) is not None]
    table = Table(
        f"{axis.id}-tests",
        f"Tests: {of.claim}?",
        [{"layer": one.choice.id, **row} for one in found for row in _rows(one)],
        _TESTS,
        says=_of_table(of),
    )
    return Section(axis.id, title, [*figures, table], says=[*_says(found, of), *_lacking(found)])


def _known(among: Sequence[Network], word: str) -> tuple[Network, ...]:
    return tuple(one for one in among if (number := one.number(word)) is not None and number > 0)


def _of_table(of: Hypothesis) -> str:
    return (
        f"Slopes are of the raw score per {of.per}; intervals are 95 %. rho takes networks as independent;"
        " the mixed model lets networks of one family be alike."
    )


def _says(found: Sequence[Tested], of: Hypothesis) -> Iterator[str]:
    for one in found:
        for name, results in one.trends.items():
            if any(trend.n for trend in results):
                yield f"{one.choice.title.capitalize()}, networks {name}. {summed_up(results, of)}"


def _lacking(found: Sequence[Tested]) -> Iterator[str]:
    """Where the final layer was not scored, the command that scores it."""
    own, last = (
        {(row.benchmark, row.model) for row in one.choice.rows if layers.IMPORTED not in row.digests}
        for one in found
    )
    missing = sorted({model for _, model in own - last})
    if missing:
        some = ",".join(map(asked_for, missing[:5])) + (",..." if len(missing) > 5 else "")
        yield (
            f"The final layer of {len(missing)} network(s) was not scored on every benchmark: `python -m"
            f" pytest --models={some} --brainscore-layers=final` scores it; name that run beside these."
        )


def _rows(one: Tested) -> Iterator[dict[str, Any]]:
    for name, results in one.trends.items():
        for trend in results:
            yield {"set": name, **asdict(trend)}


def _figure(one: Tested, of: Hypothesis, axis: Axis) -> Figure | None:
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
        id, f"{axis.title}: {one.choice.title}", panels, alt_text, _sentences(one, of, drawn), table
    )


def _drawn_benchmarks(one: Tested) -> list[str]:
    """Those with the most networks, in the order of the rows."""
    order = list(dict.fromkeys(row.benchmark for row in one.choice.rows))
    counts = {benchmark: sum(map(len, one.of(benchmark).values())) for benchmark in order}
    most = sorted((b for b in order if counts[b]), key=lambda b: -counts[b])[: charts.MOST_PANELS]
    return [benchmark for benchmark in order if benchmark in most]


def _sentences(one: Tested, of: Hypothesis, drawn: Sequence[str]) -> tuple[str, ...]:
    found = [
        trend for trend in one.trends.get("trained", ()) if trend.benchmark in drawn and trend.p is not None
    ]
    shown = [told(trend, of) for trend in found[:_MOST_SENTENCES]]
    many = len({row.benchmark for row in one.choice.rows})
    more = [f"{len(drawn)} of {many} benchmarks are drawn; the table has all."] if many > len(drawn) else []
    return (*shown, *more)


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
    title = charts.titled(benchmark, f"{row.region}, {one.choice.title}")
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
    return Line(at[0], at[1], low, high, colour=charts.COLOURS[groups.index(name)])
