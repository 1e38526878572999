"""Fit on some stimuli, predict others: least squares, ridge regression, the best single unit.

Every solver takes x_train (n, p), y_train (n, m) and x_test (k, p), in
float64 on one device, and returns a `Prediction` of (k, m). Columns are centred on the training rows, never
scaled.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..errors import MetricError
from .leave_one_out import Criterion, Decomposition
from .linalg import centre, solve_positive, svd_of_centred
from .prediction import Prediction


def ridge(x_train: Tensor, y_train: Tensor, x_test: Tensor, alpha: float) -> Prediction:
    """Ridge regression, solved over stimuli where they are fewer than units (the dual), else over units.

    Raises MetricError unless alpha > 0.
    """
    _positive([alpha])
    x, x_mean = centre(x_train)
    y, y_mean = centre(y_train)
    test = x_test - x_mean
    dual = x.shape[0] < x.shape[1]
    gram = x @ x.T if dual else x.T @ x
    gram.diagonal().add_(alpha)
    if dual:
        return Prediction(test @ (x.T @ solve_positive(gram, y)) + y_mean)
    return Prediction(test @ solve_positive(gram, x.T @ y) + y_mean)


def linear(x_train: Tensor, y_train: Tensor, x_test: Tensor) -> Prediction:
    """Least squares; of many solutions (more units than stimuli) the one of minimum norm."""
    x, x_mean = centre(x_train)
    y, y_mean = centre(y_train)
    u, s, vt = svd_of_centred(x, x_mean)
    return Prediction((x_test - x_mean) @ (vt.T @ ((u.T @ y) / s[:, None])) + y_mean)


def pca_ridge(x_train: Tensor, y_train: Tensor, x_test: Tensor, components: int, alpha: float) -> Prediction:
    """Ridge regression on the first principal components of the training activations.

    As many components as asked, or as the training rows have; ``components`` tells.
    """
    _positive([alpha])
    x, x_mean = centre(x_train)
    y, y_mean = centre(y_train)
    u, s, vt = svd_of_centred(x, x_mean)
    used = min(components, len(s))
    u, s, vt = u[:, :used], s[:used], vt[:used]
    predicted = (x_test - x_mean) @ (vt.T @ ((s / (s**2 + alpha))[:, None] * (u.T @ y))) + y_mean
    return Prediction(predicted, {"components": torch.tensor(float(used), dtype=torch.float64)})


def ridge_loo(
    x_train: Tensor,
    y_train: Tensor,
    x_test: Tensor,
    alphas: Sequence[float],
    per_neuroid: bool = False,
    criterion: Criterion = "squared_error",
) -> Prediction:
    """Ridge regression whose alpha does best where each training stimulus in turn is left out.

    Exact leave-one-out in closed form. One alpha serves all targets (lowest mean squared error, or highest
    mean r, NaN skipped) or each has its own; of equals the first in `alphas` is taken. ``alpha`` tells which.
    With "pearson" note that predictions shrunk to the mean of the others correlate at -1 with the response.
    Raises MetricError unless every alpha is positive.
    """
    _positive(alphas)
    x, x_mean = centre(x_train)
    y, y_mean = centre(y_train)
    basis = Decomposition.of(x, x_mean)
    seen = basis.project(x_test - x_mean)
    fit = basis.fit(y if per_neuroid or criterion == "pearson" else _turned(y))
    goodness = fit.goodness(alphas, criterion)
    goodness = goodness if per_neuroid else goodness.nanmean(dim=1)
    chosen = y.new_tensor(alphas)[goodness.nan_to_num(-torch.inf).argmax(dim=0)]
    predicted = seen @ fit.weights(chosen) if per_neuroid else basis.to_others(seen, chosen) @ y
    return Prediction(predicted + y_mean, {"alpha": chosen})


def _turned(y: Tensor) -> Tensor:
    """Targets (n, n at most) whose squared errors add up to those of the targets (n, m), at every alpha.

    Errors are linear in the targets, so that a rotation of these leaves their sum of squares as it is.
    """
    return y if y.shape[1] <= len(y) else torch.linalg.qr(y.T, mode="r").R.T


def _positive(alphas: Sequence[float]) -> None:
    wrong = [alpha for alpha in alphas if not alpha > 0]
    if wrong or not len(alphas):
        raise MetricError(f"alpha must be positive, not {wrong or 'missing'} (alpha 0 is the metric linear)")


def best_unit(x_train: Tensor, y_train: Tensor, x_test: Tensor, chunk: int = 16384) -> Prediction:
    """For each target the one unit whose training activations correlate best with it (signed r), as it is.

    Constant units are never taken; of equals the first is. A target constant in training gets a NaN
    prediction. ``unit`` tells which column was taken. Raises MetricError where all units are constant.
    """
    y = _standardised(y_train)
    best = y.new_full((y.shape[1],), -torch.inf)
    taken = torch.zeros_like(best, dtype=torch.int64)
    for start in range(0, x_train.shape[1], chunk):
        r = _standardised(x_train[:, start : start + chunk]).T @ y.nan_to_num(0.0)
        highest, where = r.nan_to_num(-torch.inf).max(dim=0)
        taken = torch.where(highest > best, where + start, taken)
        best = torch.maximum(best, highest)
    if bool((best == -torch.inf).any()):
        raise MetricError(f"all {x_train.shape[1]} units are constant over the training stimuli")
    predicted = x_test[:, taken].masked_fill(y.isnan().any(dim=0), torch.nan)
    return Prediction(predicted, {"unit": taken.to(torch.float64)})


def _standardised(x: Tensor) -> Tensor:
    centred, _ = centre(x)
    norm = torch.linalg.vector_norm(centred, dim=0)
    scaled: Tensor = centred / norm.masked_fill(norm == 0, torch.nan)
    return scaled
