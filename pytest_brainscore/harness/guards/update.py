"""Baselines are written once, when a run ends, from the rows that arrived."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ...analysis.sides import entry_of, measured
from ...data.disk import lock, write_whole
from ...errors import SpecError
from ...guard import agree, differences
from ...specs.base import digest_of
from ...specs.baselines import Baseline, Entry, line, load
from ...specs.guards import Update
from ...specs.results import Row
from .baselines import FOLDER


@dataclass
class Outcome:
    """The lines that changed, per file; how many are new; what was pruned; what was not written, and why."""

    lines: dict[Path, int] = field(default_factory=dict)
    new: int = 0
    pruned: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def changed(self) -> int:
        """How many lines changed."""
        return sum(self.lines.values())


def update(rows: Iterable[Row], which: Update, root: Path) -> Outcome:
    """Make rows that may be baselines the baselines, file by file; what cannot be read stays as it is."""
    outcome = Outcome()
    for path, its_rows in _by_file(rows, root).items():
        with _told(outcome, path):
            old = load(path, its_rows[0].benchmark)
            _write(path, old, renewed(old, its_rows, which), outcome)
    return outcome


def renewed(old: Baseline | None, rows: list[Row], which: Update) -> Baseline | None:
    """The file with the rows that `which` takes; None where there is nothing to write."""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    lines = old.models if old else {}
    new = {row.guard.key: entry_of(row, today) for row in rows if row.guard and _is_taken(row, lines, which)}
    return Baseline(benchmark=rows[0].benchmark, models={**lines, **new}) if new else old


def prune(suite: Path, benchmarks: set[str], model_exists: Callable[[str], bool], outcome: Outcome) -> None:
    """Remove the lines of models, and the files of benchmarks, that there no longer are."""
    for path in sorted((suite / FOLDER).glob("*.json")):
        with _told(outcome, path):
            old = load(path, path.stem)
            models = old.models if old else {}
            kept = {key: entry for key, entry in models.items() if model_exists(key.split(":")[0])}
            if path.stem not in benchmarks or (models and not kept):
                path.unlink()
                outcome.pruned.append(path.name)
                outcome.lines[path] = outcome.lines.get(path, 0) + len(models)
            elif old:
                _write(path, old, old.model_copy(update={"models": kept}), outcome)
                outcome.pruned += [f"{key} of {path.stem}" for key in sorted(set(models) - set(kept))]


@contextmanager
def locked(suite: Path, cache: Path) -> Iterator[None]:
    """Alone with the baselines of this suite: another run on this machine waits. Raises OSError."""
    with lock(cache, f"baselines_{digest_of(str((suite / FOLDER).resolve()))[:16]}"):
        yield


def _by_file(rows: Iterable[Row], root: Path) -> dict[Path, list[Row]]:
    found: dict[Path, list[Row]] = {}
    for row in rows:
        if row.status == "scored" and row.guard is not None and row.guard.updates:
            found.setdefault(root / row.guard.baseline, []).append(row)
    return found


def _is_taken(row: Row, lines: Mapping[str, Entry], which: Update) -> bool:
    """Whether the row becomes a line: only where it says something new."""
    if row.guard is None:
        return False
    before = lines.get(row.guard.key)
    if before is None and row.verdict == "unguarded":
        return True
    if which == "new":
        return False
    if before is None:  # what it was judged by is a shipped baseline
        return row.guard.moved or row.verdict == "mismatched" or (which == "all" and bool(row.guard.changed))
    now = entry_of(row, before.date)
    if not agree(now.splits, before.splits) or any(differences(measured(before).side, measured(now).side)):
        return True
    return which == "all" and line(now) != line(before)


def _write(path: Path, old: Baseline | None, new: Baseline | None, outcome: Outcome) -> None:
    before, after = (old.models if old else {}), (new.models if new else {})
    changed = {key for key in {*before, *after} if before.get(key) != after.get(key)}
    if new is not None and changed:
        write_whole(path, new.text())
        outcome.lines[path] = outcome.lines.get(path, 0) + len(changed)
        outcome.new += len(after.keys() - before.keys())


@contextmanager
def _told(outcome: Outcome, path: Path) -> Iterator[None]:
    """Note what is in the way of one file, and go on with the next."""
    try:
        yield
    except SpecError as why:
        outcome.problems.append(str(why))
    except OSError as why:
        outcome.problems.append(f"{path}: not written ({why.strerror or why})")
