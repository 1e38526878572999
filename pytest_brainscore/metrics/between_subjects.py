"""Ceilings that ask how much subjects are alike in the geometry of their responses, from RDMs (s, n, n)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from ..errors import MetricError
from . import rsa
from .ceilings import Ceiling
from .measurement import nanmedian, standard_error
from .split_half import spearman_brown
from .splits import shuffle


def rsa_bounds(rdms: Tensor, comparison: str = "spearman") -> Ceiling:
    """Return how well subjects' RDMs agree: value is the upper bound, `lower` the lower.

    Each subject against the mean of all (upper) and against the mean of the others (lower), averaged over
    subjects; values (1, s) hold the upper figures. Nili et al. 2014, PLoS Comput. Biol. 10:e1003553.
    Raises MetricError for fewer than 2 subjects.
    """
    rdms = _of_subjects(rdms, "rsa_bounds")
    upper = rsa.compare(rdms.mean(dim=0), rdms, comparison)
    lower = _left_out(rdms, comparison)
    return Ceiling(float(upper.mean()), lower=float(lower.mean()), values=upper[None], over="subject")


def leave_one_subject_out(rdms: Tensor, comparison: str = "spearman") -> Ceiling:
    """Return how well each subject's RDM agrees with the mean of the others', averaged; values (1, s).

    Raises MetricError for fewer than 2 subjects.
    """
    lower = _left_out(_of_subjects(rdms, "leave_one_subject_out"), comparison)
    return Ceiling(float(lower.mean()), values=lower[None], over="subject")


def reliability_of_rdms(
    rdms: Tensor, comparison: str = "spearman", *, n: int = 100, seed: int = 0
) -> Ceiling:
    """Return how well the mean RDMs of two halves of the subjects agree, by Spearman-Brown for all of them.

    The subjects are halved `n` times, as scikit-learn's ShuffleSplit(n, train_size=0.5, random_state=seed)
    does it; the ceiling is the median. Values (n, 1).
    Raises MetricError for fewer than 2 subjects.
    """
    rdms = _of_subjects(rdms, "subject_halves")
    halves = shuffle(len(rdms), n_splits=n, train=0.5, seed=seed)
    means = [[rdms[rows.to(rdms.device)].mean(dim=0) for rows in (half.train, half.test)] for half in halves]
    agreed = spearman_brown(torch.cat([rsa.compare(one, other[None], comparison) for one, other in means]))
    return Ceiling(float(nanmedian(agreed[None])), standard_error(agreed), values=agreed[:, None])


def averaged(bounds: Sequence[Ceiling]) -> Ceiling:
    """Return the mean of the ceilings of several splits, with its error; values one after the other."""
    values = torch.tensor([bound.value for bound in bounds], dtype=torch.float64)
    lower = [bound.lower for bound in bounds if bound.lower is not None]
    return replace(
        bounds[0],
        value=float(values.mean()),
        error=bounds[0].error if len(bounds) == 1 else standard_error(values),
        lower=sum(lower) / len(lower) if lower else None,
        values=torch.cat([bound.values for bound in bounds if bound.values is not None]),
    )


def _left_out(rdms: Tensor, comparison: str) -> Tensor:
    """Return (s,): each subject against the mean of the others."""
    others = (rdms.sum(dim=0) - rdms) / (len(rdms) - 1)
    return rsa.compare(others, rdms, comparison)


def _of_subjects(rdms: Tensor, name: str) -> Tensor:
    if rdms.ndim != 3 or len(rdms) < 2:
        raise MetricError(f"{name} needs RDMs of at least 2 subjects, (s, n, n), not {tuple(rdms.shape)}")
    return rdms.to(torch.float64)
