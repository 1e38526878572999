"""Random numbers: pinned for ever, in streams that know nothing of each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pytest_brainscore.data.simulated import bits

seeds = st.integers(0, 2**63)
labels = st.lists(st.one_of(st.integers(0, 99), st.text(max_size=3)), max_size=3)

WORDS = [7274515964431118976, 220183800094287629, 1546988738737949801]
ORDER = [0, 6, 1, 3, 2, 4, 7, 5]


def test_the_words_are_these_for_ever():
    assert bits.words(3, 1, "scene", 2).tolist() == WORDS
    assert bits.uniforms(3, 1, "scene", 2).tolist() == [(word >> 11) * 2.0**-53 for word in WORDS]
    assert bits.permutation(8, 1, "order").tolist() == ORDER


@given(seeds, labels, st.integers(0, 20), st.integers(0, 20))
def test_a_stream_begins_the_same_however_much_is_drawn(seed, names, few, more):
    assert (bits.words(few + more, seed, *names)[:few] == bits.words(few, seed, *names)).all()


@given(seeds, labels, labels)
def test_streams_of_other_names_differ(seed, names, others):
    same = (bits.words(4, seed, *names) == bits.words(4, seed, *others)).all()
    assert same == (names == others)
    assert (bits.words(4, seed, *names) != bits.words(4, seed + 1, *names)).all()


def test_labels_do_not_run_into_each_other():
    assert (bits.words(4, 1, "ab", "c") != bits.words(4, 1, "a", "bc")).all()
    assert (bits.words(4, 1, 2) != bits.words(4, 12)).all()
    assert (bits.words(4, 1, 2) != bits.words(4, 1, "2")).all()


def test_streams_are_not_correlated():
    drawn = np.stack([bits.uniforms(20_000, 5, "stream", i) for i in range(6)])
    correlations = np.corrcoef(drawn)[np.triu_indices(6, 1)]
    assert np.abs(correlations).max() < 4 / np.sqrt(20_000)


@pytest.mark.parametrize(
    ("drawn", "distribution"),
    [
        (bits.uniforms(50_000, 3, "u"), stats.uniform()),
        (bits.between(-2, 5, 50_000, 3, "b"), stats.uniform(-2, 7)),
        (bits.normals(50_000, 3, "n"), stats.norm()),
    ],
    ids=["uniforms", "between", "normals"],
)
def test_numbers_have_their_distribution(drawn, distribution):
    assert stats.kstest(drawn, distribution.cdf).pvalue > 0.01
    assert np.isfinite(drawn).all()


def test_integers_are_evenly_spread():
    counts = np.bincount(bits.integers(7, 70_000, 3, "i"), minlength=7)
    assert len(counts) == 7
    assert stats.chisquare(counts).pvalue > 0.01


def test_all_orders_are_equally_likely():
    orders = [tuple(bits.permutation(3, 4, "p", i)) for i in range(6_000)]
    counts = np.array([orders.count(order) for order in set(orders)])
    assert len(counts) == 6
    assert stats.chisquare(counts).pvalue > 0.01


@given(seeds, st.integers(0, 30), st.integers(0, 30))
def test_a_choice_has_no_twins(seed, n, k):
    if k > n:
        with pytest.raises(ValueError, match=f"cannot choose {k} different ones of {n}"):
            bits.choice(n, k, seed)
    else:
        chosen = bits.choice(n, k, seed).tolist()
        assert len(set(chosen)) == k
        assert set(chosen) <= set(range(n))
