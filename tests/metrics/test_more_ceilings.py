"""Ceilings of stimulus by stimulus halves, of subjects, and that come with the data, by plain loops."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import ShuffleSplit

from pytest_brainscore.errors import MetricError
from pytest_brainscore.metrics import split_half
from pytest_brainscore.metrics.between_subjects import leave_one_subject_out, reliability_of_rdms, rsa_bounds
from pytest_brainscore.metrics.ceilings import Ceiling, stored
from pytest_brainscore.metrics.rsa import euclidean_distance
from pytest_brainscore.metrics.split_half import internal_consistency, predictor_consistency
from tests.metrics.laws import close
from tests.strategies import normal, permutation, presentations, seeds

OFF = np.triu_indices(12, k=1)


def recordings(n_stimuli=14, n_repetitions=5, m=4):
    stimulus = np.tile([f"image {i}" for i in range(n_stimuli)], n_repetitions)
    repetition = np.repeat(np.arange(n_repetitions), n_stimuli)
    values = normal(0, n_stimuli, m).repeat(n_repetitions, 1) + normal(1, len(stimulus), m)
    return values, stimulus, repetition


def by_loops(values, stimulus, repetition, n=10, seed=0):
    """Each stimulus in the order of its name draws its own halves, the smaller one first."""
    rng, values = np.random.default_rng(seed), values.numpy()
    rows = []
    for _ in range(n):
        halves = ([], [])
        for name in np.unique(stimulus):
            there = np.unique(repetition[stimulus == name])
            if len(there) > 1:
                drawn = rng.permutation(there)
                for half, chosen in zip(halves, np.split(drawn, [len(there) // 2]), strict=True):
                    shown = (stimulus == name) & np.isin(repetition, chosen)
                    half.append(np.nanmean(values[shown], axis=0))
        r = np.array(
            [np.corrcoef(*pair)[0, 1] for pair in zip(*(np.array(h).T for h in halves), strict=True)]
        )
        rows.append(2 * r / (1 + r))
    return np.array(rows)


def subjects(seed=0, n=5):
    shared = normal(seed, 12, 5)
    return torch.stack([euclidean_distance(shared + normal(seed + s, 12, 5)) for s in range(1, n + 1)])


def test_predictor_consistency():
    data = recordings()
    ceiling = predictor_consistency(*data)
    expected = by_loops(*data)
    per_split = np.median(expected, axis=1)
    assert ceiling.values.numpy() == pytest.approx(expected, abs=1e-12)
    assert ceiling.value == pytest.approx(per_split.mean())
    assert ceiling.error == pytest.approx(per_split.std() / 10**0.5)
    assert predictor_consistency(*data, n=3, seed=4).values.numpy() == pytest.approx(by_loops(*data, 3, 4))


def test_predictor_consistency_of_ragged_repetitions():
    values, stimulus, repetition = recordings()
    kept = (stimulus != "image 4") | (repetition == 0)  # shown once: left out
    kept &= (stimulus != "image 7") | (repetition > 2)  # shown twice
    data = values[torch.from_numpy(kept)], stimulus[kept], repetition[kept]
    assert predictor_consistency(*data).values.numpy() == pytest.approx(by_loops(*data), abs=1e-12)


def test_predictor_consistency_needs_ten_repeated_stimuli():
    values, stimulus, repetition = recordings(n_stimuli=11)
    once = np.isin(stimulus, ["image 0", "image 1"]) & (repetition > 0)
    data = values[torch.from_numpy(~once)], stimulus[~once], repetition[~once]
    with pytest.raises(
        MetricError, match="needs 10 stimuli of 2 repetitions or more, and the recordings have 9"
    ):
        predictor_consistency(*data)


@pytest.mark.parametrize("ceiling", [internal_consistency, predictor_consistency])
def test_time_bins_and_blocks_of_neuroids_are_apart(ceiling, monkeypatch):
    values, *labels = recordings(m=6)
    whole = ceiling(values, *labels)
    monkeypatch.setattr(split_half, "BYTES_AT_ONCE", 8 * len(values) * 2)
    over_time = ceiling(values.reshape(len(values), 2, 3), *labels)
    assert over_time.values.shape == (10, 2, 3)
    assert torch.equal(over_time.values.flatten(1), whole.values)
    bins = np.median(over_time.values.numpy(), axis=2).mean(axis=0)
    assert over_time.parts(2).numpy() == pytest.approx(bins)
    assert over_time.value == pytest.approx(bins.mean())


@pytest.mark.parametrize("ceiling", [internal_consistency, predictor_consistency])
def test_subjects_have_ceilings_of_their_own(ceiling):
    values, *labels = recordings(m=6)
    groups = [torch.tensor([0, 4, 5]), torch.tensor([1, 2, 3])]
    together = ceiling(values, *labels, groups=groups)
    alone = [ceiling(values[:, group], *labels).value for group in groups]
    assert together.parts(groups=groups).tolist() == pytest.approx(alone)
    assert together.value == pytest.approx(np.mean(alone))


def test_a_neuroid_without_a_reliability_does_not_spoil_its_subject():
    values, *labels = recordings(m=6)
    values[:, 2] = 1.0
    groups = [torch.tensor([0, 4, 5]), torch.tensor([1, 2, 3])]
    together = internal_consistency(values, *labels, groups=groups)
    alone = internal_consistency(values[:, [1, 3]], *labels).value
    assert together.parts(groups=groups)[1] == pytest.approx(alone)


def test_stored_reliabilities_of_subjects():
    values = torch.tensor([0.1, 0.5, torch.nan, 0.9, 0.3, 0.7], dtype=torch.float64)
    groups = [torch.tensor([0, 1, 2]), torch.tensor([3, 4, 5])]
    ceiling = stored(values, groups=groups)
    assert ceiling.value == pytest.approx((0.3 + 0.7) / 2)
    assert ceiling.parts(groups=groups).tolist() == pytest.approx([0.3, 0.7])
    assert ceiling.parts(2).tolist() == pytest.approx([0.5, 0.5])
    with pytest.raises(MetricError, match="of all neuroids, or of all those of a subject, are NaN"):
        stored(values, groups=[torch.tensor([2]), torch.tensor([3])])


def test_a_constant_ceiling_is_that_of_every_part():
    assert Ceiling(0.4).parts(3, [torch.tensor([0])] * 2).tolist() == [0.4] * 6


def test_leave_one_subject_out():
    rdms = subjects()
    whole = rdms.numpy()
    expected = [
        np.corrcoef(whole[s][OFF], np.delete(whole, s, axis=0).mean(axis=0)[OFF])[0, 1] for s in range(5)
    ]
    ceiling = leave_one_subject_out(rdms, "pearson")
    assert ceiling.values[0].numpy() == pytest.approx(expected, abs=1e-12)
    assert ceiling.value == pytest.approx(np.mean(expected))
    assert ceiling.value == pytest.approx(rsa_bounds(rdms, "pearson").lower)


def test_subject_halves():
    rdms = subjects()
    ceiling = reliability_of_rdms(rdms, "pearson", n=20, seed=3)
    r = [
        np.corrcoef(*(rdms.numpy()[half].mean(axis=0)[OFF] for half in halves))[0, 1]
        for halves in ShuffleSplit(20, train_size=0.5, random_state=3).split(np.zeros(5))
    ]
    whole = 2 * np.array(r) / (1 + np.array(r))
    assert ceiling.values[:, 0].numpy() == pytest.approx(whole, abs=1e-12)
    assert ceiling.value == pytest.approx(np.median(whole))
    assert ceiling.error == pytest.approx(whole.std() / 20**0.5)


@pytest.mark.parametrize(
    ("ceiling", "name"),
    [(leave_one_subject_out, "leave_one_subject_out"), (reliability_of_rdms, "subject_halves")],
)
def test_one_subject_has_no_other(ceiling, name):
    with pytest.raises(MetricError, match=f"{name} needs RDMs of at least 2 subjects"):
        ceiling(torch.zeros(1, 5, 5))


@given(presentations(), st.floats(0.01, 100), seeds)
def test_predictor_consistency_of_another_unit_and_baseline(recorded, scale, seed):
    values, *labels = repeated(*recorded)
    other = scale * values + normal(seed, values.shape[1])
    close(predictor_consistency(other, *labels).values, predictor_consistency(values, *labels).values)


@given(presentations(), seeds)
def test_predictor_consistency_of_another_order_of_presentations(recorded, seed):
    data = repeated(*recorded)
    order = permutation(seed, len(data[0]))
    moved = predictor_consistency(*(column[order] for column in data)).values
    close(moved, predictor_consistency(*data).values)


@given(presentations())
def test_predictor_consistency_without_noise_is_one(recorded):
    values, stimulus, repetition = repeated(*recorded)
    exact = values[stimulus]
    assert predictor_consistency(exact, stimulus, repetition).value == pytest.approx(1, abs=1e-9)


@given(seeds, st.integers(2, 6), seeds)
def test_leave_one_subject_out_in_another_order_of_subjects(seed, n, other):
    rdms, order = subjects(seed, n), permutation(other, n)
    moved = leave_one_subject_out(rdms[order]).values
    close(moved, leave_one_subject_out(rdms).values[:, order])
    assert leave_one_subject_out(rdms).value <= rsa_bounds(rdms).value + 1e-12


@given(seeds, st.integers(2, 6), st.floats(0.1, 10))
def test_subject_halves_of_another_unit(seed, n, factor):
    rdms = subjects(seed, n)
    close(reliability_of_rdms(factor * rdms, n=5).values, reliability_of_rdms(rdms, n=5).values)
    alike = rdms[:1].repeat(n, 1, 1)
    assert reliability_of_rdms(alike, n=5).value == pytest.approx(1)


def repeated(values, stimulus, repetition):
    """With the stimuli twice over, under other names, so that there are 10 of them."""
    twice = torch.cat([values, values.flip(0)])
    return (
        twice,
        torch.cat([stimulus, stimulus.flip(0) + int(stimulus.max()) + 1]),
        torch.cat([repetition, repetition.flip(0)]),
    )
