"""What no change of basis, order, unit or precision may alter, and what predictivity must not look at."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pytest_brainscore.metrics import predictivity, regression
from pytest_brainscore.metrics.splits import Split, shuffle
from pytest_brainscore.models.coordinates import coordinates_of
from tests.metrics import laws
from tests.metrics.laws import case, each, halves
from tests.strategies import factors, few, matched, normal, permutation, seeds

ALPHAS = (0.1, 10.0, 1000.0)
NEURON_TO_NEURON = case("neuron_to_neuron")
LINEAR = [
    case("pls", components=3),
    case("ridge"),
    case("ridgecv", alphas=ALPHAS),
    case("ridgecv", "per_neuroid", alphas=ALPHAS, per_neuroid=True),
    case("ridgecv", "pearson", alphas=ALPHAS, criterion="pearson"),
    case("linear"),
    case("pca_ridge", components=2),
]
CASES = [*LINEAR, NEURON_TO_NEURON]
UNSHRUNK = [c for c in CASES if c.id in ("pls", "linear", "neuron_to_neuron")]
BY_NEUROID = [c for c in CASES if c.id in ("ridge", "ridgecv-per_neuroid", "linear", "pca_ridge")]
many_units = matched(p=(45, 90))


@each(CASES)
@given(matched())
def test_bounds(case, data):
    laws.bounds(case, *data)


@each(LINEAR)
@given(matched(), seeds)
def test_rotation_of_activations(case, data, seed):
    laws.rotation_of_activations(case, *data, seed)


@each(LINEAR)
@given(many_units)
def test_coordinates_for_activations(case, data):
    laws.coordinates_for_activations(case, *data)


@each(CASES)
@given(matched(), seeds)
def test_order_of_units(case, data, seed):
    laws.order_of_units(case, *data, seed)


@each(CASES)
@given(matched(), seeds)
def test_order_of_neuroids(case, data, seed):
    x, y = data
    order = permutation(seed, y.shape[1])
    laws.close(case(x, y[:, order]).values, case(x, y).values[:, order])


@each(CASES)
@given(matched(), seeds)
def test_shift_of_units(case, data, seed):
    laws.shift_of_units(case, *data, seed)


@each(CASES)
@given(matched(), seeds)
def test_shift_of_neuroids(case, data, seed):
    laws.shift_of_neuroids(case, *data, seed)


@each(CASES)
@given(matched(), factors)
def test_unit_of_responses(case, data, factor):
    laws.unit_of_responses(case, *data, factor)


@each(UNSHRUNK)
@given(matched(), factors)
def test_unit_of_activations_where_nothing_is_shrunk(case, data, factor):
    laws.unit_of_activations(case, *data, factor)


@pytest.mark.parametrize("name", ["ridge", "ridgecv", "pca_ridge"])
@given(matched(), st.floats(0.1, 10))
def test_another_unit_of_activations_is_another_alpha(name, data, factor):
    x, y = data
    key, values = ("alphas", ALPHAS) if name == "ridgecv" else ("alpha", 1.0)
    other = [a * factor**2 for a in ALPHAS] if name == "ridgecv" else factor**2
    metric = getattr(predictivity, name)
    splits = halves(len(x))
    laws.agree(metric(factor * x, y, splits, **{key: other}), metric(x, y, splits, **{key: values}))


@each(CASES)
@given(matched(), seeds)
def test_order_of_stimuli_when_the_splits_follow(case, data, seed):
    laws.order_of_stimuli(case, *data, seed)


@each(CASES)
@given(matched(), seeds)
def test_order_within_splits(case, data, seed):
    laws.order_within_splits(case, *data, seed)


@each(CASES)
@given(matched())
def test_splits_are_apart(case, data):
    laws.splits_are_apart(case, *data)


@each(CASES)
@given(matched(), seeds)
def test_stimuli_of_neither_side_are_not_seen(case, data, seed):
    x, y = data
    (split,) = shuffle(len(x), n_splits=1, train=0.5, test=0.3)
    unused = torch.ones(len(x), dtype=torch.bool)
    unused[torch.cat([split.train, split.test])] = False
    other = x.clone(), y.clone()
    for values in other:
        values[unused] = normal(seed, int(unused.sum()), values.shape[1])
    laws.agree(case(*other, [split]), case(x, y, [split]))


@each(CASES)
@given(matched(), factors, seeds)
def test_responses_to_test_stimuli_are_only_judged(case, data, factor, seed):
    """Another unit and baseline of them alone leaves r as it is, where nothing was fitted on them."""
    x, y = data
    (split,) = shuffle(len(x), n_splits=1, train=0.7)
    other = y.clone()
    other[split.test] = factor * y[split.test] + 10 * normal(seed, y.shape[1])
    laws.close(case(x, other, [split]).values, case(x, y, [split]).values)


@each(LINEAR)
@given(matched(), seeds)
def test_responses_to_training_stimuli_are_fitted_on(case, data, seed):
    """Whoever fits on the test stimuli does not notice that these became noise."""
    x, y = data
    (split,) = shuffle(len(x), n_splits=1, train=0.7)
    other = y.clone()
    other[split.train] = normal(seed, len(split.train), y.shape[1])
    assert (case(x, other, [split]).values != case(x, y, [split]).values).all()


@each(CASES)
@given(matched())
def test_float32_is_read_as_float64(case, data):
    laws.float32_input(case, *data)


@each(CASES)
@few
@given(seeds)
def test_float32_activations_at_a_real_size(case, seed):
    laws.float32_activations(case, seed, within=2e-5)


@each(CASES)
@few
@given(matched(p=(400, 700)), st.integers(1, 40), st.integers(50, 300))
def test_batches_and_blocks(case, data, batch, block):
    laws.batches_and_blocks(case, *data, batch, block)


@laws.each_device
@each(CASES)
@few
@given(many_units)
def test_device_for_cpu(case, device, data):
    laws.device_for_cpu(case, *data, device)


@each(BY_NEUROID)
@given(matched(), seeds)
def test_neuroids_do_not_see_each_other_where_each_has_its_own_fit(case, data, seed):
    x, y = data
    together = case(x, torch.cat([y, normal(seed, len(x), 2)], dim=1)).values
    laws.close(together[:, :1], case(x, y[:, :1]).values)


@pytest.mark.parametrize("name", ["pls", "linear", "neuron_to_neuron"])
@given(seeds, st.integers(2, 5))
def test_activations_predict_themselves(name, seed, p):
    x = normal(seed, 30, p)
    measured = case(name)(x, x)
    laws.close(measured.values, torch.ones(2, p, dtype=torch.float64), 1e-9)
    for explained in measured.also.get("explained_variance", torch.ones(1)):
        laws.close(explained, torch.ones_like(explained), 1e-9)


@each(LINEAR)
@given(matched(p=(3, 10)), seeds)
def test_a_unit_twice_is_no_other_unit(case, data, seed):
    """The same inner products up to a factor that the penalty shares: x, x against sqrt(2) x."""
    x, y = data
    laws.agree(case(torch.cat([x, x], dim=1), y), case(2**0.5 * x, y))


@given(matched(), seeds)
def test_neuron_to_neuron_takes_units_in_any_unit(data, seed):
    x, y = data
    gains = normal(seed, x.shape[1]).exp()
    laws.close(NEURON_TO_NEURON(gains * x, y).values, NEURON_TO_NEURON(x, y).values)


@given(matched())
def test_neuron_to_neuron_never_does_better_in_training_with_fewer_units(data):
    x, y = data
    (split,) = shuffle(len(x), n_splits=1, train=0.7)
    on_training = [Split(split.train, split.train)]
    all_units, some = (NEURON_TO_NEURON(v, y, on_training).values for v in (x, x[:, ::2]))
    assert (all_units >= some - 1e-12).all()


@given(matched())
def test_neuron_to_neuron_takes_the_first_of_equal_units(data):
    x, y = data
    once, twice = (regression.best_unit(v, y, v, chunk=x.shape[1]) for v in (x, torch.cat([x, x], dim=1)))
    assert torch.equal(twice.chose["unit"], once.chose["unit"])


@given(matched())
def test_neuron_to_neuron_predicts_nothing_of_a_neuroid_that_was_silent_in_training(data):
    x, y = data
    (split,) = shuffle(len(x), n_splits=1, train=0.7)
    silent = y.clone()
    silent[split.train, 0] = 0.0
    found, expected = (NEURON_TO_NEURON(x, v, [split]).values for v in (silent, y))
    assert found[0, 0].isnan()
    laws.close(found[:, 1:], expected[:, 1:])


@given(matched(p=(3, 15)))
def test_pls_of_all_components_is_least_squares(data):
    laws.agree(case("pls", components=15)(*data), case("linear")(*data), 1e-5)


@given(matched(), st.sampled_from(ALPHAS))
def test_pca_ridge_of_all_components_is_ridge(data, alpha):
    laws.agree(case("pca_ridge", components=100, alpha=alpha)(*data), case("ridge", alpha=alpha)(*data))


@given(matched(), st.sampled_from(ALPHAS))
def test_ridgecv_of_one_alpha_is_ridge(data, alpha):
    laws.agree(case("ridgecv", alphas=(alpha,))(*data), case("ridge", alpha=alpha)(*data))


@given(seeds)
def test_ridgecv_chooses_by_its_criterion(seed):
    """Nothing predicts noise: the smallest error is that of no prediction, whose r left out is -1."""
    x, y = normal(seed, 40, 20), normal(seed + 1, 40, 3)
    for criterion, alpha in (("squared_error", 1e8), ("pearson", 0.1)):
        chosen = case("ridgecv", alphas=(0.1, 1e8), criterion=criterion)(x, y).also["alpha"]
        assert chosen.tolist() == [alpha, alpha]


@given(matched())
def test_ridgecv_chooses_as_if_a_constant_neuroid_were_not_there(data):
    x, y = data
    by_pearson = case("ridgecv", alphas=(1e8, 1.0), criterion="pearson")
    more = torch.cat([y, torch.ones(len(y), 1, dtype=y.dtype)], dim=1)
    assert by_pearson(x, more).also["alpha"].tolist() == by_pearson(x, y).also["alpha"].tolist() == [1.0, 1.0]


@given(matched(p=(3, 10)))
def test_ridge_of_a_vanishing_alpha_is_least_squares(data):
    laws.agree(case("ridge", alpha=1e-8)(*data), case("linear")(*data), 1e-5)


@each(CASES)
@few
@given(seeds)
def test_noise_never_helps(case, seed):
    laws.noise_never_helps(case, seed)


def test_the_metrics_that_see_coordinates_are_those_that_a_rotation_leaves_alone():
    assert {c.id for c in CASES if c.sees == "coordinates"} == {c.id for c in LINEAR}


def test_a_single_unit_is_lost_in_coordinates():
    """Why neuron_to_neuron asks for activations: its best unit is no combination of units."""
    x, y = normal(0, 30, 100), normal(0, 30, 100)[:, :5]
    assert NEURON_TO_NEURON(x, y).raw() == pytest.approx(1)
    assert NEURON_TO_NEURON(coordinates_of(x), y).raw() < 0.9
