"""History: scores of guarded models over runs, with the baselines that they were held against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import altair as alt

from ..evidence import Evidence
from ..figures.charts import COLOURS, MOST_PANELS, SHAPES, inline, of_benchmark, themed
from ..parts import Figure, Section, Table
from ..tracks import Point, Track, tracks

ID = "history"
_PER_PANEL = 6
_SHORT = 15
"""Letters of a name of which two stand beside each other below a panel."""
_COLUMNS = {
    "benchmark": "benchmark",
    "model": "model",
    "started": "run begun",
    "raw": "raw",
    "error": "error over splits",
    "baseline": "baseline",
    "delta": "delta",
    "delta_in_se": "delta in se",
    "verdict": "verdict",
    "changed": "what else changed",
}
_OF_SE = (
    "Standard errors are over splits, whose training sets overlap: they are a unit here, and give neither an"
    " interval nor a p-value."
)


def section(evidence: Evidence) -> Section | None:
    """Raw scores over runs; None where no guarded model was scored in two."""
    every = tracks(evidence)
    if not every:
        return None
    rows = [_line(track, point) for track in every for point in track.points]
    table = Table(ID, "Guarded scores over runs", rows, _COLUMNS)
    return Section(ID, "Guarded models over runs", [_figure(every, table)], [*_summary(every), _OF_SE])


def _figure(every: Sequence[Track], table: Table) -> Figure:
    groups = list(_groups(every))
    runs = len({point.run for track in every for point in track.points})
    moved = [_said(track) for track in every if not track.quiet]
    if len(groups) > MOST_PANELS:
        moved.append(f"{MOST_PANELS} of {len(groups)} panels are shown, those with changes first.")
    words = f"Raw scores of {len(every)} guarded pairs of model and benchmark over {runs} runs."
    panels = [_panel(group) for group in groups[:MOST_PANELS]]
    return Figure(ID, "Raw scores and their baselines", panels, words, moved, table)


def _said(track: Track) -> str:
    """What the guard says of the newest score."""
    row = track.newest.row
    known = "" if row.known is None else f" (known: {row.known})"
    return f"{track.model} on {track.benchmark}: {row.guard.message if row.guard else row.verdict}{known}."


def _summary(every: Sequence[Track]) -> Iterator[str]:
    """How many pairs, runs and verdicts there are."""
    runs = {point.run: point.started[:10] for track in every for point in track.points}
    days = sorted(filter(None, runs.values()))
    time = f", {days[0]} to {days[-1]}" if days else ""
    counts = Counter(str(track.newest.row.judged) for track in every)
    verdicts = ", ".join(f"{count} {word}" for word, count in counts.most_common())
    pairs = f"{len(every)} guarded pairs of model and benchmark over {len(runs)} runs{time}"
    yield f"{pairs}. Newest verdicts: {verdicts}."


def _groups(every: Sequence[Track]) -> Iterator[list[Track]]:
    """Tracks of a panel: of one benchmark, a few at a time."""
    for benchmark in dict.fromkeys(track.benchmark for track in every):
        of_one = [track for track in every if track.benchmark == benchmark]
        yield from (of_one[i : i + _PER_PANEL] for i in range(0, len(of_one), _PER_PANEL))


def _line(track: Track, point: Point) -> dict[str, Any]:
    row = point.row
    return {
        "benchmark": track.benchmark,
        "model": track.model,
        "run": point.run,
        "started": point.started[:16].replace("T", " "),
        "raw": row.raw,
        "error": row.error,
        "baseline": point.baseline,
        "delta": row.delta,
        "delta_in_se": row.guard.delta_in_se if row.guard else None,
        "verdict": row.judged,
        "changed": ", ".join(row.guard.changed) if row.guard else "",
    }


def _panel(group: Sequence[Track]) -> alt.LayerChart:
    """A line per model over runs, its baseline dashed; a ring where the verdict is not `same`."""
    runs = sorted({(point.started, point.run) for track in group for point in track.points})
    places = {run: i for i, (_, run) in enumerate(runs, 1)}
    points = [
        {**_line(track, point), "place": places[point.run], "moved": point.row.verdict != "same"}
        for track in group
        for point in track.points
    ]
    models = [track.model for track in group]
    colours = alt.Scale(domain=models, range=COLOURS[: len(models)])
    shapes = alt.Scale(domain=models, range=SHAPES[: len(models)])
    key = alt.Legend(columns=1 if max(map(len, models)) > _SHORT else 2, title=None)
    colour = alt.Color("model:N", scale=colours, legend=key)
    shape = alt.Shape("model:N", scale=shapes, legend=key)
    base = alt.Chart(inline(points)).encode(
        x=alt.X("place:Q", title="run, the newest last", axis=alt.Axis(tickMinStep=1, format="d")),
        color=colour,
    )
    raw = alt.Y("raw:Q", title="raw score", scale=alt.Scale(zero=False))
    held = base.mark_line(strokeDash=[5, 3], strokeWidth=1, interpolate="step").encode(y="baseline:Q")
    line = base.mark_line(strokeWidth=1.5).encode(y=raw)
    dots = base.mark_point(filled=True, size=50, opacity=1).encode(y=raw, shape=shape)
    rings = base.transform_filter("datum.moved").mark_point(size=190, strokeWidth=1.5).encode(y=raw)
    title = of_benchmark(group[0].benchmark, "dashed: baseline; ring: not the same")
    return themed(alt.LayerChart(layer=[held, line, dots, rings], title=title))
