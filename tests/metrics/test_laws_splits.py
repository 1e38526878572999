"""What every way to split promises, for any number of stimuli and any strata."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pytest_brainscore.metrics.splits import given as named
from pytest_brainscore.metrics.splits import given_rows, kfold, shuffle, stratified
from tests.strategies import permutation, seeds, strata

numbers = st.integers(20, 80)
fractions = st.sampled_from([0.5, 0.7, 0.9])
random_states = st.integers(0, 1000)
some_labels = st.lists(st.sampled_from(["train", "test", "unused"]), min_size=2).filter(
    lambda labels: {"train", "test"} <= {*labels}
)


def rows(splits):
    return [(split.train.tolist(), split.test.tolist()) for split in splits]


def drawn(how, labels, **parameters):
    return stratified(labels, **parameters) if how == "stratified" else shuffle(len(labels), **parameters)


both = pytest.mark.parametrize("how", ["shuffle", "stratified"])


@both
@given(strata(), fractions, random_states)
def test_train_and_test_are_a_partition(how, labels, train, seed):
    for fitted, judged in rows(drawn(how, labels, train=train, seed=seed)):
        assert sorted(fitted + judged) == list(range(len(labels)))
        assert len(fitted) == int(train * len(labels))


@both
@given(strata(), random_states)
def test_with_both_sizes_the_sides_are_disjoint(how, labels, seed):
    for fitted, judged in rows(drawn(how, labels, train=0.5, test=0.3, seed=seed)):
        assert len(set(fitted + judged)) == len(fitted) + len(judged) < len(labels)


@both
@given(strata(), random_states)
def test_the_seed_decides(how, labels, seed):
    one, again, other = (rows(drawn(how, labels, train=0.7, seed=s)) for s in (seed, seed, seed + 1))
    assert one == again
    assert one != other


@both
@given(strata(), random_states, st.integers(1, 9))
def test_more_splits_keep_the_first(how, labels, seed, n):
    all_of_them = rows(drawn(how, labels, train=0.7, n_splits=10, seed=seed))
    assert rows(drawn(how, labels, train=0.7, n_splits=n, seed=seed)) == all_of_them[:n]
    assert len({tuple(judged) for _, judged in all_of_them}) > 1


@given(strata(), fractions, random_states)
def test_each_stratum_keeps_its_share(labels, train, seed):
    for split in stratified(labels, train=train, seed=seed):
        for side in (split.train, split.test):
            counts = Counter(labels[row] for row in side.tolist())
            for stratum, size in Counter(labels).items():
                assert abs(counts[stratum] - size * len(side) / len(labels)) < 1


@given(strata(), random_states)
def test_names_of_strata_that_sort_alike_draw_alike(labels, seed):
    for rename in (
        "stratum {}".format,
        float,
        lambda stratum: stratum - 100,
        lambda s: torch.tensor(s).item(),
    ):
        renamed = [rename(label) for label in labels]
        assert rows(stratified(renamed, train=0.7, seed=seed)) == rows(
            stratified(labels, train=0.7, seed=seed)
        )
        assert rows(kfold(len(labels), 3, seed, renamed)) == rows(kfold(len(labels), 3, seed, labels))


@given(strata(), random_states, seeds)
def test_shares_do_not_depend_on_names(labels, seed, order):
    names = permutation(order, 10).tolist()
    renamed = [names[label] for label in labels]
    for split in stratified(renamed, train=0.7, seed=seed):
        counts = Counter(renamed[row] for row in split.test.tolist())
        for name, size in Counter(renamed).items():
            assert abs(counts[name] - size * len(split.test) / len(labels)) < 1


@given(numbers, st.integers(2, 10), random_states)
def test_folds_judge_every_stimulus_once(n, folds, seed):
    splits = kfold(n, folds, seed)
    assert len(splits) == folds
    assert sorted(row for split in splits for row in split.test.tolist()) == list(range(n))
    assert all(sorted([*fitted, *judged]) == list(range(n)) for fitted, judged in rows(splits))
    sizes = [len(split.test) for split in splits]
    assert max(sizes) - min(sizes) <= 1


@given(strata(), st.integers(2, 4), random_states)
def test_folds_share_each_stratum(labels, folds, seed):
    for stratum in set(labels):
        counts = [
            sum(labels[row] == stratum for row in split.test.tolist())
            for split in kfold(len(labels), folds, seed, labels)
        ]
        assert max(counts) - min(counts) <= 1


@given(numbers, st.integers(2, 10), random_states)
def test_the_seed_decides_folds(n, folds, seed):
    assert rows(kfold(n, folds, seed)) == rows(kfold(n, folds, seed))
    assert rows(kfold(n, folds, seed)) != rows(kfold(n, folds, seed + 1))


@given(some_labels)
def test_labels_masks_and_rows_say_the_same(labels):
    by_side = {side: [row for row, label in enumerate(labels) if label == side] for side in ("train", "test")}
    masks = ([label == side for label in labels] for side in ("train", "test"))
    expected = [(by_side["train"], by_side["test"])]
    assert rows(named(labels)) == expected
    assert rows(given_rows(*masks, n=len(labels))) == expected
    assert rows(given_rows(by_side["train"], by_side["test"], n=len(labels))) == expected
