"""Responses predicted by ridge regression, an alpha for each neuroid: one decomposition serves all of them.

Golub, Heath and Wahba 1979, Technometrics 21:215 (leave-one-out in closed form); Conwell et al. 2024, Nat
Commun 15:9383 (its use on voxels).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import torch
from torch import Tensor

from ..errors import MetricError
from .inputs import finite, same_stimuli
from .leave_one_out import Decomposition
from .linalg import centre
from .own_alpha import own_alpha
from .predictivity import check_sides
from .regression import Criterion
from .scaling import Scale, scaled
from .splits import Split

Grid = Literal["nominal", "released"]
ALPHAS = tuple(10.0**decade for decade in range(-1, 8))
"""0.1 to 10,000,000, a decade apart."""


@dataclass(frozen=True, eq=False)
class Encoded:
    """One split's predictions, float64.

    test: (n_te, m), by the fit on all training stimuli; alpha: (m,), what each neuroid took, NaN where it is
    constant on these; given: (n_tr, m), the training responses as they came; leave_out: makes `train`, which
    costs as much as `test`.
    """

    test: Tensor
    alpha: Tensor
    given: Tensor
    leave_out: Callable[[], Tensor]

    @cached_property
    def train(self) -> Tensor:
        """(n_tr, m): each training stimulus predicted by the fit without it; made when first asked for."""
        return self.leave_out()

    def some(self, columns: Tensor) -> Encoded:
        """The predictions of some of the neuroids."""
        at = columns.to(self.alpha.device)
        return Encoded(self.test[:, at], self.alpha[at], self.given[:, at], lambda: self.train[:, at])


@dataclass(frozen=True, eq=False)
class Predictions:
    """Predictions of all neuroids for each split, and how alpha was chosen.

    grids: the alphas of each split, as they were used.
    """

    splits: tuple[Encoded, ...]
    grids: tuple[tuple[float, ...], ...]
    criterion: Criterion

    def some(self, columns: Tensor) -> Predictions:
        """The predictions of some of the neuroids."""
        return replace(self, splits=tuple(split.some(columns) for split in self.splits))


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
    ridge = own_alpha(basis, basis.project(test - mean), alphas, criterion, y.shape[1])
    given = y[split.train.to(y.device)]
    which, constant = ridge.best(given)
    alpha = basis.w.new_tensor(alphas)[which].masked_fill(constant, torch.nan)
    predicted = ridge.predicted(given, which)
    return Encoded(predicted, alpha, given, lambda: ridge.errors(given, which).neg_().add_(given))
