"""Voxel encoding, and similarity with (veRSA) and without (cRSA) the reweighting that encoding does.

Each metric scores both sides of a split: ``also["train"]``, in the shape of the values, is the score on the
training stimuli, by which a layer may be chosen. `groups` are columns of the responses, one group for each
subject and region, and may overlap. Conwell et al. 2024, Nat Commun 15:9383.

A neuroid whose response or prediction is constant has no number (NaN); so has a group without an RDM, unless
none has one, which is a MetricError.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..errors import MetricError
from . import correlation
from .encoded import Encoded, Grid, Predictions, encode
from .inputs import finite, matrix, same_stimuli
from .measurement import Measurement, Over
from .predictivity import explained_variance
from .regression import Criterion
from .rsa import Groups, brain_rdms, by_group, compare, ready
from .splits import Split, check

__all__ = ["Encoded", "Predictions", "crsa", "encode", "encoding", "versa"]


def encoding(
    x: Tensor | Predictions,
    y: Tensor,
    splits: Sequence[Split],
    *,
    standardise: bool = True,
    alphas: Sequence[float] | None = None,
    grid: Grid = "nominal",
    criterion: Criterion = "squared_error",
    groups: Groups | None = None,
) -> Measurement:
    """Return Pearson's r of responses y (n, m) and predictions, (n_splits, m), a mean over each group.

    x: activations (n, p), which `encode` makes predictions from, or ready predictions of the same responses
    and splits. Beside r: ``train``, ``explained_variance``, ``log10_alpha``, ``at_edge`` (1 where alpha is
    the smallest or largest of the grid), each (n_splits, m).
    """
    made = _predictions(x, y, splits, standardise, alphas, grid, criterion)
    by_group(finite(y, "responses", "neuroid")[:1], groups)
    sides = [_sides(made, at, y, split) for at, split in enumerate(splits)]
    figures = {
        "train": [correlation.pearson(*train) for train, _ in sides],
        "explained_variance": [explained_variance(*test) for _, test in sides],
        "log10_alpha": [split.alpha.log10() for split in made.splits],
        "at_edge": _at_edge(made),
    }
    values = torch.stack([correlation.pearson(*test) for _, test in sides])
    also = {name: torch.stack(figure) for name, figure in figures.items()}
    return Measurement(values, also, centre="mean", groups=groups)


def versa(
    x: Tensor | Predictions,
    y: Tensor,
    splits: Sequence[Split],
    *,
    standardise: bool = True,
    alphas: Sequence[float] | None = None,
    grid: Grid = "nominal",
    criterion: Criterion = "squared_error",
    distance: str = "pearson",
    comparison: str = "pearson",
    groups: Groups | None = None,
) -> Measurement:
    """Compare the RDM of each group's predicted responses with that of its recorded ones, (n_splits, s).

    x: as for `encoding`. Beside the values: ``train``, from the predictions of left-out stimuli, and
    ``at_edge``, the share of the group's neuroids whose alpha is the smallest or largest of the grid.
    rdms: (s, k, k) of the predicted responses to the test stimuli of each split.
    """
    made = _predictions(x, y, splits, standardise, alphas, grid, criterion)
    y = finite(y, "responses", "neuroid")
    values, train, rdms = [], [], []
    for at, split in enumerate(splits):
        left, right = (_both_rdms(*side, distance, groups) for side in _sides(made, at, y, split))
        train.append(_compared(*left, comparison))
        values.append(_compared(*right, comparison))
        rdms.append(right[0])
    edge = torch.stack([torch.stack([e.nanmean() for e in _columns(e, groups)]) for e in _at_edge(made)])
    also = {"train": torch.stack(train), "at_edge": edge}
    return _by_subject(torch.stack(values), also, groups, rdms)


def crsa(
    x: Tensor,
    y: Tensor,
    splits: Sequence[Split],
    *,
    distance: str = "pearson",
    comparison: str = "pearson",
    groups: Groups | None = None,
) -> Measurement:
    """Compare the RDM of all units of x (n, p) with each group's, on the test rows of a split, (n_splits, s).

    y: responses (n, m), or one ready RDM per subject (s, n, n). ``train``: the same on the training rows.
    rdms: (1, k, k) of x on the test stimuli of each split.
    Raises MetricError for NaN, for fewer than 3 stimuli on either side, and where x has no RDM.
    """
    x = matrix(x, "activations", "unit")
    y = ready(y, groups) if y.ndim == 3 else matrix(y, "responses", "neuroid")
    same_stimuli(x, y[0] if y.ndim == 3 else y)
    check(splits, len(x))
    sides: dict[str, list[tuple[Tensor, Tensor]]] = {"train": [], "test": []}
    for split in splits:
        for side, rows in (("train", split.train), ("test", split.test)):
            at = rows.to(x.device)
            sides[side].append((brain_rdms(_enough(x[at]), distance), _recorded(y, at, distance, groups)))
    train, values = (torch.stack([_compared(*p, comparison) for p in sides[s]]) for s in ("train", "test"))
    return _by_subject(values, {"train": train}, groups, [own for own, _ in sides["test"]], ready=y.ndim == 3)


def _predictions(
    x: Tensor | Predictions,
    y: Tensor,
    splits: Sequence[Split],
    standardise: bool,
    alphas: Sequence[float] | None,
    grid: Grid,
    criterion: Criterion,
) -> Predictions:
    if not isinstance(x, Predictions):
        return encode(x, y, splits, standardise=standardise, alphas=alphas, grid=grid, criterion=criterion)
    shapes = [(*split.train.shape, *split.test.shape) for split in x.splits]
    if shapes != [(len(s.train), y.shape[1], len(s.test), y.shape[1]) for s in splits]:
        raise MetricError("the predictions are of other responses or splits than those that are compared")
    return x


def _sides(
    made: Predictions, at: int, y: Tensor, split: Split
) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Predicted and recorded responses of the training and of the test stimuli."""
    train, test = (y[rows.to(y.device)].to(torch.float64) for rows in (split.train, split.test))
    return (_judged(made, at, train), train), (made.splits[at].test, test)


