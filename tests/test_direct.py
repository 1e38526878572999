"""Data-driven networks through the workbench: scored by their own predictions, or refused in a line."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from pytest_brainscore.commands.list_ import run as run_list
from pytest_brainscore.commitment.direct import SOURCE
from pytest_brainscore.data.fetch import Fetcher
from pytest_brainscore.data.opening import from_arrays
from pytest_brainscore.errors import ModelError, SelectionError, SpecError, Unsuited
from pytest_brainscore.harness.items import ScoreItem
from pytest_brainscore.machine import Device
from pytest_brainscore.metrics.splits import kfold
from pytest_brainscore.models.build import build
from pytest_brainscore.models.data_driven import Trainer
from pytest_brainscore.specs.cases import load_cases
from pytest_brainscore.specs.models import Model
from pytest_brainscore.specs.registry import Registry
from pytest_brainscore.specs.zoo import load_zoo
from pytest_brainscore.suite.selection import select
from pytest_brainscore.workbench import Workbench

N, NEUROIDS = 60, 5
FILE = """
dataset: {id: Made, reader: arrays, stimuli: {images: i}, recordings: {file: r.npy, region: IT}}
benchmarks:
  - {region: IT, metric: pca_ridge, splits: {folds: 3}, ceiling: {name: internal_consistency, n: 4}}
  - {region: IT, metric: {name: ridge, subjects: separate}, splits: {folds: 3}}
  - {region: IT, metric: encoding, splits: {folds: 3}}
  - {region: IT, metric: rdm}
"""
NET = """
net:
  source: data_driven
  training:
    kind: cnn
    layers: 2
    channels: 4
    size: 16
    epochs: 2
    search: {learning_rate: [0.01], weight_decay: [0.0]}
