"""Intervals and nulls of scores, against loops that are written out, on recordings whose answer is known."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import torch

from pytest_brainscore import scoring
from pytest_brainscore.data.opening import from_arrays
from pytest_brainscore.errors import MetricError
from pytest_brainscore.inference.sampling import Sampling, without
from pytest_brainscore.metrics.cka import cka
from pytest_brainscore.metrics.encoding import crsa
from pytest_brainscore.metrics.predictivity import ridge
from pytest_brainscore.metrics.rsa import compare, pearson_distance, rdm
from pytest_brainscore.metrics.splits import Split
from pytest_brainscore.scoring.inferred import Plan, inferred_score
from pytest_brainscore.scoring.inferred.kernels import Grams, Rdms
from pytest_brainscore.scoring.profiles import Profile
from pytest_brainscore.specs.benchmarks import Benchmark
from pytest_brainscore.specs.metrics import Versa
from pytest_brainscore.specs.registry import Registry
from pytest_brainscore.specs.validation import validated
from pytest_brainscore.specs.views import Pool

from . import test_scoring_choices as two
from .models.fakes import network
from .test_pool import Desk

CPU = torch.device("cpu")
N, UNITS, NEUROIDS = 60, 12, 7
REFIT = {"inference": {"intervals": "refit", "groups": 6}}


@pytest.fixture(scope="module")
def x():
    return torch.as_tensor(np.random.RandomState(0).randn(N, UNITS))


@pytest.fixture(scope="module")
def responses(x):
    rng = np.random.RandomState(1)
    return (x.numpy() @ rng.randn(UNITS, NEUROIDS))[..., None] + 4 * rng.randn(N, NEUROIDS, 4)


def measured(entry, responses, x, among=(), **coords):
    """The score with and without its intervals' work, and the target."""
    benchmark = validated(Benchmark, {"region": "IT", **entry}, "test")
    images = list(np.random.RandomState(3).randint(0, 256, (len(x), 4, 4, 3), dtype=np.uint8))
    recordings = from_arrays(images, responses, region="IT", **coords)
    target = scoring.target(benchmark, "IT", recordings, CPU)
    plan = Plan.of(benchmark, "key")
    plain = scoring.score(benchmark, x, target, Registry())
    found = inferred_score(benchmark, x, target, lambda _: Registry(), plan, among)
    assert (found.raw, found.ceiled, found.splits) == (plain.raw, plain.ceiled, plain.splits)
    return found, target


def groups(n=N, count=6):
    return [without(part, n) for part in Sampling("key", groups=count).parts(n)]


def overlap(splits) -> float:
    tests = [{*split.test.tolist()} for split in splits]
    return np.mean([len(one & other) / len(one) for one, other in combinations(tests, 2)])


def test_stored_over_stimuli_is_the_variance_of_the_splits_and_what_they_share(x, responses):
    entry = {"metric": "ridge", "splits": {"n": 5, "train": 0.75}, "inference": {"over": ("stimulus",)}}
    found, target = measured(entry, responses, x)
    shared = overlap(target.splits)
    ratio = shared / (1 - shared) + 15 / 45 / 4
    line = found.beside["shared_stimulus"].values
    variance = np.var(found.splits, ddof=1) / 5 + ratio * np.var(line, ddof=1)
    assert found.interval.se == pytest.approx(np.sqrt(variance))
    assert (found.interval.over, found.interval.df, found.interval.refit) == (("stimulus",), 4, False)
    assert found.interval.low < found.raw < found.interval.high
    np.testing.assert_array_equal(found.beside["replicates_stimulus"].values, found.splits)


