from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st

from pytest_brainscore.errors import MetricError
from pytest_brainscore.inference.sampling import Sampling, without

KEYED = Sampling("a benchmark", replicates=3, groups=4)
DRAWS = [[4, 4, 1, 3, 2], [1, 1, 0, 0, 3], [4, 3, 2, 4, 2]]
PARTS = [[3, 5], [1, 2], [0, 6], [4]]
ORDERS = [[1, 2, 0, 3], [3, 2, 1, 0]]


def test_samples_of_a_key_are_these_on_any_machine():
    assert [draw.tolist() for draw in KEYED.draws("stimulus", 5)] == DRAWS
    assert [part.tolist() for part in KEYED.parts(7)] == PARTS
    assert [order.tolist() for order in KEYED.orders(4, 2)] == ORDERS


def test_factors_and_keys_have_samples_of_their_own():
    drawn = [
        [draw.tolist() for draw in sampling.draws(factor, 20)]
        for sampling in (KEYED, Sampling("another", replicates=3))
        for factor in ("stimulus", "neuroid")
    ]
    assert all(drawn[i] != drawn[j] for i in range(4) for j in range(i))


def test_fewer_replicates_are_the_first_of_more():
    more = [draw.tolist() for draw in Sampling("k", replicates=9).draws("neuroid", 6)]
    assert [draw.tolist() for draw in Sampling("k", replicates=9).draws("neuroid", 6, 2)] == more[:2]


def test_every_member_is_drawn_as_often():
    drawn = torch.cat(list(Sampling("even", replicates=500).draws("stimulus", 10)))
    assert scipy.stats.chisquare(np.bincount(drawn, minlength=10)).pvalue > 0.001


@given(n=st.integers(2, 60), groups=st.integers(2, 30))
def test_groups_part_the_stimuli_evenly(n, groups):
    parts = Sampling("k", groups=groups).parts(n)
    sizes = [len(part) for part in parts]
    assert sorted(torch.cat(parts).tolist()) == list(range(n))
    assert len(parts) == min(n, groups)
    assert max(sizes) - min(sizes) <= 1
    assert all(sorted([*part.tolist(), *without(part, n).tolist()]) == list(range(n)) for part in parts)


@given(n=st.integers(1, 30))
def test_orders_are_permutations(n):
    assert all(sorted(order.tolist()) == list(range(n)) for order in KEYED.orders(n, 3))


def test_a_lone_member_is_no_sample():
    with pytest.raises(MetricError, match="1 neuroid: a sample needs 2"):
        list(KEYED.draws("neuroid", 1))
    with pytest.raises(MetricError, match="1 stimuli cannot be left out"):
        KEYED.parts(1)
