"""Outcomes: each model's score on each benchmark, or why it has none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ..specs.results import Row
from .propagation import error_of

_LONGEST = 100


@dataclass(frozen=True)
class Outcome:
    """A raw or ceiled score and its standard error; without a score, why there is none."""

    value: float | None
    error: float | None = None
    why: str | None = None


class Outcomes:
    """The rows of results by model and benchmark.

    models, benchmarks: all that have a row, in the order of the rows.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows: dict[tuple[str, str], list[Row]] = {}
        for row in rows:
            self._rows.setdefault((row.model, row.benchmark), []).append(row)
        self.models = tuple(dict.fromkeys(model for model, _ in self._rows))
        self.benchmarks = tuple(dict.fromkeys(benchmark for _, benchmark in self._rows))

    @cached_property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """Pairs of model and benchmark that have a score."""
        return frozenset(
            pair for pair, rows in self._rows.items() if any(row.status == "scored" for row in rows)
        )

    @cached_property
    def measured(self) -> frozenset[str]:
        """The benchmarks that any model has a score on."""
        return frozenset(benchmark for _, benchmark in self.pairs)

    def of(self, model: str, benchmark: str, what: str) -> Outcome:
        """The model's raw or ceiled score (`what`): in its own layer, else in the only one of the rows."""
        rows = self._rows.get((model, benchmark), [])
        rows = [row for row in rows if not row.named] or rows
        scored = [row for row in rows if row.status == "scored"]
        if len(scored) > 1:
            return Outcome(None, why=f"scored in {len(scored)} layers, none of which is the model's own")
        if not scored:
            return Outcome(None, why=_said(rows[0]) if rows else "not scored")
        value: float | None = getattr(scored[0], what)
        return Outcome(
            value, error_of(scored[0], what), None if value is not None else f"has no {what} score"
        )

    def ceiling(self, benchmark: str) -> float | None:
        """The ceiling of a benchmark; None where its rows say none, or several."""
        every = {
            row.ceiling
            for (_, name), rows in self._rows.items()
            for row in rows
            if name == benchmark and row.status == "scored"
        }
        return every.pop() if len(every) == 1 else None


def _said(row: Row) -> str:
    """Why a row has no score."""
    said = f"{row.status}: {row.message}" if row.message else row.status
    return said if len(said) <= _LONGEST else f"{said[: _LONGEST - 3]}..."
