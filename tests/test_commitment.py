"""Commitment: the layer that recordings were simulated from is the one that scores choose."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pytest_brainscore.commitment.choosing import halved
from pytest_brainscore.commitment.settling import settle
from pytest_brainscore.data.fetch import Fetcher
from pytest_brainscore.data.opening import from_arrays
from pytest_brainscore.data.recordings import Recordings
from pytest_brainscore.errors import ModelError, SpecError
from pytest_brainscore.machine import Device
from pytest_brainscore.models.activations import extract
from pytest_brainscore.models.store import Store
from pytest_brainscore.specs.benchmarks import Benchmark
from pytest_brainscore.specs.cases import Case, load_cases
from pytest_brainscore.specs.datasets import CustomDataset
from pytest_brainscore.specs.models import Model
from pytest_brainscore.specs.registry import Registry
from pytest_brainscore.specs.validation import validated
from pytest_brainscore.specs.views import AutoLayers
from pytest_brainscore.workbench import Workbench

from .models.fakes import Small, images, network

N = 60
LAYERS = ("first", "second", "relu", "readout")
FILE = """
dataset: {{id: {id}, reader: arrays, stimuli: {{images: i}}, recordings: {{file: r.npy, region: IT}}}}
benchmarks:
  - {{region: IT, metric: ridge, splits: {{folds: 5}}}}
  - {{id: best, region: IT, metric: ridge, splits: {{folds: 5}}, layers: best}}
  - {{id: rdm, region: IT, metric: rdm}}
  - {{id: pca, region: IT, metric: ridge, splits: {{folds: 5}}, layers: best, pca: 20}}
"""


def simulated(layer: str, seed: int = 0, **more) -> Recordings:
    """Responses to images that are sums of a layer's units, with hardly any noise."""
    stimuli = images(N, seed=seed)
    with extract(network(), stimuli, (layer,)) as answers:
        x = answers[layer].matrix().double().numpy()
    random = np.random.RandomState(seed)
    u, s, _ = np.linalg.svd(x - x.mean(0), full_matrices=False)
    y = u[:, :4] * s[:4] @ random.randn(4, 12)
    return from_arrays(list(stimuli.images), y + 0.01 * y.std() * random.randn(*y.shape), region="IT", **more)


class Desk:
    """A project with benchmarks on simulated data sets, and a workbench on it."""

    def __init__(self, folder: Path, store: bool = True, **layers: str) -> None:
        (folder / "benchmarks").mkdir()
        device = Device(torch.device("cpu"), torch.device("cpu"))
        kept = Store(folder / "store") if store else None
        self.bench = Workbench(device, Fetcher(folder), Registry(folder), kept)
        self.folder, self.cases = folder, dict[str, Case]()
        for i, (id, layer) in enumerate(layers.items()):
            path = folder / "benchmarks" / f"{id.lower()}.yaml"
            path.write_text(FILE.format(id=id), encoding="utf-8")
            for case in load_cases(path):
                self.cases[case.name] = case
                self.bench.adopt_recordings(case, simulated(layer, seed=i))

    def score(self, *benchmarks: str, **said):
        """The scores of the small network, asked for all of them together; and the network."""
        model, net = Model(id="small", source="nets:small", **said), network()
        net.module.rows = 0
        self.bench.asked = [("small", self.cases[name], None) for name in benchmarks]
        self.bench.adopt_network(model, net)
        return [self.bench.score(self.cases[name], model, self.folder) for name in benchmarks], net.module


@pytest.mark.parametrize("layer", ["first", "second", "readout"])
def test_half_of_the_stimuli_finds_the_layer_and_the_other_half_is_scored(tmp_path, layer):
    desk = Desk(tmp_path, Own=layer)
    (score,), module = desk.score("Own.IT-ridge", layers="auto")
    assert score.about["layer"] == layer
    assert score.about["stimuli"] == N // 2
    data = "one half of the stimuli (seed 0)"
    assert score.about["layer_source"] == f"best of 4 layers on {data}; the other half is scored"
    assert score.notes[0].startswith(f"raw scores of layers on {data}: {layer} 0.")
    assert score.notes[0].endswith(", 1 lower")
    looked_at = 2  # two grey images, once, to know the layers
    assert module.rows == N + looked_at


def test_what_is_scored_shares_no_stimulus_with_what_chose(tmp_path):
    desk = Desk(tmp_path, Own="second")
    case = desk.cases["Own.IT-ridge"]
    first, second = halved(case, desk.bench.opened.recordings(case)[0], seed=3)
    rows = [set(desk.bench.opened.target(half)[0].rows.tolist()) for half in (first, second)]
    assert len(rows[0]) == len(rows[1]) == N // 2
    assert rows[0] | rows[1] == set(range(N))
    (score,), _ = desk.score("Own.IT-ridge", layers={"seed": 3})
    (named,), _ = desk.score("Own.IT-ridge", layers={"IT": "second"})
    assert score.about["digests"]["spec"] == second.digest != named.about["digests"]["spec"]
    model = Model(id="small", source="nets:small", layers={"IT": "second"})
    assert score.raw == desk.bench.score(second, model, tmp_path).raw