def test_refitted_mappings_are_fitted_on_other_splits_of_the_same_size(x, responses):
    entry = {"metric": {"name": "ridge", "alpha": 2.0}, "splits": {"n": 1, "train": 0.7}, **REFIT}
    found, target = measured(entry, responses, x)
    drawn = [Split(order[:42], order[42:]) for order in Sampling("key").orders(N, 6)]
    expected = ridge(x, target.y, drawn, alpha=2.0).per_split()
    np.testing.assert_allclose(found.beside["replicates_stimulus"].values, expected, atol=1e-12)
    assert found.interval.refit
    assert found.interval.by == {"stimulus": "splits", "neuroid": "bootstrap"}
    assert found.beside["replicates_stimulus"].attrs["of"] == 1


@pytest.mark.parametrize("rounded", [False, True])
def test_rdms_are_made_once_and_cut(x, responses, rounded):
    if rounded:
        x, responses = x.round(), responses.round()
    found, target = measured({"metric": "rdm", "inference": {"groups": 6}}, responses, x)
    expected = [rdm(x[rows], target.y[rows]).raw() for rows in groups()]
    tolerance = 1e-5 if rounded else 1e-12  # pairs that tie but for rounding have another order
    np.testing.assert_allclose(found.beside["replicates_stimulus"].values[:6], expected, atol=tolerance)
    assert not found.interval.refit


@pytest.mark.parametrize(("separate", "said"), [(False, True), (True, False)])
def test_neuroids_that_are_pooled_over_subjects_are_said_to_be(x, responses, separate, said):
    metric = {"name": "ridge", **({"subjects": "separate"} if separate else {})}
    found, _ = measured({"metric": metric}, responses, x, neuroids={"subject": ["a"] * 4 + ["b"] * 3})
    assert any("of these 2 subjects: their neuroids are pooled" in note for note in found.notes) == said
    assert found.interval.over == ("stimulus", "subject" if separate else "neuroid")


def test_rdms_of_several_subjects_are_cut_each_by_its_own_order(x, responses):
    y = torch.as_tensor(responses).mean(dim=2)
    brain = torch.stack([pearson_distance(y[:, :4]), pearson_distance(y[:, 3:])])
    models = torch.stack([pearson_distance(x[:, :6]), pearson_distance(x[:, 6:])])
    rows = groups()[0]
    cut = brain[:, rows[:, None], rows]
    for model in (models, models[0]):
        expected = compare(model[..., rows[:, None], rows], cut, "spearman").flatten()
        found = Rdms(model, brain, "spearman")(rows).values.flatten()
        assert found.numpy() == pytest.approx(expected.numpy(), abs=1e-12)


