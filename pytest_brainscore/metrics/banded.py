"""Banded ridge regression: bands of features with a penalty each, chosen for each target by random search.

The search is himalaya's: Dupre la Tour, Eickenberg, Nunez-Elizalde & Gallant 2022, NeuroImage 264:119728.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
import torch
from sklearn.model_selection import KFold
from torch import Tensor

from ..errors import MetricError
from .linalg import centre

ALPHAS = tuple(10.0**power for power in range(-3, 6))
"""For bands whose squares, summed over units, are one in the mean of the stimuli."""
FOLDS = 5
TARGETS_AT_ONCE = 1000
_ALONE = Lock()


@dataclass(frozen=True, eq=False)
class Banded:
    """What banded ridge regression predicts of test responses.

    parts: (bands, k, m), what each band adds to the prediction; the mean of the training responses comes on
    top. mean: (m,), that. weights: (bands, m), what each band's kernel counts; the penalty is one.
    """

    parts: Tensor
    mean: Tensor
    weights: Tensor

    @property
    def predicted(self) -> Tensor:
        """(k, m)."""
        return self.parts.sum(dim=0) + self.mean


@dataclass(frozen=True, eq=False)
class Kernels:
    """Of one band: inner products among training stimuli (n, n), and of test with training stimuli (k, n)."""

    train: Tensor
    test: Tensor

    @classmethod
    def of(cls, train: Tensor, test: Tensor) -> Kernels:
        """Units (n, p), centred on the training stimuli and scaled to a mean square of one in these."""
        centred, mean = centre(train)
        size = centred.square().sum() / len(centred)
        size = size if bool(size > 0) else torch.ones_like(size)
        return cls(centred @ centred.T / size, (test - mean) @ centred.T / size)


def banded_ridge(
    bands: Sequence[Kernels],
    y: Tensor,
    *,
    alphas: Sequence[float] = ALPHAS,
    candidates: int = 50,
    seed: int = 0,
) -> Banded:
    """Fit training responses y (n, m), float64, on the CPU; the result is on the device of y.

    candidates: divisions of the kernel among the bands that are tried: an equal one, each band alone, and
    draws from Dirichlet distributions (concentrations .1 and 1). Each target takes the division and alpha
    with the lowest squared error in 5 shuffled folds of the training stimuli.
    Raises MetricError for fewer than 10 stimuli, and where himalaya is not installed.
    """
    if len(y) < 2 * FOLDS:
        raise MetricError(f"banded ridge needs {2 * FOLDS} training stimuli for its folds, not {len(y)}")
    responses, mean = centre(y)
    kernels = torch.stack([band.train for band in bands]).cpu().numpy()
    with (
        _himalaya() as himalaya,
        np.errstate(divide="ignore"),
    ):  # the weight of a band left out is the log of 0
        deltas, dual, *_ = himalaya.solve_multiple_kernel_ridge_random_search(
            kernels,
            responses.cpu().numpy(),
            n_iter=_divisions(himalaya, len(bands), candidates, seed),
            alphas=np.array(alphas, dtype=float),
            cv=KFold(FOLDS, shuffle=True, random_state=seed),
            return_weights="dual",
            fit_intercept=True,
            n_targets_batch=TARGETS_AT_ONCE,
            progress_bar=False,
        )
    weights, dual = (torch.as_tensor(found, device=y.device) for found in (np.exp(deltas), dual))
    parts = [weight * (band.test @ dual) for weight, band in zip(weights, bands, strict=True)]
    return Banded(torch.stack(parts), mean, weights)


def _divisions(himalaya: Any, bands: int, candidates: int, seed: int) -> np.ndarray:
    """(candidates, bands) that add up to one; of one band there is one alone."""
    fixed = np.concatenate([np.full((1, bands), 1 / bands), np.eye(bands)])[: 1 if bands == 1 else candidates]
    more = 0 if bands == 1 else candidates - len(fixed)
    drawn = himalaya.generate_dirichlet_samples(
        max(more, 1), bands, concentration=[0.1, 1.0], random_state=seed
    )
    return np.concatenate([fixed, np.asarray(drawn)[:more]])


@contextmanager
def _himalaya() -> Iterator[Any]:
    """himalaya on numpy: its backend is one for the whole process, and is put back afterwards."""
    try:
        backend = importlib.import_module("himalaya.backend")
        solvers = importlib.import_module("himalaya.kernel_ridge")
    except ImportError as why:
        raise MetricError(
            f'unique_variance needs himalaya ({why}): pip install "pytest-brainscore[fmri]"'
        ) from None
    with _ALONE:
        before = backend.get_backend().name
        backend.set_backend("numpy")
        try:
            yield solvers
        finally:
            backend.set_backend(before)
