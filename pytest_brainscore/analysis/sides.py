"""Sides of a comparison: what rows and lines of baselines say of a score, as the guard sees it."""

from __future__ import annotations

import json
import math

from ..guard import Measured, Told
from ..specs.baselines import Entry, Side
from ..specs.results import Row
from ..versions import OF_NUMBERS, release

_BENCHMARKS_SIDE = ("spec", "stimuli", "recordings")
_SHOWN_DIGITS = 16


def entry_of(row: Row, date: str) -> Entry:
    """The row as a line of a baseline."""
    return Entry(
        raw=_number(row.raw),
        error=row.error,
        n=len(row.splits),
        splits=tuple(map(_number, row.splits)),
        side=side_of(row),
        layer=row.layer,
        digests=_watched(row),
        torch=row.versions.get("torch"),
        device=_kind(row.device),
        date=date,
    )


def side_of(row: Row) -> Side:
    """The benchmark's side of a row."""
    digests = {name: row.digests.get(name, "")[:_SHOWN_DIGITS] for name in _BENCHMARKS_SIDE}
    return Side(**digests, metric=row.metric_version, ceiling=row.ceiling)


def measured(entry: Entry) -> Measured:
    """A baseline as the guard sees it."""
    made_with = {"layer": entry.layer, **entry.digests, "torch": entry.torch, "device": _kind(entry.device)}
    return Measured(entry.raw, entry.error, entry.splits, _sides(entry.side), made_with)


def measured_row(row: Row) -> Measured:
    """A row as the guard sees it; what JSON has no number for is NaN."""
    versions = {"torch": row.versions.get("torch"), "device": _kind(row.device)}
    made_with = {"layer": row.layer, **_watched(row), **versions}
    splits = tuple(map(_number, row.splits))
    return Measured(_number(row.raw), row.error, splits, _sides(side_of(row)), made_with)


def details(row: Row) -> Told:
    """What a row says beyond a baseline: releases of the other libraries, and settings of the metric."""
    others = (name for name in OF_NUMBERS if name != "torch" and name in row.versions)
    versions = {name: release(row.versions[name]) for name in others}
    return {**versions, **{name: json.dumps(value) for name, value in row.settings.items()}}


def _kind(device: str | None) -> str | None:
    """`cuda` of `cuda:1`: which of several GPUs computes, worker by worker, changes no score."""
    return device and device.partition(":")[0]


def _sides(side: Side) -> dict[str, str | int | float | None]:
    """The benchmark's side by the names that messages use."""
    said = side.model_dump()
    return {"metric version" if name == "metric" else name: value for name, value in said.items()}


def _watched(row: Row) -> dict[str, str]:
    """The digests of the model's side, short: they are told apart, not looked up."""
    theirs = {name: value for name, value in row.digests.items() if name not in _BENCHMARKS_SIDE}
    return {name: value[:_SHOWN_DIGITS] for name, value in sorted(theirs.items())}


def _number(value: float | None) -> float:
    return math.nan if value is None else value
