"""Pools of layers: what is chosen is the best of an explicit loop over single layers, alone or in company."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from pytest_brainscore import score as notebook_score
from pytest_brainscore.commitment.pooling import pooling_of
from pytest_brainscore.data.fetch import Fetcher
from pytest_brainscore.data.opening import from_arrays
from pytest_brainscore.data.recordings import Recordings
from pytest_brainscore.errors import MetricError, ModelError, SpecError
from pytest_brainscore.harness.records.record import in_short
from pytest_brainscore.machine import Device
from pytest_brainscore.models.activations import extract
from pytest_brainscore.models.store import Store
from pytest_brainscore.scores import Score
from pytest_brainscore.specs.cases import Case, load_cases
from pytest_brainscore.specs.models import Model
from pytest_brainscore.specs.registry import Registry
from pytest_brainscore.specs.results import LayerScores
from pytest_brainscore.workbench import Workbench

from .models.fakes import images, network

N, SUBJECTS = 40, {"s1": 14, "s2": 12, "s3": 4}
LAYERS = ("first", "relu@1", "second", "relu@2", "readout")
TRUE = {"s1": "second", "s2": "readout", "s3": "second"}
FILE = """
dataset: {id: Own, reader: arrays, stimuli: {images: i}, recordings: {file: r.npy, region: IT}}
benchmarks:
  - {region: IT, metric: {name: encoding, features: exact}, layers: all}
  - {region: IT, metric: crsa, layers: all}
  - {region: IT, metric: versa, layers: all}
  - {region: FFA, metric: encoding, layers: all}
  - {region: FFA, metric: {name: versa, features: exact}, layers: all}
  - {id: one, region: IT, metric: {name: encoding, features: exact}, layers: {per: model}}
  - {id: few, region: IT, metric: {name: encoding, features: units}, layers: [second, "re*"]}
  - {id: half, region: IT, metric: crsa, layers: second_half}
  - {id: folds, region: IT, metric: encoding, layers: all, splits: {folds: 3}}
  - {id: units, region: IT, metric: {name: encoding, features: units}, layers: all, splits: {folds: 3}}
  - {id: mapped, region: IT, metric: versa}
  - {region: FFA, metric: crsa, layers: all}
  - {id: shared, region: FFA, metric: versa, layers: all}
  - {id: exact, region: FFA, metric: {name: encoding, features: exact}, layers: all}
"""
FFA = ("Own.FFA-encoding", "Own.FFA-versa", "Own.FFA-crsa", "Own.shared", "Own.exact")
HEADS = {metric: f"Own.IT-{metric}" for metric in ("encoding", "crsa", "versa")}


def recordings(noise: float = 0.3) -> Recordings:
    """Each subject's responses are sums of the units of a layer of their own, with noise; FFA lies in IT."""
    stimuli, random = images(N), np.random.RandomState(0)
    parts = []
    with extract(network(), stimuli, tuple(set(TRUE.values()))) as answers:
        for subject, count in SUBJECTS.items():
            x = answers[TRUE[subject]].matrix().double().numpy()
            u, s, _ = np.linalg.svd(x - x.mean(0), full_matrices=False)
            parts.append(u[:, :4] * s[:4] @ random.randn(4, count))
            parts[-1] /= parts[-1].std()
    y = np.concatenate(parts, axis=1)
    subject = np.repeat(list(SUBJECTS), list(SUBJECTS.values()))
    said = {"subject": subject, "FFA": (np.arange(y.shape[1]) < 20) & (np.arange(y.shape[1]) >= 2)}
    return from_arrays(list(stimuli.images), y + noise * random.randn(*y.shape), region="IT", neuroids=said)


