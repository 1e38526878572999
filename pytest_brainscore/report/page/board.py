"""Board: models by benchmarks as the page's script reads them, and the tables that hold the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ...specs.models import BASELINE
from ...specs.results import Composed, Row
from ...specs.twins import twin_of
from ..composites import shown
from ..evidence import Evidence
from ..joining import Found
from ..parts import Tables
from ..table import MARKS
from .axes import Column, Entry
from .cells import Cell, cut, middle, of_ceilings, of_mean, of_perfect, of_score, of_shuffled
from .details import of_composite, of_row, pooled

FIRST = 30
"""So many models stand in the page itself, for those who run no script."""
MOST_ERRORS = 10
"""So many messages stand under the board; its cells and the files have all."""
PIXELS = "pixels"
FILTERS = {
    "region": "Region",
    "species": "Species",
    "metric": "Metric",
    "family": "Family",
    "training": "Training",
}
"""Of columns and of models, and what they are called."""


@dataclass(frozen=True, eq=False)
class Board(Tables):
    """The leaderboard. tables: its numbers, written beside the page."""

    evidence: Evidence
    first: int = FIRST
    filters: Mapping[str, str] = field(default_factory=lambda: FILTERS)

    def values(self, name: str) -> list[str]:
        """What a filter can be set to."""
        found = {str(one.get(name, "")) for one in (*self.data["columns"], *self.data["models"])}
        return sorted(found - {""}, key=str.casefold)

    @property
    def intervals(self) -> bool:
        """Whether any score has one."""
        return any(one.row.interval for one in self.evidence.scored)

    @property
    def alone(self) -> int:
        """On how many benchmarks intervals are not over stimuli, though scores depend on these."""
        found = {one.row.benchmark for one in self.evidence.scored if _alone(one.row)}
        return len(found)

    @property
    def scored(self) -> bool:
        """Whether there is any score."""
        return bool(self.evidence.scored)

    @property
    def shown(self) -> str:
        """Which models stand in the page itself, in words."""
        there = len(self.entries)
        return f"the first {self.first} of {there} models" if there > self.first else f"all {there} models"

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The references that raw scores are held against."""
        return [
            line for line in self.data["references"] if any(_raw(cell) is not None for cell in line["cells"])
        ]

    @property
    def errors(self) -> list[Row]:
        """What could not be measured; none where it is too much to be read."""
        found = [row for row in self.evidence.rows if row.status == "error"]
        return found if len(found) <= MOST_ERRORS else []

    @property
    def marks(self) -> str:
        """What the marks beside scores say, where there are any."""
        verdicts = {one.row.judged for one in self.evidence.scored}
        words = [f"{mark.strip()} {verdict}" for verdict, mark in MARKS.items() if verdict in verdicts]
        partial = any(one.missing and one.value is not None for one in self._composed)
        return ", ".join([*words, *(["2/3 of two of its three benchmarks"] if partial else [])])

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Composites first, then benchmarks in the order of the rows."""
        composed = {one.composite: one for one in self._composed}
        means = [
            Column(id, {"under": f"composite of {one.of} scores"}, one.of) for id, one in composed.items()
        ]
        rows = {row.benchmark: row for row in self.evidence.rows}
        return (*means, *map(Column.of_row, rows.values()))

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """Models in the order of the rows."""
        return tuple(dict.fromkeys(self._entry(row) for row in self.evidence.rows))

    @cached_property
    def data(self) -> dict[str, Any]:
        """What the script shows."""
        return {
            "columns": [column.data for column in self.columns],
            "models": [self._model(entry) for entry in self.entries],
            "cells": [[self._cell(entry, column) for column in self.columns] for entry in self.entries],
            "references": [*self._references()],
        }

    @cached_property
    def details(self) -> dict[str, Any]:
        """What a cell opens: pairs of a term and what is said of it, each written once."""
        return pooled([[self._said(entry, column) for column in self.columns] for entry in self.entries])

    @cached_property
    def _composed(self) -> list[Composed]:
        return shown(self.evidence.composites)

    @cached_property
    def _means(self) -> dict[tuple[str, str], Composed]:
        return {(one.model, one.composite): one for one in self._composed}

    @cached_property
    def _found(self) -> dict[tuple[Entry, str], Found]:
        return {(self._entry(one.row), one.row.benchmark): one for one in self.evidence.found}

    @cached_property
    def _several(self) -> frozenset[str]:
        """Models that have several layers on a benchmark."""
        layers: dict[tuple[str, str], set[str | None]] = {}
        for row in self.evidence.rows:
            layers.setdefault((row.model, row.benchmark), set()).add(row.layer)
        return frozenset(model for (model, _), every in layers.items() if len(every) > 1)

    def _entry(self, row: Row) -> Entry:
        return Entry(row.model, row.layer if row.model in self._several else None)

    def _model(self, entry: Entry) -> dict[str, Any]:
        about = self.evidence.about.get(entry.model)
        return {
            "name": entry.label,
            "family": (about and about.family) or "",
            "training": self.training(entry.model),
        }

    def training(self, model: str) -> str:
        """Trained, untrained, baseline, or an empty text where nobody says."""
        about = self.evidence.about.get(model)
        if about and about.family == BASELINE:
            return BASELINE
        known = self._trained.get(model)
        return "" if known is None else "trained" if known else "untrained"

    @cached_property
    def _trained(self) -> dict[str, Any]:
        return {row.model: row.about.get("trained") for row in self.evidence.rows}

    def _cell(self, entry: Entry, column: Column) -> Cell:
        if column.of:
            mean = self._means.get((entry.model, column.id))
            return of_mean(mean) if mean and entry.layer is None else None
        found = self._found.get((entry, column.id))
        return of_score(found.row) if found else None

    def _said(self, entry: Entry, column: Column) -> list[tuple[str, str, str]] | None:
        if column.of:
            mean = self._means.get((entry.model, column.id))
            return of_composite(mean) if mean and entry.layer is None else None
        found = self._found.get((entry, column.id))
        if not found:
            return None
        twin = self._found.get((Entry(twin_of(entry.model)), column.id))
        return of_row(found, twin.row if twin else None)

    def _references(self) -> Iterator[dict[str, Any]]:
        """Lines that scores are held against, of which any column has one."""
        lines: Mapping[str, Callable[[Column], Cell]] = {
            "Raw score of ceiled 1": lambda column: of_perfect(self._scored.get(column.id, ())),
            "Noise ceiling": lambda column: of_ceilings(self._scored.get(column.id, ())),
            self._twins: self._untrained,
            "Pixels": lambda column: self._cell(Entry(PIXELS), column),
            "Shuffled stimuli, 95th percentile": lambda column: of_shuffled(self._scored.get(column.id, ())),
        }
        for label, made in lines.items():
            cells = [made(column) for column in self.columns]
            if any(cells):
                yield {"name": label, "cells": cells}

    @cached_property
    def _scored(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for one in self.evidence.scored:
            found.setdefault(one.row.benchmark, []).append(one.row)
        return found

    @property
    def _twins(self) -> str:
        """What the line of untrained networks is called: of a single one its name."""
        found = {entry.model for entry in self.entries if self.training(entry.model) == "untrained"}
        return f"Untrained: {found.pop()}" if len(found) == 1 else "Untrained networks, median"

    def _untrained(self, column: Column) -> Cell:
        lines = [entry for entry in self.entries if self.training(entry.model) == "untrained"]
        every = [cell for entry in lines if isinstance(cell := self._cell(entry, column), list)]
        raw, ceiled = middle(cell[0] for cell in every), middle(cell[4] for cell in every if len(cell) > 4)
        return None if raw is None else cut([raw, None, None, None, ceiled])


def _raw(cell: Cell) -> float | None:
    return cell[0] if isinstance(cell, list) else None


def _alone(row: Row) -> bool:
    return row.interval is not None and row.interval.without_stimuli
