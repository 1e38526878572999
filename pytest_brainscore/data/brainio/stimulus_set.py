"""Stimulus sets: the table of the stimuli and their images, in a zip or in a collection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from ...errors import DataError, nearest
from ...specs.base import File
from ...specs.collection import Collection
from ...specs.datasets.brainio import BrainioStimuli
from ..archives import names_in, unpack
from ..folders import files_below
from ..stimuli import Stimuli
from ..tables import labels, read_table, unique

Fetch = Callable[[File | Collection], Path]
ID, FILE = ("stimulus_id", "image_id"), ("filename", "stimulus_path")
"""The columns that name a stimulus and its file; the first that is there counts."""
_TABLES = (".csv", ".zip")
_SOME = 3


def read_stimuli(spec: BrainioStimuli, fetch: Fetch, cache: Path) -> Stimuli:
    """The stimuli in the order of the table; its columns are their coords.

    Ids are text as the table has it, so 0012 stays 0012.
    Raises DataError where a row has no image or an image of the zip no row, and for ids that repeat.
    """
    path = fetch(spec.csv)
    table = read_table(path, text=(*ID, *FILE))
    id_column, file_column = (_column(table, names, path) for names in (ID, FILE))
    ids = unique(_filled(table[id_column], path), f"{path}: column {id_column}")
    names = _filled(table[file_column], path)
    if spec.zip is not None:
        archive = fetch(spec.zip)
        paths = _packed(names, archive, path)
        folder = unpack(archive, cache)
    else:
        assert spec.images is not None, "the spec has one of the two"
        folder = fetch(spec.images)
        paths = _collected(names, folder, path)
    coords = {str(name): labels(table[name]) for name in table.columns}
    return Stimuli(ids, tuple(folder / name for name in paths), coords, spec.visual_degrees)


def _column(table: pd.DataFrame, names: tuple[str, ...], path: Path) -> str:
    known = [str(name) for name in table.columns]
    for name in names:
        if name in known:
            return name
    raise DataError(
        f"{path}: no column {' or '.join(names)}{nearest(names[0], known)} (columns:"
        f" {', '.join(known[:20]) or 'none'})"
    )


def _filled(column: pd.Series, path: Path) -> list[str]:
    empty = np.flatnonzero(column.isna().to_numpy())
    if len(empty):
        raise DataError(f"{path}: row {empty[0] + 1} has no {column.name}; every stimulus needs one")
    return [str(value) for value in column]


def _packed(names: list[str], archive: Path, table: Path) -> list[str]:
    """The images of a zip, one for each name and no other; asked before it is unpacked."""
    shown = [name for name in names_in(archive) if not _is_hidden(name)]
    there = [name for name in shown if not name.lower().endswith(_TABLES)]
    found, lacking = _found(names, there)
    if lacking:
        raise DataError(
            f"{archive}: has no image {_some(lacking)}, which {table.name} names;"
            " zip and table are of different versions: check their URLs and hashes"
        )
    extra = sorted(set(there) - set(found))
    if extra:
        raise DataError(
            f"{archive}: {_some(extra)} is in no row of {table.name};"
            " zip and table are of different versions: check their URLs and hashes"
        )
    return found


def _collected(names: list[str], folder: Path, table: Path) -> list[str]:
    """The images of a collection: it may hold others, in folders of its own."""
    found, lacking = _found(names, files_below(folder))
    if lacking:
        raise DataError(
            f"{folder}: has no image {_some(lacking)}, which {table.name} names; is the collection whole?"
        )
    return found


def _found(names: list[str], there: list[str]) -> tuple[list[str], list[str]]:
    """The file for each name, and the names without one.

    By its path; else by its own name; else by that without suffix: the last two where one file alone has it.
    """
    paths = set(there)
    by_name, by_stem = _single(_name, there), _single(_stem, there)
    found: list[str] = []
    lacking: list[str] = []
    for name in names:
        own = name.replace("\\", "/").removeprefix("./")
        path = own if own in paths else by_name.get(_name(own), by_stem.get(_stem(own)))
        (lacking if path is None else found).append(path or name)
    return found, lacking


def _single(part: Callable[[str], str], paths: list[str]) -> dict[str, str]:
    """The paths by a part of them, without those that share it."""
    count = Counter(map(part, paths))
    return {part(path): path for path in paths if count[part(path)] == 1}


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _stem(path: str) -> str:
    name = _name(path)
    return name.rpartition(".")[0] or name


def _is_hidden(path: str) -> bool:
    return any(part.startswith(".") for part in path.split("/"))


def _some(names: list[str]) -> str:
    """The first few names, and how many there are."""
    more = f" and {len(names) - _SOME} others" if len(names) > _SOME else ""
    return ", ".join(names[:_SOME]) + more
