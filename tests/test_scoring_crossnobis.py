"""Similarity through the house: distances between repetitions, matched units, shared neighbours."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import xarray as xr
import yaml

from pytest_brainscore import scoring
from pytest_brainscore.data.opening import from_arrays
from pytest_brainscore.data.recordings import Recordings
from pytest_brainscore.errors import MetricError
from pytest_brainscore.metrics import rsa
from pytest_brainscore.metrics.between_subjects import rsa_bounds
from pytest_brainscore.metrics.crossnobis import crossnobis
from pytest_brainscore.specs.benchmarks import Benchmark
from pytest_brainscore.specs.registry import Registry
from pytest_brainscore.specs.validation import validated

N, REPETITIONS, OWN = 40, 3, 15
SUBJECTS = ("one", "two")
GROUPS = [torch.arange(OWN), torch.arange(OWN) + OWN]
CPU = torch.device("cpu")
TEST = torch.arange(1, N, 2)
CROSSNOBIS = {"name": "rdm", "distance": "crossnobis", "comparison": "whitened_cosine"}


def activations():
    return np.random.RandomState(0).randn(N, 20)


def signal():
    return activations() @ np.random.RandomState(1).randn(20, OWN * len(SUBJECTS))


def measured():
    """(stimulus, neuroid, repetition)."""
    noise = np.random.RandomState(2).randn(N, OWN * len(SUBJECTS), REPETITIONS)
    return signal()[..., None] + 4 * noise


def images():
    return [np.full((4, 4, 3), i, dtype=np.uint8) for i in range(N)]


def target(metric, responses, **entry):
    neuroids = {"subject": np.repeat(SUBJECTS, OWN)}
    recordings = from_arrays(images(), responses, region="OTC", neuroids=neuroids)
    benchmark = validated(Benchmark, {"region": "OTC", "metric": metric, **entry}, "test")
    return benchmark, scoring.target(benchmark, "OTC", recordings, CPU)


def score(metric, responses, **entry):
    benchmark, made = target(metric, responses, **entry)
    return scoring.score(benchmark, torch.from_numpy(activations()), made, Registry())


def rdms(responses, groups=None):
    """(s, n, n): showing by showing, a repetition after the other."""
    n, m, r = responses.shape
    values = torch.from_numpy(responses).permute(2, 0, 1).reshape(r * n, m)
    return crossnobis(values, torch.arange(n).repeat(r), torch.arange(r).repeat_interleave(n), groups)


def of_the_network(rows=None):
    x = torch.from_numpy(activations())
    return rsa.squared_distance(x if rows is None else x[rows])


def test_each_subjects_repetitions():
    brain = rdms(measured(), GROUPS)
    found = score(CROSSNOBIS, measured(), ceiling="rsa_bounds")
    expected = rsa.compare(of_the_network(), brain, "whitened_cosine")
    assert found.values[0] == pytest.approx(expected.numpy(), abs=1e-12)
    assert found.targets == SUBJECTS
    assert found.raw == pytest.approx(expected.mean().item())
    assert found.ceiling == pytest.approx(rsa_bounds(brain, "whitened_cosine").value)
    assert found.ceiled == pytest.approx(found.raw / found.ceiling)


def test_all_neuroids_as_one_population():
    found = score({**CROSSNOBIS, "subjects": "pooled"}, measured())
    expected = rsa.compare(of_the_network(), rdms(measured()), "whitened_cosine")
    assert (found.raw, found.targets) == (pytest.approx(expected.item(), abs=1e-12), ("all",))


@pytest.mark.parametrize("splits", [{}, {"n": 3, "train": 0.5}])
def test_crsa_on_both_halves(splits):
    metric = {"name": "crsa", "distance": "crossnobis"}
    benchmark, made = target(metric, measured(), splits=splits, ceiling="rsa_bounds")
    brain = rdms(measured(), GROUPS)
    found = scoring.score(benchmark, torch.from_numpy(activations()), made, Registry())
    for side, tested in (("train", False), ("test", True)):
        rows = [split.test if tested else split.train for split in made.splits]
        cut = [(of_the_network(at), brain[:, at[:, None], at]) for at in rows]
        expected = torch.stack([rsa.compare(*pair, "pearson") for pair in cut]).numpy()
        values = found.values if side == "test" else found.beside["train"].values
        assert values == pytest.approx(expected, abs=1e-12)
    bounds = [rsa_bounds(brain[:, s.test[:, None], s.test], "pearson").value for s in made.splits]
    assert found.ceiling == pytest.approx(np.mean(bounds))


def test_rdm_cv_on_the_test_stimuli():
    benchmark, made = target({"name": "rdm_cv", "distance": "crossnobis"}, measured(), splits={"n": 2})
    found = scoring.score(benchmark, torch.from_numpy(activations()), made, Registry())
    (at, _), brain = (split.test for split in made.splits), rdms(measured(), GROUPS)
    expected = rsa.compare(of_the_network(at), brain[:, at[:, None], at])
    assert found.values[0] == pytest.approx(expected.numpy(), abs=1e-12)


def test_stimuli_that_are_left_out():
    gone, responses = 7, measured()
    responses[gone, 3] = np.nan
    rest = np.delete(np.arange(N), gone)
    _, made = target(CROSSNOBIS, responses, missing="stimuli")
    torch.testing.assert_close(made.y, rdms(measured()[rest], GROUPS), rtol=0, atol=1e-12)
    assert made.rows.tolist() == rest.tolist()


def test_a_showing_that_one_subject_missed():
    responses = measured()
    responses[:, OWN:, 0] = np.nan
    _, made = target(CROSSNOBIS, responses)
    expected = [rdms(measured(), GROUPS[:1]), rdms(measured()[..., 1:], GROUPS[1:])]
    torch.testing.assert_close(made.y, torch.cat(expected), rtol=0, atol=1e-12)


def test_what_was_shown_once_has_no_crossnobis():
    with pytest.raises(MetricError, match=r"40 of 40 stimuli have fewer than 2 .* use distance: euclidean"):
        target(CROSSNOBIS, measured()[..., :1])


def recorded_rdms():
    return rsa.brain_rdms(torch.from_numpy(measured().mean(axis=2)), "pearson", GROUPS)


def rdm_target(metric):
    benchmark = validated(Benchmark, {"region": "OTC", "metric": metric}, "test")
    coords = {"subject": list(SUBJECTS), "region": ("subject", ["OTC"] * len(SUBJECTS))}
    array = xr.DataArray(recorded_rdms().numpy(), dims=("subject", "stimulus", "stimulus_"), coords=coords)
    stimuli = from_arrays(images(), measured(), region="OTC").stimuli
    return benchmark, scoring.target(benchmark, "OTC", Recordings("rdms", stimuli, array), CPU)


@pytest.mark.parametrize("metric", ["rdm", "rdm_cv", "crsa"])
def test_rdms_have_no_repetitions(metric):
    says = (
        f"{metric}: distance: crossnobis is made of repetitions, and these recordings are RDMs: use pearson"
    )
    with pytest.raises(MetricError, match=says):
        rdm_target({**CROSSNOBIS, "name": metric})


@pytest.mark.parametrize("metric", ["cka", "procrustes", "soft_matching", "versa", "ridge"])
def test_metrics_of_responses_refuse_rdms_at_once(metric):
    with pytest.raises(MetricError, match=f"RDMs, which {metric} cannot use: use rdm, rdm_cv, crsa, rsm or"):
        rdm_target(metric)


BENCHMARKS = """
- {region: OTC, metric: procrustes}
- {region: OTC, metric: {name: procrustes, subjects: pooled}}
- {region: OTC, metric: {name: mutual_knn, k: 3}}
- {region: OTC, metric: soft_matching}
- {region: OTC, metric: {name: rdm, comparison: whitened_pearson}, ceiling: rsa_bounds}
"""


def test_a_brain_is_like_itself_by_every_measure():
    """And less like the network that made it, noise and all."""
    means = torch.from_numpy(measured().mean(axis=2))[:, :OWN]
    responses = np.concatenate([measured()[:, :OWN]] * 2, axis=1)
    for entry in yaml.safe_load(BENCHMARKS):
        benchmark, made = target(
            entry["metric"], responses, **{k: v for k, v in entry.items() if k != "metric"}
        )
        itself = scoring.score(benchmark, means, made, Registry())
        network = scoring.score(benchmark, torch.from_numpy(activations()), made, Registry())
        assert itself.raw == pytest.approx(1, abs=1e-9)
        assert 0.05 < network.raw < 0.95
        assert itself.error is None


def test_a_note_says_how_many_units_stand_for_all(monkeypatch):
    benchmark, made = target("soft_matching", measured())
    noted = "5 units, evenly spaced, stand for all 20"
    assert noted not in scoring.score(benchmark, torch.from_numpy(activations()), made, Registry()).notes
    monkeypatch.setattr("pytest_brainscore.metrics.soft_matching.UNITS", 5)
    found = scoring.score(benchmark, torch.from_numpy(activations()), made, Registry())
    assert noted in found.notes
    assert (found.also["units"], found.also["varying"]) == (5, 20)


def nearest(rdm, k):
    return [{j for j in row.tolist() if j != i} for i, row in enumerate(rdm.argsort(dim=1)[:, : k + 1])]


def test_mutual_knn_of_recorded_rdms():
    benchmark, made = rdm_target({"name": "mutual_knn", "k": 4})
    found = scoring.score(benchmark, torch.from_numpy(activations()), made, Registry())
    own = nearest(rsa.cosine_distance(torch.from_numpy(activations())), 4)
    shared = [[len(a & b) / 4 for a, b in zip(own, nearest(r, 4), strict=True)] for r in recorded_rdms()]
    assert found.values[0] == pytest.approx(np.mean(shared, axis=1))
    assert found.also["chance"] == pytest.approx(4 / 39)
