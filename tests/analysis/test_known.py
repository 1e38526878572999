"""Recordings made from a layer hold what they promise: its components, and noise of the set reliability."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pytest_brainscore.analysis.truth.known import principal_components, recordings_from, rendered
from pytest_brainscore.errors import MetricError
from pytest_brainscore.metrics.split_half import internal_consistency

from ..strategies import normal, rotation, seeds


def activations(seed=0, n=400, p=60):
    """Correlated units: the variance of the components falls, as it does in networks."""
    return normal(seed, n, p) * torch.arange(1, p + 1) ** -0.7 @ rotation(seed + 1, p) + 3


def explained(part, whole):
    """The share of each column of `part` that the columns of `whole` explain."""
    weights, *_ = np.linalg.lstsq(whole, part, rcond=None)
    return 1 - (part - whole @ weights).var(axis=0) / part.var(axis=0)


@pytest.mark.parametrize("reliability", [0.3, 0.6, 0.9])
def test_the_closed_form_ceiling_is_what_the_recordings_have(reliability):
    made = recordings_from(activations(n=2000), neuroids=60, reliability=reliability, repetitions=8, seed=3)
    assert made.ceiling == reliability
    mean = made.responses.mean(axis=2)
    r = np.array([np.corrcoef(a, b)[0, 1] for a, b in zip(mean.T, made.signal.T, strict=True)])
    assert (r**2).mean() == pytest.approx(reliability, abs=0.01)
    n, m, repetitions = made.responses.shape
    values = torch.as_tensor(made.responses.transpose(2, 0, 1).reshape(-1, m))
    estimated = internal_consistency(
        values, np.tile(np.arange(n), repetitions), np.repeat(np.arange(repetitions), n)
    )
    assert estimated.value == pytest.approx(reliability, abs=0.01)


@given(seeds, st.integers(2, 25))
def test_the_signal_lies_in_the_first_components_and_needs_them_all(seed, k):
    x = activations(seed % 1000, n=120)
    made = recordings_from(x, components=k, neuroids=2 * k, seed=seed)
    u = torch.linalg.svd(x - x.mean(dim=0), full_matrices=False).U.numpy()
    assert explained(made.signal, u[:, :k]).min() > 1 - 1e-9
    assert np.linalg.matrix_rank(made.signal, tol=1e-6) == k
    assert explained(made.signal, u[:, : k - 1]).max() < 1 - 1e-9
    assert made.signal.mean(axis=0) == pytest.approx(0, abs=1e-9)
    assert made.signal.var(axis=0) == pytest.approx(1)


def test_every_component_has_the_same_weight():
    x = activations(n=300)
    signal = recordings_from(x, components=5, neuroids=4000, seed=1).signal
    shares = ((principal_components(x, 5).T @ signal / len(x)) ** 2).mean(axis=1)
    assert shares == pytest.approx(np.full(5, 0.2), abs=0.01)


@given(seeds)
def test_a_rotation_of_the_layer_makes_the_same_recordings(seed):
    x = activations(seed % 1000, n=50, p=30)
    wide = torch.cat([x, x.new_zeros(50, 70)], dim=1) @ rotation(seed, 100)
    made, turned = (recordings_from(z, components=10, seed=seed).responses for z in (x, wide))
    assert turned == pytest.approx(made, abs=1e-6)


@given(seeds, seeds)
def test_a_seed_names_its_recordings(one, other):
    x = activations(n=200)
    a, again, b = (recordings_from(x, neuroids=20, seed=seed) for seed in (one, one, other))
    assert (a.responses == again.responses).all()
    if one != other:
        noises = [made.responses - made.signal[..., None] for made in (a, b)]
        assert abs(np.corrcoef(*(noise.ravel() for noise in noises))[0, 1]) < 0.02
        assert abs(np.corrcoef(a.signal.ravel(), b.signal.ravel())[0, 1]) < 0.5


def test_noise_is_independent_between_neuroids_and_repetitions():
    made = recordings_from(activations(n=1000), neuroids=6, reliability=0.5, repetitions=4, seed=2)
    noise = (made.responses - made.signal[..., None]).reshape(1000, -1)
    assert noise.var(axis=0) == pytest.approx(np.full(24, 4.0), rel=0.2)
    others = np.corrcoef(noise.T)[~np.eye(24, dtype=bool)]
    assert np.abs(others).max() < 0.15
    assert others.mean() == pytest.approx(0, abs=0.01)


def test_without_noise_repetitions_are_the_signal():
    made = recordings_from(activations(), reliability=1.0, repetitions=2)
    assert (made.responses == made.signal[..., None]).all()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"reliability": 0.0}, "above 0 and at most 1, not 0"),
        ({"reliability": 1.1}, "not 1.1"),
        ({"neuroids": 0}, "0 neuroid"),
        ({"components": 61}, "61 principal components are asked for, and there are 60"),
        ({"components": 0}, "0 principal components"),
    ],
)
def test_what_cannot_be_made_is_an_error(wrong, message):
    with pytest.raises(MetricError, match=message):
        recordings_from(activations(), **wrong)


def test_components_that_are_not_there_are_counted():
    x = normal(1, 50, 3) @ normal(2, 3, 200)
    with pytest.raises(MetricError, match="there are 3 "):
        principal_components(x, 4)


def test_rendered_images_are_distinct_and_balanced():
    stimuli = rendered(65)
    assert len(stimuli) == len(set(stimuli.digests)) == 128
    names, counts = np.unique(stimuli.coords["object_name"], return_counts=True)
    assert len(names) == 8
    assert set(counts) == {16}