def test_another_benchmark_chooses_once_for_all_and_before_anything_is_shown(tmp_path):
    desk = Desk(tmp_path, Chooser="second", Own="first")
    auto = AutoLayers(by={"IT": "Chooser.IT-ridge"})
    scores, module = desk.score("Own.IT-ridge", "Own.rdm", "Chooser.rdm", layers=auto)
    assert [score.about["layer"] for score in scores] == ["second"] * 3
    assert scores[0].about["layer_source"] == "best of 4 layers on Chooser.IT-ridge"
    assert scores[0].about["stimuli"] == N
    same = "Chooser.IT-ridge, whose data are these same (optimistic)"
    assert scores[2].about["layer_source"] == f"best of 4 layers on {same}"
    assert module.rows == 2 * N + 2  # each stimulus set once
    (named,), _ = desk.score("Own.IT-ridge", layers={"IT": "second"})
    assert named.raw == scores[0].raw


def test_what_chose_has_a_digest_on_the_model_s_side(tmp_path):
    auto = AutoLayers(by={"IT": "Chooser.IT-ridge"})
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one = Desk(tmp_path / "one", Chooser="second", Own="first")
    two = Desk(tmp_path / "two", Chooser="second", Own="first")
    other = two.cases["Chooser.IT-ridge"]
    two.bench.adopt_recordings(other, simulated("second", seed=5))
    first, same = one.score("Own.IT-ridge", "Own.IT-ridge", layers=auto)[0]
    (second,), _ = two.score("Own.IT-ridge", layers=auto)
    (named,), _ = two.score("Own.IT-ridge", layers={"IT": "second"})
    digests = [score.about["digests"] for score in (first, same, second, named)]
    assert digests[0] == digests[1]
    assert digests[0]["choice"] != digests[2]["choice"]
    assert {**digests[2], "choice": digests[0]["choice"]} == digests[0]
    assert digests[3] == {name: digest for name, digest in digests[2].items() if name != "choice"}
    fewer = AutoLayers(by=auto.by, candidates=("first", "second"))
    (third,), _ = two.score("Own.IT-ridge", layers=fewer)
    assert third.about["digests"]["choice"] != digests[2]["choice"]


def test_a_choice_fails_once_and_says_so_each_time(tmp_path, monkeypatch):
    desk, calls = Desk(tmp_path, Chooser="second", Own="first"), []
    shown = desk.bench._shown

    def failing(live, case, views):
        calls.append(case.name)
        if case.name.startswith("Chooser"):
            raise ModelError("small: does not work")
        return shown(live, case, views)

    monkeypatch.setattr(desk.bench, "_shown", failing)
    auto = AutoLayers(by={"IT": "Chooser.IT-ridge"})
    model = Model(id="small", source="nets:small", layers=auto)
    desk.bench.adopt_network(model, network())
    for _ in range(2):
        with pytest.raises(ModelError, match=r"^small: does not work$"):
            desk.bench.score(desk.cases["Own.IT-ridge"], model, tmp_path)
    assert calls == ["Chooser.IT-ridge"]


@pytest.mark.parametrize("layer", ["first", "readout"])
def test_best_is_the_best_on_the_data_themselves_and_is_called_optimistic(tmp_path, layer):
    desk = Desk(tmp_path, store=False, Own=layer)
    (best, pca), module = desk.score("Own.best", "Own.pca", layers={"IT": "second"})
    assert best.about["layer"] == layer
    assert best.about["layer_source"] == "best of 4 layers on these same data (optimistic)"
    assert module.rows == N + 2
    each = []
    for name in LAYERS:
        each += desk.score("Own.IT-ridge", layers={"IT": name})[0]
    assert best.raw == max(score.raw for score in each)
    assert pca.about["layer"] == layer
    assert (pca.raw == best.raw) == (layer == "readout")  # which has four units, and keeps them


def test_a_layer_that_is_named_goes_before_any_choice(tmp_path):
    desk = Desk(tmp_path, Own="first")
    model = Model(id="small", source="nets:small", layers="auto")
    desk.bench.adopt_network(model, network())
    for name in ("Own.best", "Own.IT-ridge"):
        score = desk.bench.score(desk.cases[name], model, tmp_path, layer="relu")
        assert (score.about["layer"], score.about["layer_source"]) == ("relu", "named for this run")
        assert score.about["stimuli"] == N


