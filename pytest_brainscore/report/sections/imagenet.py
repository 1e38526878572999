"""ImageNet: are better classifiers more like the brain? After Brain-Score's figure of 2018."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import altair as alt

from ...analysis.population.accuracy import AT, FEWEST, Parted, by_accuracy, composites_of, parted, told
from ...analysis.population.networks import Network, networks
from ...analysis.side_by_side import MEAN, SideBySide, side_by_side
from ...analysis.statistics.numbers import RHO, counted, estimate, p_value
from ...specs.references import Reference, load_reference, references
from ...specs.results import Row
from .. import layers
from ..ceilings import ceiling_of
from ..evidence import Evidence
from ..figures import charts
from ..figures.charts import Line
from ..figures.columns import common, telling
from ..figures.phrases import shortest
from ..parts import Figure, Section, Table

FIRST = ("V4", "IT", "behaviour")
"""Regions of the panels that come first, as in 2018."""
_MOST_SENTENCES = 6
_FINDINGS = {
    "name": "score",
    "part": "top-1",
    "n": "n",
    "r": "Pearson's r [95 %]",
    "rho": f"{RHO} [95 %]",
    "p_equal": "p (below = above)",
    "p_holm": "p (Holm)",
}
_ALWAYS = ("name", "part", "r", "rho")
_NUMBERS = {"of": "score", "part": "top-1", "n": "n"}
"""Of the table in the files, which has all keys."""
_SAYS = (
    f"r is Pearson's, {RHO} Spearman's correlation with ImageNet top-1, networks taken as independent."
    " Brackets hold 95 % intervals."
)
_POINTS = {"of": "score of", "network": "network", "group": "scores", "x": "top-1", "y": "score"}


def section(evidence: Evidence) -> Section | None:
    """Scores against top-1 accuracy, and each published table that the results touch; None without either."""
    rows = layers.committed(evidence).rows
    known = {b: among for b, one in networks(rows).items() if (among := _accurate(one))}
    known = {**_composed(evidence), **known}
    found = {name: among for name, among in known.items() if len(among) >= FEWEST}
    beside = [_beside(name, rows, evidence) for name in references()]
    touched = [table for table in beside if _touches(table.reference, rows)]
    if not known and not touched:
        return None
    names = {**dict.fromkeys(found, ""), **shortest(row.benchmark for row in evidence.rows)}
    results = {one.of: one for one in by_accuracy(found)}
    figures = [*([_figure(found, rows, results, names)] if found else []), *map(_published, touched)]
    tables = _tables([*results.values(), *(_of_table(table.reference) for table in touched)], names)
    says = [*([_SAYS] if figures else []), *([] if found or not known else [_few(known)])]
    return Section("imagenet", "Brain-likeness and ImageNet accuracy", [*figures, *tables], says)


def _accurate(among: Sequence[Network]) -> tuple[Network, ...]:
    return tuple(one for one in among if one.number("top1") is not None)


def _composed(evidence: Evidence) -> dict[str, tuple[Network, ...]]:
    """Composites as if they were benchmarks."""
    found: dict[str, list[Network]] = {}
    for one in evidence.composites:
        about = evidence.about.get(one.model)
        if one.value is not None and about is not None and about.top1 is not None:
            said = {"top1": about.top1}
            found.setdefault(f"{one.composite} ({one.of})", []).append(Network(one.model, said, one.value))
    return {name: tuple(among) for name, among in found.items()}


def _few(known: Mapping[str, Sequence[Network]]) -> str:
    most = counted(max(map(len, known.values())), "network has", "networks have")
    return f"These runs are neither tested nor drawn: at most {most} a known top-1, and {FEWEST} are needed."


def _tables(results: Sequence[Parted], names: Mapping[str, str]) -> Iterator[Table]:
    """The correlations as they are read; and all, with all their numbers, in the files."""
    shown = [line for one in results for line in _lines(one, names.get(one.of) or one.of)]
    if shown:
        says = f"Below and from {AT:.0f} % top-1; fewer than {FEWEST} networks have no line."
        shared = f" All lines: {same}." if (same := common(shown, _FINDINGS, _ALWAYS)) else ""
        columns = telling(shown, _FINDINGS, _ALWAYS)
        yield Table("imagenet-findings", "Correlations with top-1", shown, columns, says + shared)
        every = [
            {"of": one.of, **asdict(part), "p_equal": one.p, "p_holm": one.p_corrected}
            for one in results
            for part in one.parts
        ]
        yield Table("imagenet-correlations", "All numbers of the correlations", every, _NUMBERS, shown=False)


def _lines(one: Parted, name: str) -> Iterator[dict[str, Any]]:
    for part in (part for part in one.parts if part.r is not None):
        yield {
            "name": name,
            "part": part.part,
            "n": part.n,
            "r": estimate(part.r, part.r_low, part.r_high),
            "rho": estimate(part.rho, part.rho_low, part.rho_high),
            "p_equal": p_value(one.p, name=""),
            "p_holm": p_value(one.p_corrected, name=""),
        }


def _figure(
    found: Mapping[str, Sequence[Network]],
    rows: Sequence[Row],
    results: Mapping[str, Parted],
    names: Mapping[str, str],
) -> Figure:
    by_key = {(row.benchmark, row.model): row for row in rows}
    drawn = _drawn(found, rows)
    points = {name: [_point(one, by_key.get((name, one.model))) for one in found[name]] for name in drawn}
    panels = [_panel(name, points[name], [row for row in rows if row.benchmark == name]) for name in drawn]
    says = [told(results[name], names[name]) for name in drawn[:_MOST_SENTENCES]]
    if len(found) > len(drawn):
        says.append(f"{len(drawn)} of {len(found)} are drawn; the table has all.")
    every = [{"of": name, **point} for name in drawn for point in points[name]]
    table = Table("imagenet-points", "Scores and top-1", every, _POINTS, shown=False)
    words = (
        f"{len(drawn)} panels of scores against ImageNet top-1 accuracy, with the ceiling as a broken line"
        f" and an upright line at {AT:.0f} per cent"
    )
    return Figure("imagenet", "Scores against ImageNet top-1", panels, words, says, table)


def _drawn(found: Mapping[str, Sequence[Network]], rows: Sequence[Row]) -> list[str]:
    """Composites first, then V4, IT and behaviour, then the others."""
    regions = {row.benchmark: row.region for row in rows}
    order = ["", *FIRST]
    places = {name: order.index(r) if (r := regions.get(name, "")) in order else len(order) for name in found}
    return sorted(found, key=lambda name: places[name])[: charts.MOST_PANELS]


def _point(one: Network, row: Row | None) -> dict[str, Any]:
    interval = row.interval if row else None
    ends = (interval.low, interval.high) if interval else (None, None)
    said = {"network": one.model, "group": "networks", "x": one.number("top1"), "y": one.score}
    return {**said, "low": ends[0], "high": ends[1]}


def _panel(name: str, points: charts.Points, rows: Sequence[Row]) -> alt.LayerChart:
    ceiling = ceiling_of(rows[0]) if rows else None
    metric = f"score ({rows[0].metric}, raw)" if rows else "score (composite)"
    title = charts.of_benchmark(name, rows[0].region) if rows else charts.titled(name, "composite")
    return _against_top1(points, metric, title, ceiling)


def _against_top1(
    points: charts.Points, y: str, title: alt.TitleParams, ceiling: float | None
) -> alt.LayerChart:
    lines = [Line(ceiling, label="ceiling")] if ceiling is not None else []
    x = alt.X("x:Q", title="ImageNet top-1 accuracy (%)", scale=alt.Scale(zero=False, padding=8))
    height = alt.Y("y:Q", title=y, scale=alt.Scale(zero=False, padding=8))
    return charts.scatter(points, x, height, title, lines, upright=AT)


# --- published tables


def _beside(name: str, rows: Sequence[Row], evidence: Evidence) -> SideBySide:
    top1 = {model: about.top1 for model, about in evidence.about.items() if about.top1 is not None}
    return side_by_side(load_reference(name), rows, top1)


def _touches(reference: Reference, rows: Sequence[Row]) -> bool:
    """Whether a network, or a benchmark, of the table is among the rows."""
    models = {row.model for row in rows} & {entry.model for entry in reference.rows}
    columns = {name for column in reference.columns for name in column.benchmarks}
    return bool(models or columns & {row.benchmark for row in rows})


def _of_table(reference: Reference) -> Parted:
    composites = composites_of(reference)
    return parted(f"{reference.title}, composites of {len(composites)} networks", list(composites.values()))


def _published(table: SideBySide) -> Figure:
    reference = table.reference
    ids = [MEAN, *(column.id for column in reference.columns)]
    ceilings = {column.id: column.ceiling for column in reference.columns}
    points = {id: list(_pairs(table, id)) for id in ids}
    panels = [
        _against_top1(
            points[id],
            f"score ({reference.of})",
            charts.titled(_named(id), reference.title),
            ceilings.get(id),
        )
        for id in ids
    ]
    every = [{"of": id, **point} for id in ids for point in points[id]]
    numbers = Table(f"{reference.id}-points", reference.title, every, _POINTS, shown=False)
    says = [told(_of_table(reference)), f"The scores are those of {reference.reference}, not of these runs."]
    if any(point["group"] == "ours" for point in every):
        says[1] += " Ours stand beside them where these runs have them."
    words = f"{len(ids)} panels of published scores against ImageNet top-1 accuracy, with ceilings"
    return Figure(reference.id, f"{reference.title}, against ImageNet top-1", panels, words, says, numbers)


def _named(id: str) -> str:
    return "composite (mean of all columns)" if id == MEAN else id


def _pairs(table: SideBySide, column: str) -> Iterator[dict[str, Any]]:
    for pair in table.pairs:
        said = {"network": pair.entry.name, "low": None, "high": None}
        yield {**said, "group": "published", "x": pair.entry.top1, "y": pair.theirs[column]}
        ours = pair.ours[column]
        if ours is not None:
            yield {**said, "group": "ours", "x": pair.entry.top1, "y": ours}