class Desk:
    """A workbench on the recordings, and the benchmarks of the file above."""

    def __init__(self, folder: Path, found: Recordings | None = None) -> None:
        path = folder / "own.yaml"
        path.write_text(FILE, encoding="utf-8")
        device = Device(torch.device("cpu"), torch.device("cpu"))
        self.bench = Workbench(device, Fetcher(folder), Registry(folder), Store(folder / "store"))
        self.folder, self.cases = folder, {case.name: case for case in load_cases(path)}
        self.bench.adopt_recordings(self.cases["Own.IT-crsa"], recordings() if found is None else found)

    def ask(self, *names: str, net=None, layer: str | None = None) -> list[Score | Exception]:
        """What comes of the benchmarks, asked for all of them together."""
        model = Model(id="small", source="nets:small", layers={"IT": "second", "FFA": "second"})
        self.bench.asked = [("small", self.cases[name], layer) for name in names]
        self.bench.adopt_network(model, net or network())
        return [self._outcome(self.cases[name], model, layer) for name in names]

    def _outcome(self, case: Case, model: Model, layer: str | None) -> Score | Exception:
        try:
            return self.bench.score(case, model, self.folder, layer=layer)
        except (MetricError, ModelError) as why:
            return why


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Desk:
    return Desk(tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="module")
def alone(desk) -> dict[str, dict[str, Score]]:
    """By benchmark and layer, the scores of single layers that are named for the run."""
    names = [*HEADS.values(), "Own.folds", "Own.FFA-encoding"]
    found = {layer: dict(zip(names, desk.ask(*names, layer=layer), strict=True)) for layer in LAYERS}
    return {name: {layer: found[layer][name] for layer in LAYERS} for name in names}


@pytest.fixture(scope="module")
def pooled(desk) -> dict[str, Score]:
    """The pools of all three metrics and both regions, measured together."""
    names = [*HEADS.values(), *FFA, "Own.one", "Own.few", "Own.half"]
    return dict(zip(names, desk.ask(*names), strict=True))


def by_subject(score: Score, side: str) -> dict[str, float]:
    """The score of each subject in one split, from the values: a mean over the subject's neuroids."""
    values = {"test": score.values, "train": score.beside["train"].values}[side][0]
    if score.over == "subject":
        return dict(zip(score.targets, values.tolist(), strict=True))
    owner = np.repeat(list(SUBJECTS), list(SUBJECTS.values()))
    return {subject: float(values[owner == subject].mean()) for subject in SUBJECTS}


@pytest.mark.parametrize("metric", HEADS)
def test_each_subject_has_the_layer_that_is_best_on_the_training_stimuli(pooled, alone, metric):
    score, single = pooled[HEADS[metric]], alone[HEADS[metric]]
    subjects = list(score.layers)
    assert subjects == (["s1", "s2", "s3"] if metric == "encoding" else ["s1", "s2"])
    for subject in subjects:
        train = {layer: by_subject(single[layer], "train")[subject] for layer in LAYERS}
        best = max(LAYERS, key=train.__getitem__)
        assert score.layers[subject] == best
        own = by_subject(single[best], "test")[subject]
        assert score.also[f"raw.{subject}"] == pytest.approx(own, abs=1e-12)
    test = [by_subject(single[score.layers[subject]], "test")[subject] for subject in subjects]
    train = [by_subject(single[score.layers[subject]], "train")[subject] for subject in subjects]
    assert score.raw == pytest.approx(np.mean(test), abs=1e-12)
    assert score.also["train"] == pytest.approx(np.mean(train), abs=1e-12)


def test_the_layer_that_a_subject_was_made_from_is_found(pooled):
    assert pooled["Own.IT-encoding"].layers == TRUE


@pytest.mark.parametrize("metric", HEADS)
def test_every_layer_is_in_the_profile_with_both_halves(pooled, alone, metric):
    score, single = pooled[HEADS[metric]], alone[HEADS[metric]]
    assert [one["layer"] for one in score.profile] == list(LAYERS)
    for one in score.profile:
        for side in ("train", "test"):
            assert one[side] == pytest.approx(by_subject(single[one["layer"]], side), abs=1e-12)
    chosen = [layer for layer in LAYERS if layer in score.layers.values()]
    assert score.about["layer"] == ", ".join(chosen)
    assert score.about["layer_source"] == (
        "best of 5 layers (all that differ) on the training stimuli, per subject"
    )


