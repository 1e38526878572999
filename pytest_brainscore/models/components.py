"""Principal components: activations projected on the directions in which some stimuli differ most."""

from __future__ import annotations

import torch
from torch import Tensor

from ..metrics.linalg import svd_of_centred


def projected(x: Tensor, fit: Tensor, n: int) -> Tensor:
    """Return activations or coordinates (stimuli[, steps], p) on n principal components of the rows `fit`.

    fit: rows of x, with all their steps. The result is (stimuli[, steps], k)
    float64: centred on the mean of the fitted rows and not whitened, as scikit-learn's PCA gives it, but for
    signs. k is n, or the rank of the fitted rows where that is less. Where x has no more than n columns it
    stays as it is: so does a layer with at most n units, and one that is shown fewer stimuli than that.
    """
    if x.shape[-1] <= n:
        return x
    x = x.to(torch.float64)
    rows = x[fit.to(x.device)].flatten(0, -2)
    mean = rows.mean(0)
    _, _, directions = svd_of_centred(rows - mean, mean)
    return (x - mean) @ directions[:n].T
