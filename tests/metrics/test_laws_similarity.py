"""What RDM comparison and CKA must not see, and where they must reach one."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pytest_brainscore.metrics import rsa
from pytest_brainscore.metrics.cka import cka
from tests.strategies import matched, normal, permutation, rotation, seeds

ANGULAR = [f"{d}-{c}" for d in ("pearson", "cosine") for c in rsa.COMPARISONS]
EUCLIDEAN = [f"euclidean-{c}" for c in rsa.COMPARISONS]
KERNEL = ["cka", "cka_biased"]
CASES = [*ANGULAR, *EUCLIDEAN, *KERNEL]
wide = matched(p=(8, 40))


def measured(case: str, x: torch.Tensor, y: torch.Tensor) -> float:
    if case in KERNEL:
        return cka(x, y, debiased=case == "cka").raw()
    distance, comparison = case.split("-")
    return rsa.rdm(x, y, distance=distance, comparison=comparison).raw()


def brain(y: torch.Tensor) -> torch.Tensor:
    """At least three neuroids: with two the correlation distance has only two values."""
    return torch.cat([y, y.sin(), y.square()], dim=1)


@pytest.mark.parametrize("case", CASES)
@given(wide)
def test_bounds(case, data):
    x, y = data
    assert -1 <= measured(case, x, brain(y)) <= 1 + 1e-12


@pytest.mark.parametrize("case", CASES)
@given(wide)
def test_symmetry(case, data):
    x, y = data[0], brain(data[1])
    assert measured(case, x, y) == pytest.approx(measured(case, y, x), abs=1e-12)


@pytest.mark.parametrize("case", [c for c in CASES if not c.endswith(("tau_a", "rho_a"))])
@given(wide)
def test_identity(case, data):
    assert measured(case, data[0], data[0]) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("case", CASES)
@given(wide, seeds)
def test_order_of_stimuli(case, data, seed):
    x, y = data[0], brain(data[1])
    order = permutation(seed, len(x))
    assert measured(case, x[order], y[order]) == pytest.approx(measured(case, x, y), abs=1e-9)


@pytest.mark.parametrize("case", CASES)
@given(wide, seeds)
def test_order_of_units(case, data, seed):
    x, y = data[0], brain(data[1])
    assert measured(case, x[:, permutation(seed, x.shape[1])], y) == pytest.approx(
        measured(case, x, y), abs=1e-9
    )


@pytest.mark.parametrize("case", [c for c in CASES if not c.startswith("pearson")])
@given(wide, seeds)
def test_rotation(case, data, seed):
    x, y = data[0], brain(data[1])
    assert measured(case, x @ rotation(seed, x.shape[1]), y) == pytest.approx(measured(case, x, y), abs=1e-9)


@pytest.mark.parametrize("case", [*EUCLIDEAN, *KERNEL])
@given(wide, seeds)
def test_shift_of_units(case, data, seed):
    x, y = data[0], brain(data[1])
    assert measured(case, x + 10 * normal(seed, x.shape[1]), y) == pytest.approx(
        measured(case, x, y), abs=1e-7
    )


@pytest.mark.parametrize("case", [c for c in ANGULAR if c.startswith("pearson")])
@given(wide, seeds)
def test_shift_of_stimuli(case, data, seed):
    x, y = data[0], brain(data[1])
    assert measured(case, x + 10 * normal(seed, len(x), 1), y) == pytest.approx(
        measured(case, x, y), abs=1e-7
    )


@pytest.mark.parametrize("case", CASES)
@given(wide, st.sampled_from([0.125, 0.5, 4.0, 64.0]))
def test_unit_of_activations(case, data, scale):
    x, y = data[0], brain(data[1])
    assert measured(case, scale * x, y) == pytest.approx(measured(case, x, y), abs=1e-12)


@pytest.mark.parametrize("comparison", ["spearman", "kendall_tau_a", "rho_a"])
@given(wide)
def test_ranks_see_no_monotone_change_of_an_rdm(comparison, data):
    a, b = rsa.pearson_distance(data[0]), rsa.brain_rdms(brain(data[1]), "pearson")
    assert rsa.compare(a.exp(), b, comparison) == pytest.approx(rsa.compare(a, b, comparison), abs=1e-9)


@pytest.mark.parametrize("case", CASES)
@given(wide)
def test_float32_is_read_as_float64(case, data):
    x, y = data[0].float(), brain(data[1]).float()
    assert measured(case, x, y) == measured(case, x.double(), y.double())


@pytest.mark.parametrize("case", CASES)
def test_more_noise_is_less_alike(case):
    x = normal(0, 60, 40)
    values = [measured(case, x, x + noise * normal(1, 60, 40)) for noise in (0, 0.5, 2, 8)]
    assert values == sorted(values, reverse=True)
    assert values[0] - values[-1] > (0.01 if case.endswith("-cosine") else 0.1)
