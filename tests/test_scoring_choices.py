"""From trials and activations to a score of behaviour."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from torch import nn

from pytest_brainscore import api, scoring
from pytest_brainscore.api import score as score_module
from pytest_brainscore.data.opening import from_arrays, from_trials
from pytest_brainscore.errors import BrainScoreError
from pytest_brainscore.metrics import behaviour, readout
from pytest_brainscore.metrics.behaviour import Trials
from pytest_brainscore.specs.benchmarks import Benchmark
from pytest_brainscore.specs.registry import Registry
from pytest_brainscore.specs.validation import validated

CPU = torch.device("cpu")
OBJECTS = np.array(["dog", "cat", "bear"])
N, UNITS = 90, 200
TRUTH = np.arange(N) % 3
PART = np.array(["fit"] * 45 + ["test"] * 45)


def pictures(n=N):
    rng = np.random.RandomState(3)
    return [rng.randint(0, 256, (4, 4, 3), dtype=np.uint8) for _ in range(n)]


@pytest.fixture
def x():
    rng = np.random.RandomState(0)
    return torch.from_numpy((2 * rng.randn(3, UNITS)[TRUTH] + 3 * rng.randn(N, UNITS)).astype(np.float32))


def trials_on(x, k=12_000, seed=1):
    """Choices of an observer who errs where the activations are near the other object; columns of a table."""
    rng = np.random.RandomState(seed)
    means = np.stack([x.numpy()[o == TRUTH].mean(0) for o in range(3)])
    nearness = x.numpy() @ means.T / UNITS
    stimulus = rng.randint(45, N, k)
    distractor = (TRUTH[stimulus] + rng.randint(1, 3, k)) % 3
    margin = nearness[stimulus, TRUTH[stimulus]] - nearness[stimulus, distractor]
    erred = rng.rand(k) < 1 / (1 + np.exp(0.5 * margin))
    choice = np.where(erred, distractor, TRUTH[stimulus])
    return {
        "stimulus": stimulus.astype(str),
        "truth": OBJECTS[TRUTH[stimulus]],
        "distractor": OBJECTS[distractor],
        "choice": OBJECTS[choice],
        "subject": np.where(rng.rand(k) < 0.5, "a", "b"),
    }


def recorded(table, **coords):
    return from_trials(pictures(), table, coords={"object_name": OBJECTS[TRUTH], "part": PART, **coords})


def score(entry, recordings, x):
    entry = {"region": "behaviour", "metric": "i2n", "readout": {"fit": {"part": "fit"}}, **entry}
    benchmark = validated(Benchmark, entry, "test")
    target = scoring.target(benchmark, "behaviour", recordings, CPU)
    return scoring.score(benchmark, x, target, Registry())


@pytest.mark.parametrize("metric", ["i1", "i1n", "i2", "i2n", "o2"])
def test_a_score_is_the_metric_of_the_readouts_probabilities(x, metric):
    table = trials_on(x)
    found = score({"metric": metric, "ceiling": "internal_consistency"}, recorded(table), x)
    named = readout.probabilities(x, torch.arange(45), torch.from_numpy(TRUTH[:45]))[45:]
    place = {name: i for i, name in enumerate(OBJECTS)}
    trials = Trials(
        stimulus=torch.from_numpy(table["stimulus"].astype(int) - 45),
        distractor=torch.tensor([place[name] for name in table["distractor"]]),
        erred=torch.from_numpy(table["choice"] != table["truth"]),
        truth=torch.from_numpy(TRUTH[45:]),
        n_objects=3,
    )
    expected = getattr(behaviour, metric)(named, trials)
    ceiling = behaviour.internal_consistency(trials, metric)
    assert found.splits == pytest.approx(expected.values[:, 0].tolist(), abs=1e-9)
    assert (found.raw, found.error) == pytest.approx((expected.raw(), expected.error()), abs=1e-9)
    assert (found.ceiling, found.ceiling_error) == pytest.approx((ceiling.value, ceiling.error))
    per_split = expected.values[:, 0] / ceiling.values[:, 0].sqrt()
    assert found.ceiled == pytest.approx(float(per_split.mean()), abs=1e-9)
    assert found.normalise == "r_over_sqrt_ceiling"
    assert (found.over, found.targets, found.values.shape) == ("all", ("all",), (2, 1))
    right = (named.argmax(1).numpy() == TRUTH[45:]).mean()
    assert found.also["accuracy"] == pytest.approx(right)
    assert found.also["subjects_accuracy"] == pytest.approx((table["choice"] == table["truth"]).mean())
    json.dumps(found.to_json(), allow_nan=False)


def test_the_observers_own_activations_score_high_and_others_do_not(x):
    recordings = recorded(trials_on(x))
    own = score({"ceiling": "internal_consistency"}, recordings, x)
    assert own.raw > 0.4
    noise = torch.from_numpy(np.random.RandomState(9).randn(N, UNITS))
    assert abs(score({}, recordings, noise).raw) < 0.25


def test_the_readout_is_fitted_on_all_labelled_stimuli_unless_told_otherwise(x):
    table = trials_on(x)
    everywhere = score({"readout": None}, recorded(table), x)
    assert everywhere.notes == ("the readout is fitted on 45 of the 45 stimuli that it is tested on, too",)
    assert everywhere.also["accuracy"] == 1
    labels = np.where(PART == "fit", OBJECTS[TRUTH], "")
    only = score({"readout": {"label": "known"}}, recorded(table, known=labels), x)
    assert only.notes == ()
    assert only.raw == pytest.approx(score({}, recorded(table), x).raw, abs=1e-9)


def test_objects_without_trials_change_nothing_but_the_accuracy(x):
    table = trials_on(x)
    keep = (table["truth"] != "bear") & (table["distractor"] != "bear")
    recordings = recorded({name: values[keep] for name, values in table.items()})
    found = score({"metric": "i1"}, recordings, x)
    assert -1 <= found.raw <= 1
    assert found.also["accuracy"] <= 1


def test_a_readout_is_tested_on_other_stimuli_than_it_is_fitted_on(x):
    table = trials_on(x)
    half = np.where(np.arange(N) % 5 < 3, "fit", "test")
    recordings, readout_ = recorded(table, half=half), {"fit": {"half": "fit"}}
    both = score({"readout": readout_}, recordings, x)
    assert both.notes == ("the readout is fitted on 27 of the 45 stimuli that it is tested on, too",)
    found = score({"metric": "i1", "readout": readout_, "select": {"half": "test"}}, recordings, x)
    assert found.notes == ()
    fit, shown = np.flatnonzero(half == "fit"), np.flatnonzero((half == "test") & (np.arange(N) >= 45))
    named = readout.probabilities(x, torch.from_numpy(fit), torch.from_numpy(TRUTH[fit]))[shown]
    right = named.argmax(dim=1).numpy() == TRUTH[shown]
    assert found.also["accuracy"] == pytest.approx(right.mean())


def test_selected_trials_alone_count(x):
    table = trials_on(x)
    mine = {name: values[table["subject"] == "a"] for name, values in table.items()}
    selected = score({"select": {"subject": "a"}}, recorded(table), x)
    assert selected.raw == pytest.approx(score({}, recorded(mine), x).raw, abs=1e-9)
    assert selected.raw != score({}, recorded(table), x).raw


def test_a_constant_ceiling_and_none(x):
    recordings = recorded(trials_on(x))
    constant = score({"ceiling": {"name": "constant", "value": 0.25}}, recordings, x)
    assert constant.ceiled == pytest.approx(constant.raw / 0.5)
    bare = score({}, recordings, x)
    assert (bare.ceiling, bare.normalise, bare.ceiled) == (None, "none", pytest.approx(bare.raw))


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"metric": "ridge", "readout": None}, "choices, which ridge cannot use: use i1, i1n, i2, i2n or o2"),
        ({"readout": {"label": "object"}}, "no coord object; did you mean object_name"),
        ({"readout": {"fit": {"part": "fitt"}}}, "nothing has part=fitt; did you mean fit"),
        (
            {"readout": {"fit": {"subject": "a"}}},
            "subject is a coord of each presentation, not of the stimuli",
        ),
        (
            {"readout": {"fit": {"object_name": ["dog", "cat"]}}},
            "no stimulus that it is fitted on shows bear",
        ),
        ({"readout": {"label": "part"}}, "part of stimulus 45 is test, and its trials say dog"),
        ({"select": {"subject": "c"}}, "nothing has subject=c"),
    ],
)
def test_what_cannot_be_scored_says_so(x, entry, message):
    with pytest.raises(BrainScoreError, match=message):
        score(entry, recorded(trials_on(x)), x)


def test_without_any_label_it_is_said_where_to_give_one(x):
    due = r'no coord object_name, nor any other: give `coords=\{"object_name": ...\}` to from_trials'
    with pytest.raises(BrainScoreError, match=due):
        score({"readout": None}, from_trials(pictures(), trials_on(x)), x)


def test_a_notebook_scores_choices_in_memory(x, tmp_path, monkeypatch):
    monkeypatch.setenv("BRAINSCORE_CACHE", str(tmp_path))
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 4, 5))
    recordings = recorded(trials_on(x))
    arguments = {"transform": lambda image: torch.tensor(np.asarray(image).transpose(2, 0, 1) / 255).float()}
    found = score_module(net, layer="1", recordings=recordings, **arguments)
    assert (found.over, found.about["layer"], found.about["stimuli"]) == ("all", "1", 45)
    assert found.about["benchmark"] == "arrays.behaviour-i2n"
    said = {"region": "behaviour", "metric": "i2n", "readout": {"fit": {"part": "fit"}}}
    fitted = score_module(net, layer="1", recordings=recordings, **said, **arguments)
    assert (fitted.notes, len(found.notes)) == ((), 1)
    with pytest.raises(BrainScoreError, match=r"splits: `splits` is of stimuli, and i2n halves trials"):
        score_module(net, layer="1", recordings=recordings, splits={"n": 3}, **arguments)
    other = score_module(net, layer="1", recordings=recordings, metric="i1", **arguments)
    assert other.raw != found.raw
    with pytest.raises(BrainScoreError, match="Recordings have their own stimuli"):
        score_module(net, layer="1", recordings=recordings, stimuli=pictures(), **arguments)


def test_a_named_layer_comes_before_the_readout_of_the_entry(tmp_path):
    (tmp_path / "models.yaml").write_text("net: {source: here:net, readout: second, layers: {IT: first}}\n")
    spec, _ = api._model("net", tmp_path, None, "third", "behaviour", pooled=False)
    assert (spec.readout, spec.layers) == (None, {"behaviour": "third"})


def test_other_recordings_and_trials_of_many_alternatives(x):
    responses = from_arrays(pictures(), np.random.RandomState(0).randn(N, 3), region="behaviour")
    with pytest.raises(BrainScoreError, match="are responses, which i2n cannot use: use choices"):
        score({"readout": None}, responses, x)
    table = {name: values for name, values in trials_on(x).items() if name != "distractor"}
    with pytest.raises(BrainScoreError, match="need a column `distractor`"):
        score({}, recorded(table), x)
    with pytest.raises(BrainScoreError, match="constant"):
        score({}, recorded(trials_on(x)), x * 0)
