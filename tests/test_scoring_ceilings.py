"""Ceilings as benchmarks ask for them: of which stimuli, from which coords, and what is told of them."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch

from pytest_brainscore import scoring
from pytest_brainscore.data.opening import from_arrays
from pytest_brainscore.errors import MetricError
from pytest_brainscore.metrics import ncsnr
from pytest_brainscore.metrics.between_subjects import reliability_of_rdms, rsa_bounds
from pytest_brainscore.metrics.encoding import crsa, encoding
from pytest_brainscore.metrics.gsn import gsn
from pytest_brainscore.metrics.rsa import brain_rdms
from pytest_brainscore.metrics.simulation import Simulation
from pytest_brainscore.metrics.splits import shuffle
from pytest_brainscore.specs.benchmarks import Benchmark
from pytest_brainscore.specs.registry import Registry
from pytest_brainscore.specs.validation import validated

N, REPETITIONS, OWN = 60, 3, 15
SUBJECTS = ("one", "two", "three")
M = OWN * len(SUBJECTS)
GROUPS = [torch.arange(OWN) + OWN * i for i in range(len(SUBJECTS))]
TEST = torch.arange(1, N, 2)


def images():
    rng = np.random.RandomState(3)
    return [rng.randint(0, 256, (4, 4, 3), dtype=np.uint8) for _ in range(N)]


def activations():
    return np.random.RandomState(0).randn(N, 20)


def measured():
    """(stimulus, neuroid, repetition)."""
    rng = np.random.RandomState(1)
    signal = activations() @ rng.randn(20, M)
    return signal[..., None] + 4 * rng.randn(N, M, REPETITIONS)


def recordings(responses=None, **coords):
    responses = measured() if responses is None else responses
    neuroids = {"subject": np.repeat(SUBJECTS, OWN), **coords}
    return from_arrays(images(), responses, region="OTC", neuroids=neuroids)


def target(metric, ceiling, of=None, **entry):
    spec = {"region": "OTC", "metric": metric, "ceiling": ceiling, **entry}
    benchmark = validated(Benchmark, spec, "test")
    made = scoring.target(benchmark, "OTC", of or recordings(), torch.device("cpu"))
    return benchmark, made


def score(metric, ceiling, of=None, **entry):
    benchmark, made = target(metric, ceiling, of, **entry)
    return scoring.score(benchmark, torch.from_numpy(activations()), made, Registry())


def ratios():
    return np.linspace(0.2, 1.2, M)


def test_stored_ncsnr_with_as_many_repetitions_as_the_recordings_have():
    found = score("encoding", "ncsnr", recordings(ncsnr=ratios()))
    nc = ratios() ** 2 / (ratios() ** 2 + 1 / 3)
    roots = np.sqrt(nc).reshape(3, OWN).mean(axis=1)
    assert found.ceiling == pytest.approx((roots**2).mean())
    assert found.also["ceiling_r"] == pytest.approx(roots.mean())
    assert found.also["ceiling_nc"] == pytest.approx(nc.mean())
    assert [found.also[f"ceiling.{name}"] for name in SUBJECTS] == pytest.approx(roots**2)
    raws = np.array([found.also[f"raw.{name}"] for name in SUBJECTS])
    assert found.ceiled == pytest.approx((raws * abs(raws) / roots**2).mean())
    assert not any("ncsnr" in note for note in found.notes)


def test_ncsnr_bounds_what_the_score_is():
    """The mean r of encoding, the median r of ridge, and where scores are shares the mean share itself."""
    nc = (ratios() ** 2 / (ratios() ** 2 + 1 / 3)).reshape(3, OWN)
    ridge = {"name": "ridge", "subjects": "separate"}
    entries = (("encoding", {}), (ridge, {}), ("encoding", {"normalise": "r_over_ceiling"}))
    expected = [np.sqrt(nc).mean(axis=1) ** 2, np.median(np.sqrt(nc), axis=1) ** 2, nc.mean(axis=1)]
    for (metric, entry), bounds in zip(entries, expected, strict=True):
        _, made = target(metric, "ncsnr", recordings(ncsnr=ratios()), **entry)
        assert made.ceiling.parts(1, GROUPS).tolist() == pytest.approx(bounds)
        assert made.ceiling.value == pytest.approx(bounds.mean())


def test_responses_that_are_means_already():
    means = measured().mean(axis=2)
    _, told = target("encoding", {"name": "ncsnr", "repetitions": 3}, recordings(means, ncsnr=ratios()))
    nc = ratios() ** 2 / (ratios() ** 2 + 1 / 3)
    assert told.ceiling.values.numpy() == pytest.approx(nc[None])
    each = np.repeat([1, 2, 3], OWN)
    _, told = target(
        "encoding", {"name": "ncsnr", "coord": "snr"}, recordings(means, snr=ratios(), repetitions=each)
    )
    assert told.ceiling.values.numpy() == pytest.approx((ratios() ** 2 / (ratios() ** 2 + 1 / each))[None])
    _, untold = target("encoding", "ncsnr", recordings(means, ncsnr=ratios()))
    assert untold.ceiling.values.numpy() == pytest.approx((ratios() ** 2 / (ratios() ** 2 + 1))[None])
    assert untold.notes == (
        "ceiling: ncsnr: of one repetition each; if the responses are means, write `repetitions` there",
    )


def test_ncsnr_is_estimated_on_the_test_stimuli():
    """Of metrics that score the training stimuli, too; of others on all."""
    shown = torch.from_numpy(measured()).permute(0, 2, 1)
    for metric, rows in (("encoding", TEST), ({"name": "ridge", "subjects": "separate"}, torch.arange(N))):
        _, made = target(metric, "ncsnr")
        stimulus = torch.arange(len(rows)).repeat_interleave(REPETITIONS)
        expected = ncsnr.noise_ceiling(ncsnr.estimated(shown[rows].flatten(0, 1), stimulus), 1 / 3, GROUPS)
        assert made.ceiling.also["ceiling_nc"] == pytest.approx(expected.value, rel=1e-12)


def test_a_coord_that_is_not_there():
    with pytest.raises(MetricError, match="ceiling: the neuroids have no coord ncnsr; did you mean ncsnr"):
        target("encoding", {"name": "ncsnr", "coord": "ncnsr"}, recordings(ncsnr=ratios()))
    with pytest.raises(
        MetricError, match="ncsnr: no stimulus was shown twice, and the neuroids have no coord"
    ):
        target("encoding", "ncsnr", recordings(measured().mean(axis=2)))


@pytest.mark.parametrize("metric", ["crsa", "versa"])
def test_bounds_are_of_the_rdms_of_the_test_stimuli(metric):
    y = torch.from_numpy(measured().mean(axis=2))
    expected = rsa_bounds(brain_rdms(y[TEST], "pearson", GROUPS), "pearson")
    _, made = target(metric, "rsa_bounds")
    assert made.ceiling.value == pytest.approx(expected.value, rel=1e-12)
    assert made.ceiling.lower == pytest.approx(expected.lower, rel=1e-12)
    assert made.ceiling.values.numpy() == pytest.approx(expected.values.numpy())
    spec = {"name": metric, "comparison": "spearman", "distance": "euclidean"}
    _, made = target(spec, {"name": "subject_halves", "n": 7})
    expected = reliability_of_rdms(brain_rdms(y[TEST], "euclidean", GROUPS), "spearman", n=7)
    assert made.ceiling.value == pytest.approx(expected.value, rel=1e-12)
    assert made.ceiling.error == pytest.approx(expected.error)


def test_bounds_of_several_splits_are_averaged():
    y = torch.from_numpy(measured().mean(axis=2))
    _, made = target("crsa", "rsa_bounds", splits={"n": 3, "train": 0.5})
    bounds = [
        rsa_bounds(brain_rdms(y[split.test], "pearson", GROUPS), "pearson")
        for split in shuffle(N, n_splits=3, train=0.5)
    ]
    assert made.ceiling.value == pytest.approx(np.mean([bound.value for bound in bounds]))
    assert made.ceiling.lower == pytest.approx(np.mean([bound.lower for bound in bounds]))
    assert made.ceiling.error == pytest.approx(np.std([bound.value for bound in bounds]) / 3**0.5)
    assert made.ceiling.values.shape == (3, 3)


def test_bounds_of_other_metrics_are_of_all_stimuli():
    y = torch.from_numpy(measured().mean(axis=2))
    _, made = target("rdm_cv", "rsa_bounds")
    assert made.ceiling.value == pytest.approx(rsa_bounds(brain_rdms(y, "pearson", GROUPS)).value)


def test_gsn_is_of_the_test_stimuli_and_the_metrics_own_rdms():
    shown = torch.from_numpy(measured()).permute(0, 2, 1)[TEST].flatten(0, 1)
    stimulus = torch.arange(len(TEST)).repeat_interleave(REPETITIONS)
    simulation = Simulation(n=4, seed=2, comparison="spearman")
    expected = gsn(shown, stimulus, simulation, groups=GROUPS, most=12)
    metric = {"name": "crsa", "comparison": "spearman"}
    found = score(metric, {"name": "gsn", "n": 4, "seed": 2, "neuroids": 12})
    assert found.ceiling == pytest.approx(expected.value, abs=1e-9)
    assert [found.also[f"ceiling.{name}"] for name in SUBJECTS] == pytest.approx(
        expected.values[0].tolist(), abs=1e-9
    )
    assert any(
        note.startswith("ceiling: gsn: of 15 neuroids 1 x 12 and 2 x 6 are drawn (seed 2)")
        for note in found.notes
    )


@pytest.mark.parametrize("ceiling", ["rsa_bounds", "leave_one_subject_out", "other_subjects"])
@pytest.mark.parametrize("metric", ["versa", "rdm"])
def test_subjects_that_nothing_names(metric, ceiling):
    unnamed = from_arrays(images(), measured(), region="OTC")
    said = f"ceiling: {ceiling} is between subjects, and the neuroids have no coord `subject`: give the table"
    with pytest.raises(MetricError, match=said):
        target(metric, ceiling, unnamed)


@pytest.mark.parametrize("ceiling", ["gsn", "other_subjects"])
def test_ceilings_that_know_no_crossnobis(ceiling):
    said = f"ceiling: {ceiling} does not know the distance crossnobis: use leave_one_subject_out, rsa_bounds,"
    with pytest.raises(MetricError, match=said):
        target({"name": "crsa", "distance": "crossnobis"}, ceiling)


def test_other_subjects_take_a_networks_place():
    y = torch.from_numpy(measured().mean(axis=2))
    for metric, function in (("encoding", encoding), ("crsa", crsa)):
        benchmark, made = target(metric, "other_subjects")
        others = [torch.cat([g for g in GROUPS if g is not group]) for group in GROUPS]
        of_each = partial(function, splits=made.splits)
        r = np.array([of_each(y[:, o], y[:, g]).raw() for o, g in zip(others, GROUPS, strict=True)])
        expected = r**2 if benchmark.normalisation() == "r2_over_ceiling" else r
        assert made.ceiling.value == pytest.approx(expected.mean())
        found = score(metric, "other_subjects")
        assert [found.also[f"ceiling.{name}"] for name in SUBJECTS] == pytest.approx(expected)


def test_ceilings_of_neuroids_need_no_more_than_one_population():
    pooled = {"name": "encoding", "subjects": "pooled"}
    _, made = target(pooled, "ncsnr", recordings(ncsnr=ratios()))
    nc = ratios() ** 2 / (ratios() ** 2 + 1 / 3)
    assert made.ceiling.value == pytest.approx(np.sqrt(nc).mean() ** 2)


def test_what_makes_a_score_doubtful_is_told():
    responses = measured()
    responses[3, :5] = np.nan
    benchmark, to = target("ridge", "internal_consistency", recordings(responses), splits={"n": 2})
    told = (
        "5 of 45 neuroids are left out: 5 nan"
        " (one stimulus without a value is enough; `missing: stimuli` leaves out stimuli instead)"
    )
    assert scoring.score(benchmark, torch.as_tensor(activations()), to, Registry()).notes == (told,)
    responses[np.arange(M), np.arange(M)] = np.nan
    with pytest.raises(MetricError, match=r"no neuroid of OTC can be used: 45 nan \(one stimulus"):
        target("ridge", "internal_consistency", recordings(responses))
    noise = np.random.RandomState(5).randn(N, M, REPETITIONS)
    noise[..., 1:] = -noise[..., :1]
    benchmark, to = target("ridge", "internal_consistency", recordings(noise), splits={"n": 2})
    assert to.ceiling.value <= 0
    found = scoring.score(benchmark, torch.as_tensor(activations()), to, Registry())
    assert found.ceiled is None
    assert found.notes == ("the ceiling is not above zero: do the repetitions belong to the same stimuli?",)
