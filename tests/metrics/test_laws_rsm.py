"""What the comparison of RSMs may not look at, and what it must."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.metrics import laws
from tests.metrics.laws import case, each, each_device
from tests.strategies import factors, normal, permutation, seeds

CASES = [case("rsm", deviations=1.5)]


@st.composite
def measured(draw: st.DrawFn) -> tuple[torch.Tensor, torch.Tensor]:
    """Activations (n, p), of which a few units answer far more than the others, and RDMs (s, n, n)."""
    seed, n, p = draw(seeds), draw(st.integers(6, 20)), draw(st.integers(20, 60))
    gain = torch.ones(p, dtype=torch.float64)
    gain[: draw(st.integers(3, 5))] = 20.0
    patterns = normal(seed + 1, n, 8)
    rdms = [1 - torch.corrcoef(patterns + normal(seed + 2 + s, n, 8)) for s in range(draw(st.integers(1, 4)))]
    return gain * (normal(seed, n, p) + 3 * (1 - 2 * (torch.arange(p) % 2))), torch.stack(rdms)


@each(CASES)
@given(measured())
def test_bounds(case, data):
    laws.bounds(case, *data)


@each(CASES)
@given(measured(), seeds)
def test_order_of_units(case, data, seed):
    laws.order_of_units(case, *data, seed)


@each(CASES)
@given(measured(), factors)
def test_unit_of_activations(case, data, factor):
    laws.unit_of_activations(case, *data, factor)


@each(CASES)
@given(measured())
def test_sign_of_activations(case, data):
    x, rdms = data
    laws.agree(case(-x, rdms), case(x, rdms))


@each(CASES)
@given(measured(), seeds)
def test_order_of_stimuli(case, data, seed):
    x, rdms = data
    order = permutation(seed, len(x))
    laws.agree(case(x[order], rdms[:, order][:, :, order]), case(x, rdms))


@each(CASES)
@given(measured(), st.floats(-5, 5))
def test_constant_units_are_not_seen(case, data, level):
    x, rdms = data
    constant = torch.full((len(x), 3), level, dtype=torch.float64)
    laws.agree(case(torch.cat([constant, x], dim=1), rdms), case(x, rdms))


@each(CASES)
@given(measured(), factors, st.floats(-1, 1))
def test_unit_and_baseline_of_dissimilarities(case, data, factor, shift):
    """Off the diagonal, which is not compared."""
    x, rdms = data
    laws.agree(case(x, factor * rdms + shift * (1 - torch.eye(len(x)))), case(x, rdms))


@each(CASES)
@given(measured(), seeds)
def test_units_that_do_not_stand_out_are_not_compared(case, data, seed):
    """Their patterns can be any: their means alone count."""
    x, rdms = data
    quiet = x.mean(0).abs() < 10
    other = x.clone()
    other[:, quiet] = x[permutation(seed, len(x))][:, quiet]
    laws.agree(case(other, rdms), case(x, rdms))


@each(CASES)
@given(measured(), seeds)
def test_subjects_are_apart(case, data, seed):
    x, rdms = data
    order = permutation(seed, len(rdms))
    laws.close(case(x, rdms[order]).values, case(x, rdms).values[:, order])
    laws.close(case(x, rdms[:1]).values, case(x, rdms).values[:, :1])


@each(CASES)
@given(measured())
def test_float32_activations(case, data):
    x, rdms = data
    laws.close(case(x.float(), rdms).values, case(x.float().double(), rdms).values, 0)


@each_device
@each(CASES)
@given(measured())
def test_device(case, device, data):
    laws.device_for_cpu(case, *data, device)
