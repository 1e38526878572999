"""How reliabilities behave, whatever was recorded."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pytest_brainscore.metrics.between_subjects import rsa_bounds
from pytest_brainscore.metrics.rsa import euclidean_distance
from pytest_brainscore.metrics.split_half import internal_consistency, spearman_brown
from tests.accelerator import accelerator
from tests.metrics.laws import close, each_device
from tests.strategies import few, normal, permutation, presentations, recorded, seeds

comparisons = st.sampled_from(["spearman", "pearson", "cosine", "rho_a"])


def consistency(values, stimulus, repetition, **parameters):
    return internal_consistency(values, stimulus, repetition, **parameters).values


def subjects(seed: int, n_subjects: int) -> torch.Tensor:
    """RDMs (s, 12, 12) of subjects that share some of their geometry."""
    shared = normal(seed, 12, 5)
    return torch.stack(
        [euclidean_distance(shared + normal(seed + s, 12, 5)) for s in range(1, n_subjects + 1)]
    )


@given(presentations())
def test_a_reliability_is_at_most_one(recordings):
    assert (consistency(*recordings) <= 1 + 1e-12).all()


@given(presentations(), st.floats(0.01, 100), seeds)
def test_unit_and_baseline_of_a_neuroid(recordings, scale, seed):
    values, stimulus, repetition = recordings
    other = scale * values + normal(seed, values.shape[1])
    close(consistency(other, stimulus, repetition), consistency(*recordings))


@given(presentations(), seeds)
def test_order_of_neuroids(recordings, seed):
    values, *labels = recordings
    order = permutation(seed, values.shape[1])
    close(consistency(values[:, order], *labels), consistency(*recordings)[:, order])


@given(presentations(), seeds)
def test_order_of_presentations(recordings, seed):
    order = permutation(seed, len(recordings[0]))
    close(consistency(*(column[order] for column in recordings)), consistency(*recordings))


@given(presentations(), seeds)
def test_names_of_stimuli(recordings, seed):
    values, stimulus, repetition = recordings
    renamed = permutation(seed, int(stimulus.max()) + 1)[stimulus]
    close(consistency(values, renamed, repetition), consistency(*recordings))


@given(presentations())
def test_names_of_repetitions_in_the_same_order(recordings):
    values, stimulus, repetition = recordings
    named = [f"trial {number:02d}" for number in repetition.tolist()]
    close(consistency(values, stimulus, named), consistency(*recordings))


@given(presentations())
def test_without_noise_it_is_one(recordings):
    values, stimulus, repetition = recordings
    exact = values[stimulus]  # the first repetition, shown again and again
    assert internal_consistency(exact, stimulus, repetition).value == pytest.approx(1, abs=1e-9)


@given(presentations())
def test_a_missing_stimulus_is_one_that_was_not_shown(recordings):
    values, stimulus, repetition = recordings
    missing = values.clone()
    missing[stimulus == 0] = torch.nan
    shown = stimulus != 0
    expected = consistency(values[shown], stimulus[shown], repetition[shown])
    close(consistency(missing, stimulus, repetition), expected)


@given(presentations(), st.integers(0, 1000))
def test_the_seed_decides(recordings, seed):
    close(consistency(*recordings, seed=seed), consistency(*recordings, seed=seed), 0)
    if int(recordings[2].max()) > 4:
        assert not torch.equal(consistency(*recordings, seed=seed), consistency(*recordings, seed=seed + 1))


@given(presentations(), st.integers(1, 9))
def test_more_splits_keep_the_first(recordings, n):
    close(consistency(*recordings, n=n), consistency(*recordings, n=10)[:n])


@given(presentations())
def test_float32_is_read_as_float64(recordings):
    values, *labels = recordings
    close(consistency(values.float(), *labels), consistency(values.float().double(), *labels), 0)


@each_device
@few
@given(presentations())
@accelerator()
def test_device_for_cpu(device, recordings):
    values, *labels = recordings
    there = consistency(values.to(device), *labels)
    assert there.device.type == device
    close(there, consistency(*recordings), 1e-8)


@given(st.floats(-0.99, 1), st.floats(-0.99, 1))
def test_spearman_brown_keeps_order_and_sign(a, b):
    low, high = sorted((a, b))
    whole = spearman_brown(torch.tensor([low, high], dtype=torch.float64))
    assert whole[0] <= whole[1]
    assert (whole.sign() == torch.tensor([low, high], dtype=torch.float64).sign()).all()
    assert (whole[1] >= high) == (high >= 0 or high == whole[1])


@few
@given(seeds, st.sampled_from([0.5, 1.0, 2.0]), st.sampled_from([2, 4, 8]))
def test_its_expectation_is_the_reliability_of_the_mean(seed, noise, n_repetitions):
    """Signal variance over that of the mean of all repetitions, within 4 standard errors over neuroids."""
    values = consistency(*recorded(seed, 200, n_repetitions, 100, noise)).mean(0)
    error = float(values.std()) / 100**0.5
    assert float(values.mean()) == pytest.approx(1 / (1 + noise**2 / n_repetitions), abs=4 * error)


@few
@given(seeds)
def test_noise_lowers_it_and_repetitions_raise_it(seed):
    def ceiling(noise: float, n_repetitions: int) -> float:
        return internal_consistency(*recorded(seed, 50, n_repetitions, 40, noise)).value

    by_noise = [ceiling(noise, 6) for noise in (0.1, 1, 3)]
    by_repetitions = [ceiling(2, n) for n in (2, 6, 20)]
    assert by_noise == sorted(by_noise, reverse=True)
    assert by_repetitions == sorted(by_repetitions)


@given(seeds, st.integers(2, 5), comparisons)
def test_a_subject_agrees_more_with_a_mean_that_it_is_part_of(seed, n_subjects, comparison):
    bounds = rsa_bounds(subjects(seed, n_subjects), comparison)
    assert bounds.lower <= bounds.value <= 1 + 1e-12


@given(seeds, st.integers(2, 5), comparisons)
def test_order_of_subjects(seed, n_subjects, comparison):
    rdms, order = subjects(seed, n_subjects), permutation(seed, n_subjects)
    bounds, moved = rsa_bounds(rdms, comparison), rsa_bounds(rdms[order], comparison)
    assert (moved.value, moved.lower) == pytest.approx((bounds.value, bounds.lower))
    close(moved.values, bounds.values[:, order])


@given(seeds, comparisons)
def test_order_of_stimuli_in_rdms(seed, comparison):
    rdms, order = subjects(seed, 3), permutation(seed, 12)
    moved = rsa_bounds(rdms[:, order][:, :, order], comparison)
    close(moved.values, rsa_bounds(rdms, comparison).values)


@given(seeds, comparisons, st.floats(0.01, 100))
def test_unit_of_rdms(seed, comparison, factor):
    rdms = subjects(seed, 3)
    close(rsa_bounds(factor * rdms, comparison).values, rsa_bounds(rdms, comparison).values)


@given(seeds)
def test_equal_subjects_agree_fully(seed):
    rdms = euclidean_distance(normal(seed, 10, 4)).repeat(3, 1, 1)
    bounds = rsa_bounds(rdms)
    assert (bounds.value, bounds.lower) == pytest.approx((1, 1))
