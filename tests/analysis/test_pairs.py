"""Pairs of models on the same samples, and what is left where several are tested."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from pytest_brainscore.analysis.pairs import Scored, compared
from pytest_brainscore.analysis.statistics.corrections import benjamini_hochberg
from pytest_brainscore.commands import pairs as command
from pytest_brainscore.inference.paired import UNKNOWN
from pytest_brainscore.inference.replicates import Replicates
from tests.inference.samples import split_scores

SPLITS = {
    "good": (0.52, 0.55, 0.50, 0.53, 0.54),
    "fair": (0.45, 0.49, 0.42, 0.47, 0.46),
    "poor": (0.44, 0.47, 0.43, 0.46, 0.46),
}


def scored(model, splits, **made):
    values = np.array(splits)
    sampled = {"stimulus": split_scores(values, 1 / 9)}
    return Scored("Own.IT-pls", model, float(values.mean()), sampled, made)


def test_the_difference_is_tested_on_the_differences_of_the_splits():
    pairs = compared([scored(model, splits) for model, splits in SPLITS.items()], "none").pairs
    assert [(pair.a, pair.b) for pair in pairs] == [("good", "fair"), ("good", "poor"), ("fair", "poor")]
    difference = np.array(SPLITS["good"]) - SPLITS["fair"]
    se = np.sqrt((1 / 5 + 1 / 9) * difference.var(ddof=1))
    assert pairs[0].delta == pytest.approx(difference.mean())
    assert pairs[0].p == pytest.approx(2 * stats.t.sf(difference.mean() / se, 4))
    assert pairs[0].high - pairs[0].low == pytest.approx(2 * stats.t.ppf(0.975, 4) * se)
    assert pairs[0].p_corrected == pairs[0].p
    assert pairs[0].over == ("stimulus",)


def test_models_that_cannot_be_told_apart_name_each_other():
    made = compared([scored(model, splits) for model, splits in SPLITS.items()])
    assert {one.model: one.alike for one in made.alike()} == {
        "good": (),
        "fair": ("poor",),
        "poor": ("fair",),
    }
    assert [one.compared for one in made.alike()] == [2, 2, 2]
    assert [row["over"] for row in made.tables()["pairs"]] == ["stimulus"] * 3


def test_one_model_under_two_names_differs_by_nothing():
    (pair,) = compared([scored("a", SPLITS["good"]), scored("b", SPLITS["good"])]).pairs
    assert (pair.delta, pair.p, pair.p_corrected, pair.differ) == (0, 1, 1, False)


def test_without_common_samples_a_pair_says_why():
    here, there = (scored(m, SPLITS["good"], **{"the key of the samples": k}) for m, k in ("ax", "by"))
    (pair,) = compared([here, there]).pairs
    assert pair.why == "no common samples: the key of the samples is x for a, and y for b"
    assert (pair.p, pair.differ) == (None, None)
    (bare,) = compared([scored("a", SPLITS["good"]), Scored("Own.IT-pls", "b", 0.1)]).pairs
    assert bare.why == "b has no replicates: score it again, with intervals"


def test_the_false_discovery_rate_is_that_of_statsmodels():
    p = (0.001, 0.2, 0.013, 0.04, 0.04, 0.9)
    expected = multipletests(p, method="fdr_bh")[1]
    assert benjamini_hochberg((*p[:3], None, *p[3:])) == pytest.approx((*expected[:3], None, *expected[3:]))


def test_values_that_are_missing_are_named():
    gone = replace(scored("b", SPLITS["fair"]), sampled={}, missing="run/b.nc")
    (pair,) = compared([scored("a", SPLITS["good"]), gone]).pairs
    assert pair.why == "run/b.nc is missing: copy it beside the results, or score b again"


def test_nothing_is_said_where_stimuli_should_be_a_sample(monkeypatch, capsys):
    of = {
        name: {"neuroid": Replicates("bootstrap", "neuroid", np.array(values), 30, alone=True)}
        for name, values in SPLITS.items()
    }
    made = compared([Scored("b", name, 0.5, sampled) for name, sampled in of.items()])
    assert [(pair.p, pair.low, pair.over, pair.why) for pair in made.pairs] == 3 * [(None, None, (), UNKNOWN)]
    monkeypatch.setattr(command, "pairs", lambda *_, **__: made)
    command.run(Namespace(runs=[], benchmark="*", correct="holm", json=False))
    said = capsys.readouterr().out.splitlines()
    assert [line for line in said if UNKNOWN in line] == [f"  no two are compared: {UNKNOWN}"]
    assert "  good (0.5000): not compared" in said


def test_subjects_are_counted():
    of = {name: np.array(values[1:4]) for name, values in SPLITS.items()}
    made = compared(
        [
            Scored("b", name, values.mean(), {"subject": Replicates("jackknife", "subject", values, 3)})
            for name, values in of.items()
        ]
    )
    assert {pair.subjects for pair in made.pairs} == {3}
    assert {pair.over for pair in made.pairs} == {("subject",)}
