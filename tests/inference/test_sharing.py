"""How much splits have in common."""

from __future__ import annotations

import pytest
import torch

from pytest_brainscore.inference.sharing import by_tests, by_training, overlap, ratio_of
from pytest_brainscore.metrics.splits import Split, alternate, kfold, shuffle


@pytest.mark.parametrize("test", [0.1, 0.3, 0.5])
def test_random_splits_share_tests_as_nadeau_and_bengio_have_it(test):
    splits = shuffle(200, n_splits=200, train=1 - test)
    assert by_tests(splits, 200) == pytest.approx(test / (1 - test), rel=0.03)
    assert by_training(splits) == pytest.approx(test / (1 - test) / 4)


@pytest.mark.parametrize("train", [0.1, 0.2, 0.4])
def test_splits_that_test_most_stimuli_share_what_they_train_on(train):
    splits = shuffle(200, n_splits=50, train=train)
    assert by_tests(splits, 200) == pytest.approx(train / (1 - train), rel=0.1)
    assert by_training(splits) == 0.25


def test_given_splits_that_test_the_same_share_it():
    test = torch.arange(60, 200)
    splits = [Split(torch.arange(i, i + 30), test) for i in (0, 10, 20, 30)]
    assert by_tests(splits, 200) == float("inf")
    fewer = [Split(split.train, test[i:]) for i, split in enumerate(splits)]
    assert by_tests(fewer, 200) > 20


def test_folds_share_no_tests():
    splits = kfold(203, 5)
    assert (overlap(splits), by_tests(splits, 203)) == (0, 0)
    assert ratio_of(splits, 203) == pytest.approx(1 / 16, rel=0.01)


def test_of_one_split_other_splits_tell_all_of_the_variance():
    drawn = shuffle(100, n_splits=20, train=0.8, seed=3)
    assert ratio_of(alternate(100), 100, drawn) == pytest.approx(ratio_of(drawn, 100))


def test_of_random_splits_others_of_their_size_tell_what_they_share():
    own, drawn = (shuffle(400, n_splits=60, train=0.8, seed=seed) for seed in (3, 4))
    assert ratio_of(own, 400, drawn) == pytest.approx(ratio_of(own, 400), rel=0.05)


def test_of_folds_others_of_their_size_tell_that_they_share_no_tests():
    """J folds: V = (s^2 + o/(1 - o) t^2) / J, and what is by training stimuli."""
    drawn = shuffle(100, n_splits=20, train=0.8, seed=3)
    o = overlap(drawn)
    expected = o / (1 - o) / 5 + by_training(drawn)
    assert ratio_of(kfold(100, 5), 100, drawn) == pytest.approx(expected)
