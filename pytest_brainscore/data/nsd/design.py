"""Design: which image of NSD each trial showed, and which images all subjects saw."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...errors import DataError
from ..formats import read_matlab


@dataclass(frozen=True, eq=False)
class Showings:
    """Trials that showed a shared image, in the order of time: three arrays of one length.

    trial: place among all trials of the subject. stimulus: place among the shared images. repetition: how
    often that image was shown before. All begin at 0.
    """

    trial: np.ndarray
    stimulus: np.ndarray
    repetition: np.ndarray

    def within(self, first: int, end: int) -> Showings:
        """Those of trials first ... end - 1."""
        kept = (self.trial >= first) & (self.trial < end)
        return Showings(self.trial[kept], self.stimulus[kept], self.repetition[kept])


@dataclass(frozen=True, eq=False)
class Design:
    """NSD's design. shared: the numbers of the images that all saw, rising; numbers begin at 1.

    order (trials,): which of a subject's images each trial shows, from 1, the same for all subjects; images
    (subjects, images): their numbers.
    """

    shared: np.ndarray
    order: np.ndarray
    images: np.ndarray

    def showings(self, subject: int, trials: int) -> Showings:
        """Those of shared images among the subject's first trials.

        Raises DataError where the design has fewer trials, or no such subject.
        """
        if trials > len(self.order) or subject > len(self.images):
            raise DataError(
                f"S{subject}: {trials:,} trials in the files of betas, but nsd_expdesign.mat has"
                f" {len(self.order):,} trials of {len(self.images)} subjects"
            )
        number = self.images[subject - 1, self.order[:trials] - 1]
        stimulus = pd.Index(self.shared).get_indexer(pd.Index(number))
        trial = np.flatnonzero(stimulus >= 0)
        shown = pd.Series(stimulus[trial])
        return Showings(trial, shown.to_numpy(), shown.groupby(shown).cumcount().to_numpy())


def read_design(path: Path) -> Design:
    """The design out of nsd_expdesign.mat. Raises DataError where it is not as NSD's manual has it."""
    variables = read_matlab(path)
    shared = np.unique(_whole(variables, "sharedix", path))
    order = _whole(variables, "masterordering", path).ravel()
    images = np.atleast_2d(_whole(variables, "subjectim", path))
    if not len(order) or order.min() < 1 or order.max() > images.shape[1]:
        raise DataError(f"{path}: masterordering must count subjectim's {images.shape[1]} columns from 1")
    return Design(shared, order, images)


def _whole(variables: dict[str, Any], name: str, path: Path) -> np.ndarray:
    if name not in variables:
        raise DataError(f"{path}: no variable {name} (there are {', '.join(variables)})")
    return np.asarray(variables[name]).astype(np.int64)
