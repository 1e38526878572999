"""Contrasts on made-up results: groups, units, pairs, what is missing, corrections, tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pytest_brainscore.analysis.population.contrasts import contrasted
from pytest_brainscore.analysis.population.correlates import agreement, correlates
from pytest_brainscore.analysis.population.networks import networks, select
from pytest_brainscore.analysis.population.summaries import best, counts, near_best, summary
from pytest_brainscore.analysis.population.survey import survey
from pytest_brainscore.analysis.statistics.attainable import of_groups, of_signs
from pytest_brainscore.commands.contrast_text import lines
from pytest_brainscore.specs.contrasts import Contrast, OtherThan
from pytest_brainscore.specs.results import LayerScores, Row

SUBJECTS = ("1", "2", "5", "7", "3", "4")
FAMILIES = Contrast(
    id="kinds", title="t", by="family", groups=("cnn", "transformer"), against="cnn - transformer"
)
TWINS = Contrast(
    id="twins",
    title="t",
    groups={"trained": {"trained": True}, "untrained": {"trained": False}},
    against="untrained",
    pairs="architecture",
)


def row(model, raw, benchmark="Own.IT-pls", subjects=(), **more):
    parts = {f"raw.{name}": value for name, value in zip(SUBJECTS, subjects, strict=False)}
    names = {"dataset": "Own", "region": "IT", "metric": "pls"}
    return Row(benchmark=benchmark, model=model, raw=raw, also=parts, **{"status": "scored", **names, **more})


def family(name, scores, **more):
    return [row(f"{name}{i}", x, about={"family": name}, **more) for i, x in enumerate(scores)]


def drawn(name, n, seed):
    """Networks with scores by subject; the whole is their mean."""
    scores = np.random.default_rng(seed).normal(0.4, 0.1, (n, 3))
    return [
        row(f"{name}{i}", float(x.mean()), subjects=x.tolist(), about={"family": name})
        for i, x in enumerate(scores)
    ], scores


def effects(rows, contrast, **more):
    found = contrasted([contrast], networks(rows), **more)
    return {one.unit: one for one in found.effects}, found


CNN, TRANSFORMER = [0.5, 0.6, 0.55, 0.7], [0.4, 0.5, 0.45, 0.42]
BOTH = [*family("cnn", CNN), *family("transformer", TRANSFORMER)]


def test_networks_as_units_are_student_s_t():
    found, all_ = effects(BOTH, FAMILIES)
    due = stats.ttest_ind(CNN, TRANSFORMER)
    ends = due.confidence_interval()
    one = found["networks"]
    assert one.chosen
    assert one.difference == pytest.approx(np.mean(CNN) - np.mean(TRANSFORMER))
    assert (one.low, one.high) == pytest.approx((ends.low, ends.high))
    assert (one.p, one.p_corrected, one.df) == (pytest.approx(due.pvalue), pytest.approx(due.pvalue), 6)
    assert (one.n, one.n_against, one.corrected_for) == (4, 4, 1)
    cnn = all_.groups[0]
    low, high = stats.t.interval(0.95, 3, np.mean(CNN), stats.sem(CNN))
    assert (cnn.mean, cnn.low, cnn.high) == pytest.approx((np.mean(CNN), low, high))
    assert cnn.networks == ("cnn0", "cnn1", "cnn2", "cnn3")


def test_without_scores_by_subject_or_stimulus_the_other_units_say_so():
    found, _ = effects(BOTH, FAMILIES)
    for unit in ("released", "clustered", "subjects", "subject_bootstrap"):
        assert found[unit].why == "8 of 8 networks have no scores by subject"
        assert found[unit].difference == found["networks"].difference
        assert (found[unit].low, found[unit].finds) == (None, None)
    assert found["stimulus_bootstrap"].why == "8 of 8 networks have no scores by stimulus"


def test_subjects_as_units_are_the_t_of_their_differences():
    (first, a), (second, b) = drawn("cnn", 6, 0), drawn("transformer", 4, 1)
    found, _ = effects([*first, *second], FAMILIES)
    difference = a.mean(axis=0) - b.mean(axis=0)
    ends = stats.ttest_1samp(difference, 0).confidence_interval()
    assert (found["subjects"].low, found["subjects"].high) == pytest.approx((ends.low, ends.high))
    resamples = difference[np.array(np.meshgrid(*[range(3)] * 3)).reshape(3, -1)].mean(axis=0)
    bootstrap = found["subject_bootstrap"]
    assert (bootstrap.low, bootstrap.high) == pytest.approx(tuple(np.percentile(resamples, [2.5, 97.5])))
    assert (bootstrap.p, bootstrap.df) == (None, None)


def test_released_counts_each_network_in_each_subject():
    (first, a), (second, b) = drawn("cnn", 6, 0), drawn("transformer", 4, 1)
    found, _ = effects([*first, *second], FAMILIES)
    y = np.concatenate([a.ravel(), b.ravel()])
    x = np.array([[1, i < 6, s == 1, s == 2] for i in range(10) for s in range(3)], dtype=float)
    beta, (squares,), *_ = np.linalg.lstsq(x, y, rcond=None)
    se = np.sqrt(squares / 26 * np.linalg.inv(x.T @ x)[1, 1])
    one = found["released"]
    half = stats.t.ppf(0.975, 26) * se
    assert (one.difference, one.low, one.high) == pytest.approx((beta[1], beta[1] - half, beta[1] + half))
    assert (one.df, found["clustered"].df) == (26, 9)
    assert found["clustered"].difference == pytest.approx(one.difference)


def test_all_groups_that_are_compared_are_fitted_together_and_others_are_not():
    groups = [drawn(name, 3, seed)[0] for seed, name in enumerate(("a", "b", "c", "d"))]
    rows = [one for group in groups for one in group]
    three = Contrast(id="x", title="t", by="family", groups=("a", "b", "c", "d"), against=("a - b", "c - b"))
    found = [one for one in contrasted([three], networks(rows)).effects if one.unit == "released"]
    assert [(one.group, one.against, one.df) for one in found] == [("a", "b", 22), ("c", "b", 22)]


@pytest.mark.parametrize(
    ("n", "m", "least", "tells"), [(6, 1, 2 / 7, False), (6, 2, 2 / 28, False), (4, 4, 2 / 70, True)]
)
def test_groups_too_small_for_any_exchange_have_no_verdict(n, m, least, tells):
    rows = [row(f"cnn{i}", 0.5 + 0.001 * i, about={"family": "cnn"}) for i in range(n)]
    rows += [row(f"vit{i}", 0.1 + 0.001 * i, about={"family": "transformer"}) for i in range(m)]
    found, _ = effects(rows, FAMILIES)
    one = found["networks"]
    assert (one.least_p, one.finds) == (pytest.approx(least), True if tells else None)
    assert one.low > 0.3
    assert one.corrected_for == (1 if tells else None)


@pytest.mark.parametrize(("subjects", "tells"), [(4, False), (5, False), (6, True)])
def test_few_subjects_cannot_tell(subjects, tells):
    rows = [
        row(f"{name}{i}", float(np.mean(x)), subjects=x, about={"family": name})
        for name, mean in (("cnn", 0.5), ("transformer", 0.1))
        for i in range(5)
        for x in [mean + 0.001 * np.arange(subjects) * (i + 1)]
    ]
    one = effects(rows, FAMILIES)[0]["subjects"]
    assert (one.least_p, one.finds) == (2.0 ** (1 - subjects), True if tells else None)
    assert one.low > 0.3


def test_the_least_p_is_that_of_the_exact_test():
    apart, signs = np.arange(6.0), np.ones(5)
    exact = stats.permutation_test((apart[:4], apart[4:]), lambda x, y: x.mean() - y.mean())
    assert of_groups(4, 2) == pytest.approx(exact.pvalue)
    exact = stats.permutation_test((signs,), np.mean, permutation_type="samples")
    assert of_signs(5) == pytest.approx(exact.pvalue)


def test_whether_there_is_an_effect_may_depend_on_the_unit():
    base = np.array([0.1, 0.5, 0.3, 0.9])
    rows = [
        row(f"{name}{i}", float(x + d), subjects=x + d + 0.001 * np.arange(-3, 3), about={"family": name})
        for name, d in (("cnn", 0.05), ("transformer", 0.0))
        for i, x in enumerate(base)
    ]
    found, all_ = effects(rows, FAMILIES)
    assert found["networks"].finds is False
    assert found["subject_bootstrap"].finds is True
    (note,) = all_.notes
    assert note.startswith(
        "Own.IT-pls, kinds: whether cnn and transformer differ depends on the unit: yes by "
    )
    yes, open_ = note.split("; open by ")
    assert yes.endswith("subjects (+0.050 to +0.050)")  # the bootstrap is not asked
    assert open_.startswith("networks (-0.")


def test_stimuli_are_resampled_where_results_have_scores_by_stimulus():
    rng = np.random.default_rng(3)
    names = [f"s{i}" for i in range(30)]
    values = {one.model: dict(zip(names, rng.normal(0.2, 0.1, 30).tolist(), strict=True)) for one in BOTH}
    by_stimulus = {(model, "Own.IT-pls"): at for model, at in values.items()}
    found = contrasted([FAMILIES], networks(BOTH, stimuli=by_stimulus), "stimulus_bootstrap")
    (one,) = [one for one in found.effects if one.chosen]
    every = np.array([[values[m.model][name] for name in names] for m in BOTH])
    difference = every[:4].mean(axis=0) - every[4:].mean(axis=0)
    assert one.difference == pytest.approx(difference.mean())
    assert (one.high - one.low) / 2 == pytest.approx(1.96 * difference.std() / np.sqrt(30), rel=0.06)


# --- pairs


def twins(*pairs):
    """Trained and untrained scores of one architecture each; None: there is no such network."""
    for i, (trained, untrained) in enumerate(pairs):
        about = {"architecture": f"net{i}"}
        if trained is not None:
            yield row(f"net{i}", trained, about={**about, "trained": True})
        if untrained is not None:
            yield row(f"net{i}_untrained", untrained, about={**about, "trained": False})


def test_pairs_are_the_paired_t_over_those_that_both_groups_have():
    pairs = [(0.6, 0.2), (0.7, 0.1), (0.5, 0.3), (0.9, None), (None, 0.9)]
    found, all_ = effects(list(twins(*pairs)), TWINS)
    due = stats.ttest_rel([0.6, 0.7, 0.5], [0.2, 0.1, 0.3])
    ends = due.confidence_interval()
    one = found["networks"]
    assert (one.low, one.high, one.p) == pytest.approx((ends.low, ends.high, due.pvalue))
    assert (one.n, one.df) == (3, 2)
    assert [group.mean for group in all_.groups] == pytest.approx([0.6, 0.2])
    assert "twins: trained: without a partner of the same architecture: net3" in all_.notes
    assert "twins: untrained: without a partner of the same architecture: net4_untrained" in all_.notes


def test_several_networks_of_one_side_of_a_pair_are_averaged():
    rows = [*twins((0.6, 0.2), (0.7, 0.1))]
    rows.append(row("again", 0.4, about={"architecture": "net0", "trained": False}))
    found, all_ = effects(rows, TWINS)
    assert found["networks"].difference == pytest.approx(((0.6 - 0.3) + (0.7 - 0.1)) / 2)
    assert all_.groups[1].networks == ("net0_untrained", "again", "net1_untrained")
    assert "twins: untrained: the mean of several networks stands for net0" in all_.notes


def test_one_pair_has_a_difference_and_no_interval():
    found, _ = effects(list(twins((0.6, 0.2))), TWINS)
    assert found["networks"].difference == pytest.approx(0.4)
    assert found["networks"].why == "one pair: no spread between pairs"


def test_networks_without_any_partner_have_no_difference():
    found, all_ = effects(list(twins((0.9, None), (None, 0.9))), TWINS)
    assert (found["networks"].why, found["networks"].difference) == ("no pair of networks", None)
    assert "twins: trained: without a partner of the same architecture: net0" in all_.notes


# --- what is missing


def test_groups_without_networks_are_said_and_have_no_effect():
    found, all_ = effects(family("cnn", CNN), FAMILIES)
    assert found["networks"].difference is None
    assert found["networks"].why == "no network of transformer"
    assert (all_.groups[1].n, all_.groups[1].mean) == (0, None)
    assert all_.notes == ("kinds: no network of transformer",)
    nothing, _ = effects([row("x", 0.1)], FAMILIES)
    assert nothing["networks"].why == "no network of cnn and transformer"


def test_one_network_each_has_a_difference_and_no_interval_over_networks():
    rows = [
        row("a", 0.5, subjects=(0.4, 0.5, 0.6), about={"family": "cnn"}),
        row("b", 0.2, subjects=(0.1, 0.3, 0.2), about={"family": "transformer"}),
    ]
    found, _ = effects(rows, FAMILIES)
    assert found["networks"].why == "one network each: no spread between networks"
    assert found["clustered"].why == "one network of cnn and of transformer: no spread between networks"
    assert found["networks"].difference == found["subjects"].difference == pytest.approx(0.3)


def test_what_has_no_number_takes_no_part():
    rows = [*BOTH, row("cnn9", None, about={"family": "cnn"}), row("cnn8", 0.1, status="error")]
    found, _ = effects(rows, FAMILIES)
    assert found["networks"].n == 4
    assert not networks(rows, "ceiled")["Own.IT-pls"]


def test_a_group_that_only_against_names_is_empty_where_no_network_is_in_it():
    spec = Contrast(id="x", title="t", by="family", against=("cnn - recurrent", "cnn - transformer"))
    all_ = contrasted([spec, FAMILIES], networks(BOTH))
    assert [(one.group, one.n) for one in all_.groups[:3]] == [
        ("cnn", 4),
        ("recurrent", 0),
        ("transformer", 4),
    ]
    assert "x: no network of recurrent" in all_.notes
    empty, full, other = [one for one in all_.effects if one.chosen]
    assert (empty.why, empty.difference, empty.n_against) == ("no network of recurrent", None, 0)
    assert full.difference == other.difference == pytest.approx(np.mean(CNN) - np.mean(TRANSFORMER))


def test_against_one_empty_group_every_other_is_named():
    _, all_ = effects(BOTH, Contrast(id="x", title="t", by="family", against="baseline"))
    asked = [(one.group, one.against, one.why) for one in all_.effects if one.chosen]
    assert asked == [(name, "baseline", "no network of baseline") for name in ("cnn", "transformer")]


def test_by_alone_takes_all_values():
    _, all_ = effects(
        [*BOTH, *family("hybrid", [0.1])], Contrast(id="x", title="t", by="family", against="cnn")
    )
    assert [one.group for one in all_.groups] == ["cnn", "hybrid", "transformer"]
    assert {one.group for one in all_.effects} == {"hybrid", "transformer"}


# --- corrections, over benchmarks


def test_corrections_are_over_the_effects_of_one_benchmark():
    groups = [
        one
        for name, at in (("a", 0.3), ("b", 0.4), ("c", 0.6))
        for one in family(name, [at, at, at + 0.1, at + 0.1])
    ]
    rows = [*groups, *(one.model_copy(update={"benchmark": "Own.V4-pls"}) for one in groups)]
    spec = Contrast(id="x", title="t", by="family", groups=("a", "b", "c"), against="a")
    found = [one for one in contrasted([spec], networks(rows)).effects if one.chosen]
    assert len(found) == 4
    assert {one.corrected_for for one in found} == {2}
    b, c = found[:2]
    assert c.p < b.p
    assert (c.p_corrected, b.p_corrected) == pytest.approx((min(1, 2 * c.p), max(b.p, min(1, 2 * c.p))))
    t = stats.t.ppf(1 - 0.05 / 4, 6)
    se = (c.high - c.low) / 2 / stats.t.ppf(0.975, 6)
    assert (c.low_corrected, c.high_corrected) == pytest.approx(
        (c.difference - t * se, c.difference + t * se)
    )
    others = [one for one in contrasted([spec], networks(rows)).effects if not one.chosen]
    assert {one.p_corrected for one in others} == {None}


# --- networks, summaries, correlates


def test_conditions_hold_for_what_is_known():
    rows = [
        row("a", 0.1, about={"trained": True, "diet": "x", "year": 1}),
        row("b", 0.2, about={"trained": False, "diet": "y"}),
        row("c", 0.3, about={"diet": None}),
    ]
    (found,) = networks(rows).values()

    def names(**where):
        return "".join(one.model for one in select(found, where))

    assert (names(), names(trained=True), names(trained=False)) == ("abc", "a", "b")
    assert (names(diet=("x", "y")), names(diet=OtherThan(other_than="x"))) == ("ab", "b")
    assert (names(model="c"), names(year=1), names(year=True), names(trained=1)) == ("c", "a", "", "")


def test_time_bins_are_no_subjects_and_the_chosen_layer_s_dimensionality_is_known():
    layers = [
        LayerScores(layer=name, train={}, test={}, dimensionality=value)
        for name, value in (("a", 10.0), ("b", 20.0), ("c", 90.0))
    ]
    also = {
        "raw.1": 0.1,
        "raw.70-80": 0.3,
        "raw.1.70-80": 0.2,
        "raw.-10-0": 0.4,
        "ceiled.1": 0.5,
        "raw.x": None,
    }
    rows = [row("m", 0.1, profile=tuple(layers), layers={"1": "a", "2": "b"})]
    rows[0] = rows[0].model_copy(update={"also": also})
    (found,) = networks(rows)["Own.IT-pls"]
    assert found.subjects == {"1": 0.1}
    assert found.about == {"dimensionality": 15.0}


def test_summaries_rank_and_count():
    (found,) = networks([*BOTH, *family("hybrid", [0.7])]).values()
    one = summary(found)
    assert (one.n, one.low, one.high, one.best) == (9, 0.4, 0.7, "cnn3")
    assert one.mean == pytest.approx(np.mean([*CNN, *TRANSFORMER, 0.7]))
    assert one.sd == pytest.approx(np.std([*CNN, *TRANSFORMER, 0.7], ddof=1))
    assert (summary([]), summary(found[:1]).sd) == (None, None)
    assert [one.model for one in best(found, 2)] == ["cnn3", "hybrid0", "cnn1"]
    assert {one.model for one in near_best(found, 0.12)} == {"cnn1", "cnn3", "hybrid0"}
    assert counts(found, "family") == {"cnn": 4, "transformer": 4, "hybrid": 1}


def test_correlates_are_over_the_networks_that_have_both():
    numbers = [(0.1, 10), (0.4, 30), (0.3, 20), (0.2, 40), (0.6, 50), (0.7, 60), (0.5, None)]
    rows = [row(f"n{i}", x, about={"parameters": p}) for i, (x, p) in enumerate(numbers)]
    rows += [row(f"n{i}", -x, benchmark="Own.V4-pls", about={}) for i, (x, _) in enumerate(numbers[1:], 1)]
    scores = networks(rows)
    (one,) = correlates(scores)
    due = stats.spearmanr([0.1, 0.4, 0.3, 0.2, 0.6, 0.7], [10, 30, 20, 40, 50, 60]).statistic
    assert (one.of, one.n, one.rho) == ("parameters", 6, pytest.approx(due))
    assert one.low < due < one.high
    (both,) = agreement(scores)
    assert (both.of, both.n, both.rho) == ("Own.V4-pls", 6, pytest.approx(-1))
    assert (both.low, both.high) == (None, None)
    printed = "\n".join(lines(survey(rows, []), []))
    assert "none: all ranks agree (n = 6)" in printed
    assert "[" not in printed


def test_tables_are_tidy():
    known = [one.model_copy(update={"about": {**one.about, "trained": True}}) for one in BOTH]
    tables = survey(known, [FAMILIES]).tables()
    assert {name: len(table) for name, table in tables.items()} == {
        "summaries": 2,
        "groups": 2,
        "effects": 7,
        "correlates": 0,
        "agreements": 0,
        "likeness": 0,
        "scaling": 0,
    }
    frame = pd.DataFrame(tables["effects"]).set_index("unit")
    assert frame.loc["networks", "difference"] == pytest.approx(np.mean(CNN) - np.mean(TRANSFORMER))
    assert tables["groups"][0]["networks"] == "cnn0 cnn1 cnn2 cnn3"
    assert [one["set"] for one in tables["summaries"]] == ["all", "trained"]
