"""Which images are easier for people, for a model, or alike."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from pytest_brainscore.analysis.images import Compared, Sided, ranked, told
from pytest_brainscore.analysis.statistics.proportions import wilson

PEOPLE = np.array([0.9, 0.9, 0.9, 0.5, 0.1, 0.999])
MODEL = np.array([0.2, 0.95, 0.88, 0.52, 1.0, 0.97])
TRIALS = np.array([20, 20, 20, 10_000, 30, 100_000])
COMPARED = Compared(tuple("abcdef"), PEOPLE, MODEL, TRIALS)


def test_an_image_is_alike_where_the_gap_is_chance_or_small():
    assert COMPARED.sides.tolist() == ["people", "alike", "alike", "alike", "model", "alike"]
    low, _ = wilson(PEOPLE[-1:], TRIALS[-1:])
    assert MODEL[-1] < low[0]  # outside, and still less than 5 points away


def test_shares_and_intervals_are_wilsons():
    low, high = wilson(np.array([0.25]), np.array([40]))
    due = binomtest(10, 40).proportion_ci(method="wilson")
    assert (low[0], high[0]) == pytest.approx((due.low, due.high))
    shares = {side: COMPARED.share(side)[0] for side in ("people", "model", "alike")}
    assert shares == {
        "people": pytest.approx(1 / 6),
        "model": pytest.approx(1 / 6),
        "alike": pytest.approx(4 / 6),
    }
    assert told(COMPARED, "net", "B.x").startswith("B.x: of 6 images 17 % [3, 56] are easier for people,")


def test_those_that_differ_most_come_first_and_ties_are_not_of_one_object():
    two = Compared(
        ("z", "y", "x"), np.array([1.0, 1.0, 1.0]), np.array([0.1, 0.1, 0.0]), np.array([50, 50, 50])
    )
    assert set(two.most("people", 3)[1:]) == {0, 1}
    assert two.most("people", 1) == (2,)
    assert not two.once
    assert two.most("model", 3) == ()
    names = tuple(f"{thing}/{i}" for thing in ("airplane", "boat", "knife", "oven") for i in range(10))
    same = Compared(names, np.ones(40), np.zeros(40), np.full(40, 30))
    assert same.most("people", 4) == same.most("people", 4)
    assert len({names[i].split("/")[0] for i in same.most("people", 4)}) > 1


@pytest.mark.parametrize("trials", [10, 20, 60])
@pytest.mark.parametrize("share", [None, 0.5, 0.95])
def test_a_model_that_is_one_more_observer_is_alike(trials, share):
    rng = np.random.default_rng(0)
    n = 20_000
    right = rng.uniform(size=n) if share is None else np.full(n, share)
    people = rng.binomial(trials, right) / trials
    model = (rng.uniform(size=n) < right).astype(float)
    called = (Compared(tuple(map(str, range(n))), people, model, np.full(n, trials)).sides != "alike").mean()
    assert called <= 0.03
    assert (called > 0) == (trials >= 18 and share != 0.5)


def test_one_answer_differs_where_one_more_observer_would_hardly_give_it():
    people = np.array([1.0, 0.0, 17 / 17, 19 / 20, 18 / 19, 0.0, 1.0, 57 / 58])
    trials = np.array([18, 18, 17, 20, 19, 60, 60, 58])
    model = np.array([0.0, 1, 0, 0, 0, 1, 1, 0])
    found = Compared(tuple("abcdefgh"), people, model, trials)
    assert found.sides.tolist() == ["people", "model", "alike", "alike", "alike", "model", "alike", "people"]
    assert found.expected[[0, 5]] == pytest.approx([19 / 20, 1 / 62])
    assert found.most("model", 2) == (5, 1)  # of both people are never right: 60 trials tell more than 18
    assert told(found, "net", "B.x").endswith(
        "Of 1 image people made fewer than 18 trials, too few for any answer to be a surprise."
    )
    assert "surprise" not in told(COMPARED, "net", "B.x")


def test_of_no_trials_nothing_is_known():
    low, high = wilson(np.array([0.0, 1.0]), np.array([0, 0]))
    assert (low.tolist(), high.tolist()) == (pytest.approx([0, 0]), pytest.approx([1, 1]))
    unseen = Compared(("a",), np.array([0.0]), np.array([1.0]), np.array([0]))
    assert unseen.sides.tolist() == ["alike"]


def test_the_network_that_scores_best_comes_first_on_each_benchmark():
    scores = [("b", "x", 0.1), ("a", "y", None), ("b", "z", 0.4), ("a", "x", -0.2), ("b", "y", 0.2)]
    found = ranked(Sided(*one, COMPARED) for one in scores)
    assert {name: [one.model for one in among] for name, among in found.items()} == {
        "b": ["z", "y", "x"],
        "a": ["x", "y"],
    }
    assert found["a"][0].shares["people"] == COMPARED.share("people")
