"""Scores in parts, subjects or time bins, against the recipe written out with scikit-learn and numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import xarray as xr
from scipy.stats import pearsonr
from sklearn.cross_decomposition import PLSRegression
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.model_selection import ShuffleSplit

from pytest_brainscore import scoring
from pytest_brainscore.data.opening import from_arrays
from pytest_brainscore.data.recordings import Recordings
from pytest_brainscore.errors import BrainScoreError
from pytest_brainscore.metrics.predictivity import ALPHAS
from pytest_brainscore.specs.benchmarks import Benchmark
from pytest_brainscore.specs.registry import Registry
from pytest_brainscore.specs.validation import validated

TRAIN, TEST, UNITS, REPETITIONS = 60, 25, 30, 6
N = TRAIN + TEST
SUBJECTS = {"F": [0, 1, 4, 6], "N": [2, 3, 5, 7, 8]}
NEUROIDS = 9
PARTS = np.array(["train", "test"])[(np.arange(N) % 17 < 5).astype(int)]
BINS = [(0.0, 10.0), (10.0, 20.0), (20.0, 30.0)]


def images():
    rng = np.random.RandomState(3)
    return [rng.randint(0, 256, (4, 4, 3), dtype=np.uint8) for _ in range(N)]


@pytest.fixture
def x():
    return np.random.RandomState(0).randn(N, UNITS)


def signal(x, seed=1):
    return x @ np.random.RandomState(seed).randn(UNITS, NEUROIDS)


def presented(x, noise):
    """(presentation, neuroid): train stimuli are shown twice and test stimuli six times, in mixed order."""
    rng = np.random.RandomState(5)
    shown = [(i, r) for i in range(N) for r in range(REPETITIONS if PARTS[i] == "test" else 2)]
    stimulus, repetition = np.array(shown)[rng.permutation(len(shown))].T
    values = signal(x)[stimulus] + noise * rng.randn(len(shown), NEUROIDS)
    subject = np.array([next(s for s, own in SUBJECTS.items() if j in own) for j in range(NEUROIDS)])
    return xr.DataArray(
        values,
        dims=("presentation", "neuroid"),
        coords={
            "stimulus": ("presentation", [f"image {i:03d}" for i in stimulus]),
            "repetition": ("presentation", repetition),
            "subject": ("neuroid", subject),
        },
    )


def target_of(entry, responses, **more):
    benchmark = validated(Benchmark, {"region": "IT", **entry}, "test")
    coords = {"part": PARTS}
    recordings = from_arrays(
        images(), responses, ids=[f"image {i:03d}" for i in range(N)], coords=coords, region="IT", **more
    )
    return benchmark, scoring.target(benchmark, "IT", recordings, torch.device("cpu"))


def score(entry, responses, x, **more):
    benchmark, target = target_of(entry, responses, **more)
    return scoring.score(benchmark, torch.as_tensor(x), target, Registry())


def averaged(responses, values=None):
    """(stimulus, neuroid) by loops."""
    values = responses.values if values is None else values
    names = responses["stimulus"].values
    return np.stack([np.nanmean(values[names == name], axis=0) for name in np.unique(names)])


def by_halves(values, stimulus, repetition):
    """Spearman-Brown reliability (10, m) of the halves that scikit-learn draws of the repetitions."""
    rows = []
    repetitions = np.unique(repetition)
    for halves in ShuffleSplit(10, train_size=0.5, random_state=1).split(repetitions):
        one, other = (
            np.stack(
                [
                    values[(stimulus == s) & np.isin(repetition, repetitions[half])].mean(axis=0)
                    for s in np.unique(stimulus)
                ]
            )
            for half in halves
        )
        r = np.array([pearsonr(one[:, j], other[:, j]).statistic for j in range(values.shape[1])])
        rows.append(2 * r / (1 + r))
    return np.array(rows)


REGRESSIONS = {"ridge": lambda: Ridge(alpha=1.0), "ridgecv": lambda: RidgeCV(alphas=ALPHAS)}


@pytest.mark.parametrize("metric", REGRESSIONS)
def test_subjects_apart_on_train_and_test(x, metric):
    responses = presented(x, noise=6.0)
    entry = {
        "metric": {"name": metric, "subjects": "separate"},
        "splits": {"given": "part"},
        "ceiling": "internal_consistency",
    }
    found = score(entry, responses, x)
    y, train, test = averaged(responses), PARTS == "train", PARTS == "test"
    tested = np.isin(responses["stimulus"].values, [f"image {i:03d}" for i in np.flatnonzero(test)])
    halves = by_halves(
        responses.values[tested], responses["stimulus"].values[tested], responses["repetition"].values[tested]
    )
    raws, ceilings = [], []
    for name, own in SUBJECTS.items():
        fitted = REGRESSIONS[metric]().fit(x[train], y[train][:, own])
        predicted = fitted.predict(x[test])
        r = [pearsonr(predicted[:, i], y[test][:, j]).statistic for i, j in enumerate(own)]
        assert found.values[0, own] == pytest.approx(r, abs=1e-6)
        raws.append(np.median(r))
        ceilings.append(np.median(halves[:, own], axis=1).mean())
        if metric == "ridgecv":
            assert found.also[f"alpha.{name}"] == pytest.approx(fitted.alpha_)
        told = [found.also[f"{figure}.{name}"] for figure in ("raw", "ceiling", "ceiled")]
        assert told == pytest.approx([raws[-1], ceilings[-1], raws[-1] ** 2 / ceilings[-1]], abs=1e-6)
    assert found.raw == pytest.approx(np.mean(raws), abs=1e-6)
    assert found.ceiling == pytest.approx(np.mean(ceilings), abs=1e-6)
    assert found.ceiled == pytest.approx(np.mean(np.square(raws) / ceilings), abs=1e-6)
    assert 0.3 < found.ceiled < 1.2
    assert found.error is None


def test_subjects_apart_need_to_be_named(x):
    responses = (
        presented(x, noise=6.0).drop_vars("subject").assign_coords(animal=("neuroid", list("FFNNFNFNN")))
    )
    apart = {"metric": {"name": "ridge", "subjects": "separate"}}
    says = r"no neuroid names its subject \(coords of neuroids: .*animal.*\); write `coords: {subject"
    with pytest.raises(BrainScoreError, match=says):
        target_of(apart, responses)
    assert target_of(apart, responses, subject="F")[1].subjects.names == ("F",)
    for metric in ("rdm", "cka"):  # they compare subject by subject unless told otherwise
        assert np.isfinite(score({"metric": metric}, responses, x).raw)


def test_subjects_apart_is_not_one_population(x):
    responses = presented(x, noise=6.0)
    entry = {"metric": {"name": "ridgecv"}, "splits": {"given": "part"}, "ceiling": "internal_consistency"}
    pooled = score(entry, responses, x)
    assert pooled.raw == pytest.approx(np.median(pooled.values))
    assert "raw.F" not in pooled.also
    assert "alpha" in pooled.also


def test_a_subject_without_a_ceiling_is_left_out_of_the_ceiled_score_and_named(x):
    responses = presented(x, noise=3.0)
    own = SUBJECTS["N"]
    rng = np.random.RandomState(8)
    values = responses.values.copy()
    flips = np.where(responses["repetition"].values % 2, 1.0, -1.0)  # halves contradict each other
    tested = np.isin(
        responses["stimulus"].values, [f"image {i:03d}" for i in np.flatnonzero(PARTS == "test")]
    )
    values[np.ix_(tested, own)] = 0.05 * rng.randn(int(tested.sum()), len(own)) + flips[
        tested, None
    ] * np.array([signal(x)[int(name[-3:]), own] for name in responses["stimulus"].values[tested]])
    entry = {
        "metric": {"name": "ridge", "subjects": "separate"},
        "splits": {"given": "part"},
        "ceiling": "internal_consistency",
    }
    found = score(entry, responses.copy(data=values), x)
    assert found.also["ceiling.N"] < 0
    assert np.isnan(found.also["ceiled.N"])
    assert found.ceiled == pytest.approx(found.also["ceiled.F"])
    assert found.notes == ("the ceiled score is without N, which has no ceiling above zero",)


def over_time(x, noise=3.0):
    """(stimulus, neuroid, repetition, time_bin): the later, the more signal."""
    rng = np.random.RandomState(7)
    course = np.array([0.3, 1.0, 2.0])
    shape = (N, NEUROIDS, REPETITIONS, len(BINS))
    return signal(x)[:, :, None, None] * course + noise * rng.randn(*shape)


TEMPORAL = {
    "metric": {"name": "temporal_pls", "components": 4},
    "splits": {"n": 3, "train": 0.7},
    "ceiling": "internal_consistency",
}
NAMED = {"dims": ("stimulus", "neuroid", "repetition", "time_bin"), "time_bins": BINS}


def test_time_bins_are_ceiled_one_by_one(x):
    responses = over_time(x)
    found = score(TEMPORAL, responses, x, **NAMED)
    y = responses.mean(axis=2)
    flat = responses.transpose(0, 2, 1, 3).reshape(N * REPETITIONS, NEUROIDS, len(BINS))
    labels = np.repeat(np.arange(N), REPETITIONS), np.tile(np.arange(REPETITIONS), N)
    r = np.empty((3, len(BINS), NEUROIDS))
    for s, (train, test) in enumerate(ShuffleSplit(3, train_size=0.7, random_state=1).split(np.zeros(N))):
        stacked = np.concatenate([y[train, :, t] for t in range(3)])
        exact = PLSRegression(4, scale=False, tol=1e-15, max_iter=50000)
        predicted = exact.fit(np.concatenate([x[train]] * 3), stacked).predict(x[test])
        for t in range(len(BINS)):
            r[s, t] = [pearsonr(predicted[:, j], y[test, j, t]).statistic for j in range(NEUROIDS)]
    assert found.values == pytest.approx(r.reshape(3, -1), abs=1e-6)
    assert found.targets[:2] == ("0@0-10", "1@0-10")
    assert found.targets[-1] == "8@20-30"
    raws = np.median(r, axis=2).mean(axis=0)
    ceilings = [np.median(by_halves(flat[..., t], *labels), axis=1).mean() for t in range(3)]
    for t, name in enumerate(["0-10", "10-20", "20-30"]):
        told = [found.also[f"{figure}.{name}"] for figure in ("raw", "ceiling", "ceiled")]
        assert told == pytest.approx([raws[t], ceilings[t], raws[t] ** 2 / ceilings[t]], abs=1e-6)
    assert found.raw == pytest.approx(raws.mean(), abs=1e-6)
    assert found.ceiling == pytest.approx(np.mean(ceilings), abs=1e-6)
    assert found.ceiled == pytest.approx(np.mean(raws**2 / ceilings), abs=1e-6)
    assert found.error == pytest.approx(np.median(r, axis=2).mean(axis=1).std() / 3**0.5, abs=1e-6)


def test_the_score_of_other_subjects_has_no_time_bins(x):
    separate = {"metric": {**TEMPORAL["metric"], "subjects": "separate"}, "ceiling": "other_subjects"}
    with pytest.raises(BrainScoreError, match="other_subjects knows no time bins"):
        score({**TEMPORAL, **separate}, over_time(x), x, neuroids={"subject": list("aaaabbbbb")}, **NAMED)


def test_a_network_that_changes_over_time_is_seen_bin_by_bin(x):
    benchmark, target = target_of(TEMPORAL, over_time(x), **NAMED)
    assert target.y.shape == (N, 3, NEUROIDS)
    assert target.time_bins == tuple(BINS)
    same = torch.as_tensor(x)[:, None].repeat(1, 3, 1)
    whole = scoring.score(benchmark, same, target, Registry())
    static = scoring.score(benchmark, torch.as_tensor(x), target, Registry())
    assert whole.raw == pytest.approx(static.raw, abs=1e-9)
    backwards = torch.cat([same[:, :1], -same[:, 1:]], dim=1)
    assert scoring.score(benchmark, backwards, target, Registry()).raw < static.raw - 0.05


def test_a_mean_over_time_bins_is_noted(x):
    responses = over_time(x)
    static = {**TEMPORAL, "metric": "pls"}
    assert score(static, responses, x, **NAMED).notes == ("mean of 3 time bins (0 to 30)",)
    assert score(TEMPORAL, responses, x, **NAMED).notes == ()
    assert score(static, responses[..., :1], x, dims=NAMED["dims"]).notes == ()
    assert score(static, responses, x, dims=NAMED["dims"]).notes == ("mean of 3 time bins",)


def test_a_metric_over_time_needs_time_bins(x):
    with pytest.raises(BrainScoreError, match=r"these have no time bins .* write `time_bins:`"):
        score(TEMPORAL, over_time(x)[..., 0], x)


def test_a_bin_in_which_nothing_happens_is_named(x):
    responses = over_time(x)
    responses[..., 0] = 0.0
    with pytest.raises(BrainScoreError, match="temporal_pls gives no number for 0-10 in split 1, 2, 3 of 3"):
        score(TEMPORAL, responses, x, **NAMED)


def test_subjects_in_time_bins_are_parts_of_their_own(x):
    subject = np.array([next(s for s, own in SUBJECTS.items() if j in own) for j in range(NEUROIDS)])
    array = xr.DataArray(over_time(x), dims=NAMED["dims"], coords={"subject": ("neuroid", subject)})
    apart = {**TEMPORAL, "metric": {**TEMPORAL["metric"], "subjects": "separate"}}
    found = score(apart, array, x, time_bins=BINS)
    raws = [found.also[f"raw.{s}.{b}"] for s in SUBJECTS for b in ("0-10", "10-20", "20-30")]
    assert found.raw == pytest.approx(np.mean(raws))
    alone = score({**TEMPORAL, "select": {"subject": "F"}}, array, x, time_bins=BINS)
    assert found.also["raw.F.10-20"] == pytest.approx(alone.also["raw.10-20"], abs=1e-9)
    assert found.also["ceiling.F.10-20"] == pytest.approx(alone.also["ceiling.10-20"], abs=1e-9)


def test_stimuli_that_some_neuroid_lacks_are_left_out_and_counted(x):
    responses = signal(x)[:, :, None] + 3 * np.random.RandomState(2).randn(N, NEUROIDS, REPETITIONS)
    responses[10:20, 3] = np.nan
    responses[30:40, 1, 4] = np.nan  # one presentation of six: the stimulus stays
    entry = {"metric": "ridge", "splits": {"n": 3, "train": 0.7}, "ceiling": "internal_consistency"}
    by_neuroid = score(entry, responses, x)
    assert by_neuroid.left_out == {"nan": ("3",)}
    found = score({**entry, "missing": "stimuli"}, responses, x)
    kept = np.flatnonzero(~np.isnan(responses).all(axis=2).any(axis=1))
    y = np.nanmean(responses[kept], axis=2)
    for values, (train, test) in zip(
        found.values, ShuffleSplit(3, train_size=0.7, random_state=1).split(kept), strict=True
    ):
        predicted = Ridge(alpha=1.0).fit(x[kept][train], y[train]).predict(x[kept][test])
        r = [pearsonr(predicted[:, j], y[test, j]).statistic for j in range(NEUROIDS)]
        assert values == pytest.approx(r, abs=1e-6)
    flat = responses.transpose(0, 2, 1).reshape(-1, NEUROIDS)
    labels = np.repeat(np.arange(N), REPETITIONS), np.tile(np.arange(REPETITIONS), N)
    complete = ~np.isnan(flat).any(axis=1)
    # the mean of a half without its NaN: a stimulus takes part where both halves were shown
    expected = by_halves(flat[complete], labels[0][complete], labels[1][complete])
    assert found.ceiling == pytest.approx(np.median(expected, axis=1).mean(), abs=1e-9)
    assert found.notes[0] == "10 of 85 stimuli are left out: some neuroid has no value"
    assert found.left_out == {}


def test_stored_reliabilities(x):
    reliability = np.linspace(0.2, 0.9, NEUROIDS)
    reliability[2] = np.nan
    array = xr.DataArray(
        signal(x), dims=("stimulus", "neuroid"), coords={"reliability": ("neuroid", reliability)}
    )
    ceiling = {"name": "stored", "coord": "reliability"}
    found = score({"metric": "ridge", "ceiling": ceiling}, array, x)
    rng = np.random.RandomState(0)
    there = reliability[~np.isnan(reliability)]
    medians = [np.median(rng.choice(there, size=len(there), replace=True)) for _ in range(1000)]
    assert (found.ceiling, found.ceiling_error) == pytest.approx((np.median(there), np.std(medians)))
    narrow = {"reliability": {"above": 0.3}}
    above = score({"metric": "ridge", "ceiling": ceiling, "select": narrow}, array, x)
    assert above.ceiling == pytest.approx(np.median(there[there > 0.3]))
    with pytest.raises(BrainScoreError, match="no coord reliabilty; did you mean reliability"):
        score({"metric": "ridge", "ceiling": {"name": "stored", "coord": "reliabilty"}}, array, x)


def test_reverse_predictivity_and_its_ceiling(x):
    responses = signal(x)[:, :, None] + 4 * np.random.RandomState(2).randn(N, NEUROIDS, REPETITIONS)
    entry = {"metric": {"name": "reverse_pls", "components": 3}, "ceiling": "predictor_consistency"}
    silent = np.concatenate([x, np.ones((N, 1))], axis=1)
    found = score(entry, responses, silent)
    assert (found.over, len(found.targets)) == ("unit", UNITS + 1)
    assert found.also["constant_units"] == 1
    assert found.raw == pytest.approx(np.nanmedian(found.values, axis=1).mean())
    assert found.ceiled == pytest.approx(found.raw**2 / found.ceiling)


def test_rsms_of_subjects_and_their_ceiling():
    rng = np.random.RandomState(4)
    n, subjects = 12, 4
    shared = rng.randn(n, 30)
    rsms = np.stack([np.corrcoef(shared + 0.7 * rng.randn(n, 30)) for _ in range(subjects)])
    x = np.concatenate([np.abs(rng.randn(n, 300)), 9 + shared], axis=1)
    stimuli = from_arrays(images()[:n], np.zeros((n, 1)), region="IT").stimuli
    data = xr.DataArray(
        1 - rsms,
        dims=("subject", "stimulus", "stimulus_"),
        coords={"subject": list("abcd"), "region": ("subject", ["IT"] * subjects)},
    )
    entry = {
        "region": "IT",
        "metric": {"name": "rsm", "deviations": 2.0},
        "ceiling": "leave_one_subject_out",
        "clip": (0.0, 1.0),
    }
    benchmark = validated(Benchmark, entry, "test")
    target = scoring.target(benchmark, "IT", Recordings("d", stimuli, data), torch.device("cpu"))
    found = scoring.score(benchmark, torch.as_tensor(x), target, Registry())
    off = ~np.eye(n, dtype=bool)
    others = [np.delete(rsms, s, axis=0).mean(axis=0) for s in range(subjects)]
    ceiling = np.mean([np.corrcoef(rsms[s][off], others[s][off])[0, 1] for s in range(subjects)])
    means = x.mean(axis=0)
    active = x[:, np.abs(means) > 2 * means.std()]
    model = np.corrcoef((active - active.mean(axis=0)) / active.std(axis=0))
    raw = np.mean([np.corrcoef(rsm[off], model[off])[0, 1] for rsm in rsms])
    assert active.shape[1] == 30
    assert (found.raw, found.ceiling) == pytest.approx((raw, ceiling), abs=1e-12)
    assert found.normalise == "r2_over_ceiling2"
    assert found.ceiled == pytest.approx(min((raw / ceiling) ** 2, 1))
    assert found.targets == tuple("abcd")
