"""Which stimuli a mapping is fitted on, and which it is judged on.

Rows are positions in the responses' own order. scikit-learn draws them, so that splits of a given seed are
those of every other tool that asks scikit-learn for the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.model_selection import KFold, ShuffleSplit, StratifiedKFold, StratifiedShuffleSplit
from torch import Tensor

from ..errors import MetricError

Size = float | int


@dataclass(frozen=True, eq=False)
class Split:
    """Row numbers (int64) of the stimuli to fit on and of those to predict."""

    train: Tensor
    test: Tensor


def shuffle(
    n: int, *, n_splits: int = 10, train: Size | None = None, test: Size | None = None, seed: int = 1
) -> list[Split]:
    """Return `n_splits` independent random splits of `n` stimuli.

    A fraction or a count for `train` or `test`; the one not given is the complement, and neither means
    train 0.9. As in scikit-learn a train fraction rounds down, a test fraction up.
    Raises MetricError where `n` stimuli cannot be split so.
    """
    sizes = _sizes(train, test)
    return _drawn(ShuffleSplit(n_splits, **sizes, random_state=seed), n, f"{n} stimuli, {sizes}")


def stratified(
    strata: Iterable[Hashable],
    *,
    n_splits: int = 10,
    train: Size | None = None,
    test: Size | None = None,
    seed: int = 1,
) -> list[Split]:
    """Return random splits that keep each stratum's share; `strata` names the stratum of every stimulus.

    Raises MetricError for a stratum of one stimulus, and for fewer train or test stimuli than strata.
    """
    codes = _codes(strata, least=2)
    sizes = _sizes(train, test)
    what = f"{len(codes)} stimuli in {codes.max() + 1} strata, {sizes}"
    return _drawn(StratifiedShuffleSplit(n_splits, **sizes, random_state=seed), len(codes), what, codes)


def kfold(n: int, folds: int, seed: int = 1, strata: Iterable[Hashable] | None = None) -> list[Split]:
    """Return `folds` splits whose test rows are shuffled, disjoint and together all `n` stimuli.

    Raises MetricError for more folds than stimuli, or than members of the smallest stratum.
    """
    what = f"{n} stimuli in {folds} folds"
    if folds < 2 or folds > n:
        raise MetricError(f"{what}: give between 2 folds and one for each stimulus")
    if strata is None:
        return _drawn(KFold(folds, shuffle=True, random_state=seed), n, what)
    codes = _codes(strata, least=folds)
    if len(codes) != n:
        raise MetricError(f"{len(codes)} strata are named for {n} stimuli: name one for each")
    return _drawn(StratifiedKFold(folds, shuffle=True, random_state=seed), n, what, codes)


def alternate(n: int) -> list[Split]:
    """Return the one split of `n` stimuli whose even rows (0, 2, ...) are fitted on and odd rows predicted.

    Raises MetricError for fewer than 2 stimuli.
    """
    if n < 2:
        raise MetricError(f"{n} stimuli have no two halves")
    rows = torch.arange(n)
    return [Split(train=rows[::2], test=rows[1::2])]


def given(labels: Iterable[object]) -> list[Split]:
    """Return the one split that `labels` spell out: "train" or "test" for each stimulus, others unused.

    Raises MetricError where either is missing.
    """
    named = np.array([str(label) for label in labels])
    return given_rows(np.flatnonzero(named == "train"), np.flatnonzero(named == "test"), n=len(named))


def given_rows(train: Any, test: Any, *, n: int) -> list[Split]:
    """Return the one split of these rows of `n`: masks of length n, or row numbers.

    Raises MetricError for an empty side, rows outside 0..n-1, rows named twice or on both sides.
    """
    split = Split(_rows(train, n, "train"), _rows(test, n, "test"))
    both = sorted(set(split.train.tolist()) & set(split.test.tolist()))
    if both:
        raise MetricError(f"{len(both)} stimuli are in both train and test, the first in row {both[0]}")
    return [split]


def kept(splits: Sequence[Split], rows: Tensor, n: int) -> list[Split]:
    """Return the same splits among the rows (k,) of n stimuli that are kept, as positions in `rows`.

    Splits that were drawn anew would be one more reason for a score to move.
    """
    place = torch.full((n,), -1, dtype=torch.int64)
    place[rows] = torch.arange(len(rows))
    sides = ([place[side.cpu()] for side in (split.train, split.test)] for split in splits)
    return [Split(train[train >= 0], test[test >= 0]) for train, test in sides]


def _sizes(train: Size | None, test: Size | None) -> dict[str, Size | None]:
    if train is None and test is None:
        train = 0.9
    return {"train_size": train, "test_size": test}


def _drawn(splitter: Any, n: int, what: str, strata: np.ndarray | None = None) -> list[Split]:
    rows = np.zeros((n, 1))
    try:
        pairs = list(splitter.split(rows, strata))
    except ValueError as error:
        raise MetricError(f"cannot split {what}: {error}") from None
    return [
        Split(torch.from_numpy(a.astype(np.int64)), torch.from_numpy(b.astype(np.int64))) for a, b in pairs
    ]


def _codes(strata: Iterable[Hashable], least: int) -> np.ndarray:
    names = list(strata)
    if not names:
        raise MetricError("no stimuli to split")
    few = [f"{name} ({count})" for name, count in Counter(names).items() if count < least]
    if few:
        listed = ", ".join(few[:5])
        raise MetricError(f"{len(few)} strata have fewer than {least} stimuli: {listed}; merge or drop them")
    order = {name: code for code, name in enumerate(sorted(set(names), key=_sorting))}
    return np.array([order[name] for name in names])


def _sorting(name: Any) -> tuple[str, Any]:
    return ("", name) if isinstance(name, int | float) else (type(name).__name__, str(name))


def _rows(chosen: Any, n: int, side: str) -> Tensor:
    rows = np.asarray(chosen)
    if rows.dtype == bool:
        if rows.shape != (n,):
            raise MetricError(f"the {side} mask has {rows.size} entries for {n} stimuli")
        rows = np.flatnonzero(rows)
    if rows.size == 0:
        raise MetricError(
            f"no stimuli to {'fit on' if side == 'train' else 'predict'}: the {side} rows are empty"
        )
    rows = rows.astype(np.int64)
    if rows.min() < 0 or rows.max() >= n or len(np.unique(rows)) != rows.size:
        raise MetricError(f"{side} rows must be distinct and lie between 0 and {n - 1}")
    return torch.from_numpy(rows)


def check(splits: Sequence[Split], n: int) -> None:
    """Raise MetricError unless there are splits, and all their rows are among `n` stimuli."""
    if not splits:
        raise MetricError("no splits: give at least one")
    last = max(int(torch.cat((split.train, split.test)).max()) for split in splits)
    if last >= n:
        raise MetricError(f"a split names row {last}, but there are {n} stimuli: were they drawn for others?")
    for number, split in enumerate(splits, start=1):
        if len(set(split.train.tolist())) != len(split.train):
            raise MetricError(f"split {number} names a training stimulus more than once")
