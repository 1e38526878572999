"""What RDM comparison and CKA must not see, and where they must reach one."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pytest_brainscore.metrics import rsa
from pytest_brainscore.metrics.splits import Split, shuffle
from pytest_brainscore.models.coordinates import coordinates_of
from tests.metrics import laws
from tests.metrics.laws import case, each, halves
from tests.strategies import factors, few, matched, normal, permutation, seeds

SOME = [
    ("pearson", "spearman"),
    ("pearson", "rho_a"),
    ("cosine", "pearson"),
    ("euclidean", "kendall_tau_a"),
    ("euclidean", "cosine"),
]
OTHERS = [(d, c) for d in rsa.DISTANCES for c in rsa.COMPARISONS if (d, c) not in SOME]


def rdm_case(name: str, distance: str, comparison: str) -> laws.Case:
    return case(name, f"{distance}-{comparison}", distance=distance, comparison=comparison)


RDM = [rdm_case("rdm", *pair) for pair in SOME]
RDM_CV = [rdm_case("rdm_cv", *pair) for pair in SOME]
OTHER_RDM = [rdm_case("rdm", *pair) for pair in OTHERS]
BIASED = [case("cka", "biased", debiased=False), case("cka_cv", "biased", debiased=False)]
DEBIASED = [case("cka"), case("cka_cv")]
CKA = [*DEBIASED, *BIASED]
CASES = [*RDM, *RDM_CV, *CKA]
BY_RANKS = [rdm_case("rdm", d, c) for d in rsa.DISTANCES for c in ("spearman", "rho_a", "kendall_tau_a")]
CROSS_VALIDATED = [c for c in CASES if c.id.startswith(("rdm_cv", "cka_cv"))]


def with_distance(*names: str) -> list[laws.Case]:
    return [c for c in (*RDM, *RDM_CV) if c.id.split("-")[1] in names]


def not_compared_by(*names: str) -> list[laws.Case]:
    return [c for c in CASES if c.id.split("-")[-1] not in names]


@st.composite
def populations(draw, p=(8, 40)):
    """At least three neuroids: with two the correlation distance has only two values."""
    return draw(matched(p=p, m=(3, 12)))


wide = populations()
many_units = populations(p=(45, 90))


@each([c for c in [*CASES, *OTHER_RDM] if c not in BIASED])
@given(wide)
def test_bounds(case, data):
    laws.bounds(case, *data)


@each(BIASED)
@given(wide)
def test_bounds_without_debiasing(case, data):
    laws.bounds(case, *data, lowest=0.0)


@each([*CASES, *OTHER_RDM])
@given(wide)
def test_symmetry(case, data):
    x, y = data
    laws.agree(case(x, y), case(y, x), 1e-9)


@each(not_compared_by("kendall_tau_a", "rho_a"))
@given(wide)
def test_identity(case, data):
    x, _ = data
    laws.close(case(x, x).values, torch.ones_like(case(x, x).values), 1e-9)


@each([*CASES, *OTHER_RDM])
@given(wide, seeds)
def test_order_of_stimuli_when_the_splits_follow(case, data, seed):
    laws.order_of_stimuli(case, *data, seed)


@each(CASES)
@given(wide, seeds)
def test_order_within_splits(case, data, seed):
    laws.order_within_splits(case, *data, seed)


@each(CASES)
@given(wide, seeds)
def test_order_of_units(case, data, seed):
    laws.order_of_units(case, *data, seed)


@each(CASES)
@given(wide, seeds)
def test_order_of_neuroids(case, data, seed):
    x, y = data
    laws.agree(case(x, y[:, permutation(seed, y.shape[1])]), case(x, y))


@each([*with_distance("cosine", "euclidean"), *CKA])
@given(wide, seeds)
def test_rotation_of_activations(case, data, seed):
    laws.rotation_of_activations(case, *data, seed)


@each(CASES)
@given(many_units)
def test_coordinates_for_activations(case, data):
    laws.coordinates_for_activations(case, *data)


@each([*with_distance("euclidean"), *CKA])
@given(wide, seeds)
def test_shift_of_units(case, data, seed):
    laws.shift_of_units(case, *data, seed)


@each([*with_distance("euclidean"), *CKA])
@given(wide, seeds)
def test_shift_of_neuroids(case, data, seed):
    laws.shift_of_neuroids(case, *data, seed)


@each(with_distance("pearson"))
@given(wide, seeds)
def test_shift_of_stimuli(case, data, seed):
    x, y = data
    laws.agree(case(x + 10 * normal(seed, len(x), 1), y), case(x, y))


@each(with_distance("pearson", "cosine"))
@given(wide, seeds)
def test_unit_of_each_stimulus(case, data, seed):
    x, y = data
    laws.agree(case(normal(seed, len(x), 1).exp() * x, y), case(x, y))


@each(CASES)
@given(wide, factors)
def test_unit_of_activations(case, data, factor):
    laws.unit_of_activations(case, *data, factor)


@each(CASES)
@given(wide, factors)
def test_unit_of_responses(case, data, factor):
    laws.unit_of_responses(case, *data, factor)


@each(CASES)
@given(wide)
def test_every_unit_twice_is_the_same_geometry(case, data):
    x, y = data
    laws.agree(case(torch.cat([x, x], dim=1), y), case(x, y))


@each(BY_RANKS)
@given(st.integers(3, 8), st.integers(2, 300), seeds)
def test_equal_distances_tie_however_often_each_unit_is_there(case, categories, copies, seed):
    """A network that knows categories alone has two distances, which rounding splits into many."""
    _, distance, comparison = case.id.split("-")
    label = torch.arange(24) % categories
    x, y = torch.eye(categories, dtype=torch.float64)[label], normal(seed, 24, 7)
    exact = (label[:, None] != label).double()
    expected = rsa.compare(exact, rsa.DISTANCES[distance](y)[None], comparison)
    many = x.repeat(1, copies)
    for seen in (x, many, coordinates_of(many.float())):
        laws.close(case(seen, y).values[0], expected, 1e-9)


@each(CASES)
@given(wide, st.integers(1, 2))
def test_each_subject_is_compared_alone(case, data, cut):
    x, y = data
    y = torch.cat([y, y.sin()], dim=1)
    groups = [torch.arange(0, cut + 1), torch.arange(cut + 1, y.shape[1])]
    by_subject = case.measure(x, y, halves(len(x)), groups=groups).values
    alone = [case(x, y[:, columns]).values for columns in groups]
    laws.close(by_subject, torch.cat(alone, dim=1))


@each(CROSS_VALIDATED)
@given(wide)
def test_splits_are_apart(case, data):
    laws.splits_are_apart(case, *data)


@each(CROSS_VALIDATED)
@given(wide, seeds)
def test_only_test_stimuli_are_seen(case, data, seed):
    x, y = data
    (split,) = shuffle(len(x), n_splits=1, train=0.5)
    other = x.clone(), y.clone()
    for values in other:
        values[split.train] = normal(seed, len(split.train), values.shape[1])
    laws.agree(case(*other, [split]), case(x, y, [split]))


@each(CROSS_VALIDATED)
@given(wide)
def test_a_test_on_all_stimuli_is_the_measure_without_splits(case, data):
    x, y = data
    name, *parameters = case.id.split("-")
    plain = next(c for c in CASES if c.id.split("-") == [name.removesuffix("_cv"), *parameters])
    everything = [Split(torch.arange(2), torch.arange(len(x)))]
    laws.agree(case(x, y, everything), plain(x, y, ()))


@each([c for c in CASES if c not in CROSS_VALIDATED])
@given(wide)
def test_splits_play_no_part(case, data):
    x, y = data
    laws.close(case(x, y).values, case(x, y, ()).values, 0)


@pytest.mark.parametrize("comparison", ["spearman", "kendall_tau_a", "rho_a"])
@given(wide)
def test_ranks_see_no_monotone_change_of_an_rdm(comparison, data):
    a, b = (rsa.pearson_distance(values) for values in data)
    other = rsa.compare(a.exp(), b[None], comparison)
    laws.close(other, rsa.compare(a, b[None], comparison), 1e-9)


@each(CASES)
@given(wide)
def test_float32_is_read_as_float64(case, data):
    laws.float32_input(case, *data)


@each(not_compared_by("kendall_tau_a"))
@few
@given(seeds)
def test_float32_activations_at_a_real_size(case, seed):
    laws.float32_activations(case, seed, within=2e-5)


@each([*RDM_CV, *CKA, *RDM[:1]])
@few
@given(populations(p=(400, 700)), st.integers(1, 40), st.integers(50, 300))
def test_batches_and_blocks(case, data, batch, block):
    laws.batches_and_blocks(case, *data, batch, block)


@laws.each_device
@each(CASES)
@few
@given(many_units)
def test_device_for_cpu(case, device, data):
    laws.device_for_cpu(case, *data, device)


@each([c for c in not_compared_by("cosine") if c not in BIASED])
@few
@given(seeds)
def test_noise_never_helps(case, seed):
    laws.noise_never_helps(case, seed)


@each([*BIASED, *with_distance("pearson", "cosine", "euclidean")])
def test_more_noise_is_less_like_oneself(case):
    """Also of those that grow with noise elsewhere, since two clouds of noise have like geometries."""
    x = normal(0, 60, 40)
    raws = [case(x, x + noise * normal(1, 60, 40)).raw() for noise in (0, 0.5, 2, 8)]
    assert raws == sorted(raws, reverse=True)
    assert raws[0] - raws[-1] > 0.01
