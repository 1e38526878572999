"""Scores against top-1 below and above 70 %: against scipy, and of the table of 2018 itself."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm, pearsonr, spearmanr

from pytest_brainscore.analysis.population.accuracy import by_accuracy, composites_of, parted, told
from pytest_brainscore.analysis.population.networks import Network, networks
from pytest_brainscore.specs.references import load_reference

from ..report.networks import rows


def made():
    """A score that follows top-1 up to 70 % and no further."""
    return rows(80, lambda _, __, top1, noise: 0.01 * min(top1, 70) + 0.02 * noise)


def test_each_part_is_that_of_scipy():
    among = networks(made())["Made.IT-pls"]
    (found,) = by_accuracy({"Made.IT-pls": among})
    top1, score = np.array([(one.number("top1"), one.score) for one in among]).T
    for name, kept in (("all", top1 > 0), ("below", top1 < 70), ("above", top1 >= 70)):
        part, due = found.part(name), pearsonr(top1[kept], score[kept])
        interval = due.confidence_interval()
        assert (part.n, part.r) == (kept.sum(), pytest.approx(due.statistic))
        assert (part.r_low, part.r_high) == pytest.approx((interval.low, interval.high))
        assert part.rho == pytest.approx(spearmanr(top1[kept], score[kept]).statistic)
    below, above = found.part("below"), found.part("above")
    z = (np.arctanh(below.r) - np.arctanh(above.r)) / np.sqrt(1 / (below.n - 3) + 1 / (above.n - 3))
    assert found.p == pytest.approx(2 * norm.sf(abs(z)))
    assert below.r_low > 0.8
    assert above.r_low < 0 < above.r_high
    assert "The two differ (p < 0.001)." in told(found)


def test_the_composites_of_2018_below_and_above_70_percent():
    reference = load_reference("2018")
    table = np.array([(row.top1, np.mean(row.scores).round(9)) for row in reference.rows])
    found = parted("2018", list(composites_of(reference).values()))
    assert [part.n for part in found.parts] == [25, 7, 18]
    for part, kept in zip(found.parts, (table[:, 0] > 0, table[:, 0] < 70, table[:, 0] >= 70), strict=True):
        assert part.r == pytest.approx(pearsonr(*table[kept].T).statistic, abs=1e-12)
        assert part.rho == pytest.approx(spearmanr(*table[kept].T).statistic, abs=1e-12)


def test_two_sides_differ_only_at_the_p_corrected_over_benchmarks():
    def some(bend, seed):
        noise = np.random.default_rng(seed).normal(size=20)
        top1 = [*range(50, 70, 2), *range(70, 90, 2)]
        scores = [bend * min(x, 70) / 10 + e for x, e in zip(top1, noise, strict=True)]
        return [Network(f"n{i}", {"top1": x}, y) for i, (x, y) in enumerate(zip(top1, scores, strict=True))]

    alone = by_accuracy({"bent": some(1.5, 1)})[0]
    first, *others = by_accuracy({"bent": some(1.5, 1), **{f"b{i}": some(0, i) for i in range(20, 39)}})
    assert alone.p == alone.p_corrected == first.p < 0.05 < first.p_corrected
    assert "The two differ (p = " in told(alone)
    assert f"No evidence that the two differ (p = {first.p:.3f}, by Holm p = " in told(first)
    assert first.p == min(one.p for one in (first, *others))
    assert first.p_corrected == pytest.approx(20 * first.p)


def test_ranks_that_all_agree_have_no_interval_and_say_so():
    found = parted("b", [(50.0 + i, 0.01 * i**2) for i in range(7)])
    assert "\u03c1 1.00 (all ranks agree (n = 7): no interval)" in told(found)


def test_points_on_a_line_have_no_interval_and_no_test():
    line = [(50 + 2 * i, 0.1 + 0.03 * i) for i in range(10)]
    curve = [(70 + 2 * i, 0.4 + 0.01 * i**2) for i in range(10)]
    found = parted("x", [*line, *curve])
    below, above = found.part("below"), found.part("above")
    assert (below.r, below.r_low, below.r_high) == (pytest.approx(1), None, None)
    assert 0.8 < above.r_low < above.r < 1
    assert found.p is None
    said = told(found)
    assert "below 70 % r = 1.00 (n = 10, all on a line: no interval)" in said
    assert said.endswith("On one side all lie on a line, and the two cannot be compared.")
    assert parted("x", [(x, -y) for x, y in line]).part("all").r_low is None


def test_fewer_than_five_on_a_side_are_not_compared():
    found = parted("few", [(60, 0.1), (61, 0.2), (62, 0.15), (63, 0.3), (64, 0.2), (80, 0.4), (81, 0.5)])
    above = found.part("above")
    assert (above.n, above.r, above.rho, found.p) == (2, None, None, None)
    assert "from 70 % none to be told (n = 2)" in told(found)
    assert "Too few networks on one side to compare the two (5 needed)." in told(found)


def test_a_sentence_has_real_minus_signs_and_a_short_name():
    found = parted("long.name", list(composites_of(load_reference("2018")).values()))
    assert told(found, "name").startswith("name: r = 0.75 [0.50, 0.88] (n = 25), \u03c1 0.46 [0.05, 0.73];")
    assert "from 70 % r = \u22120.04 [\u22120.50, 0.44] (n = 18)" in told(found)
