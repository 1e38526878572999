"""Representational similarity analysis: is what differs for the network also different for the brain?

An RDM (n, n) holds the dissimilarity of the responses to every two stimuli; two RDMs are compared over their
upper triangles. Kriegeskorte, Mur and Bandettini 2008, Front. Syst. Neurosci. 2:4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import torch
from torch import Tensor

from ..errors import MetricError, nearest
from . import correlation, whitening
from .correlation import Correlation
from .inputs import matrix, same_stimuli
from .linalg import EPSILON, centre, gram
from .measurement import Measurement
from .rounding import ROUNDING
from .splits import Split, check

Groups = Sequence[Tensor]
T = TypeVar("T")


def pearson_distance(x: Tensor) -> Tensor:
    """Return 1 - Pearson's r of every two rows of (n, p).

    Raises MetricError for a row that is constant over units: it correlates with nothing; so does a lone unit.
    """
    if x.shape[1] == 1:
        raise MetricError(
            "one unit or neuroid has no Pearson distance, which is between patterns over several:"
            " use distance: euclidean"
        )
    mean = x.mean(dim=1, dtype=torch.float64)
    rounding = 4 * EPSILON * x.shape[1] ** 0.5 * mean.abs()
    return _angular(gram(x, mean), rounding, "are constant over units")


def cosine_distance(x: Tensor) -> Tensor:
    """Return 1 - cosine of the angle of every two rows of (n, p); MetricError for a row of zeros."""
    return _angular(gram(x), x.new_zeros(()), "are zero in every unit")


def _angular(products: Tensor, rounding: Tensor, lacking: str) -> Tensor:
    """1 - cosine, from inner products (n, n) of rows; each must be longer than `rounding`, () or (n,)."""
    length = products.diagonal().sqrt()
    rows = (length <= rounding).nonzero().flatten().tolist()
    if rows:
        raise MetricError(
            f"{len(rows)} of {len(products)} stimuli {lacking} (the first in row {rows[0]}), so they have no "
            "angle to others: leave them out, or use distance: euclidean"
        )
    return (1 - products / length / length[:, None]).fill_diagonal_(0.0)


def euclidean_distance(x: Tensor) -> Tensor:
    """Return the Euclidean distance (not squared, not divided by the number of units) of every two rows."""
    x, _ = centre(x)
    products = gram(x)
    size = products.diagonal()
    both = size[:, None] + size[None, :]
    square = both - 2 * products
    nothing = square <= ROUNDING * both  # of equal stimuli, whose root would be 1e-8
    return square.masked_fill_(nothing, 0.0).sqrt().fill_diagonal_(0.0)


def squared_distance(x: Tensor) -> Tensor:
    """Return the squared Euclidean distance over the number of units: what crossnobis is without noise."""
    return euclidean_distance(x).square() / x.shape[1]


DISTANCES: Mapping[str, Callable[[Tensor], Tensor]] = {
    "pearson": pearson_distance,
    "cosine": cosine_distance,
    "euclidean": euclidean_distance,
    "crossnobis": squared_distance,
}
"""Of responses that have no noise; of recordings `crossnobis.py` makes the last from their repetitions."""

COMPARISONS: Mapping[str, Correlation] = {
    "spearman": correlation.spearman,
    "pearson": correlation.pearson,
    "cosine": correlation.cosine,
    "kendall_tau_a": correlation.kendall_tau_a,
    "rho_a": correlation.rho_a,
    "whitened_pearson": whitening.whitened_pearson,
    "whitened_cosine": whitening.whitened_cosine,
}


def compare(a: Tensor, b: Tensor, comparison: str = "spearman") -> Tensor:
    """Return (s,): RDMs a (n, n) or (s, n, n) against b (s, n, n), over the upper triangles.

    NaN where all dissimilarities of one are the same up to rounding; ranks of those that are, are shared.
    Raises MetricError for an unknown comparison.
    """
    return _named(comparison, COMPARISONS, "comparison")(upper(a), upper(b))


def upper(rdms: Tensor) -> Tensor:
    """Return (n (n - 1) / 2, s): the entries above the diagonal of (n, n) or (s, n, n)."""
    stack = rdms if rdms.ndim == 3 else rdms[None]
    rows, columns = torch.triu_indices(stack.shape[1], stack.shape[2], offset=1, device=stack.device)
    return stack[:, rows, columns].T


def rdm(
    x: Tensor,
    y: Tensor,
    splits: Sequence[Split] = (),
    *,
    distance: str = "pearson",
    comparison: str = "spearman",
    groups: Groups | None = None,
) -> Measurement:
    """Compare the RDM of activations x (n, p) with those of the responses, over all stimuli.

    y: responses (n, m), or one ready RDM per subject (s, n, n). groups: the columns of each subject's
    neuroids; None takes all neuroids together. Values (1, s) or (1, 1); `splits` plays no part.
    Raises MetricError for NaN, for fewer than 3 stimuli, and where a row has no distance (see `distance`).
    """
    model, brain = _both(x, y, distance, groups)
    return _over_subjects([compare(model, brain, comparison)], groups, y)


def rdm_cv(
    x: Tensor,
    y: Tensor,
    splits: Sequence[Split],
    *,
    distance: str = "pearson",
    comparison: str = "spearman",
    groups: Groups | None = None,
) -> Measurement:
    """`rdm` over the test stimuli of each split, (n_splits, s): an error from subsets of stimuli.

    Nothing is fitted, so the train rows play no part; the reference draws ten test sets of 90 %.
    """
    model, brain = _both(x, y, distance, groups)
    check(splits, len(x))
    subsets = [split.test.to(model.device) for split in splits]
    if min(len(rows) for rows in subsets) < 3:
        raise MetricError(f"rdm_cv needs 3 test stimuli in every split, not {min(map(len, subsets))}")
    rows = [compare(_subset(model, at), _subset(brain, at), comparison) for at in subsets]
    return _over_subjects(rows, groups, y)


def brain_rdms(y: Tensor, distance: str, groups: Groups | None = None) -> Tensor:
    """Return (s, n, n) from responses (n, m), an RDM for each group of neuroids (s = 1 without groups)."""
    make = _named(distance, DISTANCES, "distance")
    return torch.stack([make(columns) for columns in by_group(y, groups)])


def by_group(y: Tensor, groups: Groups | None) -> list[Tensor]:
    """Return the responses (n, m) of each group; MetricError for an empty group, or a column not there."""
    if groups is None:
        return [y]
    for number, columns in enumerate(groups, start=1):
        if len(columns) == 0 or int(columns.max()) >= y.shape[1] or int(columns.min()) < 0:
            raise MetricError(f"group {number} of {len(groups)} must name some of the {y.shape[1]} neuroids")
    return [_columns(y, columns) for columns in groups]


def _columns(y: Tensor, at: Tensor) -> Tensor:
    """Some columns of y (n, m); those that lie side by side are not copied."""
    first, count = int(at[0]), len(at)
    side_by_side = int(at[-1]) - first == count - 1 and bool((at.diff() == 1).all())
    return y[:, first : first + count] if side_by_side else y.index_select(1, at.to(y.device))


def _both(x: Tensor, y: Tensor, distance: str, groups: Groups | None) -> tuple[Tensor, Tensor]:
    make = _named(distance, DISTANCES, "distance")
    x = matrix(x, "activations", "unit")
    brain = (
        ready(y, groups) if y.ndim == 3 else brain_rdms(matrix(y, "responses", "neuroid"), distance, groups)
    )
    same_stimuli(x, brain[0])
    if len(x) < 3:
        raise MetricError(f"an RDM of {len(x)} stimuli has nothing to compare: give at least 3")
    return make(x), brain


def ready(rdms: Tensor, groups: Groups | None) -> Tensor:
    """Return RDMs (s, n, n) in float64; MetricError for other shapes, for NaN, and for groups beside them."""
    if groups is not None:
        raise MetricError("ready RDMs are one per subject already: groups have no place here")
    if rdms.shape[1] != rdms.shape[2]:
        raise MetricError(f"RDMs must be (subjects x stimuli x stimuli), not {tuple(rdms.shape)}")
    bad = int((~upper(rdms).isfinite()).sum())
    if bad:
        raise MetricError(f"{bad} dissimilarities of the recorded RDMs are NaN or infinite")
    return rdms.to(torch.float64)


def _over_subjects(rows: list[Tensor], groups: Groups | None, y: Tensor) -> Measurement:
    by_subject = groups is not None or y.ndim == 3
    return Measurement(torch.stack(rows), over="subject" if by_subject else "all", centre="mean")


def _subset(rdms: Tensor, rows: Tensor) -> Tensor:
    return rdms[..., rows[:, None], rows[None, :]]


def _named(name: str, known: Mapping[str, T], what: str) -> T:
    if name not in known:
        raise MetricError(f"no {what} {name!r}{nearest(name, known)} (there are {', '.join(known)})")
    return known[name]