HALVES = {
    "coords": {"half": np.array(["train", "test"] * (N // 2))},
    "neuroids": {"subject": ["a"] * 4 + ["b"] * 3},
}


def silent(responses):
    """The same, but that subject a does not respond to the first stimulus, which is one to train on."""
    values = responses.copy()
    values[0, :4] = 0.0
    return values


def test_what_is_cut_of_crsa_is_of_its_test_stimuli_alone(x, responses):
    entry = {"metric": "crsa", "splits": {"given": "half"}, "inference": {"groups": 6}}
    found, _ = measured(entry, silent(responses), x, **HALVES)
    cuts = found.beside["replicates_stimulus"].values
    y = torch.as_tensor(responses).mean(dim=2)[1::2]
    for at, rows in enumerate(groups(N // 2)):
        brain = torch.stack([pearson_distance(one) for one in (y[rows, :4], y[rows, 4:])])
        expected = compare(pearson_distance(x[1::2][rows]), brain, "pearson").mean()
        assert cuts[at] == pytest.approx(float(expected), abs=1e-12)


@pytest.mark.parametrize("intervals", ["stored", "off"])
def test_the_pools_crsa_needs_no_rdm_of_all_stimuli(x, responses, intervals):
    entry = {"metric": "crsa", "splits": {"given": "half"}, "inference": {"intervals": intervals}}
    plain, target = measured(entry, silent(responses), x, **HALVES)
    benchmark = validated(Benchmark, {"region": "IT", **entry}, "test")
    profile = Profile(benchmark, Pool(), target)
    profile.offer("layer", crsa(x, target.y, target.splits, groups=target.subjects.groups))
    found = profile.score(plan=Plan.of(benchmark, "key"))
    assert (found.raw, found.interval) == (plain.raw, plain.interval)
    assert (found.interval is None) == (intervals == "off")


@pytest.mark.parametrize(
    ("inference", "notes"),
    [({"permutations": 3}, ("no interval: no matrix", "no null: no matrix")), ({"intervals": "off"}, ())],
)
def test_matrices_that_cannot_be_made_cost_the_interval_alone(x, responses, monkeypatch, inference, notes):
    def none(*_):
        raise MetricError("no matrix")

    monkeypatch.setattr(Grams, "of", none)
    found, _ = measured({"metric": "cka", "inference": inference}, responses, x)
    assert (found.interval, found.null) == (None, None)
    assert tuple(note for note in found.notes if "matrix" in note) == notes


def test_more_stimuli_are_left_out_in_fewer_groups(x):
    rows = torch.as_tensor(np.random.RandomState(4).randn(540, UNITS))
    answers = (rows.numpy() @ np.random.RandomState(5).randn(UNITS, 5))[..., None]
    found, _ = measured({"metric": "rdm"}, answers, rows)
    assert found.interval.df == 5
    assert len(found.beside["replicates_stimulus"].values) == 6 + 15
    assert found.notes == ("interval: 6 groups of stimuli, not 20, since each takes long",)


@pytest.mark.parametrize("debiased", [True, False])
def test_kernels_are_made_once_and_cut(x, responses, debiased):
    entry = {"metric": {"name": "cka", "debiased": debiased}, "inference": {"groups": 6}}
    found, target = measured(entry, responses, x)
    expected = [cka(x[rows], target.y[rows], debiased=debiased).raw() for rows in groups()]
    np.testing.assert_allclose(found.beside["replicates_stimulus"].values[:6], expected, atol=1e-12)


def test_the_ceiled_interval_takes_the_ceiling_as_known(x, responses):
    ceiling = {"ceiling": {"name": "constant", "value": 0.8}, "normalise": "r2_over_ceiling"}
    found, _ = measured({"metric": "ridge", **ceiling}, responses, x)
    low, high = ((end * abs(end)) / 0.8 for end in (found.interval.low, found.interval.high))
    assert (found.ceiled_interval.low, found.ceiled_interval.high) == pytest.approx((low, high))


def test_the_null_of_a_match_and_of_none(x, responses):
    asked = {"inference": {"permutations": 39}, "splits": {"n": 2}}
    match, _ = measured({"metric": "ridge", **asked}, responses, x)
    assert match.null.p == 1 / 40
    assert (match.null.refit, match.null.layers, match.null.permutations) == (True, 1, 39)
    noise, _ = measured({"metric": "rdm", **asked}, np.random.RandomState(9).randn(N, NEUROIDS), x)
    assert noise.null.p > 0.05
    assert abs(noise.null.mean) < 0.05
    assert not noise.null.refit


def test_the_null_of_rdms_is_that_of_shuffled_activations(x, responses):
    found, target = measured({"metric": "rdm", "inference": {"permutations": 9}}, responses, x)
    orders = Sampling("key").orders(N, 9)
    expected = [rdm(x[order], target.y).raw() for order in orders]
    assert found.null.mean == pytest.approx(np.mean(expected))


def test_where_the_best_layer_is_scored_the_null_is_of_the_best(x, responses):
    asked = {"metric": "ridge", "splits": {"n": 1}, "inference": {"permutations": 19}}
    other = torch.as_tensor(np.random.RandomState(5).randn(N, UNITS))
    single, _ = measured(asked, responses, x)
    best, _ = measured(asked, responses, x, among=(lambda: x, lambda: other, lambda: other.flip(0)))
    assert (single.null.layers, best.null.layers) == (1, 3)
    assert best.null.mean > single.null.mean


def test_what_cannot_be_is_none_and_a_note_says_what_to_write(x, responses):
    versa = Versa(name="versa").model_dump(exclude_defaults=True)
    single, _ = measured({"metric": versa}, responses, x)
    assert single.interval is None
    assert "no interval: the stimuli are split once; write `inference: {intervals: refit}`" in single.notes[0]
    lone, _ = measured({"metric": "encoding"}, responses, x)
    assert lone.interval.over == ("neuroid",)
    assert lone.notes[0].startswith("the interval is over neuroids alone: the stimuli are split once")
    assert lone.interval.without_stimuli
    assert str(lone).endswith("] over neuroids alone")
    assert lone.beside["replicates_neuroid"].attrs["alone"] == 1
    asked, _ = measured({"metric": "encoding", "inference": {"over": ("neuroid",)}}, responses, x)
    assert (asked.interval.low, asked.interval.without_stimuli) == (lone.interval.low, False)
    assert asked.notes == ()
    assert asked.beside["replicates_neuroid"].attrs["alone"] == 0
    off, _ = measured({"metric": "ridge", "inference": {"intervals": "off"}}, responses, x)
    assert (off.interval, off.notes, dict(off.beside)) == (None, (), {})
    few, _ = measured({"metric": versa, "inference": {"intervals": "refit", "groups": 5}}, responses, x)
    assert few.interval.over == ("stimulus",)


def test_a_score_shows_its_interval_and_keeps_its_replicates(x, responses):
    found, _ = measured({"metric": "ridge"}, responses, x)
    assert f"{found.raw:.4f} [{found.interval.low:.3f}, {found.interval.high:.3f}]" in str(found)
    stored = found.to_dataset()["replicates_stimulus"]
    assert stored.dims == ("replicate_stimulus",)
    assert stored.attrs["way"] == "splits"
    assert (stored.attrs["count"], stored.attrs["refit"], stored.attrs["key"]) == (N, 0, "key")
    assert found.to_json()["interval"]["low"] == found.interval.low


@pytest.mark.parametrize("metric", ["i1", "i2n"])
def test_choices_are_drawn_by_image(metric):
    x = torch.from_numpy(np.random.RandomState(0).randn(two.N, two.UNITS).astype(np.float32))
    entry = {
        "region": "behaviour",
        "metric": metric,
        "readout": {"fit": {"part": "fit"}},
        "ceiling": "internal_consistency",
        "inference": {"replicates": 100, "permutations": 9},
    }
    benchmark = validated(Benchmark, entry, "test")
    target = scoring.target(benchmark, "behaviour", two.recorded(two.trials_on(x)), CPU)
    found = inferred_score(benchmark, x, target, lambda _: Registry(), Plan.of(benchmark, "key"))
    plain = scoring.score(benchmark, x, target, Registry())
    assert (found.raw, found.ceiled) == (plain.raw, plain.ceiled)
    sampled = found.beside["replicates_stimulus"]
    assert (sampled.attrs["way"], sampled.attrs["count"], len(sampled.values)) == ("bootstrap", 45, 100)
    assert found.interval.low < found.raw < found.interval.high
    assert found.ceiled_interval.low < found.ceiled < found.ceiled_interval.high
    assert found.null.permutations == 9


def test_of_a_pool_the_null_and_the_refit_choose_anew(tmp_path):
    desk = Desk(tmp_path)
    case = desk.cases["Own.IT-encoding"]
    (plain,) = desk.ask("Own.IT-encoding")
    inference = {"intervals": "refit", "groups": 5, "permutations": 3}
    asked = case.benchmark.model_copy(update={"inference": validated_inference(inference)})
    desk.cases["Own.IT-encoding"] = replace(case, benchmark=asked)
    (found,) = desk.ask("Own.IT-encoding", net=network())
    assert found.raw == plain.raw
    assert plain.interval.over == ("subject",)
    assert found.interval.over == ("stimulus", "subject")
    assert found.null.layers == len(found.profile) > 1
    assert found.null.high < found.raw


def validated_inference(entry):
    return validated(Benchmark, {"region": "IT", "metric": "pls", "inference": entry}, "test").inference
