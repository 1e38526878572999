"""What reverse predictivity may not look at, and what it must: its sides are those of PLS, swapped."""

from __future__ import annotations

import torch
from hypothesis import given

from pytest_brainscore.metrics.predictivity import pls
from pytest_brainscore.metrics.splits import shuffle
from tests.metrics import laws
from tests.metrics.laws import case, each, each_device, halves
from tests.strategies import factors, matched, normal, permutation, rotation, seeds

CASES = [case("reverse_pls", components=3)]
data_sets = matched(p=(3, 30), m=(2, 8))


@each(CASES)
@given(data_sets)
def test_bounds(case, data):
    laws.bounds(case, *data)


@each(CASES)
@given(data_sets)
def test_it_is_pls_with_the_sides_swapped(case, data):
    x, y = data
    splits = halves(len(x))
    laws.agree(case(x, y, splits), pls(y, x, splits, components=3))


@each(CASES)
@given(data_sets, seeds)
def test_rotation_of_responses(case, data, seed):
    x, y = data
    laws.agree(case(x, y @ rotation(seed, y.shape[1])), case(x, y))


@each(CASES)
@given(data_sets, seeds)
def test_order_of_units(case, data, seed):
    x, y = data
    order = permutation(seed, x.shape[1])
    laws.close(case(x[:, order], y).values, case(x, y).values[:, order])


@each(CASES)
@given(data_sets, seeds)
def test_shift_of_units(case, data, seed):
    laws.shift_of_units(case, *data, seed)


@each(CASES)
@given(data_sets, seeds)
def test_shift_of_neuroids(case, data, seed):
    laws.shift_of_neuroids(case, *data, seed)


@each(CASES)
@given(data_sets, factors)
def test_unit_of_responses(case, data, factor):
    laws.unit_of_responses(case, *data, factor)


@each(CASES)
@given(data_sets, factors)
def test_unit_of_activations(case, data, factor):
    laws.unit_of_activations(case, *data, factor)


@each(CASES)
@given(data_sets, seeds)
def test_order_of_stimuli_when_the_splits_follow(case, data, seed):
    laws.order_of_stimuli(case, *data, seed)


@each(CASES)
@given(data_sets)
def test_splits_are_apart(case, data):
    laws.splits_are_apart(case, *data)


@each(CASES)
@given(data_sets, seeds)
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
@given(data_sets)
def test_float32_input(case, data):
    laws.float32_input(case, *data)


@each_device
@each(CASES)
@given(data_sets)
def test_device(case, device, data):
    laws.device_for_cpu(case, *data, device)
