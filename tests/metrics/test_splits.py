from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.model_selection import ShuffleSplit, StratifiedShuffleSplit

from pytest_brainscore.errors import MetricError
from pytest_brainscore.metrics.splits import Split, check, given, given_rows, kfold, shuffle, stratified

STRATA = ["dog", "cat", "car"] * 14 + ["dog"]


def rows(splits):
    return [(split.train.tolist(), split.test.tolist()) for split in splits]


def test_shuffle_draws_scikit_learns_rows():
    theirs = ShuffleSplit(10, train_size=0.9, random_state=1).split(np.zeros(43))
    assert rows(shuffle(43)) == [(a.tolist(), b.tolist()) for a, b in theirs]


def test_stratified_draws_scikit_learns_rows():
    theirs = StratifiedShuffleSplit(10, train_size=0.9, random_state=1).split(STRATA, STRATA)
    assert rows(stratified(STRATA)) == [(a.tolist(), b.tolist()) for a, b in theirs]


def test_a_train_fraction_rounds_down_and_the_rest_is_tested():
    (split,) = shuffle(43, n_splits=1, train=0.9)
    assert (len(split.train), len(split.test)) == (38, 5)


def test_a_test_fraction_rounds_up_and_the_rest_is_trained_on():
    (split,) = shuffle(43, n_splits=1, test=0.9)
    assert (len(split.train), len(split.test)) == (4, 39)


def test_the_seed_decides():
    assert rows(shuffle(30, seed=1)) == rows(shuffle(30, seed=1))
    assert rows(shuffle(30, seed=1)) != rows(shuffle(30, seed=2))


def test_row_numbers_are_int64():
    assert {t.dtype for split in shuffle(30) for t in (split.train, split.test)} == {torch.int64}


@pytest.mark.parametrize("strata", [None, STRATA])
def test_folds_are_disjoint_and_cover_all(strata):
    splits = kfold(43, 5, seed=3, strata=strata)
    assert sorted(row for split in splits for row in split.test.tolist()) == list(range(43))
    for split in splits:
        assert set(split.train.tolist()) | set(split.test.tolist()) == set(range(43))
        assert not set(split.train.tolist()) & set(split.test.tolist())


def test_given_labels():
    (split,) = given(["train", "test", "train", "unused", "test"])
    assert (split.train.tolist(), split.test.tolist()) == ([0, 2], [1, 4])


def test_given_masks_and_row_numbers_agree():
    masks = given_rows(np.array([True, False, True, False]), [False, True, False, False], n=4)
    assert (
        rows(masks) == rows(given_rows([0, 2], [1], n=4)) == rows(given_rows(torch.tensor([0, 2]), [1], n=4))
    )


@pytest.mark.parametrize(
    ("attempt", "says"),
    [
        (lambda: stratified(["a"] * 9 + ["b"]), r"1 strata have fewer than 2 stimuli: b \(1\)"),
        (lambda: stratified(list("abcdefgh") * 2, train=0.9), "16 stimuli in 8 strata"),
        (lambda: stratified([]), "no stimuli"),
        (lambda: shuffle(1), "cannot split 1 stimuli"),
        (lambda: shuffle(10, train=1.5), "train_size"),
        (lambda: kfold(3, 5), "3 stimuli in 5 folds"),
        (lambda: kfold(10, 1), "between 2 folds"),
        (lambda: kfold(10, 5, strata=["a"] * 8 + ["b"] * 2), r"b \(2\)"),
        (lambda: kfold(10, 2, strata=["a"] * 8), "8 strata are named for 10 stimuli"),
        (lambda: given(["train", "train"]), "test rows are empty"),
        (lambda: given_rows([0, 1], [1, 2], n=3), "1 stimuli are in both train and test, the first in row 1"),
        (lambda: given_rows([0, 5], [1], n=3), "between 0 and 2"),
        (lambda: given_rows([True], [1], n=3), "1 entries for 3 stimuli"),
        (lambda: check([], 3), "at least one"),
        (
            lambda: check([Split(torch.tensor([0, 0]), torch.tensor([1]))], 3),
            "split 1 names .* more than once",
        ),
        (lambda: check([Split(torch.tensor([0, 9]), torch.tensor([1]))], 3), "row 9, but there are 3"),
    ],
)
def test_what_cannot_be_split_says_why(attempt, says):
    with pytest.raises(MetricError, match=says):
        attempt()
