"""Recovery matrices: every layer is the truth in turn, on tiny activations whose relations are known."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from pytest_brainscore.analysis.truth.candidates import Candidates, Place, shown, spread
from pytest_brainscore.analysis.truth.design import Design
from pytest_brainscore.analysis.truth.known import recordings_from
from pytest_brainscore.analysis.truth.matrix import Matrix, Simulation, matrices
from pytest_brainscore.analysis.truth.power import Terms, curves
from pytest_brainscore.data.stimuli import Stimuli
from pytest_brainscore.errors import MetricError, ModelError
from pytest_brainscore.metrics.rsa import brain_rdms
from pytest_brainscore.models.kinds import COORDINATES
from pytest_brainscore.models.network import from_module
from pytest_brainscore.specs.benchmarks import Benchmark
from pytest_brainscore.specs.models import Preprocess
from pytest_brainscore.specs.recoveries import ENOUGH, enough

A, B, W = Place("one", "a"), Place("one", "b"), Place("two", "w")


def metric(written):
    return Benchmark.model_validate({"region": "x", "metric": written}).metric


def stimuli(n):
    return Stimuli(tuple(f"s{i}" for i in range(n)), (np.zeros((2, 2, 3), np.uint8),) * n)


def design(n, neuroids=20, reliability=0.8, splits=None):
    benchmark = Benchmark.model_validate(
        {"region": "x", "metric": "ridgecv", "splits": splits or {"n": 1, "train": 0.8}}
    )
    return Design(stimuli(n), np.full(neuroids, reliability), ("m",) * neuroids, 2, benchmark)


def layers(n, seed=0, p=25):
    """A of a steep spectrum, B independent of it, and W: what A is made of, all of equal weight."""
    rng = np.random.default_rng(seed)
    white = rng.standard_normal((n, p))
    steep = white * 0.6 ** np.arange(p)
    every = {A: steep, B: rng.standard_normal((n, p)), W: white}
    return {place: {COORDINATES: torch.as_tensor(x)} for place, x in every.items()}


def among(n, *places, tied=None):
    every = layers(n)
    return Candidates(stimuli(n), {place: every[place] for place in places}, tied or {})


def test_a_linear_brain_is_recovered_by_ridge_and_nothing_else_explains_it():
    (found,) = matrices(among(150, A, B), design(150), [metric("ridgecv")], components=10, seeds=(1, 2, 3))
    assert found.wins(A) == {A: 3, B: 0}
    assert found.wins(B) == {A: 0, B: 3}
    document = found.document()
    assert document.found == (3, 3)
    assert document.recovered == 2
    assert document.models is None
    assert min(document.scores[0][0], document.scores[1][1]) > 0.7
    assert max(document.scores[0][1], document.scores[1][0]) < 0.25
    assert abs(document.independent[0]) < 0.2
    assert abs(document.shuffled[0]) < 0.2


def test_a_reweighted_layer_looks_like_another_to_rdm_and_cka_but_not_with_its_geometry_kept():
    compared = [metric("rdm"), metric("cka"), metric({"name": "cka", "debiased": False})]
    terms = {"seeds": (1, 2, 3), "controls": False}
    known, made = among(120, A, W), design(120, neuroids=60, reliability=0.95)
    for found in matrices(known, made, compared, components=20, **terms):
        assert found.wins(A) == {A: 0, W: 3}, found.metric
        assert found.models_found(A) == 0
    for found in matrices(known, made, compared, components=None, **terms):
        assert found.wins(A) == {A: 3, W: 0}, found.metric
        assert found.wins(W) == {A: 0, W: 3}
        assert found.found_models == 6
    (versa,) = matrices(known, made, [metric({"name": "versa", "features": "exact"})], **terms)
    assert versa.document().scores[0][0] > 0.5


def simulated(truth, seed, **scores):
    return Simulation(truth, seed, {p: scores[p.layer] for p in (A, B, W)}, 0.0, 0.0)


def test_what_is_tied_does_not_compete_and_what_has_no_number_loses():
    nan = float("nan")
    known = among(6, A, B, W, tied={A: frozenset({B})})
    trials = (
        simulated(A, 1, a=0.5, b=0.9, w=0.4),
        simulated(A, 2, a=0.5, b=0.1, w=0.6),
        simulated(A, 3, a=0.5, b=0.5, w=0.5),
        simulated(B, 1, a=nan, b=0.1, w=nan),
        simulated(W, 1, a=0.3, b=0.2, w=nan),
    )
    found = Matrix(metric("ridgecv"), known, trials)
    assert found.wins(A) == {A: 1, B: 0, W: 1}
    assert found.wins(B) == {A: 0, B: 1, W: 0}
    assert found.wins(W) == {A: 1, B: 0, W: 0}
    assert [found.models_found(place) for place in (A, B, W)] == [1, 1, 0]
    document = found.document()
    assert document.tied == ((1,), (), ())
    assert document.scores[1] == (None, 0.1, None)
    assert document.found == (1, 1, 0)


def test_a_truth_that_nothing_competes_with_is_an_error():
    known = among(20, A, B, tied={A: frozenset({B})})
    with pytest.raises(MetricError, match="one a: no nonlinearity separates any other layer from it"):
        matrices(known, design(20), [metric("ridgecv")])


def test_a_metric_without_any_number_says_why():
    known = among(3, A, B)
    few = design(3, splits={"n": 1, "train": 0.8})
    with pytest.raises(MetricError, match="cka gives no number in any simulation: cka needs at least 4"):
        matrices(known, few, [metric("cka")], components=2)


def test_numbers_do_not_depend_on_the_order_of_metrics_or_on_controls():
    known, made = among(60, A, B), design(60)
    one, other = metric("pls"), metric("ridgecv")
    first = matrices(known, made, [one, other], components=5, seeds=(4,))
    second = matrices(known, made, [other, one], components=5, seeds=(4,), controls=False)
    for found, again in zip(first, second[::-1], strict=True):
        assert [t.scores for t in found.simulations] == [t.scores for t in again.simulations]


def test_power_grows_with_stimuli_neuroids_and_reliability():
    """The other layer is this one and half as much of something else: to tell them apart takes data."""
    rng = np.random.default_rng(1)
    base = rng.standard_normal((240, 12))
    near = base + 0.5 * rng.standard_normal(base.shape)
    tensors = {A: {COORDINATES: torch.as_tensor(base)}, W: {COORDINATES: torch.as_tensor(near)}}
    known = Candidates(stimuli(240), tensors)
    terms = Terms(components=6, seeds=tuple(range(1, 9)))
    ridge, noisy = [metric({"name": "ridge"})], design(240, neuroids=6, reliability=0.1)
    (by_stimuli,) = curves(known, noisy, ridge, "stimuli", (24, 80, 240), terms=terms)
    (by_noise,) = curves(known, noisy.on(stimuli(240)), ridge, "noise", (0.02, 0.9), terms=terms)
    for curve in (by_stimuli, by_noise):
        shares = [point.share for point in curve.points]
        assert shares[0] < shares[-1]
        assert all(after >= before - 0.15 for before, after in itertools.pairwise(shares))
        assert [point.simulations for point in curve.points] == [16] * len(shares)
        assert all(point.models == point.layers for point in curve.points)  # one layer each
    assert by_noise.points[-1].share >= ENOUGH
    assert by_noise.enough == 0.9


def test_more_stimuli_than_were_shown_are_an_error():
    with pytest.raises(MetricError, match="800 stimuli are asked for, and 30 were shown"):
        curves(among(30, A, B), design(30), [metric("pls")], "stimuli")


@pytest.mark.parametrize(
    ("points", "size"),
    [
        ([(50, 8, 10), (100, 9, 10)], 50),
        ([(50, 9, 10), (100, 7, 10), (200, 8, 10)], 200),
        ([(50, 10, 10), (100, 7, 10)], None),
    ],
)
def test_a_size_is_enough_where_all_larger_ones_are(points, size):
    assert enough(points) == size


def test_each_neuroid_has_its_own_reliability():
    x = torch.as_tensor(np.random.default_rng(0).standard_normal((4000, 8)))
    each = np.array([0.2, 0.5, 0.9])
    made = recordings_from(x, components=4, neuroids=3, reliability=each, repetitions=2, seed=3)
    explained = [np.corrcoef(made.responses.mean(2)[:, i], made.signal[:, i])[0, 1] ** 2 for i in range(3)]
    assert explained == pytest.approx(each, abs=0.03)
    assert made.ceiling == 0.5


def test_units_as_they_are_keep_the_geometry_of_a_layer():
    x = layers(80)[A][COORDINATES]
    kept, changed = (
        recordings_from(x, components=k, neuroids=400, reliability=1.0, repetitions=1).signal
        for k in (None, 20)
    )
    upper = np.triu_indices(80, 1)
    own, *others = (
        brain_rdms(torch.as_tensor(y), "euclidean", None)[0].numpy()[upper] for y in (x, kept, changed)
    )
    assert np.corrcoef(own, others[0])[0, 1] > 0.95
    assert np.corrcoef(own, others[1])[0, 1] < 0.7


def test_a_design_keeps_its_profile_when_it_is_resized():
    made = design(30)
    made = Design(made.stimuli, np.array([0.1, 0.4, 0.9]), ("a", "b", "c"), 2, made.benchmark)
    assert made.of_neuroids(6).reliability.tolist() == [0.1, 0.1, 0.4, 0.4, 0.9, 0.9]
    assert made.of_neuroids(1).reliability.tolist() == [0.4]
    assert made.of_neuroids(6).subjects == ("a", "a", "b", "b", "c", "c")
    louder = made.of_reliability(0.8)
    assert louder.median_reliability == pytest.approx(0.8)
    odds = made.reliability / (1 - made.reliability)
    assert louder.reliability / (1 - louder.reliability) == pytest.approx(odds * 6)


def test_splits_that_the_stimuli_say_are_shares_on_others():
    made = design(30, splits={"given": "part", "seed": 3}).on(stimuli(40))
    assert made.measured_by(metric("pls"), 7).splits.model_dump(exclude_none=True) == {
        "n": 1,
        "train": 0.8,
        "seed": 7,
    }
    kept = design(30, splits={"n": 4, "train": 0.9, "stratify": "object_name"})
    assert kept.on(stimuli(40)).benchmark.splits.stratify is None
    assert kept.measured_by(metric("pls"), 2).splits.stratify == "object_name"


def network():
    from torch import nn

    with torch.random.fork_rng():
        torch.manual_seed(0)
        parts = (nn.Conv2d(3, 4, 8, stride=8), nn.ReLU(), nn.Conv2d(4, 6, 3), nn.ReLU(), nn.Flatten())
        return from_module(nn.Sequential(*parts), id="net", preprocess=Preprocess(size=32))


def test_layers_are_spread_over_what_nonlinearities_separate():
    net = network()
    assert spread(net, 9) == ("0", "1", "3")
    assert spread(net, 2) == ("0", "3")
    images = Stimuli(("a", "b", "c"), tuple(np.full((40, 40, 3), i, np.uint8) for i in (9, 99, 200)))
    known = shown([net], {"net": ("0", "1", "2", "4")}, images, [metric("rdm")])
    assert known.rivals(Place("net", "1")) == (Place("net", "0"), Place("net", "4"))
    assert known.rivals(Place("net", "4")) == tuple(Place("net", name) for name in "012")
    with pytest.raises(ModelError, match="net has no layer 44; did you mean 4"):
        shown([net], {"net": ("44",)}, images, [])


def test_first_convolutions_of_two_models_are_tied_by_the_image():
    from dataclasses import replace

    images = Stimuli(("a", "b", "c"), tuple(np.full((40, 40, 3), i, np.uint8) for i in (9, 99, 200)))
    pair = [network(), replace(network(), id="other")]
    known = shown(pair, {"net": ("0", "1"), "other": ("0", "1")}, images, [])
    assert known.tied[Place("net", "0")] == {Place("other", "0")}
    assert known.tied[Place("net", "1")] == frozenset()
