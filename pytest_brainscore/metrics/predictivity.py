"""How well activations predict responses to held-out stimuli: Pearson's r per split and neuroid.

Every metric here has the form ``metric(x, y, splits, **parameters)`` with activations x (n, p) and responses
y (n, m) on one device, and gives r as (n_splits, n_neuroids), summarised by the median over neuroids. Also
given: ``explained_variance`` = 1 - Var(error) / Var(response) on the test stimuli, in the same shape.

A neuroid that is constant up to rounding, in truth or in prediction, has r NaN. A constant unit carries
nothing and does no harm. MetricError for NaN or infinity in x or y, and for splits that do not fit the
stimuli.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

import torch
from torch import Tensor

from ..errors import MetricError
from . import correlation, partial_least_squares, regression
from .inputs import checked, finite, matrix, same_stimuli
from .leave_one_out import Criterion
from .measurement import Measurement
from .prediction import Prediction
from .rounding import constant
from .splits import Split
from .splits import check as check_splits

Fit = Callable[[Tensor, Tensor, Sequence[Split]], Iterable[Prediction]]

ALPHAS = (
    *(0.01, 0.1, 0.5, 1.0),
    *(10 + 22.5 * step for step in range(4)),
    *(10.0**decade + step * 10.0**decade / 2 for decade in (2, 3, 4, 5) for step in range(18)),
    *(1e6 + step * 5e5 for step in range(19)),
)
"""The 99 alphas of Brain-Score's ridge with a chosen alpha, 0.01 to 1e7."""


def pls(x: Tensor, y: Tensor, splits: Sequence[Split], *, components: int = 25) -> Measurement:
    """Partial least squares regression, unscaled, one set of components for all neuroids.

    Fewer units or training stimuli than components: as many as there are dimensions, and
    ``components`` (n_splits,) says how many those were.
    """
    if components < 1:
        raise MetricError(f"pls needs at least 1 component, not {components}")
    return _predicted(x, y, splits, partial(partial_least_squares.pls, components=components))


def ridge(x: Tensor, y: Tensor, splits: Sequence[Split], *, alpha: float = 1.0) -> Measurement:
    """Ridge regression with a fixed alpha > 0."""
    return _predicted(x, y, splits, _each(regression.ridge, alpha=alpha))


def ridgecv(
    x: Tensor,
    y: Tensor,
    splits: Sequence[Split],
    *,
    alphas: Sequence[float] = ALPHAS,
    per_neuroid: bool = False,
    criterion: Criterion = "squared_error",
) -> Measurement:
    """Ridge regression with alpha chosen on the training stimuli by exact leave-one-out.

    ``alpha`` says what was chosen: (n_splits,), or (n_splits, n_neuroids) with `per_neuroid`. `criterion` is
    the squared error of the left-out predictions or their Pearson's r.
    """
    if criterion not in ("squared_error", "pearson"):
        raise MetricError(f"ridgecv chooses alpha by squared_error or pearson, not {criterion!r}")
    return _predicted(
        x,
        y,
        splits,
        _each(regression.ridge_loo, alphas=alphas, per_neuroid=per_neuroid, criterion=criterion),
    )


def linear(x: Tensor, y: Tensor, splits: Sequence[Split]) -> Measurement:
    """Least squares; with more units than training stimuli the exact fit of minimum norm."""
    return _predicted(x, y, splits, _each(regression.linear))


def pca_ridge(
    x: Tensor, y: Tensor, splits: Sequence[Split], *, components: int = 100, alpha: float = 1.0
) -> Measurement:
    """Ridge regression on principal components of the training activations.

    Fewer dimensions than components: all there are, and ``components`` (n_splits,) says how many.
    """
    if components < 1:
        raise MetricError(f"pca_ridge needs at least 1 component, not {components}")
    return _predicted(x, y, splits, _each(regression.pca_ridge, components=components, alpha=alpha))


