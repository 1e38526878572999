"""How many dimensions activations fill: eigenvalues of their covariance, and the participation ratio.

Everything follows from inner products of stimuli, so coordinates (n, n + 1) serve as well as the activations
(n, p) that they were made from; only `units=True` asks for the activations themselves.
"""

from __future__ import annotations

from torch import Tensor

from ..errors import MetricError
from .cka import debiased_hsic
from .inputs import matrix
from .linalg import centre, eigh, gram


def eigenvalues(x: Tensor) -> Tensor:
    """Return the variances (k,) along the principal components of (n, p), the largest first, ddof 1.

    k is the smaller of n - 1 and p. Raises MetricError for NaN and for fewer than 2 stimuli.
    """
    x = _centred(x, least=2)
    found = eigh(gram(x))[0].flip(0).clamp(min=0)[: min(len(x) - 1, x.shape[1])]
    return found / (len(x) - 1)


def participation_ratio(variances: Tensor) -> float:
    """Return (sum)^2 / sum of squares of `eigenvalues` (k,): the effective dimensionality as it is published.

    It grows with the number of stimuli n and never exceeds n - 1; NaN where nothing varies.
    """
    return float(variances.sum().square() / variances.square().sum())


def corrected_participation_ratio(x: Tensor, units: bool = False) -> float:
    """Return the participation ratio of the population that the stimuli were drawn from.

    The ratio of unbiased estimates of (tr C)^2 and tr C^2, C the covariance over all such stimuli: averages
    over four distinct stimuli of |a - b|^2 |c - d|^2 / 4 and ((a - b).(c - d))^2 / 4. With `units` the
    columns are a draw from a larger population, too, and only distinct units are paired; x must then be
    activations. NaN where the second estimate is not above zero: more dimensions than these stimuli can
    tell. Raises MetricError for NaN and for fewer than 4 stimuli. Chun, Canatar, Chung and Lee 2025,
    arXiv:2509.26560.
    """
    x = _centred(x, least=4)
    products = gram(x)
    apart = products.clone().fill_diagonal_(0.0)
    trace, square = _squared_trace(products), debiased_hsic(apart, apart)
    if units:
        own = _squared_variances(x)
        trace, square = trace - own, square - own
    return float(trace / square) if square > 0 else float("nan")


def _centred(x: Tensor, least: int) -> Tensor:
    x = matrix(x, "activations", "unit")
    if len(x) < least:
        raise MetricError(f"the dimensionality of {len(x)} stimuli has no estimate: give at least {least}")
    return centre(x)[0]


def _squared_trace(products: Tensor) -> Tensor:
    """The mean of |a - b|^2 |c - d|^2 / 4 over four distinct stimuli, from centred inner products (n, n)."""
    n, size = len(products), products.diagonal()
    distances = size[:, None] + size[None, :] - 2 * products
    shared = 4 * distances.sum(dim=1).square().sum() - 2 * distances.square().sum()
    return (distances.sum().square() - shared) / (4 * n * (n - 1) * (n - 2) * (n - 3))


def _squared_variances(x: Tensor) -> Tensor:
    """The sum over the units (n, p), centred, of the squared variance of each: of tr C^2 their own part."""
    n, second, fourth = len(x), x.square().sum(dim=0), x.pow(4).sum(dim=0)
    pairs = second.square() * (1 + 1 / ((n - 1) * (n - 2)))
    total: Tensor = (pairs - fourth * (1 + 2 / (n - 2))).sum() / (n * (n - 3))
    return total
