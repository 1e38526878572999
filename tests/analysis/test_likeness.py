"""Likeness of networks by their RDMs, and classical scaling."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from pytest_brainscore.analysis.population.likeness import likeness, scaled
from pytest_brainscore.errors import MetricError

RNG = np.random.default_rng(4)


def rdm(n=12):
    return squareform(pdist(RNG.normal(size=(n, 5)), "correlation"))


def test_it_is_the_correlation_of_upper_triangles():
    rdms = {name: rdm() for name in "abc"}
    found = likeness("Own.IT-crsa", rdms)
    above = np.triu_indices(12, 1)
    assert found.matrix == pytest.approx(np.corrcoef([one[above] for one in rdms.values()]), abs=1e-12)
    assert (found.models, found.stimuli) == (("a", "b", "c"), 12)
    shifted = likeness("x", {**rdms, "d": 3 * rdms["a"] + 1})
    assert shifted.matrix[0, 3] == pytest.approx(1)


def test_missing_pairs_are_left_out_of_all_and_a_constant_is_like_nothing():
    rdms = {name: rdm() for name in "ab"}
    rdms["a"][0, 3] = np.nan
    first, second = (one[np.triu_indices(12, 1)] for one in rdms.values())
    found = likeness("x", rdms).matrix[0, 1]
    assert found == pytest.approx(np.corrcoef(np.delete(first, 2), np.delete(second, 2))[0, 1])
    constant = likeness("x", {**rdms, "c": np.full((12, 12), 0.7)})
    assert np.isnan(constant.matrix[2]).all()
    assert np.isnan(constant.coordinates).all()


def test_scaling_gives_back_points_of_a_plane():
    points = RNG.normal(size=(9, 2)) * [3, 1]
    axes, shares = scaled(squareform(pdist(points)))
    assert pdist(axes) == pytest.approx(pdist(points), abs=1e-9)
    assert axes.mean(axis=0) == pytest.approx([0, 0], abs=1e-12)
    assert axes.var(axis=0)[0] > axes.var(axis=0)[1]
    assert sum(shares) == pytest.approx(1)
    largest = axes[np.abs(axes).argmax(axis=0), [0, 1]]
    assert (largest > 0).all()


@pytest.mark.parametrize("rdms", [{"a": rdm()}, {"a": rdm(), "b": rdm(7)}])
def test_one_network_or_other_shapes_cannot_be_compared(rdms):
    with pytest.raises(MetricError, match="two of one shape are due"):
        likeness("Own.IT-crsa", rdms)
