"""Trials in numbers: which images they show, and who chose under which condition."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ...data.recordings import Recordings


def images(chosen: Recordings) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The images that trials show: rows of the stimuli (n,), the first trial of each (n,), each trial's (k,).

    The last counts the first.
    """
    rows, first, stimulus = np.unique(_rows(chosen), return_index=True, return_inverse=True)
    return rows, first, stimulus.astype(np.int64)


def by_name(chosen: Recordings, coord: str) -> tuple[tuple[str, ...], np.ndarray]:
    """Sorted names of a coord of the trials, or of their stimuli, and each trial's code (k,).

    Without the coord all trials are of one name.
    """
    if coord in chosen.data.coords:
        values = chosen.data[coord].values
    elif coord in chosen.stimuli.coords:
        values = chosen.stimuli.coords[coord][_rows(chosen)]
    else:
        return ("all",), np.zeros(len(chosen.data), dtype=np.int64)
    names, codes = np.unique(values, return_inverse=True)
    return tuple(names.astype(str).tolist()), codes.astype(np.int64)


def _rows(chosen: Recordings) -> np.ndarray:
    stimuli, shown = pd.Index(chosen.stimuli.ids), pd.Index(chosen.data["stimulus"].values)
    return np.asarray(stimuli.get_indexer(shown))
