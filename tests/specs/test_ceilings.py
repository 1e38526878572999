"""Which ceiling goes with which metric, and what each draws."""

from __future__ import annotations

import pytest

from pytest_brainscore.errors import SpecError
from pytest_brainscore.specs.benchmarks import Benchmark
from pytest_brainscore.specs.validation import validated


def benchmark(**entry):
    return validated(Benchmark, {"region": "IT", **entry}, "test")


def choices(**entry):
    return validated(Benchmark, {"region": "behaviour", **entry}, "test")


@pytest.mark.parametrize(
    ("ceiling", "n", "seed"),
    [
        ("internal_consistency", 10, 1),
        ("predictor_consistency", 10, 0),
        ({"name": "predictor_consistency", "n": 4, "seed": 7}, 4, 7),
        ({"name": "stored", "coord": "reliability"}, 1000, 0),
        ("ncsnr", 10, 1),
    ],
)
def test_draws_are_those_of_the_reference_where_nothing_is_written(ceiling, n, seed):
    found = benchmark(metric="ridge", ceiling=ceiling).ceiling
    assert (found.n, found.seed) == (n, seed)
    halves = benchmark(metric="rdm", ceiling="subject_halves").ceiling
    assert (halves.n, halves.seed) == (100, 0)
    simulated = benchmark(metric="crsa", ceiling="gsn").ceiling
    assert (simulated.n, simulated.seed, simulated.neuroids) == (50, 0, None)


@pytest.mark.parametrize(
    ("metric", "ceiling", "said"),
    [
        ("ridge", "internal_consistency", {"n": 10, "seed": 1}),
        ("ridge", {"name": "stored", "coord": "r"}, {"n": 1000, "seed": 0, "coord": "r"}),
        ("ridge", {"name": "constant", "value": 0.7}, {"value": 0.7}),
        ("encoding", {"name": "ncsnr", "repetitions": 3}, {"repetitions": 3}),
        ("rdm", "rsa_bounds", {}),
        ("ridge", "none", {}),
    ],
)
def test_a_result_says_what_its_ceiling_was_set_to(metric, ceiling, said):
    assert benchmark(metric=metric, ceiling=ceiling).ceiling_settings() == said


def test_ceilings_of_two_alternatives_are_of_the_halvings_that_the_metric_says():
    assert choices(metric="i2n", ceiling="internal_consistency").ceiling_settings() == {}


@pytest.mark.parametrize("metric", ["pls", "ridgecv", "temporal_pls", "reverse_pls", "neuron_to_neuron"])
@pytest.mark.parametrize("ceiling", ["internal_consistency", "predictor_consistency", "none"])
def test_metrics_of_neuroids_take_ceilings_of_neuroids(metric, ceiling):
    assert benchmark(metric=metric, ceiling=ceiling).ceiling.name == ceiling


@pytest.mark.parametrize("subjects", ["separate", "pooled"])
@pytest.mark.parametrize(
    ("metric", "ceiling"),
    [
        ("encoding", "internal_consistency"),
        ("encoding", {"name": "stored", "coord": "r"}),
        ("encoding", {"name": "ncsnr", "coord": "nc", "repetitions": 3}),
        ("unique_variance", "ncsnr"),
        ("ridgecv", "ncsnr"),
        ("crsa", {"name": "gsn", "neuroids": 500}),
        ("versa", "gsn"),
    ],
)
def test_ceilings_within_subjects_go_with_pooled_ones(metric, ceiling, subjects):
    made = benchmark(metric={"name": metric, "subjects": subjects}, ceiling=ceiling)
    assert made.ceiling.name == (ceiling if isinstance(ceiling, str) else ceiling["name"])


@pytest.mark.parametrize("metric", ["encoding", "versa", "crsa", "rdm", "rdm_cv"])
def test_other_subjects_stand_in_for_a_network_in_metrics_by_subject(metric):
    assert benchmark(metric=metric, ceiling="other_subjects").ceiling.name == "other_subjects"
    separate = {"name": "ridgecv", "subjects": "separate"}
    assert benchmark(metric=separate, ceiling="other_subjects").ceiling.name == "other_subjects"


@pytest.mark.parametrize("metric", ["rdm", "rdm_cv", "rsm", "crsa", "versa"])
@pytest.mark.parametrize("ceiling", ["rsa_bounds", "leave_one_subject_out", "subject_halves"])
def test_metrics_of_rdms_take_ceilings_between_subjects(metric, ceiling):
    assert benchmark(metric=metric, ceiling=ceiling).ceiling.name == ceiling
    pooled = {"name": metric, "subjects": "pooled"}
    with pytest.raises(SpecError, match=f"{ceiling} is between subjects, and `subjects: pooled` leaves one"):
        benchmark(metric=pooled, ceiling=ceiling)


@pytest.mark.parametrize(
    ("metric", "ceiling", "message"),
    [
        (
            "rdm",
            "internal_consistency",
            "internal_consistency is of single neuroids, and rdm compares none: use rsa_bounds or"
            " leave_one_subject_out or subject_halves or gsn or other_subjects or constant",
        ),
        ("cka", "rsa_bounds", "rsa_bounds is of RDMs, and cka compares none: use constant"),
        (
            "pls",
            "leave_one_subject_out",
            "and pls compares none: use internal_consistency or predictor_consistency or stored",
        ),
        ("rsm", {"name": "stored", "coord": "r"}, "stored is of single neuroids, and rsm compares none"),
        ("pls", "subject_pairs", "subject_pairs is of choices of subjects, and pls compares none"),
        ("pls", {"name": "stored"}, "a stored ceiling needs `coord`"),
        (
            "pls",
            {"name": "internal_consistency", "coord": "r"},
            "`coord` is of stored and ncsnr, and internal_consistency makes nothing of it",
        ),
        (
            "encoding",
            {"name": "stored", "coord": "r", "repetitions": 3},
            "`repetitions` is of ncsnr, and stored",
        ),
        ("crsa", {"name": "rsa_bounds", "neuroids": 9}, "`neuroids` is of gsn, and rsa_bounds makes nothing"),
        (
            "versa",
            "ncsnr",
            "ncsnr is of single neuroids, and versa compares none: use rsa_bounds or leave_one",
        ),
        ("encoding", "gsn", "gsn is of RDMs, and encoding compares none: use internal_consistency or"),
        (
            "cka",
            "other_subjects",
            "other_subjects is of neuroids or RDMs, and cka compares none: use constant",
        ),
        ("ridgecv", "other_subjects", "is between subjects, and ridgecv needs `subjects: separate`"),
        (
            {"name": "encoding", "subjects": "pooled"},
            "other_subjects",
            "other_subjects is between subjects, and `subjects: pooled` leaves one",
        ),
    ],
)
def test_a_ceiling_of_another_kind_is_refused(metric, ceiling, message):
    with pytest.raises(SpecError, match=message):
        benchmark(metric=metric, ceiling=ceiling)


def test_choices_have_ceilings_of_their_own():
    assert choices(metric="error_consistency", ceiling="subject_pairs").ceiling.name == "subject_pairs"
    with pytest.raises(SpecError, match="subject_pairs is of choices of subjects, and i2n compares none"):
        choices(metric="i2n", ceiling="subject_pairs")
    with pytest.raises(SpecError, match="`missing` is of responses, and i2n compares choices"):
        choices(metric="i2n", missing="stimuli")
