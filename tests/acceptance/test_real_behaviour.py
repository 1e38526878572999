"""Real people and networks who name the objects in edge drawings: Geirhos et al. 2019."""

from __future__ import annotations

import json
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score

from pytest_brainscore.specs.classes import IMAGENET16

BENCHMARKS = """
dataset:
  id: Edges
  species: human
  modality: behaviour
  reader: trials
  stimuli: {images: {file: FOLDER/stimuli/edges}, visual_degrees: 3}
  recordings:
    tables: {file: FOLDER/responses}
    image: '_(?P<image>[^_]+)$'
    subjects: ["subject-*"]
benchmarks:
  - id: kappa
    region: behaviour
    metric: error_consistency
    readout: {classes: imagenet16}
    ceiling: subject_pairs
  - {id: top1, region: behaviour, metric: accuracy, readout: {classes: imagenet16}}
"""
MODELS = """
squeezenet1_1:
  source: torchvision
  weights: {file: squeezenet1_1.pth, sha256: d75adbd60cc138df4acf0d654f361f502c4f0cd87c1b8f190dc9df5a5d1bbc7a}
  visual_degrees: 3
mobilenet_v2:
  source: torchvision
  weights: {file: mobilenet_v2.pth, sha256: 1b6c23158d536984230948ef4c55b1fafee95c58f4d9563bcfa75eba634731eb}
  visual_degrees: 3
  preprocess: {mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5]}
alexnet_of_geirhos:
  source: precomputed
  activations: {file: alexnet.npz}
  layers: final
"""
KNOWN = {"squeezenet1_1": (0.14375, 0.0382), "mobilenet_v2": (0.25, 0.0444)}
PEOPLE, ALEXNET = 0.3184, 0.1104


@pytest.fixture
def edges(project, shared, monkeypatch):
    """A project with the edge drawings, two networks with weights, and AlexNet's recorded choices."""
    folder = shared / "data" / "geirhos2018"
    monkeypatch.setenv("BRAINSCORE_MIRROR", str(shared / "data"))
    project.write("benchmarks/own.yaml", BENCHMARKS.replace("FOLDER", str(folder)))
    project.write("models.yaml", MODELS)
    recorded = pd.read_csv(folder / "responses" / "edge-experiment_alexnet_session_1.csv")
    write_choices(project.root / "alexnet.npz", recorded["imagename"], recorded["object_response"])
    return project


def write_choices(path, names, choices):
    """Choices of objects as answers of a network: all that it gives goes to the classes of one object."""
    final = np.zeros((len(names), 1000), np.float32)
    for row, name in enumerate(choices):
        final[row, list(IMAGENET16[name])] = 20
    stimulus = [name.rsplit("_", 1)[1].removesuffix(".png") for name in names]
    np.savez(path, stimuli=np.array(stimulus), final=final)


@pytest.mark.timeout(300)
def test_people_and_networks_on_edges(edges):
    result = edges.run("--models", f"{','.join(KNOWN)},alexnet_of_geirhos", "benchmarks/own.yaml")
    assert result.parseoutcomes() == {"passed": 6}
    (path,) = (edges.root / "reports").glob("*/results.json")
    rows = {(r["model"], r["benchmark"]): r for r in json.loads(path.read_text())["results"]}
    for model, (accuracy, kappa) in KNOWN.items():
        assert rows[model, "Edges.top1"]["raw"] == pytest.approx(accuracy, abs=0.02)
        assert rows[model, "Edges.kappa"]["raw"] == pytest.approx(kappa, abs=0.01)
        assert rows[model, "Edges.kappa"]["also"]["accuracy"] == rows[model, "Edges.top1"]["raw"]
    row = rows["alexnet_of_geirhos", "Edges.kappa"]
    assert row["raw"] == pytest.approx(ALEXNET, abs=5e-5)
    assert row["ceiling"] == pytest.approx(PEOPLE, abs=5e-5)
    assert row["ceiled"] == pytest.approx(row["raw"] / row["ceiling"])
    assert (row["targets"], row["stimuli"], row["over"]) == (10, 160, "subject")


def test_the_figures_are_scikit_learns(shared):
    files = sorted((shared / "data" / "geirhos2018" / "responses").glob("*.csv"))
    tables = {f.name.split("_")[1]: pd.read_csv(f, keep_default_na=False) for f in files}
    right = {
        name: (t["object_response"] == t["category"])
        .set_axis(t["imagename"].str.rsplit("_", n=1).str[1])
        .sort_index()
        for name, t in tables.items()
    }
    alexnet = right.pop("alexnet")
    pairs = [cohen_kappa_score(a, b) for a, b in combinations(right.values(), 2)]
    assert np.mean(pairs) == pytest.approx(PEOPLE, abs=5e-5)
    found = np.mean([cohen_kappa_score(alexnet, person) for person in right.values()])
    assert found == pytest.approx(ALEXNET, abs=5e-5)
