from __future__ import annotations

import numpy as np
import pytest
import torch

from pytest_brainscore.metrics.measurement import Measurement, nanmedian


@pytest.mark.parametrize("n_targets", [1, 2, 3, 6, 7])
@pytest.mark.parametrize("n_missing", [0, 1, 2])
def test_median_is_numpys(n_targets, n_missing):
    values = torch.randn(5, n_targets, dtype=torch.float64)
    values[2, : min(n_missing, n_targets - 1)] = torch.nan
    assert np.array_equal(nanmedian(values).numpy(), np.nanmedian(values.numpy(), axis=1))


def test_median_of_an_even_count_is_the_mean_of_the_middle_two():
    assert Measurement(torch.tensor([[1.0, 2.0, 4.0, 9.0]])).raw() == 3.0


def test_a_split_without_any_number_is_nan():
    measured = Measurement(torch.tensor([[torch.nan, torch.nan], [1.0, 3.0]]))
    assert measured.per_split()[0].isnan()
    assert measured.per_split()[1] == 2.0


def test_mean_over_targets_skips_nan():
    measured = Measurement(torch.tensor([[1.0, torch.nan, 5.0]]), centre="mean")
    assert measured.raw() == 3.0


def test_error_is_the_population_sd_over_the_root_of_the_splits():
    measured = Measurement(torch.tensor([[1.0], [2.0], [6.0]], dtype=torch.float64))
    assert measured.raw() == 3.0
    assert measured.error() == pytest.approx(np.std([1, 2, 6]) / np.sqrt(3))


def test_one_split_has_no_error():
    assert Measurement(torch.tensor([[0.5, 0.7]])).error() is None