def neuron_to_neuron(x: Tensor, y: Tensor, splits: Sequence[Split]) -> Measurement:
    """The single unit that correlates best with the neuroid in training (signed r), used as it is.

    Needs activations: coordinates have other units. ``unit`` (n_splits, n_neuroids) says which column.
    Units and neuroids have different scales here, so no explained variance is given.
    """
    return _predicted(x, y, splits, _each(regression.best_unit), explained=False)


def reverse_pls(x: Tensor, y: Tensor, splits: Sequence[Split], *, components: int = 25) -> Measurement:
    """`pls` of each unit from the responses: what of the network the brain has, too.

    Needs activations. Values are r over the test stimuli, (n_splits, n_units); a unit that is constant has
    NaN, and ``constant_units`` (n_splits,) counts these.
    """
    if components < 1:
        raise MetricError(f"reverse_pls needs at least 1 component, not {components}")
    x, y = finite(x, "activations", "unit"), matrix(y, "responses", "neuroid")
    same_stimuli(x, y)
    check_sides(splits, len(y))
    r: list[Tensor] = []
    explained: list[Tensor] = []
    for block in partial_least_squares.pls_of_many(y, x, splits, components):
        start = sum(part.shape[1] for part in r)
        units = x[:, start : start + block[0].values.shape[1]].to(torch.float64)
        pairs = [(split.values, units[rows.test]) for split, rows in zip(block, splits, strict=True)]
        r.append(torch.stack([correlation.pearson(*pair) for pair in pairs]))
        explained.append(torch.stack([explained_variance(*pair) for pair in pairs]))
    values = torch.cat(r, dim=1)
    figures = {
        "explained_variance": torch.cat(explained, dim=1),
        "components": torch.stack([split.chose["components"] for split in block]),
        "constant_units": values.isnan().sum(dim=1),
    }
    return Measurement(values, figures, over="unit")


def explained_variance(predicted: Tensor, y: Tensor) -> Tensor:
    """Return (m,): 1 - Var(y - predicted) / Var(y) of columns (k, m).

    NaN for a response that is constant up to rounding.
    """
    variance = y.var(dim=0, correction=0).masked_fill(constant(y), torch.nan)
    return 1 - (y - predicted).var(dim=0, correction=0) / variance


def _each(regress: Callable[..., Prediction], **parameters: object) -> Fit:
    """Fit split by split, with a regression of (x_train, y_train, x_test)."""

    def fit(x: Tensor, y: Tensor, splits: Sequence[Split]) -> Iterator[Prediction]:
        for split in splits:
            yield regress(x[split.train], y[split.train], x[split.test], **parameters)

    return fit


def _predicted(
    x: Tensor, y: Tensor, splits: Sequence[Split], fit: Fit, explained: bool = True
) -> Measurement:
    x, y = checked(x, y)
    check_sides(splits, len(x))
    return judged(fit(x, y, splits), y, splits, explained)


def judged(
    predictions: Iterable[Prediction], y: Tensor, splits: Sequence[Split], explained: bool = True
) -> Measurement:
    """Return r of each prediction (k, m), whoever made it, and the responses y (n, m) to the test stimuli."""
    values, also = [], []
    for split, prediction in zip(splits, predictions, strict=True):
        truth = y[split.test]
        values.append(correlation.pearson(prediction.values, truth))
        figures = {"explained_variance": explained_variance(prediction.values, truth)} if explained else {}
        also.append({**figures, **prediction.chose})
    together = {name: torch.stack([figures[name] for figures in also]) for name in also[0]}
    return Measurement(torch.stack(values), together)


def check_sides(splits: Sequence[Split], n: int) -> None:
    """Raise MetricError unless each split fits on 2 of n stimuli or more, and judges on as many."""
    check_splits(splits, n)
    for number, split in enumerate(splits, start=1):
        for side, rows in (("fitted on", split.train), ("judged on", split.test)):
            if len(rows) < 2:
                raise MetricError(f"split {number} is {side} {len(rows)} of {n} stimuli: give at least 2")
