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
from .leave_one_out import Criterion
from .measurement import Measurement, Over
from .own_alpha import blocks
from .predictivity import explained_variance
from .rsa import Groups, brain_rdms, by_group, compare, ready
from .scaling import Scale
from .splits import Split, check

__all__ = ["Encoded", "Predictions", "crsa", "encode", "encoding", "versa"]


def encoding(
    x: Tensor | Predictions,
    y: Tensor,
    splits: Sequence[Split],
    *,
    scale: Scale = "units",
    alphas: Sequence[float] | None = None,
    grid: Grid = "nominal",
    criterion: Criterion = "squared_error",
    groups: Groups | None = None,
) -> Measurement:
    """Return Pearson's r of responses y (n, m) and predictions, (n_splits, m), a mean over each group.

    x: activations (n, p), which `encode` makes predictions from, or ready predictions of the same responses
    and splits. Beside r: ``train``, ``explained_variance``, ``log10_alpha``, ``at_lowest`` and ``at_highest``
    (1 where alpha is the first or the last of the grid), each (n_splits, m); ``far_stimuli``, (n_splits,):
    how many test stimuli lie far outside of the training stimuli.
    """
    made = _predictions(x, y, splits, scale, alphas, grid, criterion)
    by_group(finite(y, "responses", "neuroid")[:1], groups)
    figures = [_figures(made, at, y, split) for at, split in enumerate(splits)]
    r, train, explained = (torch.stack(each) for each in zip(*figures, strict=True))
    also = {
        "train": train,
        "explained_variance": explained,
        "log10_alpha": torch.stack([split.alpha.log10() for split in made.splits]),
        **{end: torch.stack(each) for end, each in _at_ends(made).items()},
        "far_stimuli": _far_stimuli(made),
    }
    return Measurement(r, also, centre="mean", groups=groups)


def versa(
    x: Tensor | Predictions,
    y: Tensor,
    splits: Sequence[Split],
    *,
    scale: Scale = "units",
    alphas: Sequence[float] | None = None,
    grid: Grid = "nominal",
    criterion: Criterion = "squared_error",
    distance: str = "pearson",
    comparison: str = "pearson",
    groups: Groups | None = None,
) -> Measurement:
    """Compare the RDM of each group's predicted responses with that of its recorded ones, (n_splits, s).

    x: as for `encoding`. y: responses (n, m) or, beside ready predictions, a ready RDM per group (s, n, n).
    Beside the values: ``train``, from the predictions of left-out stimuli, ``at_lowest`` and ``at_highest``,
    the shares of the group's neuroids whose alpha is the first or the last of the grid; ``far_stimuli``.
    rdms: (s, k, k) of the predicted responses to the test stimuli of each split.
    """
    made = _predictions(x, y, splits, scale, alphas, grid, criterion)
    y = ready(y, None) if y.ndim == 3 else finite(y, "responses", "neuroid")
    each = _columns(torch.arange(len(made.splits[0].alpha)), groups)
    values, train, rdms = [], [], []
    for told, split in zip(made.splits, splits, strict=True):
        seen, unseen = (_recorded(y, at.to(y.device), distance, groups) for at in (split.train, split.test))
        left = [_rdm(_left_out(told, columns, made.criterion), distance) for columns in each]
        train.append(_compared(_stacked(left), seen, comparison))
        rdms.append(_stacked([_rdm(told.test[:, columns], distance) for columns in each]))
        values.append(_compared(rdms[-1], unseen, comparison))
    ends = {end: torch.stack([_shares(e, groups) for e in each]) for end, each in _at_ends(made).items()}
    also = {"train": torch.stack(train), **ends, "far_stimuli": _far_stimuli(made)}
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
    scale: Scale,
    alphas: Sequence[float] | None,
    grid: Grid,
    criterion: Criterion,
) -> Predictions:
    if not isinstance(x, Predictions):
        return encode(x, y, splits, scale=scale, alphas=alphas, grid=grid, criterion=criterion)
    m = y.shape[1] if y.ndim == 2 else len(x.splits[0].alpha)
    shapes = [(*split.given.shape, *split.test.shape) for split in x.splits]
    if shapes != [(len(split.train), m, len(split.test), m) for split in splits]:
        raise MetricError("the predictions are of other responses or splits than those that are compared")
    return x


