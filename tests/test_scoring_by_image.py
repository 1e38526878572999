"""How often people and a model are right on each image, beside a score of choices."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from pytest_brainscore.metrics import readout
from pytest_brainscore.scoring.choices.by_image import MODEL, PEOPLE, TRIALS

from . import test_scoring_choices as two
from . import test_scoring_naming as many
from .test_scoring_choices import x as of_two  # noqa: F401
from .test_scoring_naming import x as of_many  # noqa: F401


def series(score, name):
    table = score.beside[name]
    assert table.dims == ("stimulus",)
    return pd.Series(table.values, index=table.coords["stimulus"])


def test_of_two_alternatives_the_model_is_right_by_luces_rule_in_the_peoples_own_trials(of_two):  # noqa: F811
    table = pd.DataFrame(two.trials_on(of_two, k=2_000))
    score = two.score({}, two.recorded(table), of_two)
    p = readout.probabilities(of_two, torch.arange(45), torch.from_numpy(two.TRUTH[:45])).double().numpy()
    place = {name: i for i, name in enumerate(two.OBJECTS)}
    row, own = table["stimulus"].astype(int), table["truth"].map(place)
    other = table["distractor"].map(place)
    table["model"] = p[row, own] / (p[row, own] + p[row, other])
    table["people"] = table["choice"] == table["truth"]
    due = table.groupby("stimulus").agg(
        model=("model", "mean"), people=("people", "mean"), n=("model", "size")
    )
    for name, column in ((MODEL, "model"), (PEOPLE, "people"), (TRIALS, "n")):
        pd.testing.assert_series_equal(
            series(score, name).sort_index(), due[column].sort_index(), check_names=False, atol=1e-6
        )
    assert score.to_dataset()[PEOPLE].dims == ("stimulus",)


def test_of_many_alternatives_the_model_is_right_or_not(of_many):  # noqa: F811
    table = pd.DataFrame(many.table())
    score = many.score({"metric": "error_consistency"}, many.recorded(many.table()), of_many)
    due = (table["choice"] == table["truth"]).groupby(table["stimulus"]).mean()
    assert series(score, PEOPLE).to_dict() == pytest.approx(due.to_dict())
    assert series(score, TRIALS).unique().tolist() == [many.SUBJECTS]
    right = many.named(of_many).numpy() == many.TRUTH
    assert series(score, MODEL).to_dict() == dict(zip(np.arange(many.N).astype(str), right, strict=True))


def test_where_nobody_is_compared_nothing_is_kept(of_many):  # noqa: F811
    assert many.score({"metric": "accuracy"}, many.recorded(), of_many).beside == {}
