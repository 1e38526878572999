"""Responses over time: one fit for all time bins, and how alike they are in each.

Windows and bins are (start, end) in milliseconds, or whatever unit the recordings have.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from ..errors import MetricError
from . import correlation, partial_least_squares
from .inputs import matrix
from .measurement import Measurement
from .prediction import Prediction
from .predictivity import check_sides, explained_variance
from .splits import Split

Window = tuple[float, float]


def align(x: Tensor, windows: Sequence[Window], bins: Sequence[Window]) -> Tensor:
    """Return (n, t, p): for each of t bins the step of (n, s, p) whose window starts nearest to its start.

    Of two that are equally near it is the first, as in Brain-Score's commitment of CORnet-S.
    Raises MetricError where the windows are not one per step.
    """
    if x.ndim != 3 or x.shape[1] != len(windows):
        raise MetricError(
            f"{len(windows)} windows for activations {tuple(x.shape)}: (stimuli x steps x units) are due,"
            " and a window for each step"
        )
    starts = torch.tensor([start for start, _ in windows], dtype=torch.float64)
    asked = torch.tensor([start for start, _ in bins], dtype=torch.float64)
    nearest = (starts - asked[:, None]).abs().argmin(dim=1)
    return x[:, nearest.to(x.device)]


def temporal_pls(x: Tensor, y: Tensor, splits: Sequence[Split], *, components: int = 25) -> Measurement:
    """Partial least squares of all stimuli and time bins together, judged bin by bin.

    x: activations (n, t, p), or (n, p) of a network that does not change over time. y: responses (n, t, m).
    The stimuli of a split are fitted on in all their bins, as so many samples with one mean. Values are r
    over the test stimuli, (n_splits, t, m).
    Raises MetricError for NaN or infinity, and for shapes that do not go together.
    """
    if components < 1:
        raise MetricError(f"temporal_pls needs at least 1 component, not {components}")
    responses = _responses(y)
    _refuse_other_shape(x, responses)
    check_sides(splits, len(responses))
    values, explained, used = [], [], []
    fit = _repeated if x.ndim == 2 else _stacked
    for split, prediction in zip(splits, fit(x, responses, splits, components), strict=True):
        truth = responses[split.test]
        values.append(correlation.pearson(prediction.values, truth))
        explained.append(explained_variance(prediction.values, truth))
        used.append(prediction.chose["components"])
    return Measurement(
        torch.stack(values), {"explained_variance": torch.stack(explained), "components": torch.stack(used)}
    )


def _repeated(x: Tensor, y: Tensor, splits: Sequence[Split], components: int) -> Iterator[Prediction]:
    """Predict (k, 1, m) from what is the same in all bins: their mean response has the same fit.

    Stacked, X'Y is t times that of the mean over bins, and so is each score's length: the t cancels.
    """
    mean = y.mean(dim=1)
    for fitted in partial_least_squares.pls(matrix(x, "activations", "unit"), mean, splits, components):
        yield Prediction(fitted.values[:, None], fitted.chose)


def _stacked(x: Tensor, y: Tensor, splits: Sequence[Split], components: int) -> Iterator[Prediction]:
    """Predict (k, t, m) from activations (n, t, p), with the bins of a stimulus as rows of their own."""
    t, m = y.shape[1:]
    samples = [Split(_bins_of(split.train, t), _bins_of(split.test, t)) for split in splits]
    rows = matrix(x.reshape(-1, x.shape[2]), "activations", "unit")
    for fitted in partial_least_squares.pls(rows, y.reshape(-1, m), samples, components):
        yield Prediction(fitted.values.reshape(-1, t, m), fitted.chose)


def _bins_of(stimuli: Tensor, t: int) -> Tensor:
    """Return (k t,): the rows of all bins of the stimuli (k,)."""
    return (stimuli[:, None] * t + torch.arange(t, device=stimuli.device)).flatten()


def _responses(y: Tensor) -> Tensor:
    if y.ndim != 3:
        raise MetricError(f"temporal_pls needs responses (stimuli x bins x neuroids), not {tuple(y.shape)}")
    return matrix(y.reshape(-1, y.shape[2]), "responses", "neuroid").reshape(y.shape)


def _refuse_other_shape(x: Tensor, y: Tensor) -> None:
    if x.ndim not in (2, 3) or x.shape[0] != y.shape[0] or (x.ndim == 3 and x.shape[1] != y.shape[1]):
        raise MetricError(
            f"activations {tuple(x.shape)} do not go with responses {tuple(y.shape)} (stimuli x bins x"
            " neuroids): give the same stimuli and, where the network changes over time, the same bins"
        )
