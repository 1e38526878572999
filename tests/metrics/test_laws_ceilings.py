"""How reliabilities behave, whatever was recorded."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pytest_brainscore.metrics.ceilings import internal_consistency, rsa_bounds
from pytest_brainscore.metrics.rsa import euclidean_distance
from tests.strategies import normal, permutation, presentations, seeds


@given(presentations())
def test_a_reliability_is_at_most_one(recordings):
    assert (internal_consistency(*recordings).values <= 1 + 1e-12).all()


@given(presentations(), st.floats(0.01, 100), seeds)
def test_unit_and_baseline_of_a_neuroid(recordings, scale, seed):
    values, stimulus, repetition = recordings
    other = scale * values + normal(seed, values.shape[1])
    expected = internal_consistency(*recordings).values
    assert internal_consistency(other, stimulus, repetition).values.numpy() == pytest.approx(
        expected.numpy(), rel=1e-6
    )


@given(presentations(), seeds)
def test_names_of_stimuli(recordings, seed):
    values, stimulus, repetition = recordings
    renamed = permutation(seed, int(stimulus.max()) + 1)[stimulus]
    expected = internal_consistency(*recordings).values
    assert internal_consistency(values, renamed, repetition).values.numpy() == pytest.approx(
        expected.numpy(), rel=1e-6
    )


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
    expected = internal_consistency(values[shown], stimulus[shown], repetition[shown]).values
    assert torch.allclose(internal_consistency(missing, stimulus, repetition).values, expected)


def test_noise_lowers_it_and_repetitions_raise_it():
    def ceiling(noise: float, n_repetitions: int) -> float:
        stimulus = torch.arange(50).repeat(n_repetitions)
        repetition = torch.arange(n_repetitions).repeat_interleave(50)
        values = normal(0, 50, 40)[stimulus] + noise * normal(1, len(stimulus), 40)
        return internal_consistency(values, stimulus, repetition).value

    by_noise = [ceiling(noise, 6) for noise in (0.1, 1, 3)]
    by_repetitions = [ceiling(2, n) for n in (2, 6, 20)]
    assert by_noise == sorted(by_noise, reverse=True)
    assert by_repetitions == sorted(by_repetitions)
    expected = 1 / (1 + 2**2 / 20)  # signal variance over that of the mean of 20 repetitions
    assert by_repetitions[-1] == pytest.approx(expected, abs=0.03)


@given(seeds, st.integers(2, 5), st.sampled_from(["spearman", "pearson", "cosine", "rho_a"]))
def test_a_subject_agrees_more_with_a_mean_that_it_is_part_of(seed, n_subjects, comparison):
    shared = normal(seed, 12, 5)
    rdms = torch.stack(
        [euclidean_distance(shared + normal(seed + s, 12, 5)) for s in range(1, n_subjects + 1)]
    )
    bounds = rsa_bounds(rdms, comparison)
    assert bounds.lower <= bounds.value <= 1 + 1e-12


@given(seeds)
def test_equal_subjects_agree_fully(seed):
    rdms = euclidean_distance(normal(seed, 10, 4)).repeat(3, 1, 1)
    bounds = rsa_bounds(rdms)
    assert (bounds.value, bounds.lower) == pytest.approx((1, 1))
