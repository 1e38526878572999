"""What no change of basis, order, unit or precision may alter."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pytest_brainscore.metrics import predictivity
from pytest_brainscore.metrics.splits import Split, shuffle
from tests.strategies import matched, normal, permutation, rotation, seeds

METRICS = {
    "pls": lambda x, y, s: predictivity.pls(x, y, s, components=3),
    "ridge": predictivity.ridge,
    "ridgecv": lambda x, y, s: predictivity.ridgecv(x, y, s, alphas=(0.1, 10.0, 1000.0)),
    "linear": predictivity.linear,
    "pca_ridge": lambda x, y, s: predictivity.pca_ridge(x, y, s, components=2),
    "neuron_to_neuron": predictivity.neuron_to_neuron,
}
every_metric = pytest.mark.parametrize("name", METRICS)
LINEAR = [name for name in METRICS if name != "neuron_to_neuron"]


def same(a: torch.Tensor, b: torch.Tensor, within: float = 1e-6) -> bool:
    return torch.allclose(a, b, rtol=0, atol=within, equal_nan=True)


def measured(name: str, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return METRICS[name](x, y, shuffle(len(x), n_splits=2)).values


@every_metric
@given(matched())
def test_bounds(name, data):
    values = measured(name, *data)
    assert ((values >= -1) & (values <= 1)).all()


@pytest.mark.parametrize("name", LINEAR)
@given(matched(), seeds)
def test_rotation_of_activations(name, data, seed):
    x, y = data
    assert same(measured(name, x @ rotation(seed, x.shape[1]), y), measured(name, x, y))


@every_metric
@given(matched(), seeds)
def test_order_of_units(name, data, seed):
    x, y = data
    assert same(measured(name, x[:, permutation(seed, x.shape[1])], y), measured(name, x, y))


@every_metric
@given(matched(), seeds)
def test_order_of_neuroids(name, data, seed):
    x, y = data
    order = permutation(seed, y.shape[1])
    assert same(measured(name, x, y[:, order]), measured(name, x, y)[:, order])


@every_metric
@given(matched(), seeds)
def test_shift_of_units_and_neuroids(name, data, seed):
    x, y = data
    shifted = x + 10 * normal(seed, x.shape[1]), y - 10 * normal(seed + 1, y.shape[1])
    assert same(measured(name, *shifted), measured(name, x, y))


@every_metric
@given(matched(), st.floats(0.01, 100))
def test_unit_of_responses(name, data, scale):
    x, y = data
    assert same(measured(name, x, scale * y), measured(name, x, y))


@pytest.mark.parametrize("name", ["pls", "linear", "neuron_to_neuron"])
@given(matched(), st.floats(0.01, 100))
def test_unit_of_activations_where_nothing_is_shrunk(name, data, scale):
    x, y = data
    assert same(measured(name, scale * x, y), measured(name, x, y))


@given(matched(), st.floats(0.1, 10))
def test_ridge_in_another_unit_is_ridge_with_another_alpha(data, scale):
    x, y = data
    splits = shuffle(len(x), n_splits=2)
    scaled = predictivity.ridge(scale * x, y, splits, alpha=scale**2).values
    assert same(scaled, predictivity.ridge(x, y, splits, alpha=1.0).values)


@every_metric
@given(matched(), seeds)
def test_order_of_stimuli_when_the_splits_follow(name, data, seed):
    x, y = data
    order = permutation(seed, len(x))
    place = order.argsort()
    splits = shuffle(len(x), n_splits=2)
    moved = [Split(place[s.train], place[s.test]) for s in splits]
    assert same(METRICS[name](x[order], y[order], moved).values, METRICS[name](x, y, splits).values)


@every_metric
@given(matched())
def test_float32_is_near_float64(name, data):
    x, y = (v.float() for v in data)
    assert same(measured(name, x, y), measured(name, x.double(), y.double()), 0)


@pytest.mark.parametrize("name", ["ridge", "linear", "ridgecv"])
@given(matched(), seeds)
def test_neuroids_do_not_see_each_other_where_each_has_its_own_fit(name, data, seed):
    x, y = data
    metric = METRICS[name]
    if name == "ridgecv":
        metric = lambda *a: predictivity.ridgecv(*a, alphas=(0.1, 10.0), per_neuroid=True)  # noqa: E731
    splits = shuffle(len(x), n_splits=2)
    alone = metric(x, y[:, :1], splits).values
    together = metric(x, torch.cat([y, normal(seed, len(x), 2)], dim=1), splits).values
    assert same(together[:, :1], alone)


@pytest.mark.parametrize("name", ["pls", "linear", "neuron_to_neuron"])
@given(seeds, st.integers(2, 5))
def test_activations_predict_themselves(name, seed, p):
    x = normal(seed, 30, p)
    splits = shuffle(30, n_splits=2)
    metric = predictivity.pls if name == "pls" else METRICS[name]
    assert same(metric(x, x, splits).values, torch.ones(2, p, dtype=torch.float64), 1e-9)


@pytest.mark.parametrize("name", LINEAR)
def test_more_noise_predicts_less(name):
    latent = normal(0, 300, 4)
    x = latent @ normal(1, 4, 20) + 0.1 * normal(2, 300, 20)
    clean = latent @ normal(3, 4, 30)
    raws = [
        METRICS[name](x, clean + noise * normal(4, 300, 30), shuffle(300)).raw() for noise in (0, 1, 3, 9)
    ]
    assert raws == sorted(raws, reverse=True)
    assert raws[0] - raws[-1] > 0.3
