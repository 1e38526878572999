"""What unique variance must not see. The network is every other unit, and the baseline the others."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import torch
from hypothesis import given

from pytest_brainscore.metrics.unique_variance import unique_variance
from tests.accelerator import accelerator
from tests.metrics import laws
from tests.metrics.laws import agree, case, each, each_device
from tests.strategies import factors, few, matched, permutation, rotation, seeds


def _beside(x, y, splits, turn=None, **parameters):
    own, other = x[:, ::2], x[:, 1::2]
    other = other if turn is None else other @ rotation(turn, other.shape[1])
    return unique_variance(own, y, splits, beside={"other": other}, **parameters)


SPEC = case("unique_variance", over=("other",), candidates=3, alphas=(0.01, 0.1, 1.0))
PARAMETERS = SPEC.measure.keywords
CASES = [replace(SPEC, measure=partial(_beside, **PARAMETERS))]
data = matched(n=(24, 30), p=(6, 12), m=(1, 3))


@each(CASES)
@few
@given(data, seeds)
def test_rotation_of_a_band(case, data, seed):
    turned = replace(case, measure=partial(_beside, turn=seed, **PARAMETERS))
    agree(turned(*data), case(*data))


@each(CASES)
@few
@given(data, seeds)
def test_shift_of_units(case, data, seed):
    laws.shift_of_units(case, *data, seed)


@each(CASES)
@few
@given(data, seeds)
def test_shift_of_neuroids(case, data, seed):
    laws.shift_of_neuroids(case, *data, seed)


@each(CASES)
@few
@given(data, factors)
def test_unit_of_responses(case, data, factor):
    laws.unit_of_responses(case, *data, factor)


@each(CASES)
@few
@given(data, factors)
def test_unit_of_activations(case, data, factor):
    laws.unit_of_activations(case, *data, factor)


@each(CASES)
@few
@given(data, seeds)
def test_order_of_stimuli(case, data, seed):
    laws.order_of_stimuli(case, *data, seed)


@each(CASES)
@few
@given(data, seeds)
def test_order_of_neuroids(case, data, seed):
    x, y = data
    order = permutation(seed, y.shape[1])
    laws.close(case(x, y[:, order]).values, case(x, y).values[:, order])


@each(CASES)
@few
@given(data)
def test_splits_are_apart(case, data):
    laws.splits_are_apart(case, *data)


@each(CASES)
@few
@given(data)
def test_float32_input(case, data):
    laws.float32_input(case, *data)


@each(CASES)
@each_device
@accelerator()
def test_device_for_cpu(case, device):
    x, y = torch.randn(40, 8, dtype=torch.float64), torch.randn(40, 3, dtype=torch.float64)
    agree(case(x.to(device), y.to(device)), case(x, y), 1e-8)


def test_the_spec_keeps_the_baselines_to_itself():
    assert PARAMETERS.keys() == {"candidates", "alphas", "seed"}
    assert PARAMETERS["alphas"] == (0.01, 0.1, 1.0)
