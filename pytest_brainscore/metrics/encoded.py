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
from .leave_one_out import Criterion, Decomposition
from .linalg import centre
from .own_alpha import own_alpha
from .predictivity import check_sides
from .scaling import Scale, scaled
from .splits import Split

Grid = Literal["nominal", "released"]
ALPHAS = tuple(10.0**decade for decade in range(-1, 8))
"""0.1 to 10,000,000, a decade apart."""
RELEASED = ALPHAS[:7]
"""0.1 to 100,000: what the released code of Conwell et al. 2024 multiplies by the training stimuli."""
FAR = 100
"""So many times the mean squared distance of training stimuli from their mean is far outside of them."""


@dataclass(frozen=True, eq=False)
class Encoded:
    """One split's predictions, float64.

    test: (n_te, m), by the fit on all training stimuli; alpha: (m,), what each neuroid took, NaN where it is
    constant on these; given: (n_tr, m), the training responses as they came; leave_out: makes `train`, which
    costs as much as `test`; far: how many test stimuli lie far outside of the training stimuli (`FAR`).
    """

    test: Tensor
    alpha: Tensor
    given: Tensor
    leave_out: Callable[[], Tensor]
    far: int = 0

    @cached_property
    def train(self) -> Tensor:
        """(n_tr, m): each training stimulus predicted by the fit without it; made when first asked for."""
        return self.leave_out()

    def some(self, columns: Tensor) -> Encoded:
        """The predictions of some of the neuroids."""
        at = columns.to(self.alpha.device)
        return replace(
            self,
            test=self.test[:, at],
            alpha=self.alpha[at],
            given=self.given[:, at],
            leave_out=lambda: self.train[:, at],
        )


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
    alphas: all positive, of equals the first is taken. grid: `released` multiplies them by the number of
    training stimuli. By default they are `ALPHAS`, of a released grid `RELEASED`. criterion: of the left-out
    predictions, to choose alpha by. The search is done in float32, and again in float64 where two alphas are
    close; all else in float64.
    Raises MetricError for NaN, for fewer than 2 stimuli on either side, where an alpha is not positive,
    and where the activations are the same for all training stimuli.
    """
    x, y = finite(x, "activations", "unit"), finite(y, "responses", "neuroid")
    same_stimuli(x, y)
    check_sides(splits, len(x))
    if criterion not in ("squared_error", "pearson"):
        raise MetricError(f"alpha is chosen by squared_error or pearson, not {criterion!r}")
    grids = tuple(alphas_of(alphas, grid, len(split.train)) for split in splits)
    each = (
        _encoded(scaled(x, split, scale), y, split, at, criterion)
        for split, at in zip(splits, grids, strict=True)
    )
    return Predictions(tuple(each), grids, criterion)


def alphas_of(alphas: Sequence[float] | None, grid: str, n_train: int) -> tuple[float, ...]:
    """The alphas that a regression on so many training stimuli tries. Raises MetricError as `encode` does.

    >>> alphas_of(None, "released", 500)[::6]
    (50.0, 50000000.0)
    """
    if grid not in ("nominal", "released"):
        raise MetricError(f"no grid {grid!r} of alphas: there are nominal and released")
    given = tuple(alphas) if alphas is not None else RELEASED if grid == "released" else ALPHAS
    if not given or not all(alpha > 0 for alpha in given):
        raise MetricError(f"every alpha must be positive, and there must be one: not {list(given)}")
    return tuple(alpha * n_train for alpha in given) if grid == "released" else given


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
    test = test - mean
    basis = Decomposition.of(train, mean)
    ridge = own_alpha(basis, basis.project(test), alphas, criterion, y.shape[1])
    given = y[split.train.to(y.device)]
    which, constant = ridge.best(given)
    alpha = basis.w.new_tensor(alphas)[which].masked_fill(constant, torch.nan)
    predicted = ridge.predicted(given, which)
    far = _far(train, test)
    return Encoded(predicted, alpha, given, lambda: ridge.errors(given, which).neg_().add_(given), far)


def _far(train: Tensor, test: Tensor) -> int:
    """How many rows of test lie far outside of those of train, both less the mean of the training rows."""
    seen, unseen = (torch.linalg.vector_norm(rows, dim=1).square() for rows in (train, test))
    return int((unseen > FAR * seen.mean()).sum())
