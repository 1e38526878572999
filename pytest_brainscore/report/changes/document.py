"""Changes as plain data, for JSON. Numbers are finite or null."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from ...analysis.changes import Change, Changes, Lack
from ...inference.paired import Difference


def document_of(changes: Changes, names: tuple[str, str], every: bool = False) -> dict[str, Any]:
    """Everything that the text says, unrounded; `unmoved` is a number, or with `every` a list."""
    return {
        "old": names[0],
        "new": names[1],
        "moved": [_change(change) for change in changes.moved],
        "known": [_change(change) for change in changes.known],
        "unmoved": [_change(change) for change in changes.unmoved] if every else len(changes.unmoved),
        "not_compared": [_change(change) for change in changes.apart],
        "lost": _lacks(changes.lost),
        "found": _lacks(changes.found),
        "only_in_new": _lacks(changes.new),
        "only_in_old": _lacks(changes.gone),
        "unscored": changes.unscored,
        "missing_values": list(changes.missing),
    }


def _change(change: Change) -> dict[str, Any]:
    verdict = change.verdict
    return {
        "benchmark": change.benchmark,
        "model": change.line,
        "old": _finite(change.old.raw),
        "new": _finite(change.new.raw),
        "delta": verdict.delta,
        "delta_in_se": change.in_se,
        "se": verdict.se,
        "splits": verdict.n,
        "fell": verdict.fell,
        "difference": _difference(change.difference),
        "verdict": verdict.word,
        "message": verdict.message,
        "known": change.known or None,
        "differs": list(change.differs),
    }


def _difference(difference: Difference | None) -> dict[str, Any] | None:
    if difference is None:
        return None
    told = asdict(difference).items()
    return {name: _finite(value) if isinstance(value, float) else value for name, value in told}


def _lacks(lacks: Sequence[Lack]) -> list[dict[str, Any]]:
    return [
        {
            "benchmark": one.benchmark,
            "model": one.line,
            "score": _finite(one.score.raw),
            "why": one.why or None,
        }
        for one in lacks
    ]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