@pytest.mark.parametrize("name", [*HEADS.values(), *FFA, "Own.half"])
def test_company_changes_nothing(desk, pooled, name):
    """To the bit without a fit; one regression of more neuroids may round the last digit otherwise."""
    (own,), shared = desk.ask(name), pooled[name]
    within = 0 if "crsa" in name else 1e-9
    assert (own.about["layer"], own.layers) == (shared.about["layer"], shared.layers)
    assert (own.raw, own.ceiled) == pytest.approx((shared.raw, shared.ceiled), abs=within)
    assert own.also == pytest.approx(dict(shared.also), abs=within)
    np.testing.assert_allclose(own.values, shared.values, rtol=0, atol=within)
    np.testing.assert_allclose(own.beside["train"].values, shared.beside["train"].values, rtol=0, atol=within)
    for one, other in zip(own.profile, shared.profile, strict=True):
        assert one["train"] == pytest.approx(other["train"], abs=within)
        assert one["test"] == pytest.approx(other["test"], abs=within)


def test_one_layer_for_all_subjects_is_best_by_their_mean(pooled, alone):
    score, single = pooled["Own.one"], alone["Own.IT-encoding"]
    best = max(LAYERS, key=lambda layer: np.mean(list(by_subject(single[layer], "train").values())))
    assert (score.about["layer"], score.layers) == (best, {})
    assert score.raw == pytest.approx(single[best].raw, abs=1e-12)
    np.testing.assert_array_equal(score.values, single[best].values)


def test_the_other_way_to_choose_stands_beside(pooled):
    each, one = pooled["Own.IT-encoding"], pooled["Own.one"]
    assert each.also["one_layer.raw"] == one.raw
    assert each.also["one_layer.train"] == pytest.approx(one.also["train"], abs=1e-15)
    assert one.also["layer_per_subject.raw"] == each.raw
    said = f"one layer for all subjects: {one.about['layer']} ({one.raw:.4f} on the test, "
    assert any(note.startswith(said) for note in each.notes)
    assert each.raw != one.raw


def test_names_patterns_and_the_second_half(pooled):
    assert [one["layer"] for one in pooled["Own.few"].profile] == list(LAYERS[1:])
    assert [one["layer"] for one in pooled["Own.half"].profile] == ["second", "relu@2", "readout"]


def test_a_layer_for_each_split(desk, alone):
    (score,) = desk.ask("Own.folds")
    single = alone["Own.folds"]
    owner = np.repeat(list(SUBJECTS), list(SUBJECTS.values()))
    assert len(score.splits) == 3
    expected = np.full_like(score.values, np.nan)
    chosen: dict[str, list[str]] = {subject: [] for subject in SUBJECTS}
    for split in range(3):
        for subject in SUBJECTS:
            at = owner == subject
            train = {layer: single[layer].beside["train"].values[split, at].mean() for layer in LAYERS}
            best = max(LAYERS, key=train.__getitem__)
            chosen[subject].append(best)
            expected[split, at] = single[best].values[split, at]
    np.testing.assert_array_equal(score.values, expected)
    assert score.layers == {subject: ", ".join(dict.fromkeys(found)) for subject, found in chosen.items()}
    assert "rdm" not in score.beside
    assert score.error > 0


def test_units_are_z_scored_in_one_split_only(desk):
    (why,) = desk.ask("Own.units")
    assert "3 splits have each their own of: write `features: exact`" in str(why)
    assert "own.yaml:13" in str(why)


def test_a_layer_that_is_named_goes_before_the_pool(desk):
    (score,) = desk.ask("Own.IT-crsa", layer="readout")
    assert (score.about["layer"], score.about["layer_source"]) == ("readout", "named for this run")
    assert score.profile == ()
    assert "train" in score.also


