"""Scaling: activations brought to a size at which a penalty means the same for every layer."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor

from ..errors import MetricError
from .linalg import centre
from .splits import Split

Scale = Literal["units", "whole", "none"]
EPS = 0.1
"""How far squared distances between projected stimuli may be off, where nothing else is said."""
LEAST = 8 * torch.finfo(torch.float32).eps
"""Of a unit's largest answer: a standard deviation up to that is rounding of a pass in float32, no signal."""


def scaled(x: Tensor, split: Split, scale: Scale) -> tuple[Tensor, Tensor]:
    """Return the training rows (n_tr, p) and test rows (n_te, p) of activations (n, p), in float64.

    units: each z-scored on the training rows; one that is constant there, up to rounding, carries nothing.
    whole: all multiplied by one number, so that the variances of the units on the training rows sum to as
        many as a sparse random projection of n stimuli has columns: what z-scored projections approximate.
    none: as they are.
    Raises MetricError for any other word.
    """
    train, test = (x[rows.to(x.device)].to(torch.float64) for rows in (split.train, split.test))
    if scale == "none":
        return train, test
    centred, mean = centre(train)
    if scale == "units":
        factors = reciprocal(centred.square().mean(dim=0).sqrt(), train.abs().amax(dim=0))
        return centred.mul_(factors), test.sub_(mean).mul_(factors)
    if scale == "whole":
        variance = centred.square_().sum() / (len(train) * components_for(len(x), EPS))
        factor = reciprocal(variance.sqrt(), largest=0.0)
        return train.mul_(factor), test.mul_(factor)
    raise MetricError(f"no scale {scale!r} of activations: there are units, whole and none")


def reciprocal(deviation: Tensor, largest: Tensor | float) -> Tensor:
    """1 over standard deviations, and 0 where they are rounding of answers that are at most `largest`."""
    return (1 / deviation).where(deviation > LEAST * largest, 0.0)


def components_for(stimuli: int, eps: float) -> int:
    """How many components keep all squared distances between n stimuli within a factor of 1 -+ eps.

    floor(4 ln n / (eps^2 / 2 - eps^3 / 3)): Dasgupta and Gupta 2003, Random Struct. Algor. 22:60.

    >>> components_for(1000, 0.1)
    5920
    """
    return max(1, math.floor(4 * math.log(stimuli) / (eps**2 / 2 - eps**3 / 3)))
