"""Similarity matrices of the most active units, as of the most active voxels: Brain-Score's Coggan2024_fMRI.

An RSM holds Pearson's r of the patterns of every two stimuli over units; an RDM of `rsa` is 1 - RSM, so that
Pearson's r of two RSMs is that of the RDMs.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..errors import MetricError
from . import rsa
from .inputs import matrix, same_stimuli
from .linalg import centre
from .measurement import Measurement
from .rounding import constant
from .rsa import Groups
from .splits import Split


def rsm(
    x: Tensor,
    y: Tensor,
    splits: Sequence[Split] = (),
    *,
    deviations: float = 3.1,
    groups: Groups | None = None,
) -> Measurement:
    """Compare the RSM of the most active units of (n, p) with that of each subject, by Pearson's r.

    y: one RDM, 1 - RSM, per subject (s, n, n); or responses (n, m), each neuroid z-scored, `groups` the
    columns of each subject. A unit takes part where its mean over stimuli is further from zero than
    `deviations` standard deviations (ddof 0) of the means of all units; it is z-scored over stimuli (ddof 0).
    Units and neuroids that are constant up to rounding are left out. Values (1, s); `splits` plays no part.
    Raises MetricError for NaN, fewer than 3 stimuli, and where fewer than 2 units, or neuroids of a subject,
    take part.
    """
    x = matrix(x, "activations", "unit")
    brain = brain_rsms(y, groups)
    same_stimuli(x, brain[0])
    if len(x) < 3:
        raise MetricError(f"an RSM of {len(x)} stimuli has nothing to compare: give at least 3")
    active = _most_active(x, deviations)
    model = rsa.pearson_distance(_standardised(active))
    values = rsa.compare(model, brain, "pearson")[None]
    units = torch.full((1,), active.shape[1], dtype=torch.float64)
    return Measurement(
        values, {"units": units}, over="subject" if groups or y.ndim == 3 else "all", centre="mean"
    )


def _most_active(x: Tensor, deviations: float) -> Tensor:
    """Return the units (n, q) whose mean stands out from the means of all that vary over stimuli."""
    varying = _varying(x)
    means = varying.mean(dim=0)
    bound = deviations * means.std(correction=0)
    chosen = means.abs() > bound
    if int(chosen.sum()) < 2:
        raise MetricError(
            f"rsm: {int(chosen.sum())} of {x.shape[1]} units ({x.shape[1] - len(means)} of them constant)"
            f" have a mean beyond {deviations:g} standard deviations of all means, and an RSM needs 2: lower"
            " `deviations`, or take another layer"
        )
    return varying[:, chosen]


def brain_rsms(y: Tensor, groups: Groups | None) -> Tensor:
    """Return (s, n, n): 1 - RSM of each subject, from responses (n, m), or from such RDMs as they are."""
    if y.ndim == 3:
        return rsa.ready(y, groups)
    subjects = rsa.by_group(matrix(y, "responses", "neuroid"), groups)
    return torch.stack([_of_subject(columns, number) for number, columns in enumerate(subjects, start=1)])


def _of_subject(columns: Tensor, number: int) -> Tensor:
    varying = _varying(columns)
    if varying.shape[1] < 2:
        raise MetricError(
            f"rsm: {varying.shape[1]} of {columns.shape[1]} neuroids of subject {number} vary over stimuli,"
            " and an RSM needs 2: leave the subject out"
        )
    return rsa.pearson_distance(_standardised(varying))


def _varying(columns: Tensor) -> Tensor:
    return columns[:, ~constant(columns)]


def _standardised(columns: Tensor) -> Tensor:
    centred, _ = centre(columns)
    scaled: Tensor = centred / columns.std(dim=0, correction=0)
    return scaled