class Broken(Small):
    """`second` answers with NaN, though what follows does not."""

    def __init__(self) -> None:
        super().__init__()
        self.second.register_forward_hook(lambda *_: torch.full((_[1][0].shape[0], 16, 16, 16), torch.nan))

    def forward(self, x):
        x = self.relu(self.first(x))
        return self.readout(self.relu(torch.nan_to_num(self.second(x))).mean((2, 3)))


def test_layers_without_a_score_are_no_candidates_and_are_counted(tmp_path):
    desk = Desk(tmp_path, Own="first")
    model = Model(id="small", source="nets:small")
    desk.bench.adopt_network(model, network(Broken()))
    score = desk.bench.score(desk.cases["Own.best"], model, tmp_path)
    assert score.about["layer"] == "first"
    assert score.notes[0].endswith("; 3 without a score")  # and what is constant: relu, readout


@pytest.mark.parametrize(
    ("candidates", "chosen"), [(("second", "rea*"), "second"), (("re*",), "relu"), (("final",), "final")]
)
def test_candidates_are_names_and_patterns(tmp_path, candidates, chosen):
    desk = Desk(tmp_path, Own="second")
    (score,), _ = desk.score("Own.best", layers={"candidates": candidates})
    assert score.about["layer"] == chosen


def test_a_choice_and_a_map_are_told_apart_by_their_keys():
    said = [
        ("auto", AutoLayers()),
        ({"candidates": ["a", "b"]}, AutoLayers(candidates=("a", "b"))),
        ({"by": "half"}, AutoLayers()),
        ({"IT": ["a", "b"], "V4": "c"}, {"IT": ("a", "b"), "V4": "c"}),
        ({}, {}),
        ("final", "final"),
    ]
    for layers, read in said:
        assert validated(Model, {"id": "m", "source": "n:m", "layers": layers}, "test").layers == read


def test_a_candidate_that_is_no_layer_is_one_line(tmp_path):
    desk = Desk(tmp_path, Own="second")
    with pytest.raises(ModelError, match="small has no layer secnd; did you mean second"):
        desk.score("Own.best", layers={"candidates": ("first", "secnd")})


def test_an_unknown_benchmark_and_a_region_without_one(tmp_path):
    desk = Desk(tmp_path, Own="second")
    with pytest.raises(SpecError, match=r"no benchmark Own\.IT-rigde; did you mean Own\.IT-ridge"):
        desk.score("Own.rdm", layers={"by": {"IT": "Own.IT-rigde"}})
    with pytest.raises(
        ModelError, match=r"no benchmark chooses the layer of small for IT.* \(`by` names V4\)"
    ):
        desk.score("Own.rdm", layers={"by": {"V4": "Own.IT-ridge"}})


@given(n=st.integers(8, 40), seed=st.integers(0, 99), kinds=st.integers(1, 4))
def test_halves_keep_the_kinds_of_stimuli_in_proportion(n, seed, kinds):
    kind = np.array([f"kind{i % kinds}" for i in range(n)])
    recordings = from_arrays(list(images(n).images), np.eye(n)[:, :3], region="IT", coords={"kind": kind})
    entry = {"region": "IT", "metric": "ridge", "splits": {"n": 2, "stratify": "kind"}}
    dataset = CustomDataset(id="own", reader="here:own", stimuli={}, recordings={})
    case = Case("c", "IT", dataset, validated(Benchmark, entry, "test"), Path("f.yaml"), 1)
    ids = [half.benchmark.select["stimulus"] for half in halved(case, recordings, seed)]
    assert sorted((*ids[0], *ids[1])) == sorted(recordings.stimuli.ids)
    place = {id: i for i, id in enumerate(recordings.stimuli.ids)}
    for one in set(kind):
        counts = [sum(kind[place[id]] == one for id in half) for half in ids]
        assert abs(counts[0] - counts[1]) <= 1
    assert all([place[id] for id in half] == sorted(place[id] for id in half) for half in ids)


@pytest.mark.parametrize(
    ("readout", "layer", "unit"),
    [
        ({"classes": "imagenet16"}, None, "final"),
        ({"classes": "imagenet"}, "readout", "readout"),
        ({"label": "object_name"}, None, "second"),
    ],
)
def test_choices_among_classes_are_read_from_the_network_s_own_answer(tmp_path, readout, layer, unit):
    dataset = CustomDataset(id="own", reader="here:own", stimuli={}, recordings={})
    entry = {"region": "behaviour", "metric": "error_consistency", "readout": readout}
    case = Case("c", "behaviour", dataset, validated(Benchmark, entry, "test"), Path("f.yaml"), 1)
    model = Model(id="small", source="nets:small", layers="auto", readout="second")
    opened = Desk(tmp_path).bench.opened
    assert settle(network(), model, case, layer, opened).view.unit == (unit,)
