"""Sharing: images that are in two parts of a data set, so that a score may be of what was fitted."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

import numpy as np

from ...errors import DataError
from ..stimuli import Stimuli


def shared(dataset: str, parts: Mapping[str, Stimuli]) -> tuple[str, ...]:
    """A note for each two parts that share images, by their bytes.

    Raises DataError where all of `test` are in `train`: that is no test of what was fitted.
    """
    notes = []
    for first, name in combinations(sorted(parts, key="test".__eq__), 2):  # test last, after what is fitted
        count = _count(parts[first], parts[name])
        if (first, name) == ("train", "test") and count == len(parts["test"]):
            raise DataError(
                f"{dataset}: all {count} images of part test are also in part train, so nothing is tested on"
                " images that were not fitted on; check the files of both parts"
            )
        if count:
            notes.append(f"{count} of {len(parts[name])} images of part {name} are also in part {first}")
    return tuple(notes)


def _count(known: Stimuli, others: Stimuli) -> int:
    """How many of the others are among the known. Files of other sizes differ, and are not read."""
    ours, theirs = _sizes(known), _sizes(others)
    digests = known.take(np.flatnonzero(np.isin(ours, theirs))).digests
    alike = others.take(np.flatnonzero(np.isin(theirs, ours))).digests
    return int(np.isin(alike, digests).sum())


def _sizes(stimuli: Stimuli) -> np.ndarray:
    sizes = [image.stat().st_size if isinstance(image, Path) else image.nbytes for image in stimuli.images]
    return np.array(sizes, dtype=np.int64)