def test_without_a_pool_the_map_says_the_layer_and_both_halves_are_told(desk, alone):
    (score,) = desk.ask("Own.mapped")
    assert score.about["layer"] == "second"
    single = alone["Own.IT-versa"]["second"]
    assert (score.raw, score.also["train"]) == (single.raw, single.also["train"])
    assert set(score.also) >= {"raw.s1", "raw.s2"}


def test_subjects_of_few_neuroids_have_no_rdm(pooled):
    said = "without s3: 10 neuroids or fewer here, too few for an RDM"
    assert [said in pooled[HEADS[metric]].notes for metric in HEADS] == [False, True, True]


def test_one_pass_shows_all_layers_to_all(tmp_path):
    desk, net = Desk(tmp_path), network()
    desk.ask(*HEADS.values(), net=net)
    looked_at = 5  # two and three images of noise, once, to know the layers
    assert net.module.rows == N + looked_at


def test_the_networks_rdm_and_eigenvalues_are_in_the_file(pooled, alone):
    crsa = pooled["Own.IT-crsa"]
    data = crsa.to_dataset()
    assert data["rdm"].dims == ("stimulus", "stimulus_")
    assert data["rdm"].dtype == np.float32
    assert list(data["stimulus"].values) == [str(i) for i in range(1, N, 2)]
    rdms = [alone["Own.IT-crsa"][crsa.layers[s]].beside["rdm"].values.astype(float) for s in ("s1", "s2")]
    z = np.mean([np.arctanh(np.clip(1 - rdm, -1 + 1e-7, 1 - 1e-7)) for rdm in rdms], axis=0)
    off = ~np.eye(N // 2, dtype=bool)
    np.testing.assert_allclose(data["rdm"].values[off], (1 - np.tanh(z))[off], atol=1e-5)
    assert data["eigenvalues"].dims == ("layer", "component")
    with extract(network(), images(N), ("second",)) as answers:
        x = answers["second"].matrix().double().numpy()
    expected = np.linalg.svd(x - x.mean(0), compute_uv=False) ** 2 / (N - 1)
    at = list(data["layer"].values).index("second")
    np.testing.assert_allclose(data["eigenvalues"].values[at, : N - 1], expected[: N - 1], rtol=1e-5)
    ratio = expected.sum() ** 2 / (expected**2).sum()
    assert crsa.profile[at]["dimensionality"] == pytest.approx(ratio, rel=1e-6)


class Constant(torch.nn.Module):
    """A layer that answers the same to all images."""

    def forward(self, x):
        return torch.ones(len(x), 3)


def test_layers_at_fault_are_skipped_and_counted(tmp_path, monkeypatch):
    desk = Desk(tmp_path)
    net = network()
    net.module.readout = Constant()
    fine, other = desk.ask("Own.IT-crsa", "Own.IT-encoding", net=net)
    assert [one["layer"] for one in fine.profile] == list(LAYERS[:-1])
    said = "1 of 5 layers have no score; the first, readout: the activations of this layer are constant"
    assert any(note.startswith(said) for note in fine.notes)
    assert any(note.startswith(said) for note in other.notes)


class Noisy(torch.nn.Module):
    def forward(self, x):
        return x + torch.randn_like(x)


def test_answers_that_differ_from_pass_to_pass_are_a_warning(tmp_path):
    desk, net = Desk(tmp_path), network()
    net.module.readout = torch.nn.Sequential(net.module.readout, Noisy())
    (score,) = desk.ask("Own.IT-crsa", net=net)
    said = "warning: answers to the same images differ from pass to pass (readout.1, readout, final): dropout"
    assert any(note.startswith(said) for note in score.notes)
    case = desk.cases["Own.IT-crsa"]
    assert pooling_of(net, case, case.benchmark.layers).unsteady == ("readout.1", "readout", "final")
    assert pooling_of(net, case, case.benchmark.layers, stochastic=True).notes == ()
    assert pooling_of(network(), case, case.benchmark.layers).notes == ()


def test_a_benchmark_without_a_number_takes_no_other_down(tmp_path):
    found = recordings()
    ffa = found.data["FFA"].values
    flat = found.data.copy()
    flat.values[1:, ffa] = flat.values[:1, ffa]  # the first 20 neuroids but two answer alike to all
    broken = replace(found, data=flat)
    desk = Desk(tmp_path, broken)
    fine, none = desk.ask("Own.IT-encoding", "Own.FFA-encoding")
    assert isinstance(fine, Score)
    assert "no neuroid of FFA can be used" in str(none)
    again = desk.ask("Own.FFA-encoding", "Own.IT-encoding")
    assert isinstance(again[0], MetricError)
    assert again[1].raw == fine.raw


def test_ready_rdms_have_pools(tmp_path):
    """Of recordings that are RDMs crsa takes the rows and columns of each half."""
    found, random = recordings(), np.random.RandomState(1)
    with extract(network(), images(N), ("second", "first")) as answers:
        x = {layer: answers[layer].matrix().double().numpy() for layer in ("second", "first")}
    noise = [np.triu(random.rand(N, N), 1) * 0.02 for _ in x]
    rdms = np.stack([1 - np.corrcoef(some) + (e + e.T) for some, e in zip(x.values(), noise, strict=True)])
    import xarray as xr

    data = xr.DataArray(
        rdms,
        dims=("subject", "stimulus", "stimulus_"),
        coords={"subject": ["a", "b"], "region": ("subject", ["IT", "IT"])},
    )
    desk = Desk(tmp_path, replace(found, data=data, digest="rdms"))
    score, why = desk.ask("Own.IT-crsa", "Own.IT-encoding")
    assert score.layers == {"a": "second", "b": "first"}
    half = np.ix_(range(1, N, 2), range(1, N, 2))
    upper = np.triu_indices(N // 2, 1)
    for subject, own, rdm in zip("ab", x.values(), rdms, strict=True):
        r = np.corrcoef((1 - np.corrcoef(own))[half][upper], rdm[half][upper])[0, 1]
        assert score.also[f"raw.{subject}"] == pytest.approx(r, abs=1e-9)
    assert "these recordings are RDMs, which encoding cannot use" in str(why)


def test_a_score_travels_with_its_profile(pooled):
    score = pooled["Own.IT-versa"]
    packed = pickle.dumps(score)
    assert len(packed) < 30_000
    assert pickle.loads(packed).profile == score.profile
    said = json.loads(json.dumps(score.to_json(), allow_nan=False))
    assert said["layers"] == score.layers
    assert said["profile"][0]["train"] == score.profile[0]["train"]


def test_a_row_has_its_profile_in_six_digits(pooled):
    full = pooled["Own.IT-crsa"].profile[0]
    short = in_short(LayerScores.model_validate(full)).model_dump(mode="json")
    assert short["test"] == pytest.approx(full["test"], rel=5e-6)
    assert short["dimensionality"] == float(f"{full['dimensionality']:.6g}") != full["dimensionality"]
    none = LayerScores(layer="a", train={"s": None}, test={"s": -123456.78})
    assert in_short(none).model_dump(exclude_none=True)["test"] == {"s": -123457.0}
    assert in_short(none).train == {"s": None}


def test_a_module_in_a_notebook_needs_no_layer():
    found = recordings()
    given = {"recordings": found, "region": "IT", "metric": "crsa", "device": "cpu"}
    pooled = notebook_score(network().module, layers=["second", "readout"], **given)
    assert pooled.layers == {"s1": "second", "s2": "readout"}
    named = notebook_score(network().module, layer="readout", layers="all", **given)
    assert (named.about["layer"], named.profile) == ("readout", ())
    with pytest.raises(SpecError, match="a module needs `layer`"):
        notebook_score(network().module, **given)