def _judged(made: Predictions, at: int, y: Tensor) -> Tensor:
    """Left-out predictions (n_tr, m) with one intercept for all.

    The mean of the others is the lower, the higher the response that is left out is. Where alpha is large
    nothing else is left of a prediction: it correlates at -1 with the response, and its RDM is that of the
    responses, whatever the layer. With the criterion of the study they are left as its code has them.
    """
    left_out = made.splits[at].train
    if made.criterion == "pearson":
        return left_out
    return (y - y.mean(dim=0)).div_(len(y) - 1).add_(left_out)


def _at_edge(made: Predictions) -> list[Tensor]:
    """For each split (m,): 1 where alpha is the smallest or largest of several, else 0; NaN without one."""
    pairs = zip(made.splits, made.grids, strict=True)
    return [_extreme(split.alpha, grid) for split, grid in pairs]


def _extreme(alpha: Tensor, grid: Sequence[float]) -> Tensor:
    ends = ((alpha == min(grid)) | (alpha == max(grid))) & (len(grid) > 1)
    return ends.to(torch.float64).masked_fill(alpha.isnan(), torch.nan)


def _both_rdms(
    predicted: Tensor, recorded: Tensor, distance: str, groups: Groups | None
) -> tuple[Tensor, Tensor]:
    return _rdms(_columns(predicted, groups), distance), _rdms(_columns(recorded, groups), distance)


def _recorded(y: Tensor, rows: Tensor, distance: str, groups: Groups | None) -> Tensor:
    if y.ndim == 3:
        return y[:, rows[:, None], rows[None, :]]
    return _rdms(_columns(y[rows], groups), distance)


def _rdms(parts: Sequence[Tensor], distance: str) -> Tensor:
    """Return (s, k, k), NaN for a group that has no RDM; where none has one, the first says why."""
    made, errors = [], []
    for part in parts:
        try:
            made.append(brain_rdms(_enough(part), distance)[0])
        except MetricError as error:
            errors.append(error)
            made.append(part.new_full((len(part), len(part)), torch.nan))
    if len(errors) == len(parts):
        raise errors[0]
    return torch.stack(made)


def _enough(x: Tensor) -> Tensor:
    """The responses (k, m), if they can have an RDM."""
    if len(x) < 3:
        raise MetricError(f"an RDM of {len(x)} stimuli has nothing to compare: give at least 3")
    if bool((x == x[0]).all()):
        raise MetricError("there is no RDM of responses that are the same for all stimuli")
    return x


def _columns(y: Tensor, groups: Groups | None) -> list[Tensor]:
    """The columns of each group, of (n, m) or (m,)."""
    if y.ndim == 1:
        return [part[0] for part in by_group(y[None], groups)]
    return by_group(y, groups)


def _compared(model: Tensor, brain: Tensor, comparison: str) -> Tensor:
    """Return (s,): RDMs (s, k, k) or (1, k, k) against (s, k, k); NaN where either is not there."""
    model = model.expand_as(brain)
    there = (model.isfinite() & brain.isfinite()).all(dim=2).all(dim=1)
    values = brain.new_full((len(brain),), torch.nan)
    if bool(there.any()):
        values[there] = compare(model[there], brain[there], comparison)
    return values


def _by_subject(
    values: Tensor,
    also: dict[str, Tensor],
    groups: Groups | None,
    rdms: Sequence[Tensor],
    ready: bool = False,
) -> Measurement:
    over: Over = "subject" if groups is not None or ready else "all"
    return Measurement(values, also, over=over, centre="mean", rdms=tuple(rdms))
