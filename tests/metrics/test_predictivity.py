"""What the predictivity metrics do at the edges; test_regression and test_parity hold their numbers."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch

from pytest_brainscore.errors import MetricError
from pytest_brainscore.metrics import predictivity
from pytest_brainscore.metrics.splits import given_rows, shuffle
from tests.strategies import normal

FITTED = [
    predictivity.pls,
    predictivity.ridge,
    predictivity.ridgecv,
    predictivity.linear,
    predictivity.pca_ridge,
]
ALL = [*FITTED, predictivity.neuron_to_neuron]
every_metric = pytest.mark.parametrize("metric", ALL, ids=lambda metric: metric.__name__)
SPLITS = shuffle(60, n_splits=3)


def data(p: int = 40, m: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    latent = normal(0, 60, 4)
    return latent @ normal(1, 4, p) + normal(2, 60, p), latent @ normal(3, 4, m) + normal(4, 60, m)


@pytest.fixture(autouse=True)
def _silence():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@every_metric
def test_one_r_per_split_and_neuroid(metric):
    measured = metric(*data(), SPLITS)
    assert measured.values.shape == (3, 5)
    assert measured.values.dtype == torch.float64
    assert (measured.over, measured.centre) == ("neuroid", "median")
    assert measured.raw() > 0.3


@every_metric
@pytest.mark.parametrize("constant", [0.0, 0.1, -7e5])
def test_a_constant_neuroid_is_nan_and_changes_nothing_else(metric, constant):
    x, y = data()
    with_it = torch.cat([y[:, :2], torch.full((60, 1), constant, dtype=torch.float64), y[:, 2:]], dim=1)
    values = metric(x, with_it, SPLITS).values
    assert values[:, 2].isnan().all()
    assert torch.allclose(values[:, [0, 1, 3, 4, 5]], metric(x, y, SPLITS).values, atol=1e-9)


@every_metric
def test_a_neuroid_whose_answer_varies_by_rounding_over_test_stimuli_has_no_number(metric):
    """As where 0.1 is averaged over three repetitions of one stimulus, and five of the next."""
    x, y = data()
    y[:, 2] = torch.tensor([(0.1 + 0.1 + 0.1) / 3, 0.1] * 30, dtype=torch.float64)
    y[SPLITS[0].train, 2] = normal(3, len(SPLITS[0].train))
    measured = metric(x, y, SPLITS[:1])
    for figures in (
        measured.values,
        *(v for name, v in measured.also.items() if name == "explained_variance"),
    ):
        assert figures.isnan().tolist() == [[False, False, True, False, False]]


@every_metric
def test_only_constant_neuroids_give_nan_and_no_error(metric):
    measured = metric(data()[0], torch.full((60, 3), 0.1), SPLITS)
    assert measured.values.isnan().all()
    assert np.isnan(measured.raw())


@every_metric
@pytest.mark.parametrize("constant", [0.0, 0.1])
def test_a_constant_unit_changes_nothing(metric, constant):
    x, y = data()
    with_it = torch.cat([x, torch.full((60, 1), constant, dtype=torch.float64)], dim=1)
    assert torch.allclose(metric(with_it, y, SPLITS).values, metric(x, y, SPLITS).values, atol=1e-9)


@pytest.mark.parametrize("metric", FITTED, ids=lambda metric: metric.__name__)
def test_only_constant_units_give_nan(metric):
    assert metric(torch.full((60, 4), 0.1), data()[1], SPLITS).values.isnan().all()


@every_metric
def test_a_single_split_has_no_error(metric):
    measured = metric(*data(), SPLITS[:1])
    assert measured.values.shape == (1, 5)
    assert measured.error() is None


@pytest.mark.parametrize("metric", [predictivity.pls, predictivity.pca_ridge])
def test_fewer_units_than_components(metric):
    x, y = data(p=7)
    measured = metric(x, y, SPLITS, components=25)
    assert measured.also["components"].tolist() == [7, 7, 7]
    least_squares = metric(x, y, SPLITS, components=7).values
    assert torch.allclose(measured.values, least_squares)


def test_pls_with_all_components_is_least_squares():
    x, y = data(p=7)
    full = predictivity.pls(x, y, SPLITS, components=25).values
    assert torch.allclose(full, predictivity.linear(x, y, SPLITS).values, atol=1e-9)


@pytest.mark.parametrize("metric", [predictivity.pls, predictivity.pca_ridge])
def test_units_that_repeat_each_other_are_no_dimensions(metric):
    x, y = data(p=5)
    measured = metric(torch.cat([x, x, 2 * x, x[:, :3] - 1], dim=1), y, SPLITS, components=12)
    assert measured.also["components"].tolist() == [5, 5, 5]
    assert measured.values.isfinite().all()


@pytest.mark.parametrize("metric", [predictivity.pls, predictivity.pca_ridge])
def test_fewer_training_stimuli_than_components(metric):
    splits = given_rows(range(10), range(10, 60), n=60)
    measured = metric(*data(), splits, components=25)
    assert measured.also["components"].tolist() == [9]
    assert measured.values.isfinite().all()


@every_metric
@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_nan_is_refused_with_its_column(metric, which, bad):
    x_and_y = data()
    x_and_y[which][3, 2] = x_and_y[which][5, 4] = bad
    column = ("unit", "neuroid")[which]
    with pytest.raises(
        MetricError, match=rf"2 of \d+ values are NaN or infinite, in 2 of \d+ {column}s \(2, 4\)"
    ):
        metric(*x_and_y, SPLITS)


@every_metric
@pytest.mark.parametrize(
    ("x", "y", "splits", "says"),
    [
        (normal(0, 60, 3), normal(0, 59, 3), SPLITS, "60 stimuli have activations and 59 have responses"),
        (normal(0, 60), normal(0, 60, 3), SPLITS, r"activations must be .* not \(60,\)"),
        (normal(0, 60, 3), normal(0, 60, 0), SPLITS, r"responses must be .* not \(60, 0\)"),
        (normal(0, 50, 3), normal(0, 50, 3), SPLITS, "there are 50 stimuli"),
        (normal(0, 60, 3), normal(0, 60, 3), [], "no splits"),
        (normal(0, 9, 3), normal(0, 9, 3), given_rows(range(8), [8], n=9), "split 1 is judged on 1 of 9"),
        (normal(0, 9, 3), normal(0, 9, 3), given_rows([0], range(1, 9), n=9), "split 1 is fitted on 1 of 9"),
    ],
)
def test_what_does_not_fit_says_why(metric, x, y, splits, says):
    with pytest.raises(MetricError, match=says):
        metric(x, y, splits)


@pytest.mark.parametrize("metric", FITTED, ids=lambda metric: metric.__name__)
def test_explained_variance_is_of_the_error(metric):
    x, y = data()
    measured = metric(x, y, SPLITS)
    shown = measured.also["explained_variance"]
    assert shown.shape == measured.values.shape
    assert (shown <= measured.values**2 + 1e-12).all()  # r^2 is what the best line through them would explain


def test_explained_variance_of_known_predictions():
    y = torch.tensor([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]], dtype=torch.float64)
    predicted = torch.tensor([[2.0, 5.0], [3.0, 6.0], [4.5, 7.0]], dtype=torch.float64)
    shown = predictivity.explained_variance(predicted, y)
    assert float(shown[0]) == pytest.approx(1 - np.var([1, 1, 1.5]) / np.var([1, 2, 3]))
    assert shown[1].isnan()


def test_the_alphas_are_the_references():
    assert len(predictivity.ALPHAS) == 99
    assert (predictivity.ALPHAS[0], predictivity.ALPHAS[-1]) == (0.01, 1e7)
    assert list(predictivity.ALPHAS) == sorted(set(predictivity.ALPHAS))


def test_ridgecv_names_its_alphas():
    x, y = data()
    assert predictivity.ridgecv(x, y, SPLITS).also["alpha"].shape == (3,)
    assert predictivity.ridgecv(x, y, SPLITS, per_neuroid=True).also["alpha"].shape == (3, 5)


@pytest.mark.parametrize(
    ("attempt", "says"),
    [
        (lambda x, y: predictivity.pls(x, y, SPLITS, components=0), "at least 1 component"),
        (lambda x, y: predictivity.pca_ridge(x, y, SPLITS, components=0), "at least 1 component"),
        (lambda x, y: predictivity.ridge(x, y, SPLITS, alpha=0), "alpha must be positive"),
        (lambda x, y: predictivity.ridgecv(x, y, SPLITS, alphas=[]), "alpha must be positive, not missing"),
        (lambda x, y: predictivity.ridgecv(x, y, SPLITS, criterion="r2"), "not 'r2'"),
    ],
)
def test_wrong_parameters(attempt, says):
    with pytest.raises(MetricError, match=says):
        attempt(*data())
