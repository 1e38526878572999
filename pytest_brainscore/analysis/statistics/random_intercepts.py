"""Random intercepts: a slope over items that come in groups, each higher or lower as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from .estimates import Estimate

_GRID = 41
"""Of shares at which the likelihood is looked at before the best is refined: it may have several maxima."""
_LARGEST = 0.999


@dataclass(frozen=True)
class Slope:
    """y = intercept + slope x + an intercept of each group + noise.

    share: of the variance that x leaves, how much lies between groups (the intraclass correlation).
    """

    slope: Estimate
    intercept: float
    share: float


def random_intercepts(x: np.ndarray, y: np.ndarray, groups: Sequence[str]) -> Slope | None:
    """The slope of y (n,) on x (n,) with a random intercept for each group, by restricted maximum likelihood.

    Its degrees of freedom are the number of groups less 2, as if x were told of whole groups: with few groups
    the normal distribution's interval is too narrow (Elff et al. 2021, British Journal of Political Science).
    None where x is constant, or there are fewer than 3 groups. Laird and Ware 1982, Biometrics 38:963.
    """
    names, index = np.unique(np.asarray(groups), return_inverse=True)
    if len(names) < 3 or np.ptp(x) == 0:
        return None
    centre, scale = float(x.mean()), float(x.std())
    design = np.stack([np.ones(len(x)), (x - centre) / scale], axis=1)
    of_share = _Likelihood(design, y, index)
    share = _best(of_share)
    coefficients, covariance, _ = of_share.fitted(share)
    slope = float(coefficients[1]) / scale
    se = float(np.sqrt(covariance[1, 1])) / scale
    return Slope(Estimate(slope, se, len(names) - 2), float(coefficients[0]) - slope * centre, share)


class _Likelihood:
    """Sums over groups, of which the fit at any share is made."""

    def __init__(self, design: np.ndarray, y: np.ndarray, index: np.ndarray) -> None:
        both = np.column_stack([design, y])
        self._sizes = np.bincount(index).astype(float)
        sums = np.zeros((len(self._sizes), both.shape[1]))
        np.add.at(sums, index, both)
        self._sums, self._products, self._n = sums, both.T @ both, len(y)

    def fitted(self, share: float) -> tuple[np.ndarray, np.ndarray, float]:
        """Coefficients (2,), their covariance (2, 2), and -2 log restricted likelihood, less a constant."""
        ratio = share / (1 - share)
        weights = ratio / (1 + ratio * self._sizes)
        products = self._products - (self._sums * weights[:, None]).T @ self._sums
        inverse = np.linalg.inv(products[:2, :2])
        coefficients = inverse @ products[:2, 2]
        df = self._n - 2
        variance = max(float(products[2, 2] - products[:2, 2] @ coefficients), 1e-300) / df
        determinants = np.log1p(ratio * self._sizes).sum() + np.linalg.slogdet(products[:2, :2])[1]
        return coefficients, inverse * variance, float(df * np.log(variance) + determinants)


def _best(of_share: _Likelihood) -> float:
    """The share at which the likelihood is largest, from 0 to almost 1."""
    grid = np.linspace(0, _LARGEST, _GRID)
    best = int(np.argmin([of_share.fitted(share)[2] for share in grid]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, _GRID - 1)]
    found = minimize_scalar(
        lambda share: of_share.fitted(share)[2], bounds=(low, high), method="bounded", options={"xatol": 1e-9}
    )
    return 0.0 if of_share.fitted(0.0)[2] <= float(found.fun) else float(found.x)
