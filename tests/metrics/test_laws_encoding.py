"""What encoding, veRSA and cRSA must not see of units, neuroids, stimuli and precision."""

from __future__ import annotations

from functools import partial

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_brainscore.metrics.encoding import encoding
from tests.metrics import laws
from tests.metrics.laws import Case, case, each, halves
from tests.strategies import factors, few, matched, normal, permutation, seeds

ALPHAS = (0.1, 10.0, 1000.0)
ENCODING, VERSA, CRSA = case("encoding", alphas=ALPHAS), case("versa", alphas=ALPHAS), case("crsa")
PEARSON = case("encoding", "pearson", alphas=ALPHAS, criterion="pearson")
ENCODED = [ENCODING, PEARSON, VERSA]
CASES = [*ENCODED, CRSA]
EXACT = [case(name, "exact", alphas=ALPHAS, features="exact") for name in ("encoding", "versa")]
NOT_Z_SCORED = [
    *EXACT,
    Case("encoding-raw", partial(encoding, alphas=ALPHAS, scale="none"), "coordinates"),
]
TRAIN = [
    Case(c.id, lambda x, y, splits, c=c: _of_train(c.measure(x, y, splits)), c.sees)
    for c in (ENCODING, VERSA)
]


def _of_train(measured):
    return type(measured)(measured.also["train"])


@st.composite
def populations(draw, p=(8, 40)):
    """At least three neuroids: with two the correlation distance has only two values."""
    return draw(matched(p=p, m=(3, 10)))


third = settings(max_examples=max(1, settings.default.max_examples // 3))
"""One measurement is both halves of a split, every alpha and all stimuli left out."""

wide, many_units = populations(), populations(p=(45, 70))


@each(CASES)
@third
@given(wide)
def test_bounds(case, data):
    laws.bounds(case, *data)


@each(NOT_Z_SCORED)
@third
@given(wide, seeds)
def test_rotation_of_activations(case, data, seed):
    laws.rotation_of_activations(case, *data, seed)


@each([*NOT_Z_SCORED, CRSA])
@third
@given(many_units)
def test_coordinates_for_activations(case, data):
    laws.coordinates_for_activations(case, *data)


@each(CASES)
@third
@given(wide, seeds)
def test_order_of_units(case, data, seed):
    laws.order_of_units(case, *data, seed)


@each([*ENCODED, *TRAIN])
@third
@given(wide, seeds)
def test_scale_and_place_of_each_unit(case, data, seed):
    x, y = data
    moved = x * normal(seed, x.shape[1]).exp() + 10 * normal(seed + 1, x.shape[1])
    laws.agree(case(moved, y), case(x, y))


@each(ENCODED)
@third
@given(wide, seeds)
def test_units_that_are_constant_where_it_is_fitted(case, data, seed):
    """They vary on the test stimuli alone."""
    x, y = data
    (split, _) = halves(len(x))
    more = normal(seed, len(x), 4)
    more[split.train] = normal(seed + 1, 4)
    laws.agree(case(torch.cat([x, more], dim=1), y, [split]), case(x, y, [split]), 1e-9)


@each([ENCODING, PEARSON])
@third
@given(wide, seeds)
def test_order_of_neuroids(case, data, seed):
    x, y = data
    order = permutation(seed, y.shape[1])
    laws.close(case(x, y[:, order]).values, case(x, y).values[:, order])


@each([VERSA, CRSA])
@third
@given(wide, seeds)
def test_order_of_neuroids_in_a_population(case, data, seed):
    x, y = data
    laws.agree(case(x, y[:, permutation(seed, y.shape[1])]), case(x, y))


@each([ENCODING, PEARSON])
@third
@given(wide, seeds)
def test_shift_of_neuroids(case, data, seed):
    laws.shift_of_neuroids(case, *data, seed)


@each(CASES)
@third
@given(wide, factors)
def test_unit_of_responses(case, data, factor):
    laws.unit_of_responses(case, *data, factor)


@each([*CASES, *EXACT])
@third
@given(wide, factors)
def test_unit_of_activations(case, data, factor):
    laws.unit_of_activations(case, *data, factor)


@each([ENCODING, VERSA, CRSA])
@third
@given(wide, seeds)
def test_order_of_stimuli(case, data, seed):
    laws.order_of_stimuli(case, *data, seed)


@each([ENCODING, VERSA, CRSA])
@third
@given(wide)
def test_splits_are_apart(case, data):
    laws.splits_are_apart(case, *data)


@each(CASES)
@third
@given(wide)
def test_float32_input(case, data):
    laws.float32_input(case, *data)


@each([ENCODING, VERSA])
@few
@given(seeds)
def test_float32_activations(case, seed):
    laws.float32_activations(Case(case.id, case.measure, "activations"), seed, 1e-5)
