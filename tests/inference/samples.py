"""Replicates that tests make by hand."""

from __future__ import annotations

import numpy as np

from pytest_brainscore.inference.replicates import Factor, Replicates, Shared


def split_scores(values: np.ndarray, ratio: float, factor: Factor = "stimulus") -> Replicates:
    """Scores of splits of 90 stimuli, all of each shared at a ratio."""
    return Replicates("splits", factor, values, 90, shared=Shared(values, ratio, len(values)))
