"""The part of a split's score that is linear in its neuroids."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import brentq
from scipy.stats import norm

from pytest_brainscore.inference.influence import influence, linearised
from tests.strategies import normal


def test_influence_is_the_slope_of_the_smoothed_median():
    """The root of the mean of Phi((c - x_i) / s) = 1/2, moved a little at each neuroid."""
    values = normal(0, 6, 9) + 2 * normal(1, 9)
    own = values - values.mean(dim=0)
    own = own - own.mean(dim=1, keepdim=True)
    s, x = float((own.square().sum() / (5 * 8)).sqrt()), values.mean(dim=0).numpy()

    def median(x: np.ndarray) -> float:
        return brentq(lambda c: norm.cdf((c - x) / s).mean() - 0.5, x.min(), x.max(), xtol=1e-14)

    slopes = [(median(x + step) - median(x - step)) / 2e-5 for step in 1e-5 * np.eye(9)]
    found = influence(values, torch.ones(9, dtype=torch.bool))
    assert found.numpy() == pytest.approx(np.array(slopes), abs=1e-8)


def test_a_mean_is_linear_already():
    values = normal(0, 5, 3, 8)
    assert linearised(values, "mean").numpy() == pytest.approx(values.mean(dim=2).numpy())


def test_an_absolute_mean_is_linear_where_splits_agree_on_its_sign():
    values = -3 + normal(0, 5, 8)
    assert linearised(values, "absolute_mean").numpy() == pytest.approx(values.mean(dim=1).abs().numpy())


@pytest.mark.parametrize("m", [1, 2, 7])
def test_what_moves_all_neuroids_moves_the_line_as_much(m):
    values, step = normal(0, 5, m), normal(1, 5, 1)
    moved = linearised(values + step) - linearised(values)
    assert moved.numpy() == pytest.approx(step.flatten().numpy(), abs=1e-12)


def test_neuroids_without_noise_of_their_own_have_a_line_too():
    step = normal(1, 5, 1)
    found = linearised(torch.arange(4.0, dtype=torch.float64) + step)
    assert (found - found[0]).numpy() == pytest.approx((step - step[0]).flatten().numpy())


@pytest.mark.parametrize("centre", ["median", "mean", "absolute_mean"])
def test_a_neuroid_without_any_value_is_left_out(centre):
    values = normal(0, 5, 8)
    gone = values.clone()
    gone[:, 3] = torch.nan
    rest = torch.cat([values[:, :3], values[:, 4:]], dim=1)
    assert linearised(gone, centre).numpy() == pytest.approx(linearised(rest, centre).numpy())


def test_a_neuroid_without_a_value_in_a_split_is_left_out_there():
    """The other splits have it with all its weight, and a mean is the score itself."""
    values = normal(0, 5, 8)
    gone = values.clone()
    gone[2, 3] = torch.nan
    assert linearised(gone, "mean").numpy() == pytest.approx(gone.nanmean(dim=1).numpy())
    kept, whole = linearised(gone), linearised(values)
    assert kept.isfinite().all()
    assert (kept - whole).abs()[[0, 1, 3, 4]].max() < 0.2


def test_where_every_neuroid_lacks_a_value_somewhere_there_is_a_line_still():
    values = normal(0, 10, 7)
    values[range(7), range(7)] = torch.nan
    assert linearised(values).isfinite().all()


def test_between_two_neuroids_without_noise_the_median_is_their_middle():
    values = torch.tensor([0.1, 0.3, 0.7, 0.9], dtype=torch.float64) + 0.01 * normal(0, 6, 4)
    weights = influence(values, torch.ones(4, dtype=torch.bool))
    assert weights[1:3].numpy() == pytest.approx([0.5, 0.5], abs=0.05)


def test_the_line_varies_less_than_the_median_where_splits_are_noisy():
    """Of independent noise the median of many has pi/2 times the variance of their mean, nearly its line."""
    values = normal(3, 4000, 21)
    medians = values.median(dim=1).values
    assert float(linearised(values).var() / medians.var()) == pytest.approx(2 / np.pi, abs=0.06)
