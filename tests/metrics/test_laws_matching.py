"""What Procrustes, mutual nearest neighbours and soft matching must not see, and where they reach one."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.metrics import laws
from tests.metrics.laws import case, each, each_device, halves
from tests.strategies import factors, few, matched, normal, permutation, rotation, seeds

PROCRUSTES, NEIGHBOURS, MATCHING = case("procrustes"), case("mutual_knn", k=5), case("soft_matching")
CASES = [PROCRUSTES, NEIGHBOURS, MATCHING]
third = settings(max_examples=max(1, settings.default.max_examples // 3))

wide, many_units = matched(p=(3, 40), m=(3, 10)), matched(p=(45, 70), m=(3, 10))


@each(CASES)
@third
@given(wide)
def test_bounds(case, data):
    laws.bounds(case, *data, lowest=-1.0 if case is MATCHING else 0.0)


@each(CASES)
@third
@given(wide)
def test_symmetry(case, data):
    x, y = data
    laws.agree(case(x, y), case(y, x), 1e-9)


@each(CASES)
@third
@given(wide)
def test_identity(case, data):
    x, _ = data
    laws.close(case(x, x).values, torch.ones(1, 1, dtype=torch.float64), 1e-9)


@each(CASES)
@third
@given(wide, seeds)
def test_order_of_stimuli_when_the_splits_follow(case, data, seed):
    laws.order_of_stimuli(case, *data, seed)


@each(CASES)
@third
@given(wide, seeds)
def test_order_of_units(case, data, seed):
    laws.order_of_units(case, *data, seed)


@each(CASES)
@third
@given(wide, seeds)
def test_order_of_neuroids(case, data, seed):
    x, y = data
    laws.agree(case(x, y[:, permutation(seed, y.shape[1])]), case(x, y))


@each([PROCRUSTES, NEIGHBOURS])
@third
@given(wide, seeds)
def test_rotation_of_activations(case, data, seed):
    laws.rotation_of_activations(case, *data, seed)


@third
@given(matched(p=(8, 12), m=(3, 10)), seeds)
def test_soft_matching_sees_a_rotation(data, seed):
    x, _ = data
    assert MATCHING(x, x @ rotation(seed, x.shape[1])).raw() < 0.99


@each([PROCRUSTES, NEIGHBOURS])
@third
@given(many_units)
def test_coordinates_for_activations(case, data):
    laws.coordinates_for_activations(case, *data)


@each([PROCRUSTES, MATCHING])
@third
@given(wide, seeds)
def test_shift_of_units(case, data, seed):
    laws.shift_of_units(case, *data, seed)


@each([PROCRUSTES, MATCHING])
@third
@given(wide, seeds)
def test_shift_of_neuroids(case, data, seed):
    laws.shift_of_neuroids(case, *data, seed)


@each([NEIGHBOURS])
@third
@given(wide, seeds)
def test_unit_of_each_stimulus(case, data, seed):
    x, y = data
    laws.agree(case(normal(seed, len(x), 1).exp() * x, y), case(x, y))


@third
@given(wide, seeds)
def test_soft_matching_takes_each_unit_in_any_unit(data, seed):
    x, y = data
    laws.agree(MATCHING(x * normal(seed, x.shape[1]).exp(), y), MATCHING(x, y))


@each(CASES)
@third
@given(wide, factors)
def test_unit_of_activations(case, data, factor):
    laws.unit_of_activations(case, *data, factor)


@each(CASES)
@third
@given(wide, factors)
def test_unit_of_responses(case, data, factor):
    laws.unit_of_responses(case, *data, factor)


@each(CASES)
@third
@given(wide)
def test_every_unit_twice_is_the_same(case, data):
    x, y = data
    laws.agree(case(torch.cat([x, x], dim=1), y), case(x, y))


@each(CASES)
@third
@given(wide, st.integers(1, 2))
def test_each_subject_is_compared_alone(case, data, cut):
    x, y = data
    groups = [torch.arange(cut + 1), torch.arange(cut, y.shape[1])]
    alone = [case(x, y[:, columns]).values for columns in groups]
    laws.close(case.measure(x, y, halves(len(x)), groups=groups).values, torch.cat(alone, dim=1))


@each(CASES)
@third
@given(wide)
def test_splits_play_no_part(case, data):
    x, y = data
    laws.close(case(x, y).values, case(x, y, ()).values, 0)


@each(CASES)
@third
@given(wide)
def test_float32_is_read_as_float64(case, data):
    laws.float32_input(case, *data)


@each([PROCRUSTES, MATCHING])
@few
@given(seeds)
def test_float32_activations_at_a_real_size(case, seed):
    laws.float32_activations(case, seed, within=2e-5)


@each_device
@each(CASES)
@few
@given(many_units)
def test_device_for_cpu(case, device, data):
    laws.device_for_cpu(case, *data, device)


@each(CASES)
def test_more_noise_is_less_like_oneself(case):
    x = normal(0, 60, 40)
    raws = [case(x, x + noise * normal(1, 60, 40)).raw() for noise in (0, 0.5, 2, 8)]
    assert raws == sorted(raws, reverse=True)
    assert raws[0] - raws[-1] > 0.1
