"""The ceilings that `internal_consistency` estimates are those that are true."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pytest_brainscore.data.opening import open_recordings
from pytest_brainscore.data.simulated import noise
from pytest_brainscore.data.simulated.brain import brain_of
from pytest_brainscore.data.simulated.reading import true_ceiling
from pytest_brainscore.data.simulated.regions import REGIONS
from pytest_brainscore.metrics.split_half import internal_consistency
from pytest_brainscore.specs.datasets import SimulatedDataset, SimulatedResponses, SimulatedStimuli

REPETITIONS, SEEDS = 10, 20


def estimated(trials: np.ndarray) -> float:
    """The ceiling of trials (repetitions, n, neuroids)."""
    times, n, neuroids = trials.shape
    stimulus, repetition = np.tile(np.arange(n), times), np.repeat(np.arange(times), n)
    return internal_consistency(torch.as_tensor(trials.reshape(-1, neuroids)), stimulus, repetition).value


@pytest.fixture(scope="module")
def estimates(brain) -> dict[str, np.ndarray]:
    """By region, the ceilings of recordings that differ in the seed of their noise alone: seeds 0 to 19."""
    found = {}
    for region in REGIONS:
        signals, through = brain.signals[region], noise.channel(region, 96)
        runs = [noise.trials(region, signals, through, REPETITIONS, seed) for seed in range(SEEDS)]
        found[region] = np.asarray([estimated(run) for run in runs])
    return found


@pytest.fixture(scope="module")
def recordings(brain, simulated_cache):
    shipped = SimulatedDataset(id="S", reader="simulated", recordings=SimulatedResponses(kind="responses"))
    return open_recordings(shipped, None, simulated_cache)


@pytest.mark.parametrize("region", REGIONS)
def test_the_mean_estimate_is_within_2_standard_errors_of_the_closed_form(estimates, recordings, region):
    off = estimates[region].mean() - true_ceiling(recordings, region)
    error = estimates[region].std(ddof=1) / np.sqrt(SEEDS)
    assert 0 < error < 0.001
    assert abs(off) <= 2 * error


@pytest.mark.parametrize("region", REGIONS)
def test_the_shipped_recordings_own_ceiling_is_within_2_standard_errors(estimates, recordings, region):
    """A single run's standard error is the spread over noise seeds; that over split halves is less."""
    values, stimulus, repetition = recordings.select(region=region).presentations()
    ceiling = internal_consistency(torch.as_tensor(values), stimulus, repetition)
    spread = estimates[region].std(ddof=1)
    assert ceiling.error < spread < 0.003
    assert abs(ceiling.value - true_ceiling(recordings, region)) <= 2 * spread


def test_true_ceilings_differ_between_regions_and_neuroids(recordings):
    assert {r: round(true_ceiling(recordings, r), 4) for r in REGIONS} == {
        "V1": 0.8798,
        "V2": 0.8628,
        "V4": 0.8486,
        "IT": 0.8313,
    }
    reliability = recordings.data["reliability"].values
    assert 0.6 < reliability.min() < 0.62
    assert 0.90 < reliability.max() < 0.92


def test_reliability_is_the_squared_correlation_with_the_signal(brain):
    """What the closed form claims, measured with 400 repetitions in groups of 10."""
    signals, through = brain.signals["IT"][:, :4], noise.channel("IT", 4)
    runs = noise.trials("IT", signals, through, 400, 7).reshape(40, 10, 960, 4).mean(axis=1)
    squared = [[np.corrcoef(run[:, j], signals[:, j])[0, 1] ** 2 for j in range(4)] for run in runs]
    np.testing.assert_allclose(np.mean(squared, axis=0), through.reliability(signals, 10), atol=0.005)


def test_reliability_grows_with_repetitions_as_spearman_and_brown_say(brain):
    signals, through = brain.signals["V4"], noise.channel("V4", 96)
    one, five, ten = (through.reliability(signals, times) for times in (1, 5, 10))
    np.testing.assert_allclose(2 * five / (1 + five), ten)
    np.testing.assert_allclose(10 * one / (1 + 9 * one), ten)


def test_noise_is_gaussian_of_the_known_size_and_independent(brain):
    signals, through = brain.signals["V1"][:, :8], noise.channel("V1", 8)
    trials = noise.trials("V1", signals, through, 6, 1)
    left = (trials - through.baseline - through.gain * signals) / through.noise_sd
    assert left.mean() == pytest.approx(0, abs=4 / np.sqrt(left.size))
    np.testing.assert_allclose(left.std(axis=(0, 1)), 1, atol=0.04)
    assert (left**4).mean() == pytest.approx(3, abs=0.15)
    among = np.corrcoef(left.transpose(0, 2, 1).reshape(48, 960))
    bound = 5 / np.sqrt(960)
    assert np.abs(among - np.eye(48)).max() < bound
    with_signal = [np.corrcoef(left[r, :, j], signals[:, j])[0, 1] for r in range(6) for j in range(8)]
    assert np.abs(with_signal).max() < bound


def test_noise_of_other_seeds_regions_and_neuroids_is_other_noise():
    through = noise.channel("V1", 2)

    def left(region: str, seed: int) -> np.ndarray:
        trials = noise.trials(region, np.zeros((960, 2)), through, 2, seed)
        return (trials - through.baseline) / through.noise_sd

    one = left("V1", 1)
    np.testing.assert_array_equal(one, left("V1", 1))
    for different in (left("V1", 2), left("V2", 1), one[..., ::-1], one[::-1]):
        assert abs(np.corrcoef(one.ravel(), different.ravel())[0, 1]) < 0.08


def test_noise_is_the_same_beside_more_neuroids_and_before_more_repetitions():
    signals = np.zeros((960, 3))
    through = noise.Channel(*np.ones((3, 3)))
    fewer = noise.Channel(*np.ones((3, 2)))
    np.testing.assert_array_equal(
        noise.trials("V1", signals, through, 3, 1)[:2, :, :2],
        noise.trials("V1", signals[:, :2], fewer, 2, 1),
    )


@pytest.mark.parametrize(("region", "value"), [("V1", 8.44316022154661), ("IT", 26.149182087235296)])
def test_trials_are_the_same_on_every_machine(simulated_cache, region, value):
    signals = brain_of(SimulatedStimuli(exemplars=2, views=3), 8, simulated_cache).signals[region]
    trials = noise.trials(region, signals, noise.channel(region, 8), 2, 1)
    assert trials[1, 0, 0] == pytest.approx(value, abs=1e-6)
