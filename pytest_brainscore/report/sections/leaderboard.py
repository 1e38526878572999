"""The leaderboard: models by benchmarks, composites first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...specs.results import Interval, Row
from ..evidence import Evidence
from ..page.board import Board
from ..parts import Section, Table

SCORES, COMPOSITES = "scores", "composites"
_PLAIN = (
    *("benchmark", "model", "layer", "layer_source", "dataset", "species", "region", "metric"),
    *("metric_version", "status", "message", "verdict", "delta", "raw", "error", "ceiling", "ceiling_error"),
    *("ceiling_kind", "ceiled", "normalise", "power", "targets", "stimuli", "device"),
)


def section(evidence: Evidence) -> Section:
    """The board, with all scores and composites as tables beside the page."""
    tables = [scores(evidence), *_composites(evidence)]
    return Section(SCORES, "Scores", [Board("board", tables, evidence)])


def scores(evidence: Evidence) -> Table:
    """A line for each row of the results, in full precision."""
    lines = [{**_line(one.row), "run": one.part.name} for one in evidence.found]
    return Table(SCORES, "All scores", lines, {name: name for name in lines[0]}, shown=False)


def _line(row: Row) -> dict[str, Any]:
    plain = {name: getattr(row, name) for name in _PLAIN}
    null = {"null_p": row.null and row.null.p, "null_high": row.null and row.null.high}
    about = {name: row.about.get(name) for name in ("trained", "family", "year", "parameters", "top1")}
    return {**plain, **_ends(row.interval, ""), **_ends(row.ceiled_interval, "ceiled_"), **null, **about}


def _ends(interval: Interval | None, prefix: str) -> Mapping[str, Any]:
    if interval is None:
        return dict.fromkeys([f"{prefix}{end}" for end in ("low", "high", "interval_over")])
    return {
        f"{prefix}low": interval.low,
        f"{prefix}high": interval.high,
        f"{prefix}interval_over": "+".join(interval.over),
    }


def _composites(evidence: Evidence) -> Iterator[Table]:
    lines = [
        {
            **{name: getattr(one, name) for name in ("composite", "model", "of", "value", "error", "parts")},
            "scored": one.scored,
            "missing": "; ".join(one.missing),
        }
        for one in evidence.composites
    ]
    if lines:
        yield Table(COMPOSITES, "Composites", lines, {name: name for name in lines[0]}, shown=False)