"""
CPU = torch.device("cpu")


@pytest.fixture
def net(tmp_path) -> Model:
    (tmp_path / "models.yaml").write_text(NET)
    return load_zoo(tmp_path / "models.yaml").models["net"]


class Desk:
    """Recordings of two subjects, made of the brightness of 12 x 12 images, and a workbench on them."""

    def __init__(self, folder: Path) -> None:
        random = np.random.default_rng(0)
        images = list(random.integers(0, 256, (N, 1, 1, 3)).repeat(12, 1).repeat(12, 2).astype(np.uint8))
        y = np.stack([im.mean((0, 1)) for im in images]) @ random.standard_normal((3, NEUROIDS))
        y = y[:, :, None] + 20 * random.standard_normal((N, NEUROIDS, 4))
        self.recordings = from_arrays(images, y, region="IT", neuroids={"subject": ["a", "a", "b", "b", "b"]})
        (folder / "made.yaml").write_text(FILE)
        self.cases = {case.metric: case for case in load_cases(folder / "made.yaml")}
        self.bench = Workbench(Device(CPU, CPU), Fetcher(folder), Registry(folder), None)
        self.folder, self.told = folder, []
        self.bench.tell = lambda *said: self.told.append(said)
        for case in self.cases.values():
            self.bench.adopt_recordings(case, self.recordings)

    def score(self, metric: str, model: Model, layer: str | None = None):
        return self.bench.score(self.cases[metric], model, self.folder, layer)


@pytest.fixture
def desk(tmp_path) -> Desk:
    return Desk(tmp_path)


def test_its_own_predictions_are_scored(desk, net):
    score = desk.score("pca_ridge", net)
    y = torch.from_numpy(desk.recordings.responses().values)
    splits = kfold(N, 3, seed=1)
    trainer = Trainer(net, None, None, desk.folder / "cache of its own", CPU)
    predictions, digest = trainer.predictions(desk.recordings.stimuli, y, splits)
    r, explained = np.empty((3, NEUROIDS)), np.empty((3, NEUROIDS))
    for i, (split, one) in enumerate(zip(splits, predictions, strict=True)):
        truth, predicted = y[split.test].numpy(), one.values.numpy()
        r[i] = [np.corrcoef(truth[:, j], predicted[:, j])[0, 1] for j in range(NEUROIDS)]
        explained[i] = 1 - (truth - predicted).var(0) / truth.var(0)
    assert score.values == pytest.approx(r, abs=1e-12)
    assert score.raw == pytest.approx(np.median(r, axis=1).mean(), abs=1e-12)
    assert score.also["explained_variance"] == pytest.approx(np.median(explained, axis=1).mean(), abs=1e-12)
    assert score.also["learning_rate"] == 0.01
    assert 0 < score.ceiling <= 1
    ceiled = score.raw * abs(score.raw) / score.ceiling
    assert score.ceiled == pytest.approx(ceiled, abs=1e-12)
    assert (score.about["layer"], score.about["layer_source"]) == ("data_driven", SOURCE)
    assert score.about["digests"]["weights"] == digest
    assert set(score.about["seconds"]) == {"fetch", "target", "training", "metric"}
    assert [said for said in desk.told if said[0] == "training"] == [("training", i, 3) for i in range(3)]


def test_subjects_apart_and_the_mean_of_encoding(desk, net):
    apart = desk.score("ridge", net)
    r = apart.values
    due = {"raw.a": np.median(r[:, :2], 1).mean(), "raw.b": np.median(r[:, 2:], 1).mean()}
    assert {name: apart.also[name] for name in due} == pytest.approx(due)
    assert apart.raw == pytest.approx(np.mean(list(due.values())))
    encoded = desk.score("encoding", net)
    assert encoded.values == pytest.approx(r)  # trained once: the same predictions
    means = [r[:, :2].mean(), r[:, 2:].mean()]
    assert encoded.raw == pytest.approx(np.mean(means))


def test_what_it_is_no_model_for(desk, net):
    with pytest.raises(Unsuited, match="rdm cannot score a data-driven network: it predicts neuroids"):
        desk.score("rdm", net)
    with pytest.raises(ModelError, match="net predicts responses itself, so that no layer can be named"):
        desk.score("ridge", net, layer="features")
    with pytest.raises(ModelError, match="net: is trained on the recordings of each benchmark"):
        build(net, None, None)


@pytest.mark.parametrize(
    ("guard", "outcome"), [("warn", pytest.skip.Exception), ("strict", pytest.fail.Exception)]
)
def test_what_it_is_no_model_for_is_a_skip(desk, net, guard, outcome):
    item = SimpleNamespace(
        _measure=lambda: desk.score("rdm", net),
        run=SimpleNamespace(settings=SimpleNamespace(guard=guard)),
        case=desk.cases["rdm"],
    )
    with pytest.raises(outcome, match="rdm cannot score a data-driven network"):
        ScoreItem.setup(item)


def test_it_has_no_untrained_twin_and_is_listed(desk, net, capsys):
    zoo = load_zoo(desk.folder / "models.yaml")
    with pytest.raises(
        SelectionError, match="is what it learns from the recordings, and has no weights that"
    ):
        select("untrained:net", zoo, desk.folder)
    assert [one.id for one in select("net", zoo, desk.folder)] == ["net"]
    assert net.trained
    run_list(Namespace(what="models", root=desk.folder))
    (line,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("net "))
    assert line.split() == ["net", "trained", "on", "each", "learnt", "-", "data_driven"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("  training:", "  layers: {IT: x}\n  training:"), "makes nothing of `layers`: leave it out"),
        (("  source: data_driven", "  source: torchvision"), "`source: data_driven` needs `training`"),
        (("    layers: 2\n", "    layers: 4\n"), "training.*layers: "),
        (("    size: 16", "    size: 4"), "2 layers halve 4 pixels away: 8 or more"),
        (("    size: 16", "    kernel: 4"), "kernel: 4 is even: an odd one has a centre"),
        (("    kind: cnn", "    kind: rnn"), "kind.*rnn"),
    ],
)
def test_entries_that_are_wrong(tmp_path, change, said):
    path = tmp_path / "models.yaml"
    path.write_text(NET.replace(*change))
    with pytest.raises(SpecError, match=said) as error:
        load_zoo(path)
    assert str(error.value).startswith(f"{path}:")
