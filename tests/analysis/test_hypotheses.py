"""Newer and larger networks: planted slopes are found, and none where there is none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import linregress, spearmanr, t

from pytest_brainscore.analysis.population.hypotheses import LARGER, NEWER, families, summed_up, told, trends
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
    assert f"slope {newer.slope:+.3f} [{newer.low:+.3f}, {newer.high:+.3f}] per decade" in sentence
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
    assert told(newer, NEWER) == (
        "Made.IT-pls: no test: 4 network(s) with a known year of design, and 5 are needed."
    )
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
        "Tested on 2 benchmarks, corrected for their number (Holm): that newer networks are more brain-like"
        " is found on 1, that newer networks are less brain-like on 0; no evidence either way on 1."
    )
