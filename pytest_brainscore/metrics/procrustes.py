"""Procrustes similarity: how well one set of responses can be rotated, scaled and shifted onto the other.

Schoenemann 1966, Psychometrika 31:1; Williams, Kunz, Kornblith and Linderman 2021 (arXiv:2110.14739). Like
CKA that is not debiased it grows with the number of dimensions, of noise, too: compare only at equal
numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..errors import MetricError
from .inputs import checked
from .linalg import EPSILON, centre, with_fallback
from .measurement import Measurement, Over
from .rsa import Groups, by_group
from .splits import Split


def procrustes(
    x: Tensor, y: Tensor, splits: Sequence[Split] = (), *, groups: Groups | None = None
) -> Measurement:
    """Return the similarity of activations (n, p) and responses (n, m), (1, s) or (1, 1), 0 to 1.

    The nuclear norm of X'Y, both centred over stimuli and of Frobenius norm 1: 1 - similarity^2 is the
    share of variance that the best rotation and scale leave (scipy's disparity). groups: the columns of
    each subject's neuroids. `splits` plays no part. NaN where one of the two does not vary. Raises
    MetricError for NaN, and for fewer than 2 stimuli.
    """
    x, y = checked(x, y)
    if len(x) < 2:
        raise MetricError(f"procrustes needs at least 2 stimuli, not {len(x)}")
    shape = _shape(x)
    values = torch.stack([_nuclear_norm(_shape(z).T @ shape) for z in by_group(y, groups)])
    over: Over = "all" if groups is None else "subject"
    return Measurement(values.clamp(max=1.0)[None], over=over, centre="mean")


def _shape(x: Tensor) -> Tensor:
    """Return (n, min(n, p)) that is x, centred and of norm 1, but for a rotation; NaN where x is constant."""
    centred, _ = centre(x)
    if x.shape[1] > len(x):
        (triangle,) = with_fallback(lambda a: (torch.linalg.qr(a, mode="r").R,), centred.T)
        centred = triangle.T
    size = torch.linalg.matrix_norm(centred)
    nothing = size <= EPSILON * len(x) * torch.linalg.matrix_norm(x)
    scaled: Tensor = centred / size.masked_fill(nothing, torch.nan)
    return scaled


def _nuclear_norm(products: Tensor) -> Tensor:
    """Return the sum of the singular values, (); NaN of NaN."""
    if bool(products.isnan().any()):
        return products.new_full((), torch.nan)
    (singular,) = with_fallback(lambda a: (torch.linalg.svdvals(a),), products)
    return singular.sum()
