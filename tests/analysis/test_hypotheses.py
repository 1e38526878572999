"""Newer and larger networks: planted slopes are found, and none where there is none."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import linregress, spearmanr, t

from pytest_brainscore.analysis.population.hypotheses import (
    LARGER,
    MIXED,
    NEWER,
    Trend,
    briefly,
    families,
    summed_up,
    told,
    trends,
    verdict,
)
from pytest_brainscore.analysis.population.networks import Network, networks

from ..report.networks import rows


def of(made):
    return networks(made)


def test_a_planted_slope_lies_in_the_interval_and_is_told():
    made = of(rows(64, lambda year, size, _, noise: 0.2 + 0.15 * year + 0.02 * noise))
    (newer,), (larger,) = trends(made, NEWER), trends(made, LARGER)
    assert newer.low < 0.15 < newer.high
    assert (newer.sign, newer.n, newer.families) == (1, 64, 8)
    assert newer.by.startswith("mixed model")
    among = made["Made.IT-pls"]
    due = spearmanr([one.score for one in among], [one.number("year") for one in among]).statistic
    assert newer.rho == pytest.approx(due)
    assert newer.rho_low < newer.rho < newer.rho_high
    sentence = told(newer, NEWER)
    assert sentence.startswith(
        "Made.IT-pls: newer networks are more brain-like (n = 64 networks of 8 families;"
    )
    assert f"slope {newer.slope:.3f} [{newer.low:.3f}, {newer.high:.3f}] per decade" in sentence
    assert "p < 0.001" in sentence
    assert larger.sign == 0
    assert "no evidence that larger networks are more brain-like" in told(larger, LARGER)


def test_a_slope_per_tenfold_of_parameters_downwards():
    made = of(rows(40, lambda _, size, __, noise: 0.9 - 0.05 * size + 0.01 * noise))
    (larger,) = trends(made, LARGER)
    assert larger.low < -0.05 < larger.high < 0
    assert "larger networks are less brain-like" in told(larger, LARGER)
    assert LARGER.scaled(1e7) == pytest.approx(7)


def test_noise_alone_is_no_evidence_in_about_all_cases():
    found = [
        trends(of(rows(24, lambda *all: 0.3 + 0.05 * all[-1], seed=seed)), NEWER)[0] for seed in range(120)
    ]
    assert 0.9 <= np.mean([one.sign == 0 for one in found]) < 1


def test_fewer_than_five_networks_are_not_tested():
    (newer,) = trends(of(rows(4, lambda year, *_: year)), NEWER)
    assert (newer.n, newer.slope, newer.rho, newer.p_corrected, newer.sign) == (4, None, None, None, None)
    assert told(newer, NEWER) == ("Made.IT-pls: no test: 4 networks with a known year of design, 5 needed.")
    assert "at most 4 networks have a known year of design, and 5 are needed" in summed_up([newer], NEWER)


def test_few_families_fall_back_on_least_squares_and_say_so():
    about = {"architecture": "resnet50"}
    among = [
        Network(f"m{i}", {**about, "year": 2012 + i % 7}, 0.1 * (i % 7) + 0.01 * math.sin(i))
        for i in range(12)
    ]
    (newer,) = trends({"b": among}, NEWER)
    assert "least squares over networks as independent (1 family only)" in told(newer, NEWER)
    due = linregress([2012 / 10 + (i % 7) / 10 for i in range(12)], [one.score for one in among])
    half = t.ppf(0.975, 10) * due.stderr
    assert (newer.slope, newer.high - newer.slope) == pytest.approx((due.slope, half))
    assert newer.p == pytest.approx(due.pvalue)


def test_families_are_said_or_the_stems_of_architectures():
    names = ["resnet50", "mobilenetv3_large", "vit_base_patch16_224", "resnetv2_50"]
    among = [Network(name, {"architecture": name, "family": "cnn"}, 0.0) for name in names]
    assert families(among) == ("resnet", "mobilenet", "vit", "resnet")
    said = [Network(name, {"family": kind}, 0.0) for name, kind in zip("abcde", "vwxyz", strict=True)]
    assert families(said) == tuple("vwxyz")


def test_p_is_corrected_over_the_benchmarks_and_summed_up():
    planted = rows(40, lambda year, *rest: 0.2 * year + 0.02 * rest[-1])
    noise = rows(40, lambda *all: 0.05 * all[-1], seed=3, benchmark="Made.V4-pls", region="V4")
    found = trends(of([*planted, *noise]), NEWER)
    assert found[0].p_corrected == pytest.approx(2 * found[0].p)
    assert found[1].p_corrected == pytest.approx(found[1].p)
    assert summed_up(found, NEWER) == (
        "Of 2 benchmarks tested (Holm), newer networks are more brain-like on 1, less on 0; open on 1."
    )


def ends(rho, slope, by=MIXED):
    """A trend with intervals of 0.2 around rho and slope; p is 0.01 of any but zero."""
    of_rho, of_slope = (0.01 if effect else 0.07 for effect in (rho, slope))
    made = Trend("a.b", 40, 8, rho, rho - 0.1, rho + 0.1, of_rho, of_rho, by=by)
    return replace(made, slope=slope, low=slope - 0.1, high=slope + 0.1, p=of_slope, p_corrected=of_slope)


@pytest.mark.parametrize(
    ("rho", "slope", "said"),
    [
        (0.0, 0.0, "no evidence that larger networks are more brain-like"),
        (0.3, 0.3, "larger networks are more brain-like"),
        (0.0, -0.3, "larger networks are less brain-like"),
        (-0.3, 0.0, "taken as independent, larger networks score lower; with families it is open"),
        (0.3, 0.0, "taken as independent, larger networks score higher; with families it is open"),
        (-0.3, 0.3, "taken as independent, larger networks score lower; with families they score higher"),
    ],
)
def test_ranks_and_mixed_model_are_both_told_where_they_disagree(rho, slope, said):
    assert verdict(ends(rho, slope), LARGER) == said
    assert told(ends(rho, slope), LARGER).startswith(f"a.b: {said} (n = 40")


def test_of_least_squares_no_families_are_told():
    found = verdict(ends(-0.3, 0.0, by="least squares"), LARGER)
    assert found == "by rank, larger networks score lower; by a line it is open"


def test_beside_others_a_finding_is_short():
    assert briefly(ends(-0.3, 0.0), LARGER, "b") == (
        "b: taken as independent, larger networks score lower; with families it is open (\u03c1 \u22120.300"
        " [\u22120.400, \u22120.200]; slope 0.000 [\u22120.100, 0.100], p = 0.070; n = 40, 8 families)."
    )


def test_a_finding_that_does_not_outlast_correction_says_so():
    found = replace(ends(0.3, 0.3), p=0.03, p_corrected=0.06)
    assert verdict(replace(found, rho_p_corrected=0.06), LARGER).startswith("no evidence that larger")
    assert verdict(found, LARGER).endswith("score higher; with families it is open")
    for said in (briefly(found, LARGER, "b"), told(found, LARGER)):
        assert "p = 0.030, by Holm p = 0.060" in said
    outlasts = replace(found, p_corrected=0.04)
    assert verdict(outlasts, LARGER) == LARGER.claim
    assert "p = 0.030, by Holm p = 0.040" in briefly(outlasts, LARGER, "b")
    assert "Holm" not in briefly(replace(found, p_corrected=0.03), LARGER, "b")
    assert "on 0, less on 0; open on 1" in summed_up([found], LARGER)
    assert "on 1, less on 0; open on 0" in summed_up([outlasts], LARGER)


@pytest.mark.parametrize("alike", [0.0, 1.0], ids=["families are not alike", "families are alike"])
def test_pages_of_nothing_hardly_ever_have_a_verdict(alike):
    """40 studies of 20 benchmarks and 12 networks of 6 families, whose scores have no trend."""
    rng, wrong, uncorrected = np.random.default_rng(1), 0, 0
    for _ in range(40):
        found = trends(study(rng, alike), NEWER)
        open_ones = [verdict(one, NEWER).startswith("no evidence") for one in found]
        wrong += not all(open_ones)
        uncorrected += any(one.p < 0.05 for one in found)
        slopes = sum(one.sign != 0 for one in found)
        assert f"open on {20 - slopes}." in summed_up(found, NEWER)
    assert wrong <= 3
    assert uncorrected >= 15


def study(rng, alike):
    said = [{"year": int(year), "family": f"f{i % 6}"} for i, year in enumerate(rng.integers(2012, 2023, 12))]
    made = {}
    for b in range(20):
        scores = alike * np.tile(rng.normal(size=6), 2) + rng.normal(size=12)
        made[f"b{b}"] = [
            Network(f"n{i}", about, float(y)) for i, (about, y) in enumerate(zip(said, scores, strict=True))
        ]
    return made


def test_five_networks_whose_ranks_all_agree_have_no_interval_of_them():
    among = [Network(f"n{i}", {"year": 2012 + i, "family": f"f{i}"}, 0.1 * i**2) for i in range(5)]
    (found,) = trends({"b": among}, NEWER)
    assert (found.rho, found.rho_low, found.rank_sign) == (pytest.approx(1), None, None)
    assert "Spearman's \u03c1 1.000 (all ranks agree (n = 5): no interval);" in told(found, NEWER)
