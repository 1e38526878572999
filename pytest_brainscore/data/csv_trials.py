"""Trials in CSV files: who chose what, shown which image, as model-vs-human publishes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import pandas as pd

from ..errors import DataError, nearest
from ..specs.base import File, digest_of
from ..specs.datasets import TrialsDataset
from ..specs.datasets.trials import TrialColumns, TrialRecordings
from ..specs.expressions import Search
from .archives import is_archive, unpack
from .disk import remembered_hash
from .images import known_names, natural, read_stimuli
from .recordings import Recordings
from .stimuli import Stimuli
from .tables import read_table
from .trials import as_choices

_OURS = {*TrialColumns.model_fields, "region"}

Fetch = Callable[[File], Path]


@dataclass(frozen=True)
class _Trials:
    """Rows of all files, under our names of the columns, and where each stands: file and line."""

    rows: pd.DataFrame
    files: tuple[Path, ...]
    file: np.ndarray
    line: np.ndarray

    def where(self, row: int) -> str:
        return f"{self.files[self.file[row]]}:{self.line[row]}"

    def keep(self, chosen: np.ndarray) -> _Trials:
        return _Trials(self.rows[chosen], self.files, self.file[chosen], self.line[chosen])


def read(dataset: TrialsDataset, fetch: Fetch, cache: Path) -> Recordings:
    """Choices in the order of the files' names, joined with the images that they name.

    A choice that names no object, such as `na`, is a wrong one. The stimuli get the coords `truth` and
    `object_name` (empty where no trial says it), `condition` where each is shown in one, and `folder` where
    they lie in several; what their table says comes first.
    Raises DataError, with file and line, for a column or a value that is missing, files of different columns,
    a subject that nobody is, and an image that is not there.
    """
    spec = dataset.recordings
    columns = {name: theirs for name, theirs in spec.columns if theirs is not None}
    files = _tables(spec, fetch, cache)
    trials = _of_subjects(_read(files, columns), spec.subjects)
    stimuli = read_stimuli(dataset.stimuli, fetch, cache)
    rows = _joined(trials, stimuli, columns["stimulus"], spec.image)
    shown = trials.rows.assign(stimulus=np.asarray(stimuli.ids)[rows])
    hashes = [remembered_hash(file, "sha256", cache) for file in files]
    stimuli, digest = _described(stimuli, rows, trials.rows), digest_of([hashes, columns])
    return Recordings(dataset.id, stimuli, as_choices(shown, dataset.id), digest)


def _tables(spec: TrialRecordings, fetch: Fetch, cache: Path) -> tuple[Path, ...]:
    """The CSV files: those that are named, and those in folders and archives, by natural order of names."""
    named = spec.tables if isinstance(spec.tables, tuple) else (spec.tables,)
    return tuple(table for file in named for table in _tables_at(fetch(file), cache))


def _tables_at(path: Path, cache: Path) -> list[Path]:
    folder = path if path.is_dir() else unpack(path, cache) if is_archive(path) else None
    if folder is None:
        return [path]
    found = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.suffix.lower() == ".csv"}
    shown = [name for name in found if not any(part.startswith(".") for part in name.split("/"))]
    if not shown:
        raise DataError(f"{path}: no CSV file in it; a table of trials is due")
    return [found[name] for name in sorted(shown, key=natural)]


def _read(files: Sequence[Path], columns: dict[str, str]) -> _Trials:
    tables = [_read_one(file, columns) for file in files]
    _refuse_other_columns(files, tables)
    counts = [len(table) for table in tables]
    trials = _Trials(
        rows=pd.concat(tables, ignore_index=True),
        files=tuple(files),
        file=np.repeat(np.arange(len(files)), counts),
        line=np.concatenate([np.arange(count) + 2 for count in counts]),
    )
    _refuse_gaps(trials, columns)
    return trials


def _read_one(file: Path, columns: dict[str, str]) -> pd.DataFrame:
    """A table under our names; what we have no name for stays, unless it bears one of ours."""
    table = read_table(file, text=columns.values())
    known = [str(name) for name in table.columns]
    for theirs in columns.values():
        if theirs not in known:
            raise DataError(
                f"{file}:1: no column {theirs}{nearest(theirs, known)} (columns: {', '.join(known[:20])});"
                " say in `columns` which one says what"
            )
    others = [name for name in known if name not in {*columns.values(), *_OURS}]
    named = {name: table[theirs] for name, theirs in columns.items()}
    return pd.DataFrame({**named, **{name: table[name] for name in others}})


def _refuse_other_columns(files: Sequence[Path], tables: Sequence[pd.DataFrame]) -> None:
    first = set(tables[0].columns)
    for file, table in zip(files, tables, strict=True):
        differing = sorted(map(str, first ^ set(table.columns)))
        if differing:
            raise DataError(
                f"{file}:1: its columns are not those of {files[0].name}: {', '.join(differing)} is in one of"
                " them alone; tables of one set have the same columns"
            )


def _refuse_gaps(trials: _Trials, columns: dict[str, str]) -> None:
    for name, written in columns.items():
        empty = np.flatnonzero(trials.rows[name].isna().to_numpy())
        if len(empty):
            raise DataError(
                f"{trials.where(int(empty[0]))}: no {written} ({len(empty)} of {len(trials.rows)} trials are"
                " such); of a trial without a response write na"
            )


def _of_subjects(trials: _Trials, patterns: Sequence[str] | None) -> _Trials:
    """The trials of the subjects that one of the patterns names."""
    if patterns is None:
        return trials
    subjects = trials.rows["subject"].to_numpy(dtype=str)
    known = sorted(set(subjects), key=natural)
    chosen = np.zeros(len(subjects), dtype=bool)
    for pattern in patterns:
        wanted = [subject for subject in known if fnmatchcase(subject, pattern)]
        if not wanted:
            raise DataError(
                f"{trials.files[0].parent}: no subject {pattern}{nearest(pattern, known)} (there are"
                f" {', '.join(known[:12])}{', ...' if len(known) > 12 else ''})"
            )
        chosen |= np.isin(subjects, wanted)
    return trials.keep(chosen)


def _joined(trials: _Trials, stimuli: Stimuli, column: str, expression: str | None) -> np.ndarray:
    """For each trial the row of its image among the stimuli."""
    names = _Names(known_names(stimuli), None if expression is None else Search(expression))
    names = replace(names, known={**_matched(stimuli, names), **names.known})
    pairs = trials.rows.groupby(["stimulus", "truth"], sort=False).ngroup().to_numpy()
    _, first = np.unique(pairs, return_index=True)
    rows = np.empty(len(first), dtype=np.intp)
    for pair, trial in enumerate(first.tolist()):
        shown = trials.rows.iloc[trial]
        try:
            rows[pair] = names.row(str(shown["stimulus"]), str(shown["truth"]))
        except DataError as why:
            raise DataError(f"{trials.where(trial)}: column {column}: {why}") from why
    return np.asarray(rows[pairs])


@dataclass(frozen=True)
class _Names:
    """Names of the images, to their rows; `search` finds one in what a table writes."""

    known: Mapping[str, int]
    search: Search | None

    def within(self, written: str) -> str | None:
        """What the group `image` holds; all of it without an expression."""
        if self.search is None:
            return written
        try:
            found = self.search(written)
        except ValueError as why:
            raise DataError(f"{why}") from why
        return found["image"] if found else None

    def row(self, written: str, truth: str) -> int:
        """The row of the image; of those that bear one name, the one in the folder of the truth."""
        name = self.within(written)
        if name is None:
            raise DataError(f"{self.search} matches nothing in {written!r}")
        row = self.known.get(name, self.known.get(f"{truth}/{name}"))
        if row is None:
            some = ", ".join(list(self.known)[:3])
            raise DataError(f"no image {name!r}{nearest(name, self.known)} (names are such as {some})")
        return row


def _matched(stimuli: Stimuli, names: _Names) -> dict[str, int]:
    """What the expression finds in the images' own names, where one image alone has it."""
    if names.search is None:
        return {}
    found = [names.within(image.name) for image in stimuli.images if isinstance(image, Path)]
    count = Counter(found)
    return {name: row for row, name in enumerate(found) if name is not None and count[name] == 1}


def _described(stimuli: Stimuli, rows: np.ndarray, trials: pd.DataFrame) -> Stimuli:
    """The stimuli with what the trials and their folders say of them; their own table comes first."""
    truth = np.full(len(stimuli), "", dtype=object)
    truth[rows] = trials["truth"]
    folder = np.array([id.rpartition("/")[0] for id in stimuli.ids])
    by_folder = np.where(np.isin(folder, trials["truth"].to_numpy(dtype=str)), folder, "")
    coords = {"truth": truth.astype(str), "object_name": np.where(truth != "", truth, by_folder).astype(str)}
    if len(set(folder)) > 1:
        coords["folder"] = folder
    if "condition" in trials and _same_for_each(rows, trials["condition"], len(stimuli)):
        condition = np.empty(len(stimuli), dtype=object)
        condition[rows] = trials["condition"]
        coords["condition"] = condition.astype(str)
    return replace(stimuli, coords={**coords, **stimuli.coords})


def _same_for_each(rows: np.ndarray, values: pd.Series, n: int) -> bool:
    """Whether each of n stimuli has one value, and none has two."""
    distinct = pd.DataFrame({"row": rows, "value": values.to_numpy()}).drop_duplicates()
    return len(distinct) == n and distinct["row"].nunique() == n
