"""Responses predicted by ridge regression, an alpha for each neuroid: one decomposition serves all of them.

Golub, Heath and Wahba 1979, Technometrics 21:215 (leave-one-out in closed form); Conwell et al. 2024, Nat
Commun 15:9383 (its use on voxels).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from ..errors import MetricError
from . import correlation
from .inputs import finite, same_stimuli
from .leave_one_out import Decomposition, LeaveOneOut, at_once
from .linalg import centre
from .predictivity import check_sides
from .regression import Criterion
from .scaling import Scale, scaled
from .splits import Split

Grid = Literal["nominal", "released"]
ALPHAS = tuple(10.0**decade for decade in range(-1, 8))
"""0.1 to 10,000,000, a decade apart."""

CLOSE = 1e-4
"""Alphas that float32 finds as good as the best within this are compared again in float64."""


@dataclass(frozen=True, eq=False)
class Encoded:
    """One split's predictions, float64.

    train: (n_tr, m), of each training stimulus by the fit without it; test: (n_te, m), by the fit on all
    training stimuli; alpha: (m,), what each neuroid took, NaN where it is constant on these.
    """

    train: Tensor
    test: Tensor
    alpha: Tensor


@dataclass(frozen=True, eq=False)
class Predictions:
    """Predictions of all neuroids for each split, and how alpha was chosen.

    grids: the alphas of each split, as they were used.
    """

    splits: tuple[Encoded, ...]
    grids: tuple[tuple[float, ...], ...]
    criterion: Criterion


def encode(
    x: Tensor,
    y: Tensor,
    splits: Sequence[Split],
    *,
    scale: Scale = "units",
    alphas: Sequence[float] | None = None,
    grid: Grid = "nominal",
    criterion: Criterion = "squared_error",
) -> Predictions:
    """Predict responses (n, m) from activations (n, p), neuroid by neuroid.

    scale: how activations are scaled by the training rows of each split, as `scaling.scaled` has it.
    alphas: all positive, `ALPHAS` by default; of equals the first is taken. grid: `released` multiplies them
    by the number of training stimuli. criterion: of the left-out predictions, to choose alpha by. The search
    is done in float32, and again in float64 where two alphas are close; all else in float64.
    Raises MetricError for NaN, for fewer than 2 stimuli on either side, where an alpha is not positive,
    and where the activations are the same for all training stimuli.
    """
    x, y = finite(x, "activations", "unit"), finite(y, "responses", "neuroid")
    same_stimuli(x, y)
    check_sides(splits, len(x))
    chosen = _alphas(alphas, criterion)
    grids = tuple(_scaled(chosen, grid, len(split.train)) for split in splits)
    each = (
        _encoded(scaled(x, split, scale), y, split, at, criterion)
        for split, at in zip(splits, grids, strict=True)
    )
    return Predictions(tuple(each), grids, criterion)


def _alphas(alphas: Sequence[float] | None, criterion: str) -> tuple[float, ...]:
    given = ALPHAS if alphas is None else tuple(alphas)
    if not given or not all(alpha > 0 for alpha in given):
        raise MetricError(f"every alpha must be positive, and there must be one: not {list(given)}")
    if criterion not in ("squared_error", "pearson"):
        raise MetricError(f"alpha is chosen by squared_error or pearson, not {criterion!r}")
    return given


def _scaled(alphas: tuple[float, ...], grid: str, n_train: int) -> tuple[float, ...]:
    if grid not in ("nominal", "released"):
        raise MetricError(f"no grid {grid!r} of alphas: there are nominal and released")
    return tuple(alpha * n_train for alpha in alphas) if grid == "released" else alphas


def _encoded(
    sides: tuple[Tensor, Tensor],
    y: Tensor,
    split: Split,
    alphas: tuple[float, ...],
    criterion: Criterion,
) -> Encoded:
    train, test = sides
    train, mean = centre(train)
    if not bool(train.any()):
        raise MetricError("the activations are constant: the same for all training stimuli")
    basis = Decomposition.of(train, mean)
    seen = basis.project(test - mean)
    rows = split.train.to(y.device)
    left_out, predicted, alpha = (
        basis.w.new_empty(*shape, y.shape[1]) for shape in ((len(train),), (len(test),), ())
    )
    for some in blocks(y.shape[1], len(rows)):
        given = y[:, some][rows].to(torch.float64)
        left_out[:, some], predicted[:, some], alpha[some] = _predicted(basis, seen, given, alphas, criterion)
    return Encoded(left_out, predicted, alpha)


def blocks(m: int, n: int) -> Iterator[slice]:
    """Columns of m responses to n stimuli, some after the others."""
    width = at_once(n)
    yield from (slice(start, start + width) for start in range(0, m, width))


def _predicted(
    basis: Decomposition, seen: Tensor, y: Tensor, alphas: tuple[float, ...], criterion: Criterion
) -> tuple[Tensor, Tensor, Tensor]:
    """Left-out predictions, predictions of the test stimuli, and alpha."""
    centred, mean = centre(y)
    fit = basis.fit(centred)
    alpha = y.new_tensor(alphas)[_best(fit, alphas, criterion)]
    told = alpha.where(centred.any(dim=0), torch.nan)
    return y - fit.errors_at(alpha), seen @ fit.weights(alpha) + mean, told


def _best(fit: LeaveOneOut, alphas: tuple[float, ...], criterion: Criterion) -> Tensor:
    """Which alpha does best for each target, (m,); of equals the first."""
    goodness = _goodness(fit.narrow(), alphas, criterion)
    best = goodness.argmax(dim=0)
    if len(alphas) > 1:
        first, second = goodness.topk(2, dim=0).values
        margin = CLOSE * (first.abs() if criterion == "squared_error" else 1.0)
        close = (~(first - second > margin)).nonzero().flatten()
        best[close] = _goodness(fit.some(close), alphas, criterion).argmax(dim=0)
    return best


def _goodness(fit: LeaveOneOut, alphas: tuple[float, ...], criterion: Criterion) -> Tensor:
    """How good each alpha is for each target, (alphas, m); the lowest there is where it says nothing."""
    if criterion == "pearson":
        r = [correlation.pearson(fit.y - error, fit.y) for error in fit.errors(alphas)]
        return torch.stack(r).nan_to_num(-torch.inf)
    return torch.stack([-error.square_().sum(dim=0) for error in fit.errors(alphas)])
