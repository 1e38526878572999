"""From recordings and activations to a score, on recordings whose answer is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.cross_decomposition import PLSRegression
from sklearn.model_selection import ShuffleSplit

from pytest_brainscore import scoring
from pytest_brainscore.data.opening import from_arrays
from pytest_brainscore.errors import BrainScoreError
from pytest_brainscore.specs.benchmarks import Benchmark
from pytest_brainscore.specs.registry import Registry
from pytest_brainscore.specs.validation import validated

CPU = torch.device("cpu")
N, UNITS, NEUROIDS, REPETITIONS = 80, 12, 7, 6


def images(n=N):
    rng = np.random.RandomState(3)
    return [rng.randint(0, 256, (4, 4, 3), dtype=np.uint8) for _ in range(n)]


@pytest.fixture
def x():
    return torch.as_tensor(np.random.RandomState(0).randn(N, UNITS))


def recorded(x, noise=0.0, seed=1):
    """Responses (n, neuroids, repetitions): random mixtures of the units, and noise."""
    rng = np.random.RandomState(seed)
    signal = x.numpy() @ rng.randn(UNITS, NEUROIDS)
    return signal[..., None] + noise * rng.randn(N, NEUROIDS, REPETITIONS)


def score(entry, responses, x, coords=None):
    benchmark = validated(Benchmark, {"region": "IT", **entry}, "test")
    recordings = from_arrays(images(), responses, region="IT", **(coords or {}))
    target = scoring.target(benchmark, "IT", recordings, CPU)
    return scoring.score(benchmark, x, target, Registry())


@pytest.mark.parametrize("metric", ["pls", "ridge", "ridgecv", "linear", "pca_ridge"])
def test_a_brain_that_is_a_mixture_of_the_units_is_predicted(x, metric):
    found = score({"metric": metric}, recorded(x), x)
    assert found.raw > 0.99
    assert found.values.shape == (10, NEUROIDS)
    assert found.raw == pytest.approx(np.median(found.values, axis=1).mean())
    assert found.error == pytest.approx(np.median(found.values, axis=1).std() / np.sqrt(10))


def test_the_brain_itself_is_alike_in_geometry(x):
    responses = recorded(x)
    itself = torch.as_tensor(responses.mean(2))
    assert score({"metric": "rdm"}, responses, itself).raw == pytest.approx(1)
    assert score({"metric": "cka"}, responses, itself).raw == pytest.approx(1)
    assert score({"metric": "rdm_cv"}, responses, itself).splits == pytest.approx((1,) * 10)


def test_raw_ceiling_and_ceiled_stand_side_by_side(x):
    noisy = recorded(x, noise=4)
    found = score({"metric": "ridge", "ceiling": "internal_consistency"}, noisy, x)
    assert 0 < found.raw < 1
    assert 0.7 < found.ceiling < 1
    assert found.raw == pytest.approx(np.sqrt(found.ceiling), abs=0.05)
    assert found.normalise == "r2_over_ceiling"
    assert found.ceiled == pytest.approx(found.raw**2 / found.ceiling)
    clipped = score(
        {"metric": "ridge", "ceiling": {"name": "constant", "value": 0.1}, "clip": (0.0, 1.0)}, noisy, x
    )
    assert clipped.ceiled == 1


def test_neuroids_that_cannot_be_used_are_named_and_left_out(x):
    responses = recorded(x)
    whole = score({"metric": "ridge"}, responses, x)
    responses = np.concatenate([responses, responses[:, :1] * 0, responses[:, :1]], axis=1)
    responses[5, -1] = np.nan
    found = score({"metric": "ridge"}, responses, x)
    assert {reason: len(names) for reason, names in found.left_out.items()} == {"constant": 1, "nan": 1}
    assert len(found.targets) == NEUROIDS
    assert found.raw == pytest.approx(whole.raw, abs=1e-12)


def test_nothing_left_is_an_error_that_counts(x):
    with pytest.raises(BrainScoreError, match="7 constant"):
        score({"metric": "ridge"}, recorded(x) * 0, x)


def test_constant_activations_are_an_error(x):
    with pytest.raises(BrainScoreError, match="constant"):
        score({"metric": "ridge"}, recorded(x), x * 0)


def test_a_region_or_coord_that_is_not_there_is_an_error(x):
    with pytest.raises(BrainScoreError, match="V4"):
        scoring.target(
            validated(Benchmark, {"region": "V4", "metric": "ridge"}, "test"),
            "V4",
            from_arrays(images(), recorded(x), region="IT"),
            CPU,
        )
    with pytest.raises(BrainScoreError, match="object_name"):
        score({"metric": "ridge", "splits": {"stratify": "object_name"}}, recorded(x), x)


@pytest.mark.parametrize(
    ("splits", "count"), [({"n": 3, "train": 0.5}, 3), ({"folds": 4}, 4), ({"n": 1, "test": 0.2}, 1)]
)
def test_splits_are_those_that_are_written(x, splits, count):
    found = score({"metric": "ridge", "splits": splits}, recorded(x), x)
    assert len(found.splits) == count
    assert (found.error is None) == (count == 1)


def test_given_splits_say_which_values_there_are(x):
    half = {"half": np.array(["fit", "test", "other"])[np.arange(N) % 3]}
    says = r"given: half: no stimulus is train \(its values are fit, test, other\); train and test are due"
    with pytest.raises(BrainScoreError, match=says):
        score({"metric": "ridge", "splits": {"given": "half"}}, recorded(x), x, {"coords": half})


def test_few_stimuli_are_tested_on_enough_of_them(x):
    few = from_arrays(images(20), recorded(x)[:20], region="IT")
    target = scoring.target(validated(Benchmark, {"region": "IT", "metric": "ridge"}, "test"), "IT", few, CPU)
    assert {len(split.test) for split in target.splits} == {10}
    written = {"region": "IT", "metric": "ridge", "splits": {"train": 0.9}}
    with pytest.raises(BrainScoreError, match="2 of 20 stimuli to test on"):
        scoring.target(validated(Benchmark, written, "test"), "IT", few, CPU)


def test_a_small_test_set_is_noted(x):
    found = score({"metric": "ridge", "splits": {"n": 3, "train": 0.9}}, recorded(x), x)
    assert found.notes == ("only 8 stimuli to test on in each split",)


def test_json_has_plain_finite_numbers_only(x):
    import json

    found = score({"metric": "pca_ridge"}, recorded(x, noise=1), x).to_json()
    text = json.dumps(found, allow_nan=False)
    assert "explained_variance" in json.loads(text)["also"]


def test_reverse_predictivity_splits_the_stimuli_as_their_table_lists_them(x):
    """Rows in another order than the table's: splits are those of the table, and those of pls of the rows."""
    responses, listed = recorded(x, noise=2), np.random.RandomState(4).permutation(N)
    benchmark = validated(Benchmark, {"region": "IT", "metric": "reverse_pls"}, "test")
    recordings = from_arrays(images(), responses, region="IT")
    moved = replace(
        recordings, stimuli=replace(recordings.stimuli, listed=tuple(np.argsort(listed).tolist()))
    )
    y, rows = responses.mean(2)[listed], x.numpy()[listed]
    due = []
    for train, test in ShuffleSplit(10, train_size=0.875, random_state=1).split(rows):
        fit = PLSRegression(NEUROIDS, scale=False, tol=1e-14, max_iter=100_000).fit(y[train], rows[train])
        pairs = zip(fit.predict(y[test]).T, rows[test].T, strict=True)
        due.append([np.corrcoef(*pair)[0, 1] for pair in pairs])
    found = scoring.score(benchmark, x, scoring.target(benchmark, "IT", moved, CPU), Registry())
    assert found.values == pytest.approx(np.array(due), abs=1e-6)
    pls = validated(Benchmark, {"region": "IT", "metric": "pls"}, "test")
    of_rows = [scoring.target(pls, "IT", one, CPU).splits[0].test.tolist() for one in (moved, recordings)]
    assert of_rows[0] == of_rows[1]
