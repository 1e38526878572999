"""What a benchmark on behaviour may say."""

from __future__ import annotations

import pytest

from pytest_brainscore.errors import SpecError
from pytest_brainscore.specs.benchmarks import Benchmark, Readout
from pytest_brainscore.specs.validation import validated


def benchmark(**entry) -> Benchmark:
    return validated(Benchmark, {"region": "behaviour", "metric": "i2n", **entry}, "test")


@pytest.mark.parametrize("name", ["i1", "i1n", "i2", "i2n", "o2"])
def test_the_metrics_see_activations_and_are_normalised_per_split(name):
    made = benchmark(metric=name, ceiling="internal_consistency")
    assert made.normalisation() == "r_over_sqrt_ceiling"
    assert made.metric.sees == "activations"
    assert made.metric.parameters() == {"halvings": 2, "seed": 0}
    assert benchmark(metric={"name": name, "halvings": 5, "seed": 3}).metric.parameters()["halvings"] == 5


def test_the_readout_has_defaults():
    assert benchmark(readout={}).readout == Readout(label="object_name", fit={}, c=0.001)
    written = benchmark(readout={"label": "category", "fit": {"part": ["a", "b"]}, "c": 0.5}).readout
    assert (written.label, written.fit, written.c) == ("category", {"part": ("a", "b")}, 0.5)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"metric": "ridge", "readout": {}}, "`readout` is for metrics of choices, and ridge is none"),
        ({"region": "IT"}, "i2n compares choices: write `region: behaviour`"),
        ({"region": None, "regions": ["behaviour", "IT"]}, "i2n compares choices"),
        (
            {"ceiling": {"name": "internal_consistency", "n": 10}},
            "write `halvings` and `seed` in the metric",
        ),
        ({"ceiling": "rsa_bounds"}, "rsa_bounds is of RDMs, and i2n compares none"),
        ({"ceiling": "subject_pairs"}, "is of choices of subjects, and i2n compares none: use internal_cons"),
        (
            {"metric": "error_consistency", "ceiling": "internal_consistency"},
            "error_consistency compares none: use subject_halves or subject_pairs or constant",
        ),
        ({"metric": "accuracy", "ceiling": "subject_pairs"}, "accuracy compares none: use constant"),
        ({"metric": "pls", "region": "IT", "ceiling": "subject_halves"}, "and pls compares none"),
        ({"metric": "accuracy", "splits": {"n": 3}}, "splits: `splits` is .* accuracy fits nothing"),
        (
            {"metric": "accuracy", "readout": {"classes": "imagenet", "c": 0.1}},
            "`label`, `fit` and `c` are of a fitted readout",
        ),
        ({"splits": {"n": 3}}, "splits: `splits` is of stimuli, and i2n halves trials: write `halvings`"),
        ({"readout": {"c": 0}}, "c: .* greater than 0"),
        ({"readout": {"lable": "object_name"}}, "did you mean label"),
    ],
)
def test_mistakes_are_named(entry, message):
    with pytest.raises(SpecError, match=message):
        benchmark(**entry)


def test_metrics_of_many_alternatives_and_what_their_functions_are_given():
    kappa = benchmark(metric="error_consistency", ceiling="subject_pairs")
    assert kappa.normalisation() == "r_over_ceiling"
    assert kappa.metric.parameters() == {"absolute": False}
    distance = benchmark(metric={"name": "accuracy_distance", "per_condition": True})
    assert distance.metric.parameters() == {"per_condition": True}
    named = {"name": "accuracy", "label": "shape", "unlike": "texture"}
    assert benchmark(metric=named).metric.parameters() == {}
    assert benchmark(metric="shape_bias").metric.parameters() == {}
    assert benchmark(metric="shape_bias").normalisation() == "none"
