from __future__ import annotations

import math
from typing import get_args

import pytest
import torch

from pytest_brainscore.errors import MetricError
from pytest_brainscore.metrics.normalise import NAMES, normalise
from pytest_brainscore.specs.metrics import Normalisation

DIVIDING = [name for name in NAMES if name not in ("none", "above_chance")]


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("r2_over_ceiling", 0.36 / 0.8),
        ("r2_over_ceiling2", 0.36 / 0.64),
        ("r_over_ceiling", 0.6 / 0.8),
        ("r_over_sqrt_ceiling", 0.6 / math.sqrt(0.8)),
        ("none", 0.6),
    ],
)
def test_formula(how, expected):
    assert normalise(how, 0.6, 0.8) == pytest.approx(expected)
    assert normalise(how, -0.6, 0.8) == pytest.approx(-expected)


def test_there_are_those_that_a_benchmark_may_name():
    assert set(get_args(Normalisation)) == set(NAMES)


def test_above_chance():
    assert normalise("above_chance", 0.5, 0.7, chance=0.2) == pytest.approx(0.6)
    assert normalise("above_chance", 0.1, 0.7, chance=0.2) == pytest.approx(-0.2)
    assert normalise("above_chance", 0.5, 0.2, chance=0.2) is None


def test_the_mean_over_splits_is_taken_before_the_square():
    raw = torch.tensor([0.2, 0.6])
    assert normalise("r2_over_ceiling", raw, 0.8) == pytest.approx(0.4**2 / 0.8)


def test_only_the_root_of_the_ceiling_is_taken_split_by_split():
    raw, ceiling = torch.tensor([0.2, 0.6]), torch.tensor([0.25, 0.64])
    assert normalise("r_over_sqrt_ceiling", raw, ceiling) == pytest.approx((0.2 / 0.5 + 0.6 / 0.8) / 2)
    assert normalise("r_over_ceiling", raw, ceiling) == pytest.approx(0.4 / 0.445)


@pytest.mark.parametrize("how", DIVIDING)
@pytest.mark.parametrize("ceiling", [None, 0.0, -0.1, float("nan")])
def test_without_a_ceiling_above_zero_there_is_no_ceiled_score(how, ceiling):
    assert normalise(how, 0.5, ceiling) is None


def test_none_needs_no_ceiling():
    assert normalise("none", 0.5, None) == 0.5


@pytest.mark.parametrize("how", [*DIVIDING, "none"])
def test_without_a_raw_score_there_is_no_ceiled_score(how):
    assert normalise(how, float("nan"), 0.5) is None


def test_clipping_only_where_asked():
    assert normalise("r_over_ceiling", 0.9, 0.6) == pytest.approx(1.5)
    assert normalise("r_over_ceiling", 0.9, 0.6, clip=(0, 1)) == 1
    assert normalise("r_over_ceiling", -0.9, 0.6, clip=(0, 1)) == 0


@pytest.mark.parametrize(
    ("arguments", "options", "says"),
    [
        (("r2_over_cieling", 0.5, 0.8), {}, "did you mean r2_over_ceiling"),
        (("above_chance", 0.5, 0.8), {}, "chance is missing"),
        (("none", 0.5, 0.8), {"chance": 0.2}, "chance has no place here"),
        (
            ("r_over_sqrt_ceiling", torch.ones(3), torch.ones(2)),
            {},
            "3 splits have a raw score and 2 a ceiling",
        ),
    ],
)
def test_what_makes_no_sense_says_so(arguments, options, says):
    with pytest.raises(MetricError, match=says):
        normalise(*arguments, **options)
