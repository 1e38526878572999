from __future__ import annotations

import warnings

import numpy as np
import pytest
import rsatoolbox
import torch
from sklearn.model_selection import ShuffleSplit

from pytest_brainscore.errors import MetricError
from pytest_brainscore.metrics.between_subjects import rsa_bounds
from pytest_brainscore.metrics.rsa import brain_rdms
from pytest_brainscore.metrics.split_half import internal_consistency, spearman_brown
from tests.strategies import normal, permutation


def recordings(n_stimuli=15, n_repetitions=5, m=4, noise=1.0):
    stimulus = np.tile(np.arange(n_stimuli), n_repetitions)
    repetition = np.repeat(np.arange(n_repetitions), n_stimuli)
    values = normal(0, n_stimuli, m)[stimulus] + noise * normal(1, len(stimulus), m)
    return values, stimulus, repetition


def by_loops(values, stimulus, repetition, n=10, seed=1):
    """The recipe again, one neuroid and one stimulus at a time."""
    values, distinct = values.numpy(), np.unique(repetition)
    rows = []
    for halves in ShuffleSplit(n, train_size=0.5, random_state=seed).split(distinct):
        rows.append([])
        for column in values.T:
            pairs = []
            for s in np.unique(stimulus):
                shown = [column[(stimulus == s) & np.isin(repetition, distinct[half])] for half in halves]
                shown = [half[~np.isnan(half)] for half in shown]
                if all(len(half) for half in shown):
                    pairs.append([half.mean() for half in shown])
            r = np.corrcoef(np.array(pairs).T)[0, 1]
            rows[-1].append(2 * r / (1 + r))
    return np.array(rows)


@pytest.mark.parametrize("n_repetitions", [2, 3, 5, 8])
def test_internal_consistency(n_repetitions):
    data = recordings(n_repetitions=n_repetitions)
    expected = by_loops(*data)
    ceiling = internal_consistency(*data)
    assert ceiling.values.numpy() == pytest.approx(expected, abs=1e-12)
    per_split = np.median(expected, axis=1)
    assert ceiling.value == pytest.approx(per_split.mean())
    assert ceiling.error == pytest.approx(per_split.std() / np.sqrt(10))


def test_ragged_and_missing_presentations():
    values, stimulus, repetition = recordings(n_repetitions=4)
    values[::7, 1] = torch.nan
    values[stimulus == 2, 3] = torch.nan  # one stimulus that one neuroid never saw
    kept = (stimulus != 4) | (repetition == 0)  # one stimulus that was shown once
    data = values[torch.from_numpy(kept)], stimulus[kept], repetition[kept]
    assert internal_consistency(*data).values.numpy() == pytest.approx(by_loops(*data), abs=1e-12)


def test_the_order_of_presentations_does_not_matter():
    values, stimulus, repetition = recordings()
    order = permutation(3, len(values))
    shuffled = internal_consistency(values[order], stimulus[order.numpy()], repetition[order.numpy()])
    assert torch.allclose(shuffled.values, internal_consistency(values, stimulus, repetition).values)


def test_labels_may_be_names_or_tensors():
    values, stimulus, repetition = recordings()
    named = internal_consistency(values, [f"image{s:03d}" for s in stimulus], torch.from_numpy(repetition))
    assert torch.equal(named.values, internal_consistency(values, stimulus, repetition).values)


@pytest.mark.parametrize("constant", [0.0, 0.1])
def test_a_constant_neuroid_is_nan_and_skipped(constant):
    values, stimulus, repetition = recordings()
    values[:, 1] = constant
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ceiling = internal_consistency(values, stimulus, repetition)
    assert ceiling.values.isnan().all(dim=0).tolist() == [False, True, False, False]
    assert np.isfinite(ceiling.value)


def test_a_neuroid_with_a_single_shared_stimulus_is_nan():
    values, stimulus, repetition = recordings()
    values[stimulus > 0, 1] = torch.nan
    assert internal_consistency(values, stimulus, repetition).values[:, 1].isnan().all()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda v, s, r: (v, s, np.zeros_like(r)),
            "needs 2 repetitions, and the recordings have 1: .* one label `repetition`",
        ),
        (lambda v, s, r: (v, s[:-1], r), r"75 presentations need as many stimulus labels, not \(74,\)"),
        (lambda v, s, r: (v, s, r[:3]), r"75 presentations need as many repetition labels, not \(3,\)"),
        (
            lambda v, s, r: (v, s, s),
            "halves the 15 repetitions, and none of 10 splits leaves 2 stimuli in both",
        ),
    ],
)
def test_recordings_without_a_consistency_say_why(change, says):
    with pytest.raises(MetricError, match=says):
        internal_consistency(*change(*recordings()))


def test_spearman_brown():
    assert spearman_brown(torch.tensor([0.0, 0.5, 1.0])).tolist() == pytest.approx([0, 2 / 3, 1])
    assert spearman_brown(torch.tensor([-1.0])).isnan().all()


@pytest.mark.parametrize(("comparison", "theirs"), [("spearman", "spearman"), ("pearson", "corr")])
def test_rsa_bounds_by_hand(comparison, theirs):
    y = normal(0, 10, 3) @ normal(1, 3, 12) + normal(2, 10, 12)
    rdms = brain_rdms(y, "pearson", list(torch.arange(12).split(4)))
    box = [rsatoolbox.rdm.RDMs(rdm.numpy()[None]) for rdm in rdms]

    def agreement(subject, others):
        mean = rsatoolbox.rdm.RDMs(np.mean([rdms[o].numpy() for o in others], axis=0)[None])
        return rsatoolbox.rdm.compare(box[subject], mean, method=theirs)[0, 0]

    bounds = rsa_bounds(rdms, comparison)
    upper = [agreement(s, [0, 1, 2]) for s in range(3)]
    assert bounds.values[0].numpy() == pytest.approx(np.array(upper), abs=1e-12)
    assert bounds.value == pytest.approx(np.mean(upper))
    assert bounds.lower == pytest.approx(
        np.mean([agreement(s, [o for o in range(3) if o != s]) for s in range(3)])
    )
    assert bounds.error is None


def test_rsa_bounds_of_one_subject():
    with pytest.raises(MetricError, match="at least 2 subjects"):
        rsa_bounds(torch.zeros(1, 5, 5))
