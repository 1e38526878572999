"""Images: how often people and networks were right on each, as runs left it beside their results."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..analysis.images import Compared, Sided
from ..errors import ResultsError, first_line
from ..scoring.choices.by_image import MODEL, PEOPLE, TRIALS
from ..specs.results import Row
from .evidence import Evidence
from .joining import Found
from .rdms import STIMULUS, opened

if TYPE_CHECKING:
    import xarray as xr

_AGAIN = "leave this run out, or run it again"


@dataclass(frozen=True, eq=False)
class Kept:
    """What was read. rows: by benchmark and model. refused: why a file was not, a sentence each."""

    sided: tuple[Sided, ...]
    rows: dict[tuple[str, str], Row]
    refused: tuple[str, ...]


def kept(evidence: Evidence) -> Kept:
    """Both sides' accuracies of each network on each benchmark of choices; of several layers its own."""
    sided: dict[tuple[str, str], Sided] = {}
    rows: dict[tuple[str, str], Row] = {}
    refused = []
    for one, path in _files(evidence):
        key = one.row.benchmark, one.row.model
        try:
            found = accuracies(path)
        except ResultsError as why:
            refused.append(f"Left out: {one.row.model} on {one.row.benchmark}: {first_line(why)}.")
            continue
        if found is not None and key not in sided:
            sided[key], rows[key] = Sided(*key, one.row.raw, found), one.row
    return Kept(tuple(sided.values()), rows, tuple(refused))


def accuracies(path: Path) -> Compared | None:
    """The shares of right choices by image in a file of values; None where it holds none.

    Raises ResultsError where the file cannot be read, or its numbers are none that shares and trials can be.
    """
    with opened(path) as values:
        if not {PEOPLE, MODEL, TRIALS} & set(values.data_vars):
            return None
        people, model, trials = (_by_image(values, name, path) for name in (PEOPLE, MODEL, TRIALS))
        names = tuple(values[STIMULUS].values.astype(str).tolist())
    if len(set(names)) < len(names) or not names:
        raise ResultsError(f"{path}: its {len(names)} images have {len(set(names))} names; {_AGAIN}")
    for name, share in ((PEOPLE, people), (MODEL, model)):
        _refuse(name, share, (share >= 0) & (share <= 1), "shares from 0 to 1", path)
    _refuse(TRIALS, trials, (trials >= 0) & (trials == np.floor(trials)), "whole numbers from 0", path)
    return Compared(names, people, model, trials.astype(int))


def _files(evidence: Evidence) -> Iterator[tuple[Found, Path]]:
    """Those of behaviour: of layers that stand for it first, then of those that were named for a run."""
    for one in sorted(evidence.scored, key=lambda one: one.row.named):
        if one.row.region == "behaviour" and (path := one.values_file) is not None:
            yield one, path


def _by_image(values: xr.Dataset, name: str, path: Path) -> np.ndarray:
    """The numbers (n,), one for each image."""
    if name not in values or STIMULUS not in values.coords:
        raise ResultsError(f"{path}: has no {name if name not in values else 'names of images'}; {_AGAIN}")
    found = values[name]
    if found.dims != (STIMULUS,) or found.dtype.kind not in "fiu":
        dims = ", ".join(map(str, found.dims))
        raise ResultsError(f"{path}: its {name} is {found.dtype} of ({dims}), not numbers by image; {_AGAIN}")
    return np.asarray(found.values, dtype=float)


def _refuse(name: str, values: np.ndarray, fine: np.ndarray, due: str, path: Path) -> None:
    """Raise ResultsError for the first value that is not fine."""
    if not fine.all():
        first = int(np.argmin(fine))
        raise ResultsError(f"{path}: its {name} of image {first} is {values[first]:g}, not {due}; {_AGAIN}")
