"""Sides: a run, several runs, or baselines, read as what a comparison can hold against another."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ...analysis.changes import Held, Key
from ...analysis.sides import details, measured, measured_row
from ...errors import ResultsError
from ...inference.replicates import Sampled
from ...specs.baselines import load
from ...specs.results import Row
from ..joining import Found, join
from ..replicates import samples
from ..runs import DOCUMENT, LINES, Part, read


@dataclass(frozen=True, eq=False)
class Side:
    """One side of a comparison. path: as it was named. held: by key. parts: the runs, none of baselines."""

    path: Path
    held: Mapping[Key, Held]
    parts: tuple[Part, ...] = ()


def side(path: Path) -> Side:
    """What lies at a path: a folder of a run or of several runs, results.json, baselines or a folder of them.

    Raises ResultsError where it is none of these, or several runs there cannot be joined; SpecError with
    file:line where a baseline cannot be read. Replicates are read when they are needed.
    """
    if baselines := _baselines(path):
        return Side(path, dict(_lines(baselines)))
    parts = tuple(map(read, _runs(path)))
    found = join(parts).found
    return Side(path, dict(zip(_keys([one.row for one in found]), map(_held, found), strict=True)), parts)


def _runs(path: Path) -> Sequence[Path]:
    """The runs at a path: itself, else the folders of runs in it."""
    if path.is_file() or _is_run(path):
        return [path]
    inner = {file.parent for name in (DOCUMENT, LINES) for file in path.glob(f"*/{name}")}
    return sorted(inner) or [path]


def _is_run(path: Path) -> bool:
    return any((path / name).is_file() for name in (DOCUMENT, LINES))


def _baselines(path: Path) -> dict[Path, str]:
    """The baselines at a path, with their benchmarks; a run has none, whatever else lies in its folder."""
    if _is_run(path):
        return {}
    files = [path] if path.is_file() else sorted(path.glob("*.json"))
    named = ((file, _benchmark(file)) for file in files if file.suffix == ".json")
    return {file: benchmark for file, benchmark in named if benchmark is not None}


def _benchmark(file: Path) -> str | None:
    """Whose baseline a file is; of one that is damaged its name must say it. None where it is none."""
    if file.name == DOCUMENT:
        return None
    with suppress(OSError, ValueError):
        document = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(document, dict) or "results" in document:
            return None
        return str(document.get("benchmark", file.stem))
    return file.stem


def _lines(baselines: Mapping[Path, str]) -> Iterator[tuple[Key, Held]]:
    for file, benchmark in baselines.items():
        baseline = load(file, benchmark)
        if baseline is None:
            raise ResultsError(f"{file}: is no longer there")
        for line, entry in baseline.models.items():
            yield (benchmark, line), Held(measured(entry))


def _keys(rows: Sequence[Row]) -> list[Key]:
    """The key of each row; where it would be of several, with their layers."""
    plain = [(row.benchmark, _line(row)) for row in rows]
    often = Counter(plain)
    pairs = zip(rows, plain, strict=True)
    return [key if often[key] == 1 else (row.benchmark, f"{row.model}:{row.layer}") for row, key in pairs]


def _line(row: Row) -> str:
    """What a baseline calls the model: a mapped layer may change and the line be the same."""
    return f"{row.model}:{row.layer}" if row.named else row.model


def _held(found: Found) -> Held:
    row = found.row
    if row.status != "scored":
        return Held(None, why=f"{row.status}: {row.message}" if row.message else row.status)
    return Held(
        measured_row(row),
        details(row),
        sampled=partial(_sampled, found),
        missing=found.missing,
        known=row.known or "",
    )


def _sampled(found: Found) -> tuple[str, Sampled]:
    (one,) = samples([found])
    return one.key, one.sampled