def _figures(made: Predictions, at: int, y: Tensor, split: Split) -> tuple[Tensor, Tensor, Tensor]:
    """r of every neuroid (m,) on the test and on the training stimuli, and explained variance."""
    found, told = [], made.splits[at]
    for some in blocks(y.shape[1], len(split.train)):
        left, seen = _left_out(told, some, made.criterion), told.given[:, some].to(torch.float64)
        right, unseen = told.test[:, some], y[:, some][split.test.to(y.device)].to(torch.float64)
        r = [correlation.pearson(right, unseen), correlation.pearson(left, seen)]
        found.append(torch.stack([*r, explained_variance(right, unseen)]))
    test, train, explained = torch.cat(found, dim=1)
    return test, train, explained


def _left_out(told: Encoded, columns: Tensor | slice, criterion: Criterion) -> Tensor:
    """Left-out predictions (n_tr, c) of some neuroids, with one intercept for all.

    The mean of the others is the lower, the higher the response that is left out is. Where alpha is large
    nothing else is left of a prediction: it correlates at -1 with the response, and its RDM is that of the
    responses, whatever the layer. With the criterion of the study they are left as its code has them.
    """
    left_out = told.train[:, columns]
    if criterion == "pearson":
        return left_out
    y = told.given[:, columns].to(torch.float64)
    return (y - y.mean(dim=0)).div_(len(y) - 1).add_(left_out)


def _at_ends(made: Predictions) -> dict[str, list[Tensor]]:
    """For each split (m,): 1 where alpha is the lowest, or the highest, of several, else 0; NaN without."""
    pairs = list(zip(made.splits, made.grids, strict=True))
    lowest = [_taken(split.alpha, min(grid), grid) for split, grid in pairs]
    return {"at_lowest": lowest, "at_highest": [_taken(s.alpha, max(grid), grid) for s, grid in pairs]}


def _far_stimuli(made: Predictions) -> Tensor:
    far = [split.far for split in made.splits]
    return made.splits[0].test.new_tensor(far, dtype=torch.float64)


def _taken(alpha: Tensor, end: float, grid: Sequence[float]) -> Tensor:
    there = (alpha == end) & (len(grid) > 1)
    return there.to(torch.float64).masked_fill(alpha.isnan(), torch.nan)


def _shares(taken: Tensor, groups: Groups | None) -> Tensor:
    """Of (m,) neuroids the mean of each group (s,)."""
    return torch.stack([part.nanmean() for part in _columns(taken, groups)])


def _recorded(y: Tensor, rows: Tensor, distance: str, groups: Groups | None) -> Tensor:
    if y.ndim == 3:
        return y[:, rows[:, None], rows[None, :]]
    return _stacked([_rdm(part, distance) for part in by_group(y[rows], groups)])


def _rdm(responses: Tensor, distance: str) -> Tensor | MetricError:
    """The RDM (k, k) of responses (k, m), or why there is none."""
    try:
        return brain_rdms(_enough(responses.to(torch.float64)), distance)[0]
    except MetricError as error:
        return error


def _stacked(rdms: Sequence[Tensor | MetricError]) -> Tensor:
    """Return (s, k, k), NaN for a group that has no RDM; where none has one, the first says why."""
    there = [rdm for rdm in rdms if isinstance(rdm, Tensor)]
    if not there:
        raise next(error for error in rdms if isinstance(error, MetricError))
    return torch.stack([r if isinstance(r, Tensor) else torch.full_like(there[0], torch.nan) for r in rdms])


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
