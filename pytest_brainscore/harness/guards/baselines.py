"""Where baselines lie, and what they say of an item: the project's own first, then the shipped ones."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from ... import suite
from ...guard import Measured
from ...specs.baselines import Entry, Side, load
from ...specs.cases import Case
from ...specs.results import Row

FOLDER = "baselines"
_BENCHMARKS_SIDE = ("spec", "stimuli", "recordings")
_SHOWN_DIGITS = 16


@dataclass(frozen=True)
class Shelf:
    """Where the baselines of one benchmark are.

    own: the project's file, which updates go to. shipped: a file that is only read, looked into second.
    """

    benchmark: str
    own: Path
    shipped: Path | None = None

    @classmethod
    def of(cls, case: Case, project_suite: Path) -> Shelf:
        """The shelf of a case: baselines/ beside its file; of a shipped file, in the project's suite too."""
        beside = case.path.parent / FOLDER / f"{case.name}.json"
        home, shipped = case.path.parent.resolve(), suite.benchmarks().resolve()
        if home != shipped or shipped == project_suite.resolve():
            return cls(case.name, beside)
        return cls(case.name, project_suite / FOLDER / beside.name, beside)

    def find(self, key: str) -> Entry | None:
        """The entry of a model; None where there is none.

        Raises SpecError with file:line where a file cannot be read.
        """
        for path in filter(None, (self.own, self.shipped)):
            baseline = load(path, self.benchmark)
            if baseline is not None and key in baseline.models:
                return baseline.models[key]
        return None


def key_of(model: str, layer: str | None) -> str:
    """The line of a model; of one of its layers where layers were named."""
    return model if layer is None else f"{model}:{layer}"


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
