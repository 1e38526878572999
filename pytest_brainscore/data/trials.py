"""Trials: which object a subject chose, shown a stimulus; a table with one row per trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from ..errors import DataError, nearest
from .tables import labels

REGION = "behaviour"
_NAMES = ("stimulus", "truth", "distractor", "choice")


def as_choices(trials: pd.DataFrame | Mapping[str, Sequence[Any] | np.ndarray], dataset: str) -> xr.DataArray:
    """Choices (presentation,) with the other columns as coords, from a table with a row per trial.

    trials: columns `stimulus`, `truth` and `choice`; `distractor`, where there were two alternatives; any
        others (`subject`, `condition`, ...) become coords of the same name.
    Raises DataError for a column that is missing, columns of different lengths, and a name that is missing.
    """
    table = _as_table(trials, dataset)
    columns = {str(name): labels(table[name]) for name in table.columns}
    for name in set(_NAMES) & set(columns):
        columns[name] = _all_there(table[name], columns[name], name, dataset)
    choice = columns.pop("choice")
    columns.setdefault("region", np.full(len(choice), REGION))
    coords = {name: ("presentation", values) for name, values in columns.items()}
    return xr.DataArray(choice, dims=("presentation",), coords=coords)


def refuse_impossible(choices: xr.DataArray, dataset: str) -> None:
    """Raise DataError unless each stimulus has one truth and each choice was one of the alternatives."""
    if choices.dtype.kind not in "UO":
        raise DataError(f"{dataset}: choices are {choices.dtype}; names of objects are due")
    stimulus, truth = choices["stimulus"].values, choices["truth"].values
    _refuse_no_truth(stimulus, truth, dataset)
    _refuse_two_truths(stimulus, truth, dataset)
    if "distractor" not in choices.coords:
        return
    distractor, choice = choices["distractor"].values, choices.values
    same = np.flatnonzero(truth == distractor)
    if len(same):
        raise DataError(
            f"{dataset}: trial {same[0] + 1} ({stimulus[same[0]]}): truth and distractor are both"
            f" {truth[same[0]]}; two alternatives differ"
        )
    odd = np.flatnonzero((choice != truth) & (choice != distractor))
    if len(odd):
        i = odd[0]
        raise DataError(
            f"{dataset}: trial {i + 1} ({stimulus[i]}): the choice {choice[i]} is neither the truth"
            f" {truth[i]} nor the distractor {distractor[i]} ({len(odd)} of {len(choice)} trials are such)"
        )


def _as_table(trials: Any, dataset: str) -> pd.DataFrame:
    lengths = {name: len(values) for name, values in trials.items()}
    if len(set(lengths.values())) > 1:
        written = ", ".join(f"{name} {n}" for name, n in lengths.items())
        raise DataError(f"{dataset}: columns of trials differ in length ({written})")
    columns = {k: v.to_numpy() if isinstance(v, pd.Series) else v for k, v in trials.items()}
    table = pd.DataFrame(columns)  # a list with None or NaN keeps them as what is missing
    missing = [name for name in ("stimulus", "truth", "choice") if name not in table.columns]
    if missing:
        known = [str(name) for name in table.columns]
        raise DataError(
            f"{dataset}: trials have no column {missing[0]}{nearest(missing[0], known)}"
            f" (columns: {', '.join(known) or 'none'})"
        )
    if table.empty:
        raise DataError(f"{dataset}: the table of trials has no row")
    return table


def _all_there(series: pd.Series, values: np.ndarray, name: str, dataset: str) -> np.ndarray:
    """Names as text; an empty one is a missing one."""
    absent = np.flatnonzero(series.isna().to_numpy() | (values.astype(str) == ""))
    if len(absent):
        raise DataError(
            f"{dataset}: trial {absent[0] + 1} has no {name} ({len(absent)} of {len(values)} trials are"
            " such); leave such trials out"
        )
    return values.astype(str)


def _refuse_no_truth(stimulus: np.ndarray, truth: np.ndarray, dataset: str) -> None:
    empty = np.flatnonzero(pd.isna(truth) | (truth == ""))
    if len(empty):
        raise DataError(
            f"{dataset}: trial {empty[0] + 1} ({stimulus[empty[0]]}) has no truth ({len(empty)} of"
            f" {len(truth)} trials are such); leave such trials out, or say what the stimulus shows"
        )


def _refuse_two_truths(stimulus: np.ndarray, truth: np.ndarray, dataset: str) -> None:
    shown, names = pd.factorize(stimulus)
    objects, truths = pd.factorize(truth)
    first = np.zeros(len(names), dtype=objects.dtype)
    first[shown[::-1]] = objects[::-1]
    wrong = np.flatnonzero(first[shown] != objects)
    if len(wrong):
        i = wrong[0]
        raise DataError(
            f"{dataset}: trial {i + 1}: the truth of stimulus {names[shown[i]]} is {truth[i]}, and"
            f" {truths[first[shown[i]]]} in an earlier trial; a stimulus shows one object"
        )
