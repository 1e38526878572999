"""d': how well each image, or object, is told apart from each distractor, from how often that is chosen."""

from __future__ import annotations

import torch
from torch import Tensor

CAP = 5.0
"""Largest |d'|: beyond, a proportion of 0 or 1 says more of the number of trials than of the image."""


def d_prime(p: Tensor, truth: Tensor) -> Tensor:
    """Return d' (n, c) of telling each image's object from each distractor, within +-5.

    p: probability of choosing the distractor (n, c). The hit rate is 1 - p; the false-alarm rate that of
    calling images of the distractor by this image's object: the mean over these images.
    """
    false_alarms = by_object(p, truth)[:, truth].T
    return _difference(1 - p, false_alarms)


def object_d_prime(p: Tensor, truth: Tensor) -> Tensor:
    """Return d' (c, c) of telling each object from each distractor, within +-5: it is the same both ways.

    p: probability of choosing the distractor (n, c). False alarms are calls of an object's images by the
    distractor, on average; hits, images of the distractor that are not called by the object.
    """
    false_alarms = by_object(p, truth)
    return _difference(1 - false_alarms.T, false_alarms)


def by_object(values: Tensor, truth: Tensor) -> Tensor:
    """Return (c, c): the mean of each column over the images of each object, without NaN."""
    valid = ~values.isnan()
    shape = values.shape[1], values.shape[1]
    total = values.new_zeros(shape).index_add_(0, truth, torch.where(valid, values, 0.0))
    return total / values.new_zeros(shape).index_add_(0, truth, valid.to(values.dtype))


def _difference(hits: Tensor, false_alarms: Tensor) -> Tensor:
    difference: Tensor = torch.special.ndtri(hits) - torch.special.ndtri(false_alarms)
    return difference.clamp(-CAP, CAP)
