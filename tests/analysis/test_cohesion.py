"""Cohesion of kinds, and the order in which like networks stand beside like."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_brainscore.analysis.population.cohesion import cohesion
from pytest_brainscore.analysis.population.likeness import order

KINDS = ("a", "b", "a", "b", "a")


def blocks(within=0.8, between=0.3, noise=0.0, kinds=KINDS):
    same = np.array(kinds)[:, None] == np.array(kinds)[None, :]
    spread = np.random.default_rng(0).normal(0, noise, same.shape) if noise else np.zeros(same.shape)
    matrix = np.where(same, within, between) + (spread + spread.T) / 2
    np.fill_diagonal(matrix, 1.0)
    return matrix


def test_pairs_within_and_between_are_counted_and_averaged():
    found = cohesion(blocks(), KINDS)
    assert (found.networks, found.pairs, found.pairs_between) == (5, 4, 6)
    assert (found.within, found.between) == pytest.approx((0.8, 0.3))
    assert found.difference.value == pytest.approx(0.5)
    assert found.difference.se == pytest.approx(0, abs=1e-12)


def test_the_standard_error_is_the_jackknife_s_over_networks():
    matrix = blocks(noise=0.2)
    found = cohesion(matrix, KINDS)
    left = []
    for out in range(5):
        kept = [i for i in range(5) if i != out]
        part = cohesion(matrix[np.ix_(kept, kept)], [KINDS[i] for i in kept])
        left.append(part.within - part.between)
    expected = np.sqrt(4 / 5 * ((np.array(left) - np.mean(left)) ** 2).sum())
    assert found.difference.se == pytest.approx(expected)
    assert found.difference.df == 4


def test_networks_of_no_kind_or_without_likeness_take_no_part():
    matrix = blocks(kinds=(*KINDS, "a"))
    matrix[5, :] = matrix[:, 5] = np.nan
    assert cohesion(matrix, (*KINDS, "a")).networks == 5
    assert cohesion(blocks(), ("a", None, "a", "b", None)).networks == 3
    assert cohesion(blocks(), ("a", None, "a", "b", None)).difference is None
    assert cohesion(blocks(), ("a",) * 5) is None
    assert cohesion(blocks(), ("a", "b", None, None, None)) is None


def test_the_order_puts_kinds_side_by_side_and_silent_networks_last():
    matrix = blocks(noise=0.05)
    matrix[2, :] = matrix[:, 2] = np.nan
    found = order(matrix)
    assert found[-1] == 2
    assert sorted(found) == list(range(5))
    assert [KINDS[i] for i in found[:-1]] in (["a", "a", "b", "b"], ["b", "b", "a", "a"])
    assert order(np.eye(2)) == (0, 1)


def test_four_networks_have_means_and_no_interval():
    found = cohesion(blocks(noise=0.2, kinds=KINDS[:4]), KINDS[:4])
    assert (found.networks, found.pairs, found.difference) == (4, 2, None)
