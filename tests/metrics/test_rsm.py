"""RSMs of the most active units against numpy, step by step."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pytest_brainscore.errors import MetricError
from pytest_brainscore.metrics.rsm import rsm
from tests.strategies import normal

N, P, SUBJECTS = 12, 200, 5


def activations():
    """A few units answer far more than the rest, and some are constant."""
    x = normal(0, N, P).abs() * torch.cat([torch.ones(P - 6), torch.full((6,), 12.0)])
    x[:, 7] = 0.0
    x[:, 9] = 50.0
    return x


def similarity(seed):
    return torch.stack([torch.corrcoef(normal(seed + s, N, 9)) for s in range(SUBJECTS)])


def by_numpy(x, rsms, deviations=3.1):
    x, off = x.numpy(), ~np.eye(N, dtype=bool)
    x = x[:, x.std(axis=0) != 0]
    means = x.mean(axis=0)
    x = x[:, np.abs(means) > deviations * means.std()]
    model = np.corrcoef((x - x.mean(axis=0)) / x.std(axis=0))
    return [np.corrcoef(model[off], subject[off])[0, 1] for subject in rsms.numpy()], x.shape[1]


@pytest.mark.parametrize("deviations", [1.0, 3.1])
def test_each_subject_by_numpy(deviations):
    x, rsms = activations(), similarity(3)
    measured = rsm(x, 1 - rsms, deviations=deviations)
    expected, units = by_numpy(x, rsms, deviations)
    assert measured.values[0].numpy() == pytest.approx(expected, abs=1e-12)
    assert measured.raw() == pytest.approx(np.mean(expected))
    assert measured.also["units"].tolist() == [units]
    assert (measured.over, measured.error()) == ("subject", None)


def test_a_network_that_is_the_brain_scores_one():
    x = activations()
    _, units = by_numpy(x, similarity(0))
    active = x[:, -6:][:, :units]
    own = 1 - torch.corrcoef((active - active.mean(0)) / active.std(0, correction=0))
    assert units == 6
    assert rsm(x, own[None]).raw() == pytest.approx(1)


def test_responses_make_rsms_of_their_own():
    x, y = activations(), normal(5, N, 8)
    groups = [torch.arange(0, 5), torch.arange(5, 8)]
    z = (y - y.mean(0)) / y.std(0, correction=0)
    ready = torch.stack([1 - torch.corrcoef(z[:, columns]) for columns in groups])
    assert rsm(x, y, groups=groups).values[0].tolist() == pytest.approx(rsm(x, ready).values[0].tolist())
    assert rsm(x, y).over == "all"


@pytest.mark.parametrize("silent", [[2.0, 2.0], [0.1 + 0.2, 0.3]], ids=["exactly", "up to rounding"])
def test_constant_neuroids_and_units_take_no_part(silent):
    x, y = activations(), normal(5, N, 8)
    column = torch.tensor(silent * (N // 2), dtype=torch.float64)[:, None]
    without = rsm(x, y, groups=[torch.arange(0, 5), torch.arange(5, 8)])
    with_one = torch.cat([y[:, :3], column, y[:, 3:]], dim=1)
    groups = [torch.arange(0, 6), torch.arange(6, 9)]
    assert rsm(x, with_one, groups=groups).values.equal(without.values)
    more = rsm(torch.cat([1e3 * column, x], dim=1), with_one, groups=groups)
    assert more.values.equal(without.values)
    assert more.also["units"].equal(without.also["units"])


@pytest.mark.parametrize("varying", [0, 1])
def test_a_subject_needs_two_neuroids_that_vary(varying):
    y = torch.cat([normal(5, N, 4 + varying), torch.full((N, 3), 0.1, dtype=torch.float64)], dim=1)
    groups = [torch.arange(0, 4), torch.arange(4, 7 + varying)]
    says = rf"rsm: {varying} of {3 + varying} neuroids of subject 2 vary over stimuli"
    with pytest.raises(MetricError, match=says):
        rsm(activations(), y, groups=groups)


def test_where_no_unit_stands_out_it_says_so():
    x = torch.cat([normal(0, N, 40), torch.zeros(N, 2, dtype=torch.float64)], dim=1)
    with pytest.raises(MetricError, match=r"0 of 42 units \(2 of them constant\) have a mean beyond 3.1"):
        rsm(x - x.mean(0), 1 - similarity(0))


def test_the_deviation_is_that_of_the_means_that_there_are():
    """Of ten units two stand out by a little more than asked; divided by nine they would not."""
    x = normal(8, N, 10)
    x = x - x.mean(0)
    x[:, :2] += 5.0
    bound = 0.97 * 5.0 / float(x.mean(0).std(correction=0))
    assert rsm(x, 1 - similarity(3), deviations=bound).also["units"].tolist() == [2]
