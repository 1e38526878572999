"""What PLS over time may not look at, and what it must."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from pytest_brainscore.metrics.predictivity import pls
from pytest_brainscore.metrics.splits import shuffle
from tests.accelerator import accelerator
from tests.metrics import laws
from tests.metrics.laws import case, each, each_device, halves
from tests.strategies import factors, few, normal, permutation, related, seeds

CASES = [case("temporal_pls", components=3)]


@st.composite
def over_time(draw: st.DrawFn, changing: bool | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    """Activations (n, p), or (n, t, p) of a network that changes, and responses (n, t, m) of one signal."""
    seed, n, t = draw(seeds), draw(st.integers(20, 40)), draw(st.integers(1, 5))
    x, y = related(seed, n, draw(st.integers(3, 40)), draw(st.integers(1, 5)), noise=1.0)
    y = y[:, None] * (normal(seed + 9, t, 1).abs() + 0.2) + normal(seed + 10, n, t, y.shape[1])
    if draw(st.booleans()) if changing is None else changing:
        x = x[:, None] + 0.3 * normal(seed + 11, n, t, x.shape[1])
    return x, y


@each(CASES)
@given(over_time())
def test_bounds(case, data):
    laws.bounds(case, *data)


@each(CASES)
@given(over_time(changing=False), seeds)
def test_rotation_of_activations(case, data, seed):
    laws.rotation_of_activations(case, *data, seed)


@each(CASES)
@given(over_time(), seeds)
def test_order_of_stimuli_when_the_splits_follow(case, data, seed):
    laws.order_of_stimuli(case, *data, seed)


@each(CASES)
@given(over_time(), seeds)
def test_order_within_splits(case, data, seed):
    laws.order_within_splits(case, *data, seed)


@each(CASES)
@given(over_time())
def test_splits_are_apart(case, data):
    laws.splits_are_apart(case, *data)


@each(CASES)
@given(over_time(), factors)
def test_unit_of_responses(case, data, factor):
    laws.unit_of_responses(case, *data, factor)


@each(CASES)
@given(over_time(), factors)
def test_unit_of_activations(case, data, factor):
    laws.unit_of_activations(case, *data, factor)


@each(CASES)
@given(over_time())
def test_float32_input(case, data):
    laws.float32_input(case, *data)


@each(CASES)
@given(over_time(), seeds)
def test_order_of_time_bins(case, data, seed):
    x, y = data
    order = permutation(seed, y.shape[1])
    moved = x if x.ndim == 2 else x[:, order]
    laws.close(case(moved, y[:, order]).values, case(x, y).values[:, order])


@each(CASES)
@given(over_time(changing=False))
def test_a_static_network_is_one_that_answers_the_same_in_every_bin(case, data):
    x, y = data
    laws.agree(case(x[:, None].repeat(1, y.shape[1], 1), y), case(x, y))


@each(CASES)
@given(over_time(changing=False))
def test_one_time_bin_is_pls(case, data):
    x, y = data
    splits = halves(len(x))
    laws.close(case(x, y[:, :1], splits).values[:, 0], pls(x, y[:, 0], splits, components=3).values)


@each(CASES)
@given(over_time(), seeds)
def test_stimuli_of_neither_side_are_not_seen(case, data, seed):
    x, y = data
    (split,) = shuffle(len(x), n_splits=1, train=0.5, test=0.3)
    unused = torch.ones(len(x), dtype=torch.bool)
    unused[torch.cat([split.train, split.test])] = False
    other = x.clone(), y.clone()
    for values in other:
        values[unused] = normal(seed, int(unused.sum()), *values.shape[1:])
    laws.agree(case(*other, [split]), case(x, y, [split]))


@each(CASES)
@few
@given(seeds)
def test_noise_never_helps(case, seed):
    x, clean = related(seed, 60, 30, 8, noise=0.0)
    raws = torch.stack(
        [
            torch.tensor([case(x, _bins(clean, level, seed + draw)).raw() for level in (0.3, 3.0)])
            for draw in range(8)
        ]
    )
    assert (raws[:, 0] > raws[:, 1]).all()


@each_device
@each(CASES)
@given(over_time())
@accelerator()
def test_device(case, device, data):
    there = case(*(values.to(device) for values in data))
    laws.agree(there, case(*data), 1e-8)


def _bins(clean: torch.Tensor, level: float, seed: int) -> torch.Tensor:
    return clean[:, None] + level * normal(seed, len(clean), 3, clean.shape[1])
